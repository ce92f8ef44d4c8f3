//! Downloads to writers of the standard library.

use std::io::{self, Write};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use tokio::io::AsyncWrite;

use super::iter::Iter;
use super::requests::settings;
use super::runtime::Runtime;
use crate::download::{DownloadProgress, JsonRows};
use crate::error::Error;

/// A file to be downloaded; see [`Download`](crate::Download).
#[must_use]
#[derive(Debug)]
pub struct Download {
    request: crate::download::Download,
    runtime: Runtime,
}

impl Download {
    pub(super) fn new(request: crate::download::Download, runtime: Runtime) -> Self {
        Self { request, runtime }
    }

    settings! { Download:
        max_bytes(bytes: u64);
        as_stored();
        max_record_bytes(bytes: usize);
        progress(progress: impl FnMut(DownloadProgress) + Send + 'static);
    }

    /// See [`Download::to_writer`](crate::Download::to_writer).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn to_writer<W: Write>(self, writer: &mut W) -> Result<u64, Error> {
        self.runtime.run(self.request.to_writer(&mut Blocking(writer)))?
    }

    /// See [`Download::to_file`](crate::Download::to_file).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn to_file(self, path: impl AsRef<Path>) -> Result<u64, Error> {
        self.runtime.run(self.request.to_file(path))?
    }

    /// See [`Download::bytes`](crate::Download::bytes).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn bytes(self) -> Result<Bytes, Error> {
        self.runtime.run(self.request.bytes())?
    }

    /// See [`Download::rows`](crate::Download::rows).
    pub fn rows<T: DeserializeOwned + Send + 'static>(self) -> Iter<JsonRows<T>> {
        Iter::new(self.request.rows(), self.runtime)
    }
}

/// A writer that is written to at once, on the thread that waits for the download anyway.
struct Blocking<'w, W>(&'w mut W);

impl<W: Write> AsyncWrite for Blocking<'_, W> {
    fn poll_write(mut self: Pin<&mut Self>, _cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.0.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.flush())
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
