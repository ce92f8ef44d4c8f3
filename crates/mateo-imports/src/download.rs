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
use crate::items::Items;
use chunks::Chunks;
use source::Source;
pub use source::{ImportFile, SourceUrl};

/// How far a download is.
///
/// ```
/// # fn example(progress: mateo_imports::DownloadProgress) {
/// if let Some(total) = progress.total {
///     println!("{} of {total} bytes", progress.received);
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
/// `R` is what runs it: nothing for the async client, whose requests end in futures and streams, and its runtime for the
/// `blocking` client, whose end in values and iterators.
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
#[derive(Debug)]
pub struct Download<R = ()> {
    chunks: Chunks,
    max_record_bytes: usize,
    #[cfg_attr(
        not(feature = "blocking"),
        expect(dead_code, reason = "the blocking client reads it")
    )]
    runtime: R,
}

/// The largest record of a file that is read record by record, unless set: a contact or a deal is a few kilobytes.
const MAX_RECORD_BYTES: usize = 16 << 20;

impl Download {
    /// From this URL, or the one that the import has.
    pub(crate) fn new(
        connection: Connection,
        url: Option<String>,
        import: Option<(Uuid, ImportFile)>,
    ) -> Self {
        Self {
            chunks: Chunks::new(Source {
                connection,
                url,
                import,
            }),
            max_record_bytes: MAX_RECORD_BYTES,
            runtime: (),
        }
    }
}

impl<R> Download<R> {
    /// The same, to be run by `runtime`, and what it was to be run by before.
    #[cfg(feature = "blocking")]
    pub(crate) fn run_by<S>(self, runtime: S) -> (Download<S>, R) {
        let request = Download {
            chunks: self.chunks,
            max_record_bytes: self.max_record_bytes,
            runtime,
        };
        (request, self.runtime)
    }

    /// Ends with an error ([`Error::is_too_large`]) where the file is longer than this. No bound unless set.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.chunks.max_bytes = Some(bytes);
        self
    }

    /// The file as it is stored, also where it is stored compressed (`Content-Encoding`). Unless this is set, gzip is undone,
    /// and another coding is an error ([`Error::is_decode`]).
    pub fn as_stored(mut self) -> Self {
        self.chunks.as_stored = true;
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
        self.chunks.progress = Some(Box::new(progress));
        self
    }
}

impl Download {
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
        let mut chunks = self.chunks;
        let writing = || Error::io("write the download");
        while let Some(chunk) = chunks.next().await? {
            writer.write_all(&chunk).await.map_err(writing())?;
        }
        writer.flush().await.map_err(writing())?;
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
        file::save(self.chunks, path.as_ref()).await
    }

    /// The whole file in memory.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn bytes(self) -> Result<Bytes, Error> {
        let mut chunks = self.chunks;
        let mut whole = Vec::new();
        loop {
            match chunks.next().await {
                Ok(Some(chunk)) => whole.extend_from_slice(&chunk),
                Ok(None) => return Ok(whole.into()),
                Err(error) if chunks.starts_again(&error) => whole.clear(),
                Err(error) => return Err(error),
            }
        }
    }

    /// The file's records one by one, where it is a JSON array: it is read as it arrives, a record at a time.
    ///
    /// One record and one piece of the file are held. A record that can't be read is an error, and those after it still come;
    /// after any other error it ends.
    ///
    /// ```no_run
    /// #[derive(serde::Deserialize)]
    /// struct Contact {
    ///     email: Option<String>,
    /// }
    ///
    /// # async fn example(client: mateo_imports::Client, import: mateo_imports::Import)
    /// # -> Result<(), mateo_imports::Error> {
    /// let mut contacts = client.download(&import.failed_url).rows::<Contact>();
    /// while let Some(contact) = contacts.try_next().await? {
    ///     println!("{:?}", contact.email);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn rows<T: DeserializeOwned + Send + 'static>(self) -> Items<T> {
        rows::read(self.chunks, self.max_record_bytes)
    }
}
