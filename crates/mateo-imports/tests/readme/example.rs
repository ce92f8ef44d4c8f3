use mateo_imports::{Client, Error, columns::*};

/// The references of imports that had failures, newest first: all of them, however many pages that takes.
async fn failed_references(client: &Client) -> Result<Vec<String>, Error> {
    let mut failed = client.list().filter(FAILED_COUNT.gt(0)).order(CREATED_AT.desc()).stream();
    let mut references = Vec::new();
    while let Some(import) = failed.try_next().await? {
        references.extend(import.reference_id);
    }
    Ok(references)
}
