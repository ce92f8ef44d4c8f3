//! What comes one after the other, and what becomes of rows that can't be read.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use mateo_model::BadRow;

use crate::error::Error;

/// What comes one after the other: events of imports that are waited for, pages of changes, records of a file. When it ends,
/// and whether it goes on after an error, is said at the method that gives it.
///
/// It is a `Stream`, `Send + 'static`, and dropping it cancels what is in flight.
pub struct Items<T>(BoxStream<'static, Result<T, Error>>);

impl<T: Send + 'static> Items<T> {
    /// What `next` gives of a state, until it gives nothing; or the error of what can't begin.
    pub(crate) fn of<S, F>(state: Result<S, Error>, next: impl FnMut(S) -> F + Send + 'static) -> Self
    where
        S: Send + 'static,
        F: Future<Output = Option<(Result<T, Error>, S)>> + Send + 'static,
    {
        Self(match state {
            Ok(state) => stream::unfold(state, next).boxed(),
            Err(error) => stream::iter([Err(error)]).boxed(),
        })
    }
}

impl<T> Items<T> {
    /// The next one; `None` at the end.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        self.0.try_next().await
    }
}

impl<T> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Items")
    }
}

/// Who is told about bad rows; without it, they are errors of the stream.
#[derive(Default)]
pub(crate) struct BadRows(Option<Box<dyn FnMut(BadRow) + Send>>);

impl BadRows {
    pub(crate) fn to(handler: impl FnMut(BadRow) + Send + 'static) -> Self {
        Self(Some(Box::new(handler)))
    }

    /// The row, or the error that it is to the stream; `None` where somebody else was told.
    pub(crate) fn check<T>(&mut self, row: Result<T, BadRow>) -> Option<Result<T, Error>> {
        match (row, &mut self.0) {
            (Err(bad), Some(handler)) => {
                handler(bad);
                None
            }
            (row, _) => Some(row.map_err(Error::of)),
        }
    }
}

impl fmt::Debug for BadRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "handled" } else { "errors" })
    }
}
