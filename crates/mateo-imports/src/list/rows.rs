//! The streams of a listing: row by row, or page by page.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use mateo_model::{
    BadRow, Import, Page,
    driver::{Completion, Consistency, Listing, ListingCursor},
};
use serde::de::DeserializeOwned;

use super::reader::{Arrived, Reader, Source};
use crate::bad_rows::BadRows;
use crate::error::Error;

/// The pages of a listing, each once.
///
/// It is `Send + 'static`; dropping it cancels what is in flight. It ends after an error:
/// [`retry`](Pages::retry) lets it go on with the page that failed.
///
/// ```no_run
/// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
/// let mut pages = client.list().pages();
/// while let Some(page) = pages.try_next().await? {
///     println!("{} of {:?}", pages.received(), pages.total());
/// }
/// # Ok(())
/// # }
/// ```
pub struct Pages<T = Import> {
    reader: Result<Reader, Option<Error>>,
    prefetch: bool,
    ended: bool,
    rows: std::marker::PhantomData<fn() -> T>,
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
    current: Option<Current<T>>,
    on_bad_row: BadRows,
}

/// The page whose rows are being taken.
struct Current<T> {
    rows: Box<dyn Iterator<Item = Result<T, BadRow>> + Send>,
    source: Source,
    taken: usize,
    len: usize,
}

impl<T: DeserializeOwned + Send + 'static> Pages<T> {
    pub(super) fn new(reader: Result<Reader, Error>, prefetch: bool) -> Self {
        Self {
            reader: reader.map_err(Some),
            prefetch,
            ended: false,
            rows: std::marker::PhantomData,
        }
    }

    fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Arrived<T>, Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let arrived = match &mut self.reader {
            Ok(reader) => ready!(reader.poll_page(cx)),
            Err(error) => error.take().map(Err),
        };
        self.ended = !matches!(arrived, Some(Ok(_)));
        Poll::Ready(arrived)
    }

    fn prefetch(&mut self) {
        if self.prefetch
            && let Ok(reader) = &mut self.reader
        {
            reader.prefetch();
        }
    }

    /// The next page; `None` when the listing is complete.
    ///
    /// # Errors
    ///
    /// See [`Error`]. Rows that can't be read are in the page's `bad_rows`.
    pub async fn try_next(&mut self) -> Result<Option<Page<T>>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }

    /// Lets the stream go on after an error, with the page that failed; a timeout begins anew.
    pub fn retry(&mut self) {
        match &mut self.reader {
            Ok(reader) => {
                reader.retry();
                self.ended = false;
            }
            Err(_) => self.ended = true,
        }
    }
}

impl<T> Pages<T> {
    fn listing(&self) -> Option<&Listing> {
        self.reader.as_ref().ok().map(Reader::listing)
    }

    /// Rows received so far, those before a resumed cursor included.
    pub fn received(&self) -> u64 {
        self.listing().map_or(0, Listing::received)
    }

    /// Rows that meet the filters, by the server's last count, whatever the listing's limit; `None` before the
    /// first page and where the server could not count.
    pub fn total(&self) -> Option<u64> {
        self.listing().and_then(Listing::counted)
    }

    /// Rows that the listing will have had in the end, by the last count.
    pub fn expected(&self) -> Option<u64> {
        self.listing().and_then(Listing::expected)
    }

    /// How long the rest takes, by the last count and the request budget.
    pub async fn time_left(&self) -> Option<Duration> {
        let reader = self.reader.as_ref().ok()?;
        let requests = reader.listing().requests_left()?;
        reader.time_for(requests).await
    }

    /// Why the listing is known to be complete; `None` while it is not.
    pub fn completion(&self) -> Option<Completion> {
        self.listing().and_then(Listing::completion)
    }

    /// How far the rows can be relied on while others change the data.
    pub fn consistency(&self) -> Option<Consistency> {
        self.listing().map(Listing::consistency)
    }

