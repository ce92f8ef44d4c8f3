//! One import by its id, or many.

use std::collections::HashMap;

use mateo_model::{
    Import, ImportQuery, Page, columns,
    driver::{Listing, PAGE_ROWS},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::connection::{Connection, prefer};
use crate::error::Error;
use crate::list::Reader;

pub(crate) async fn one<T: DeserializeOwned>(connection: &Connection, id: Uuid) -> Result<Option<T>, Error> {
    let query = ImportQuery::new().filter(columns::ID.eq(id)).limit(1);
    let page = connection.pipeline()?.page(&query, &prefer(false), None).await;
    let page = Page::<T>::read(&page.map_err(Error::of)?.body).map_err(Error::of)?;
    page.into_results().next().transpose().map_err(Error::of)
}

pub(crate) async fn many(connection: &Connection, ids: Vec<Uuid>) -> Result<Vec<Option<Import>>, Error> {
    let connection = connection
        .clone()
        .within(tracing::debug_span!("mateo.get_many", otel.kind = "internal"));
    let mut found: HashMap<Uuid, Import> = HashMap::with_capacity(ids.len());
    let rows = usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX);
    for filter in columns::ID.in_parts(&ids, rows, usize::MAX) {
        // A listing, so that a server with a smaller cap doesn't hold any back.
        let listing = Listing::new(ImportQuery::new().filter(filter));
        let mut reader = Reader::new(connection.clone(), listing);
        while let Some(arrived) = reader.page::<Import>().await {
            for row in arrived?.page.into_results() {
                let row = row.map_err(Error::of)?;
                found.insert(row.id, row);
            }
        }
    }
    Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
}
