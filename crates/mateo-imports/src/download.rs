//! Downloads of failed contacts and payloads: streamed, resumed, without the key.

mod file;
mod rows;
mod stream;

use std::path::Path;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use uuid::Uuid;

use crate::connection::Connection;
use crate::error::Error;
pub use rows::JsonRows;
pub(crate) use stream::Chunks;
use stream::Source;

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
    ///
    /// ```
    /// use mateo_imports::SourceUrl;
    ///
    /// assert!(String::from("https://storage.example.com/f").source_url().is_some());
    /// assert_eq!(None::<String>.source_url(), None);
    /// ```
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

/// A file to be downloaded: streamed in constant memory, and gone on with by HTTP range where it breaks off.
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
    max_bytes: Option<u64>,
    progress: Option<Box<dyn FnMut(DownloadProgress) + Send>>,
}

impl Download {
    pub(crate) fn from_url(connection: Connection, url: Option<String>) -> Self {
        Self {
            source: Source::of_url(connection, url),
            max_bytes: None,
            progress: None,
        }
    }

    pub(crate) fn of_import(connection: Connection, id: Uuid, file: ImportFile) -> Self {
        Self {
            source: Source::of_import(connection, id, file),
            max_bytes: None,
            progress: None,
        }
    }

    /// Ends with an error ([`Error::is_too_large`]) where the file is longer than this. No bound unless set.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, import: mateo_imports::Import)
    /// # -> Result<(), mateo_imports::Error> {
    /// let small = client.download(&import.failed_url).max_bytes(1 << 20).bytes().await;
    /// if small.is_err_and(|error| error.is_too_large()) {
    ///     eprintln!("more than 1 MiB");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Is told how far the download is, with each piece that arrives.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, import: mateo_imports::Import)
    /// # -> Result<(), mateo_imports::Error> {
    /// let download = client.download(&import.failed_url);
    /// download.progress(|progress| println!("{} bytes", progress.received)).to_file("failed.json").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn progress(mut self, progress: impl FnMut(DownloadProgress) + Send + 'static) -> Self {
        self.progress = Some(Box::new(progress));
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
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, import: mateo_imports::Import)
    /// # -> Result<(), mateo_imports::Error> {
    /// let mut file = Vec::new(); // or a file, a socket, a pipe
    /// let bytes = client.download(&import.failed_url).to_writer(&mut file).await?;
    /// assert_eq!(bytes, file.len() as u64);
    /// # Ok(())
    /// # }
    /// ```
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
        Ok(chunks.received())
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
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, import: mateo_imports::Import)
    /// # -> Result<(), mateo_imports::Error> {
    /// client.download(&import.payload_url).to_file("payload.json").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn to_file(self, path: impl AsRef<Path>) -> Result<u64, Error> {
        file::save(self.chunks(), path.as_ref()).await
    }

    /// The whole file in memory.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, import: mateo_imports::Import)
    /// # -> Result<(), mateo_imports::Error> {
    /// let file = client.download(&import.failed_url).max_bytes(1 << 20).bytes().await?;
    /// println!("{} bytes", file.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn bytes(self) -> Result<Bytes, Error> {
        let mut whole = Vec::new();
        let mut chunks = self.chunks();
        while let Some(chunk) = chunks.next().await? {
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.into())
    }

    /// The file's records one by one, where it is a JSON array: it is read as it arrives, a record at a time.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, import: mateo_imports::Import)
    /// # -> Result<(), mateo_imports::Error> {
    /// let mut failed = client.download(&import.failed_url).rows::<serde_json::Value>();
    /// while let Some(contact) = failed.try_next().await? {
    ///     println!("{contact}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn rows<T: DeserializeOwned + Send + 'static>(self) -> JsonRows<T> {
        JsonRows::new(self.chunks())
    }

    fn chunks(self) -> Chunks {
        Chunks::new(self.source, self.max_bytes, self.progress)
    }
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A URL may be signed, so it is a secret.
        f.debug_struct("Download")
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}
