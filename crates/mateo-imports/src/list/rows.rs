//! The streams of a listing: row by row, or page by page.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use futures_util::TryStreamExt;
use mateo_model::{
    BadRow, Import, Page,
    driver::{CursorError, Listing, ListingCursor},
};
use serde::de::DeserializeOwned;

use super::reader::{Arrived, Reader, Source};
use crate::error::Error;
use crate::items::BadRows;

/// The pages of a listing, each once.
///
/// It is `Send + 'static`; dropping it cancels what is in flight. It ends after an error:
/// [`retry`](Pages::retry) lets it go on with the page that failed.
///
/// ```no_run
/// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
/// let mut pages = client.list().pages();
/// while let Some(page) = pages.try_next().await? {
///     println!("{} of {:?}", pages.listing().received(), pages.listing().counted());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Pages<T = Import> {
    reader: Reader,
    /// Why the listing can't be gone on with: its cursor belongs to another one.
    rejected: Option<CursorError>,
    prefetch: bool,
    ended: bool,
    rows: PhantomData<fn() -> T>,
}

/// The rows of a listing, each once, until it is proven complete.
///
/// A row that can't be read is an error with its [`bad_row`](Error::bad_row), unless
/// [`on_bad_row`](crate::ListRequest::on_bad_row) takes it; the rows after it still come.
/// After any other error the stream ends; nothing is lost: [`retry`](Rows::retry) lets it go on where it stood,
/// and [`cursor`](Rows::cursor) does so in another run.
///
/// It is `Send + 'static`, holds one page and at most one more that is fetched ahead, and dropping it cancels
/// what is in flight.
///
/// ```no_run
/// # async fn example(client: mateo_imports::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let mut rows = client.list().stream();
/// while let Some(import) = rows.try_next().await? {
///     if import.failed_count > Some(100) {
///         let cursor = serde_json::to_string(&rows.cursor()?)?; // go on from here another time
///         println!("{cursor}");
///         break;
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct Rows<T = Import> {
    pages: Pages<T>,
    /// Those of the page that are still to be taken.
    left: std::vec::IntoIter<Result<T, BadRow>>,
    /// What the page was read from.
    source: Option<Source>,
    on_bad_row: BadRows,
}

impl<T> Pages<T> {
    pub(super) fn new(reader: Reader, rejected: Option<CursorError>, prefetch: bool) -> Self {
        Self {
            reader,
            rejected,
            prefetch,
            ended: false,
            rows: PhantomData,
        }
    }

    fn prefetch(&mut self) {
        if self.prefetch {
            self.reader.prefetch();
        }
    }

    /// How far the listing is: rows received and counted, why it is complete, and how far it can be relied on.
    pub fn listing(&self) -> &Listing {
        self.reader.listing()
    }

    /// How long the rest takes, by the last count and the request budget.
    pub async fn time_left(&self) -> Option<Duration> {
        self.reader.time_left().await
    }

    /// The position after the last page, to go on from with [`ListRequest::resume`](crate::ListRequest::resume).
    ///
    /// # Errors
    ///
    /// Where the cursor that it was to be resumed from belongs to another listing.
    pub fn cursor(&self) -> Result<ListingCursor, Error> {
        self.check_cursor()?;
        Ok(self.listing().cursor())
    }

    fn check_cursor(&self) -> Result<(), Error> {
        self.rejected
            .clone()
            .map_or(Ok(()), |error| Err(Error::of(error)))
    }

    /// Lets the stream go on after an error, with the page that failed; a timeout begins anew.
    pub fn retry(&mut self) {
        self.reader.retry();
        self.ended = false;
    }
}

impl<T: DeserializeOwned> Pages<T> {
    /// The next page; `None` when the listing is complete.
    ///
    /// # Errors
    ///
    /// See [`Error`]. Rows that can't be read are in the page's `bad_rows`.
    pub async fn try_next(&mut self) -> Result<Option<Page<T>>, Error> {
        TryStreamExt::try_next(self).await
    }

    fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Arrived<T>, Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let arrived = match self.check_cursor() {
            Ok(()) => ready!(self.reader.poll_page(cx)),
            Err(error) => Some(Err(error)),
        };
        self.ended = !matches!(arrived, Some(Ok(_)));
        Poll::Ready(arrived)
    }
}

impl<T: DeserializeOwned> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let arrived = ready!(self.poll_arrived(cx));
        if let Some(Ok(_)) = arrived {
            // A page that was taken is being worked on: time to fetch the next.
            self.prefetch();
        }
        Poll::Ready(arrived.map(|arrived| Ok(arrived?.page)))
    }
}

impl<T> Rows<T> {
    pub(super) fn new(pages: Pages<T>, on_bad_row: BadRows) -> Self {
        Self {
            pages,
            left: Vec::new().into_iter(),
            source: None,
            on_bad_row,
        }
    }

    /// Rows yielded so far, those before a resumed cursor and those that couldn't be read included.
    pub fn taken(&self) -> u64 {
        self.listing().received().saturating_sub(self.left.len() as u64)
    }

    /// See [`Pages::listing`]; rows of the last page may still be waiting to be taken.
    pub fn listing(&self) -> &Listing {
        self.pages.listing()
    }

    /// See [`Pages::time_left`].
    pub async fn time_left(&self) -> Option<Duration> {
        self.pages.time_left().await
    }

    /// The position after the last row that was yielded, to go on from with
    /// [`ListRequest::resume`](crate::ListRequest::resume).
    ///
    /// # Errors
    ///
    /// As for [`Pages::cursor`].
    pub fn cursor(&self) -> Result<ListingCursor, Error> {
        match (&self.source, self.left.len()) {
            (Some(source), left @ 1..) => Ok(source.cursor_before(left)),
            _ => self.pages.cursor(),
        }
    }

    /// Lets the stream go on after an error, where it stood; a timeout begins anew.
    pub fn retry(&mut self) {
        self.pages.retry();
    }
}

impl<T: DeserializeOwned> Rows<T> {
    /// The next row; `None` when the listing is complete.
    ///
    /// # Errors
    ///
    /// See [`Rows`].
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        TryStreamExt::try_next(self).await
    }
}

/// The rows wait in a vector, nothing points into it.
impl<T> Unpin for Rows<T> {}

impl<T: DeserializeOwned> Stream for Rows<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let stream = &mut *self;
        loop {
            while let Some(row) = stream.left.next() {
                // Who asks for a second row is likely to ask for the next page's.
                if stream
                    .source
                    .as_ref()
                    .is_some_and(|page| page.len() - stream.left.len() == 2)
                {
                    stream.pages.prefetch();
                }
                if let Some(row) = stream.on_bad_row.check(row) {
                    return Poll::Ready(Some(row));
                }
            }
            match ready!(stream.pages.poll_arrived(cx)) {
                Some(Ok(Arrived { page, source })) => {
                    stream.left = page.into_results().collect::<Vec<_>>().into_iter();
                    stream.source = Some(source);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("listing", self.listing())
            .field("taken", &self.taken())
            .finish_non_exhaustive()
    }
}
