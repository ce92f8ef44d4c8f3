//! The streams of a listing: row by row, or page by page.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use mateo_model::{
    BadRow, Page,
    driver::{Listing, ListingCursor, Promise, Proof},
};
use serde::de::DeserializeOwned;

use super::reader::{Arrived, Reader, Source};
use crate::error::Error;

/// The pages of a listing, each once.
///
/// It is `Send + 'static`; dropping it cancels what is under way. It ends after an error:
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
pub struct Pages<T> {
    reader: Result<Reader, Option<Error>>,
    prefetch: bool,
    ended: bool,
    rows: std::marker::PhantomData<fn() -> T>,
}

/// The rows of a listing, each once, until it is proven complete.
///
/// A row that can't be read is an error with its [`bad_row`](Error::bad_row), and the rows behind it still come.
/// After any other error the stream ends; nothing is lost: [`retry`](Rows::retry) lets it go on where it stood,
/// and [`cursor`](Rows::cursor) does so in another run.
///
/// It is `Send + 'static`, holds one page and at most one more that is fetched ahead, and dropping it cancels
/// what is under way.
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
pub struct Rows<T> {
    pages: Pages<T>,
    current: Option<Current<T>>,
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
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut pages = client.list().pages();
    /// if let Some(page) = pages.try_next().await? {
    ///     println!("{} rows", page.rows.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_next(&mut self) -> Result<Option<Page<T>>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }

    /// Lets the stream go on after an error, with the page that failed.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut pages = client.list().pages();
    /// if pages.try_next().await.is_err_and(|error| error.is_retryable()) {
    ///     pages.retry();
    ///     let page = pages.try_next().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry(&mut self) {
        self.ended = self.reader.is_err();
    }
}

impl<T> Pages<T> {
    fn listing(&self) -> Option<&Listing> {
        self.reader.as_ref().ok().map(Reader::listing)
    }

    /// Rows received so far, those before a resumed cursor included.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut pages = client.list().pages();
    /// pages.try_next().await?;
    /// println!("{} rows so far", pages.received());
    /// # Ok(())
    /// # }
    /// ```
    pub fn received(&self) -> u64 {
        self.listing().map_or(0, Listing::received)
    }

    /// Rows that meet the filters, by the server's last count, whatever the listing's limit; `None` before the
    /// first page and where the server could not count.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut pages = client.list().pages();
    /// pages.try_next().await?;
    /// println!("{:?} rows meet the filters", pages.total());
    /// # Ok(())
    /// # }
    /// ```
    pub fn total(&self) -> Option<u64> {
        self.listing().and_then(Listing::counted)
    }

    /// Rows that the listing will have had in the end, by the last count.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut pages = client.list().pages();
    /// pages.try_next().await?;
    /// println!("{} of {:?} rows", pages.received(), pages.expected());
    /// # Ok(())
    /// # }
    /// ```
    pub fn expected(&self) -> Option<u64> {
        self.listing().and_then(Listing::expected)
    }

    /// How long the rest takes, by the last count and the request budget.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut pages = client.list().pages();
    /// pages.try_next().await?;
    /// if let Some(left) = pages.time_left().await {
    ///     println!("about {} s left", left.as_secs());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn time_left(&self) -> Option<Duration> {
        let reader = self.reader.as_ref().ok()?;
        let requests = reader.listing().requests_left()?;
        reader.time_for(requests).await
    }

    /// Why the listing is known to be complete; `None` while it is not.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut pages = client.list().pages();
    /// while pages.try_next().await?.is_some() {}
    /// assert!(pages.proof().is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn proof(&self) -> Option<Proof> {
        self.listing().and_then(Listing::proof)
    }

    /// What the listing promises while others change the data.
    ///
    /// ```no_run
    /// use mateo_imports::model::driver::Promise;
    ///
    /// # fn example(client: mateo_imports::Client) {
    /// let pages = client.list().pages();
    /// assert_eq!(pages.promise(), Some(Promise::ExactlyOnce));
    /// # }
    /// ```
    pub fn promise(&self) -> Option<Promise> {
        self.listing().map(Listing::promise)
    }

    /// The position behind the last page, to go on from with [`ListRequest::resume`](crate::ListRequest::resume).
    ///
    /// # Errors
    ///
    /// Where the listing never began, because it can't.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut pages = client.list().pages();
    /// pages.try_next().await?;
    /// let saved = pages.cursor()?; // behind the first page
    /// # Ok(())
    /// # }
    /// ```
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
    pub(super) fn new(pages: Pages<T>) -> Self {
        Self { pages, current: None }
    }

    /// The next row; `None` when the listing is complete.
    ///
    /// # Errors
    ///
    /// See [`Rows`].
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut rows = client.list().stream();
    /// while let Some(import) = rows.try_next().await? {
    ///     println!("{}", import.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }

    /// Lets the stream go on after an error, where it stood.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut rows = client.list().stream();
    /// loop {
    ///     match rows.try_next().await {
    ///         Ok(Some(import)) => println!("{}", import.id),
    ///         Ok(None) => break,
    ///         Err(error) if error.is_retryable() => rows.retry(),
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry(&mut self) {
        self.pages.retry();
    }
}

