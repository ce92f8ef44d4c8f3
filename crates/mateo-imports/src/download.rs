//! Downloads of failed contacts and payloads: streamed, resumed, without the key.

mod chunks;
mod file;
mod rows;
mod source;
mod stored;

use std::path::Path;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use uuid::Uuid;

use crate::connection::Connection;
use crate::error::Error;
use chunks::{Chunks, Settings};
pub use rows::JsonRows;
use source::Source;

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

impl SourceUrl for &String {
    fn source_url(self) -> Option<String> {
        Some(self.clone())
    }
}

impl SourceUrl for Option<String> {
    fn source_url(self) -> Option<String> {
        self
    }
}

impl SourceUrl for &Option<String> {
    fn source_url(self) -> Option<String> {
        self.clone()
    }
}

/// How far a download is.
///
/// ```
/// # fn example(progress: mateo_imports::DownloadProgress) {
/// if let Some(total) = progress.total {
///     println!("{} of {total} bytes", progress.received);
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DownloadProgress {
    /// Bytes received.
    pub received: u64,
    /// Bytes in all, where the server says.
    pub total: Option<u64>,
    /// How often it broke off and went on.
    pub resumed: u32,
}

/// A file to be downloaded: streamed in constant memory, and resumed where it breaks off.
///
/// What comes out is one version of the file. Where the server names the version (a strong `ETag`, or `Last-Modified`), only
/// what is missing is asked for again; else the file is read anew and what was received compared with it. A file that
/// changed meanwhile is downloaded from its beginning where that is possible, to memory and to a path, and an error elsewhere.
///
/// The file is on another host, which never receives the API key. Downloads are not part of the request budget.
///
/// ```no_run
/// # async fn example(client: mateo_imports::Client, import: mateo_imports::Import)
/// # -> Result<(), mateo_imports::Error> {
/// let bytes = client.download(&import.failed_url).to_file("failed.json").await?;
/// println!("{bytes} bytes");
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct Download {
    source: Source,
    settings: Settings,
    max_record_bytes: usize,
}

/// The largest record of a file that is read record by record, unless set: a contact or a deal is a few kilobytes.
const MAX_RECORD_BYTES: usize = 16 << 20;

impl Download {
    pub(crate) fn from_url(connection: Connection, url: Option<String>) -> Self {
        Self::new(Source::of_url(connection, url))
    }

    pub(crate) fn of_import(connection: Connection, id: Uuid, file: ImportFile) -> Self {
        Self::new(Source::of_import(connection, id, file))
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            settings: Settings {
                max_bytes: None,
                as_stored: false,
                progress: None,
            },
            max_record_bytes: MAX_RECORD_BYTES,
        }
    }

    /// Ends with an error ([`Error::is_too_large`]) where the file is longer than this. No bound unless set.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.settings.max_bytes = Some(bytes);
        self
    }

    /// The file as it is stored, also where it is stored compressed (`Content-Encoding`). Unless this is set, gzip is undone,
    /// and another coding is an error ([`Error::is_decode`]).
    pub fn as_stored(mut self) -> Self {
        self.settings.as_stored = true;
        self
    }

    /// How large one record of [`rows`](Self::rows) may be; 16 MiB unless set. A larger one ends with an error
    /// ([`Error::is_too_large`]).
    pub fn max_record_bytes(mut self, bytes: usize) -> Self {
        self.max_record_bytes = bytes;
        self
    }

    /// Reports how far the download is, with each piece that arrives.
    pub fn progress(mut self, progress: impl FnMut(DownloadProgress) + Send + 'static) -> Self {
        self.settings.progress = Some(Box::new(progress));
        self
    }

    /// Writes the file to `writer`, flushes it, and says how many bytes it was.
    ///
    /// # Errors
    ///
    /// See [`Error`]. What was written before an error stays written.
    ///
    /// # Cancelling
    ///
    /// Dropping the future cancels the download; a piece may be half written then.
    pub async fn to_writer<W: AsyncWrite + Unpin>(self, writer: &mut W) -> Result<u64, Error> {
        let mut chunks = self.chunks();
        while let Some(chunk) = chunks.next().await? {
            writer
                .write_all(&chunk)
                .await
                .map_err(|error| Error::io("write the download", error))?;
        }
        writer
            .flush()
            .await
            .map_err(|error| Error::io("write the download", error))?;
        Ok(chunks.written())
    }

    /// Writes the file to `path`, whole or not at all: it is written beside it and renamed when it is complete
    /// and on the disk. A file that is already there is replaced.
    ///
    /// What a broken download received is removed. It says how many bytes the file has.
    ///
    /// # Errors
    ///
    /// See [`Error`]; [`Error::is_io`] where the file can't be written.
    ///
    /// # Cancelling
    ///
    /// Dropping the future cancels the download and removes what was written; there is nothing at `path` then
    /// that wasn't there before.
    pub async fn to_file(self, path: impl AsRef<Path>) -> Result<u64, Error> {
        file::save(self.chunks(), path.as_ref()).await
    }

    /// The whole file in memory.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn bytes(self) -> Result<Bytes, Error> {
        let mut chunks = self.chunks();
        loop {
            match whole(&mut chunks).await {
                Err(error) if chunks.starts_again(&error) => {}
                result => return result,
            }
        }
    }

    /// The file's records one by one, where it is a JSON array: it is read as it arrives, a record at a time.
    pub fn rows<T: DeserializeOwned + Send + 'static>(self) -> JsonRows<T> {
        let max_record_bytes = self.max_record_bytes;
        JsonRows::new(self.chunks(), max_record_bytes)
    }

    fn chunks(self) -> Chunks {
        Chunks::new(self.source, self.settings)
    }
}

async fn whole(chunks: &mut Chunks) -> Result<Bytes, Error> {
    let mut whole = Vec::new();
    while let Some(chunk) = chunks.next().await? {
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.into())
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A URL may be signed, so it is a secret.
        f.debug_struct("Download")
            .field("max_bytes", &self.settings.max_bytes)
            .finish_non_exhaustive()
    }
}
