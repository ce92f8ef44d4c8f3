//! Changes page by page, for those who keep rows and cursor together.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use chrono::{DateTime, Utc};
use futures_core::Stream;
use futures_util::stream;
use mateo_model::{BadRow, Import, driver::ChangesCursor};
use serde::de::DeserializeOwned;

use super::follower::{Follower, NewRows};
use crate::error::Error;

/// A page of changes, and the cursor after it: what a copy of the data writes in one transaction.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChangesPage<T = Import> {
    /// The changes, in the order in which they happened. There may be none: each pass has a page, so that its end is seen.
    pub rows: Vec<T>,
    /// Changes that could not be read.
    pub bad_rows: Vec<BadRow>,
    /// Where to go on once the page has been dealt with.
    pub cursor: ChangesCursor,
    /// Whether the pass is complete with this page: everything that was visible at the [watermark](ChangesPage::watermark) has
    /// been yielded.
    pub completes_pass: bool,
    /// How many rows the pass reads, by the server's last count, those that were yielded before included. In a run that goes
    /// on within a pass, those that the pass still had to read.
    pub expected: Option<u64>,
    /// The server's time when the pass began to read.
    pub watermark: Option<DateTime<Utc>>,
}

/// Changes as they come, page by page, each page with the cursor after it.
///
/// As [`ChangeStream`](crate::ChangeStream), it is `Send + 'static`, and after an error it goes on where it stood at the next
/// poll. Nothing is read ahead of the page that was taken.
///
/// ```no_run
/// use mateo_imports::{ChangesCursor, Client, Import};
///
/// # async fn commit(rows: &[Import], cursor: &str) -> Result<(), Box<dyn std::error::Error>> { Ok(()) }
/// # async fn example(client: Client, saved: ChangesCursor) -> Result<(), Box<dyn std::error::Error>> {
/// let mut pages = client.changes(saved).once().pages();
/// while let Some(page) = pages.try_next().await? {
///     commit(&page.rows, &serde_json::to_string(&page.cursor)?).await?; // in one transaction
/// }
/// # Ok(())
/// # }
/// ```
pub struct ChangesPages<T = Import>(Items<T>);

type Arriving<T> = Pin<Box<dyn Stream<Item = Result<NewRows<T>, Error>> + Send>>;

enum Items<T> {
    Following(Arriving<T>),
    Invalid(Option<Error>),
}

impl<T: DeserializeOwned + Send + 'static> ChangesPages<T> {
    pub(super) fn new(follower: Result<Follower, Error>) -> Self {
        Self(match follower {
            Ok(follower) => Items::Following(Box::pin(stream::unfold(follower, |mut follower| async move {
                follower.next().await.map(|page| (page, follower))
            }))),
            Err(error) => Items::Invalid(Some(error)),
        })
    }
}

impl<T> ChangesPages<T> {
    /// The next page; `None` after a single pass.
    ///
    /// # Errors
    ///
    /// See [`ChangesPages`]. Rows that can't be read are in the page's `bad_rows`.
    pub async fn try_next(&mut self) -> Result<Option<ChangesPage<T>>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }

    pub(super) fn poll_rows(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<NewRows<T>, Error>>> {
        match &mut self.0 {
            Items::Following(pages) => pages.as_mut().poll_next(cx),
            Items::Invalid(error) => Poll::Ready(error.take().map(Err)),
        }
    }
}

impl<T> Stream for ChangesPages<T> {
    type Item = Result<ChangesPage<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let page = ready!(self.poll_rows(cx));
        Poll::Ready(page.map(|page| page.map(ChangesPage::from)))
    }
}

impl<T> From<NewRows<T>> for ChangesPage<T> {
    fn from(new: NewRows<T>) -> Self {
        let mut page = Self {
            rows: Vec::with_capacity(new.rows.len()),
            bad_rows: Vec::new(),
            cursor: new.cursor,
            completes_pass: new.completes_pass,
            expected: new.expected,
            watermark: new.watermark,
        };
        for (_, row) in new.rows {
            match row {
                Ok(row) => page.rows.push(row),
                Err(bad) => page.bad_rows.push(bad),
            }
        }
        page
    }
}

impl<T> fmt::Debug for ChangesPages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangesPages").finish_non_exhaustive()
    }
}
