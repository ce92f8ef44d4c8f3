//! What the requests end in here: values and iterators, in place of futures and streams. Their settings are those of the
//! async ones.

use std::io::{self, Write};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use mateo_model::driver::{ChangesCursor, WaitEvent};
use mateo_model::{Import, Page, Progress};
use serde::de::DeserializeOwned;
use tokio::io::AsyncWrite;
use uuid::Uuid;

use super::iter::Iter;
use super::runtime::Runtime;
use crate::changes::{ChangeStream, ChangesPage};
use crate::error::Error;
use crate::items::Items;
use crate::list::{Pages, Rows};

/// A listing to be read. A `for` loop over it is one over its [`iter`](crate::ListRequest::iter).
pub type ListRequest<T = Import> = crate::list::ListRequest<T, Runtime>;

/// Changes to be followed. A `for` loop over it is one over its [`iter`](crate::ChangesRequest::iter), without end unless it
/// is asked for [once](crate::ChangesRequest::once).
pub type ChangesRequest<T = Import> = crate::changes::ChangesRequest<T, Runtime>;

/// Imports to be waited for. A `for` loop over it is one over its [`iter`](crate::WaitRequest::iter).
pub type WaitRequest = crate::wait::WaitRequest<Runtime>;

/// A file to be downloaded.
pub type Download = crate::download::Download<Runtime>;

impl<T: DeserializeOwned + Send + 'static> ListRequest<T> {
    /// The rows, page after page, until the listing is complete. See [`Rows`].
    pub fn iter(self) -> Iter<Rows<T>> {
        let (request, runtime) = self.run_by(());
        Iter::new(request.stream(), runtime)
    }

    /// The pages, each with the rows that could not be read apart.
    pub fn pages(self) -> Iter<Pages<T>> {
        let (request, runtime) = self.run_by(());
        Iter::new(request.pages(), runtime)
    }

    /// See [`page`](crate::ListRequest::page) of the async request.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn page(self) -> Result<Page<T>, Error> {
        let (request, runtime) = self.run_by(());
        runtime.run(request.page())?
    }

    /// All rows at once.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn all(self) -> Result<Vec<T>, Error> {
        let (request, runtime) = self.run_by(());
        runtime.run(request.all())?
    }

    /// The first row. It isn't counted how many there are.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn first(self) -> Result<Option<T>, Error> {
        let (request, runtime) = self.run_by(());
        runtime.run(request.first())?
    }

    /// How many rows there are, by the server's count. One request.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn count(self) -> Result<u64, Error> {
        let (request, runtime) = self.run_by(());
        runtime.run(request.count())?
    }
}

impl<T: DeserializeOwned + Send + 'static> IntoIterator for ListRequest<T> {
    type Item = Result<T, Error>;
    type IntoIter = Iter<Rows<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: DeserializeOwned + Send + 'static> ChangesRequest<T> {
    /// The changes, each with the cursor after it. See [`ChangeStream`].
    pub fn iter(self) -> Iter<ChangeStream<T>> {
        let (request, runtime) = self.run_by(());
        Iter::new(request.stream(), runtime)
    }

    /// The changes page by page, each page with the cursor after it, to be kept in one transaction.
    pub fn pages(self) -> Iter<Items<ChangesPage<T>>> {
        let (request, runtime) = self.run_by(());
        Iter::new(request.pages(), runtime)
    }
}

impl<T: DeserializeOwned + Send + 'static> IntoIterator for ChangesRequest<T> {
    type Item = Result<(T, ChangesCursor), Error>;
    type IntoIter = Iter<ChangeStream<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl WaitRequest {
    /// What happens, as it is seen, until every import is finished or missing.
    pub fn iter(self) -> Iter<Items<WaitEvent>> {
        let (request, runtime) = self.run_by(());
        Iter::new(request.stream(), runtime)
    }

    /// Waits until all are finished, and says how, in the order in which they finished.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn all(self) -> Result<Vec<(Uuid, Progress)>, Error> {
        let (request, runtime) = self.run_by(());
        runtime.run(request.all())?
    }
}

impl IntoIterator for WaitRequest {
    type Item = Result<WaitEvent, Error>;
    type IntoIter = Iter<Items<WaitEvent>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Download {
    /// Writes the file to `writer`, flushes it, and says how many bytes it was.
    ///
    /// # Errors
    ///
    /// See [`Error`]. What was written before an error stays written.
    pub fn to_writer<W: Write>(self, writer: &mut W) -> Result<u64, Error> {
        let (request, runtime) = self.run_by(());
        runtime.run(request.to_writer(&mut Blocking(writer)))?
    }

    /// Writes the file to `path`, whole or not at all.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn to_file(self, path: impl AsRef<Path>) -> Result<u64, Error> {
        let (request, runtime) = self.run_by(());
        runtime.run(request.to_file(path))?
    }

    /// The whole file in memory.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn bytes(self) -> Result<Bytes, Error> {
        let (request, runtime) = self.run_by(());
        runtime.run(request.bytes())?
    }

    /// The file's records one by one, where it is a JSON array.
    pub fn rows<T: DeserializeOwned + Send + 'static>(self) -> Iter<Items<T>> {
        let (request, runtime) = self.run_by(());
        Iter::new(request.rows(), runtime)
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
