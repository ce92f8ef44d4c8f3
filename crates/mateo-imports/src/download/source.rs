//! Where a file is, and how to find out anew.

use mateo_model::Import;
use uuid::Uuid;

use crate::connection::Connection;
use crate::error::{Error, Kind};
use crate::get;

/// The files that an import may have.
///
/// ```no_run
/// use mateo_imports::ImportFile;
///
/// # async fn example(client: mateo_imports::Client, id: uuid::Uuid)
/// # -> Result<(), mateo_imports::Error> {
/// let failed = client.download_file(id, ImportFile::Failed).bytes().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportFile {
    /// The failed contacts, behind `failed_url`.
    Failed,
    /// The payload of a large import, behind `payload_url`.
    Payload,
}

/// A URL to download from: text, or an import's `failed_url` or `payload_url`, which it may not have.
///
/// ```
/// use mateo_imports::SourceUrl;
///
/// assert_eq!("https://storage.example.com/f".source_url().as_deref(), Some("https://storage.example.com/f"));
/// assert_eq!((&None::<String>).source_url(), None);
/// ```
pub trait SourceUrl {
    /// The URL, where there is one.
    fn source_url(self) -> Option<String>;
}

impl SourceUrl for &str {
    fn source_url(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl SourceUrl for String {
    fn source_url(self) -> Option<String> {
        Some(self)
    }
}

impl SourceUrl for Option<String> {
    fn source_url(self) -> Option<String> {
        self
    }
}

impl<T: SourceUrl + Clone> SourceUrl for &T {
    fn source_url(self) -> Option<String> {
        self.clone().source_url()
    }
}

/// Where the file is.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) connection: Connection,
    pub(super) url: Option<String>,
    /// The import that has the URL.
    pub(super) import: Option<(Uuid, ImportFile)>,
}

impl Source {
    /// The URL, read from the import where it is not known.
    pub(super) async fn url(&mut self) -> Result<String, Error> {
        if let Some(url) = &self.url {
            return Ok(url.clone());
        }
        let no_file = |why| Error::from(Kind::NoFile(why));
        let Some((id, file)) = self.import else {
            return Err(no_file("the import has no such file: its URL is null".to_owned()));
        };
        let import = get::one::<Import>(&self.connection, id)
            .await?
            .ok_or_else(|| Kind::Missing { ids: vec![id] })?;
        let (url, what) = match file {
            ImportFile::Failed => (import.failed_url, "file of failed contacts"),
            ImportFile::Payload => (import.payload_url, "payload file"),
        };
        let url = url.ok_or_else(|| no_file(format!("import {id} has no {what}")))?;
        Ok(self.url.insert(url).clone())
    }

    /// Whether a URL that is rejected can be read anew; it then will be.
    pub(super) fn forget_url(&mut self) -> bool {
        self.import.is_some() && self.url.take().is_some()
    }
}