impl<T> Rows<T> {
    /// Rows given out so far, those before a resumed cursor and those that couldn't be read included.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut rows = client.list().stream();
    /// rows.try_next().await?;
    /// println!("{} of {:?} rows", rows.taken(), rows.expected());
    /// # Ok(())
    /// # }
    /// ```
    pub fn taken(&self) -> u64 {
        let waiting = self
            .current
            .as_ref()
            .map_or(0, |current| current.len - current.taken);
        self.pages.received().saturating_sub(waiting as u64)
    }

    /// See [`Pages::total`].
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut rows = client.list().stream();
    /// rows.try_next().await?;
    /// println!("{:?} rows meet the filters", rows.total());
    /// # Ok(())
    /// # }
    /// ```
    pub fn total(&self) -> Option<u64> {
        self.pages.total()
    }

    /// See [`Pages::expected`].
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut rows = client.list().stream();
    /// rows.try_next().await?;
    /// println!("{:?} rows in the end", rows.expected());
    /// # Ok(())
    /// # }
    /// ```
    pub fn expected(&self) -> Option<u64> {
        self.pages.expected()
    }

    /// See [`Pages::time_left`].
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut rows = client.list().stream();
    /// rows.try_next().await?;
    /// println!("{:?} left", rows.time_left().await);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn time_left(&self) -> Option<Duration> {
        self.pages.time_left().await
    }

    /// See [`Pages::proof`]; rows of the last page may still be waiting to be taken.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut rows = client.list().stream();
    /// while rows.try_next().await?.is_some() {}
    /// assert!(rows.proof().is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn proof(&self) -> Option<Proof> {
        self.pages.proof()
    }

    /// See [`Pages::promise`].
    ///
    /// ```no_run
    /// use mateo_imports::model::driver::Promise;
    ///
    /// # fn example(client: mateo_imports::Client) {
    /// let rows = client.list().stream();
    /// assert_eq!(rows.promise(), Some(Promise::ExactlyOnce));
    /// # }
    /// ```
    pub fn promise(&self) -> Option<Promise> {
        self.pages.promise()
    }

    /// The position behind the last row that was given out, to go on from with
    /// [`ListRequest::resume`](crate::ListRequest::resume).
    ///
    /// # Errors
    ///
    /// Where the listing never began, because it can't.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut rows = client.list().stream();
    /// rows.try_next().await?;
    /// let saved = rows.cursor()?; // behind the first row
    /// let rest = client.list().resume(saved).stream();
    /// # Ok(())
    /// # }
    /// ```
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
        match self.taken.checked_sub(1).and_then(|last| self.source.row(last)) {
            Some(row) => Ok(before.cursor_within(self.taken as u64, row)?),
            None => Ok(before.cursor()),
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> Stream for Rows<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(current) = &mut self.current
                && let Some(row) = current.rows.next()
            {
                current.taken += 1;
                // Who asks for a second row is likely to ask for the next page's.
                if current.taken == 2 {
                    self.pages.prefetch();
                }
                return Poll::Ready(Some(row.map_err(Error::from)));
            }
            match ready!(self.pages.poll_arrived(cx)) {
                Some(Ok(arrived)) => self.current = Some(Current::of(arrived)),
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
