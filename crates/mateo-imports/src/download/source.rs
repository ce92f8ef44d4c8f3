//! Where a file is, and how to find out anew.

use mateo_model::Import;
use uuid::Uuid;

use super::ImportFile;
use crate::connection::Connection;
use crate::error::Error;
use crate::get;

/// Where the file is.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) connection: Connection,
    url: Option<String>,
    import: Option<(Uuid, ImportFile)>,
}

impl Source {
    pub(super) fn of_url(connection: Connection, url: Option<String>) -> Self {
        Self {
            connection,
            url,
            import: None,
        }
    }

    pub(super) fn of_import(connection: Connection, id: Uuid, file: ImportFile) -> Self {
        Self {
            connection,
            url: None,
            import: Some((id, file)),
        }
    }

    /// The URL, read from the import where it is not known.
    pub(super) async fn url(&mut self) -> Result<String, Error> {
        if let Some(url) = &self.url {
            return Ok(url.clone());
        }
        let Some((id, file)) = self.import else {
            return Err(Error::no_file("the import has no such file: its URL is null"));
        };
        let import = get::one::<Import>(&self.connection, id)
            .await?
            .ok_or_else(|| Error::missing(vec![id]))?;
        let (url, what) = match file {
            ImportFile::Failed => (import.failed_url, "file of failed contacts"),
            ImportFile::Payload => (import.payload_url, "payload file"),
        };
        let url = url.ok_or_else(|| Error::no_file(format!("import {id} has no {what}")))?;
        self.url = Some(url.clone());
        Ok(url)
    }

    /// Whether a URL that is rejected can be read anew; it then will be.
    pub(super) fn forget_url(&mut self) -> bool {
        self.import.is_some() && self.url.take().is_some()
    }
}