    /// The position after the last page, to go on from with [`ListRequest::resume`](crate::ListRequest::resume).
    ///
    /// # Errors
    ///
    /// Where the listing never began, because it can't.
    pub fn cursor(&self) -> Result<ListingCursor, Error> {
        match &self.reader {
            Ok(reader) => Ok(reader.listing().cursor()),
            Err(_) => Err(Error::not_begun()),
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // A page that was taken is being worked on: time to fetch the next.
        let arrived = ready!(self.poll_arrived(cx));
        Poll::Ready(arrived.map(|arrived| {
            let arrived = arrived?;
            self.prefetch();
            Ok(arrived.page)
        }))
    }
}

impl<T: DeserializeOwned + Send + 'static> Rows<T> {
    pub(super) fn new(pages: Pages<T>, on_bad_row: BadRows) -> Self {
        Self {
            pages,
            current: None,
            on_bad_row,
        }
    }

    /// The next row; `None` when the listing is complete.
    ///
    /// # Errors
    ///
    /// See [`Rows`].
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }

    /// Lets the stream go on after an error, where it stood; a timeout begins anew.
    pub fn retry(&mut self) {
        self.pages.retry();
    }
}

impl<T> Rows<T> {
    /// Rows yielded so far, those before a resumed cursor and those that couldn't be read included.
    pub fn taken(&self) -> u64 {
        let waiting = self
            .current
            .as_ref()
            .map_or(0, |current| current.len - current.taken);
        self.pages.received().saturating_sub(waiting as u64)
    }

    /// See [`Pages::total`].
    pub fn total(&self) -> Option<u64> {
        self.pages.total()
    }

    /// See [`Pages::expected`].
    pub fn expected(&self) -> Option<u64> {
        self.pages.expected()
    }

    /// See [`Pages::time_left`].
    pub async fn time_left(&self) -> Option<Duration> {
        self.pages.time_left().await
    }

    /// See [`Pages::completion`]; rows of the last page may still be waiting to be taken.
    pub fn completion(&self) -> Option<Completion> {
        self.pages.completion()
    }

    /// See [`Pages::consistency`].
    pub fn consistency(&self) -> Option<Consistency> {
        self.pages.consistency()
    }

    /// The position after the last row that was yielded, to go on from with
    /// [`ListRequest::resume`](crate::ListRequest::resume).
    ///
    /// # Errors
    ///
    /// Where the listing never began, because it can't.
    pub fn cursor(&self) -> Result<ListingCursor, Error> {
        match &self.current {
            Some(current) if current.taken < current.len => current.cursor(),
            _ => self.pages.cursor(),
        }
    }
}

impl<T> Current<T> {
    fn cursor(&self) -> Result<ListingCursor, Error> {
        let before = &self.source.before;
        if self.taken == 0 {
            return Ok(before.cursor());
        }
        before
            .cursor_within(self.source.rows().take(self.taken))
            .map_err(Error::of)
    }
}

impl<T: DeserializeOwned + Send + 'static> Stream for Rows<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let stream = &mut *self;
        loop {
            if let Some(current) = &mut stream.current
                && let Some(row) = current.rows.next()
            {
                current.taken += 1;
                // Who asks for a second row is likely to ask for the next page's.
                if current.taken == 2 {
                    stream.pages.prefetch();
                }
                match stream.on_bad_row.check(row) {
                    Some(row) => return Poll::Ready(Some(row)),
                    None => continue,
                }
            }
            match ready!(stream.pages.poll_arrived(cx)) {
                Some(Ok(arrived)) => stream.current = Some(Current::of(arrived)),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T: Send + 'static> Current<T> {
    fn of(arrived: Arrived<T>) -> Self {
        let len = arrived.page.len();
        Self {
            rows: Box::new(arrived.page.into_results()),
            source: arrived.source,
            taken: 0,
            len,
        }
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("reader", &self.reader)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("pages", &self.pages)
            .field("taken", &self.taken())
            .finish_non_exhaustive()
    }
}
