//! Following changes: the request and its streams.

mod follower;
mod pages;

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use chrono::TimeDelta;
use futures_core::Stream;
use mateo_model::{
    BadRow, Filter, Import, ImportQuery, Select,
    driver::{Changes, ChangesCursor},
};
use serde::de::DeserializeOwned;

use crate::bad_rows::BadRows;
use crate::connection::Connection;
use crate::error::Error;
use follower::Follower;
pub use pages::{ChangesPage, ChangesPages};

/// Rows become visible up to this long after their `updated_at`, unless said otherwise. The server ends a
/// statement after two seconds; the jobs that write imports are its own, and may take longer.
const OVERLAP: Duration = Duration::from_secs(30);

/// The longest and the shortest time between two passes, unless said otherwise.
const INTERVAL: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(2 * 60));

/// Changes to be followed: every import that was inserted or changed since a cursor, in the order in which they
/// changed, and then what changes from now on.
///
/// Each change comes exactly once in a run, and at least once over all runs where each goes on from the last
/// saved cursor. A row that changes twice between two passes comes once, with its latest state. Deletions can't
/// be seen.
///
/// A row's `updated_at` is the start of its transaction, so rows become visible late. Each pass therefore begins an
/// [overlap](ChangesRequest::overlap) before the server's time at which the last complete pass began, and drops what was
/// yielded; only a row that becomes visible later than that is missed, however slowly the changes are taken. Once nothing
/// changes any more, a pass is one request.
///
/// The server's time is read from its `Date` headers. Without them it is the client's wall clock, less
/// [`Changes::CLOCK_SKEW`](mateo_model::driver::Changes::CLOCK_SKEW) (two minutes).
///
/// ```no_run
/// use mateo_imports::{ChangesCursor, Client};
///
/// # async fn example(client: Client, saved: Option<String>) -> Result<(), Box<dyn std::error::Error>> {
/// let cursor = match saved {
///     Some(saved) => serde_json::from_str(&saved)?,
///     None => ChangesCursor::beginning(),
/// };
/// let mut changes = client.changes(cursor).stream();
/// while let Some((import, cursor)) = changes.try_next().await? {
///     println!("{} {:?}", import.id, import.progress());
///     let saved = serde_json::to_string(&cursor)?; // once the change has been dealt with
///     # let _ = saved;
/// }
/// # Ok(())
/// # }
/// ```
#[must_use]
#[derive(Debug)]
pub struct ChangesRequest<T = Import> {
    connection: Connection,
    query: ImportQuery,
    cursor: ChangesCursor,
    overlap: Duration,
    interval: (Duration, Duration),
    once: bool,
    bad_rows: BadRows,
    rows: PhantomData<fn() -> T>,
}

impl ChangesRequest {
    pub(crate) fn new(connection: Connection, cursor: ChangesCursor) -> Self {
        Self {
            connection,
            query: ImportQuery::new(),
            cursor,
            overlap: OVERLAP,
            interval: INTERVAL,
            once: false,
            bad_rows: BadRows::default(),
            rows: PhantomData,
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> ChangesRequest<T> {
    /// Only imports that meet `filter`. The cursor belongs to it.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.query = self.query.filter(filter);
        self
    }

    /// Only imports that meet the filters of `query`, and only its columns. An order or a limit is an error of
    /// the first item.
    pub fn query(mut self, query: ImportQuery) -> Self {
        self.query = query;
        self
    }

    /// Only these columns.
    pub fn columns(mut self, columns: Select) -> Self {
        self.query = self.query.select(columns);
        self
    }

    /// The same rows as another type; [`RawJson`](crate::RawJson) is the text of each row as the server sent it.
    pub fn deserialize_as<U>(self) -> ChangesRequest<U> {
        ChangesRequest {
            connection: self.connection,
            query: self.query,
            cursor: self.cursor,
            overlap: self.overlap,
            interval: self.interval,
            once: self.once,
            bad_rows: self.bad_rows,
            rows: PhantomData,
        }
    }

    /// How long after its `updated_at` a row may become visible: 30 seconds unless set. With a longer one each pass reads
    /// more again, and the cursor remembers more.
    pub fn overlap(mut self, overlap: Duration) -> Self {
        self.overlap = overlap;
        self
    }

    /// The shortest and longest time between two passes, 5 seconds and 2 minutes unless set. In between it is
    /// chosen by how often things change and by what is left of the day's budget, which may make it longer.
    pub fn interval(mut self, shortest: Duration, longest: Duration) -> Self {
        self.interval = (shortest, longest);
        self
    }

    /// Hands rows that can't be read to `handler`, each once. Without it, such a row is an error of the stream, after which
    /// the stream goes on. The [pages](ChangesRequest::pages) have them in `bad_rows` and don't call it.
    pub fn on_bad_row(mut self, handler: impl FnMut(BadRow) + Send + 'static) -> Self {
        self.bad_rows = BadRows::to(handler);
        self
    }

    /// Ends after one pass, when everything that had changed is read.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, cursor: mateo_imports::ChangesCursor)
    /// # -> Result<(), mateo_imports::Error> {
    /// let mut changes = client.changes(cursor).once().stream();
    /// while let Some((import, _cursor)) = changes.try_next().await? {
    ///     println!("{}", import.id);
    /// }
    /// let saved = changes.cursor().clone(); // for the next run: it yields nothing of this one again
    /// # Ok(())
    /// # }
    /// ```
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// The changes, each with the cursor after it. See [`ChangeStream`].
    pub fn stream(mut self) -> ChangeStream<T> {
        let cursor = self.cursor.clone();
        ChangeStream {
            bad_rows: std::mem::take(&mut self.bad_rows),
            pages: self.pages(),
            rows: Vec::new().into_iter(),
            page_cursor: cursor.clone(),
            cursor,
        }
    }

    /// The changes page by page, each page with the cursor after it, to be kept in one transaction. See [`ChangesPages`].
    pub fn pages(self) -> ChangesPages<T> {
        let overlap = TimeDelta::from_std(self.overlap).unwrap_or(TimeDelta::MAX);
        let operation = tracing::debug_span!("mateo.changes", otel.kind = "internal");
        let connection = self.connection.within(operation);
        ChangesPages::new(
            Changes::new(self.query, self.cursor, overlap)
                .map(|changes| Follower::new(connection, changes, self.interval, self.once))
                .map_err(Error::of),
        )
    }
}

/// Changes as they come, each with the cursor after it.
///
/// It is `Send + 'static` and holds one page; dropping it cancels what is in flight, and
/// [`cursor`](ChangeStream::cursor) says where to go on. A row that can't be read is an error with its
/// [`bad_row`](Error::bad_row), once, unless [`on_bad_row`](ChangesRequest::on_bad_row) takes it. After any other error it
/// goes on at the next poll, where it stood and no sooner than the next pass is due, so an outage ends nothing.
///
/// ```no_run
/// # async fn example(client: mateo_imports::Client, cursor: mateo_imports::ChangesCursor)
/// # -> Result<(), mateo_imports::Error> {
/// let mut changes = client.changes(cursor).stream();
/// loop {
///     match changes.try_next().await {
///         Ok(Some((import, _cursor))) => println!("{}", import.id),
///         Ok(None) => break,
///         Err(error) if error.is_retryable() => eprintln!("{error}"), // it goes on after a pause
///         Err(error) => return Err(error),
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct ChangeStream<T = Import> {
    pages: ChangesPages<T>,
    /// The rest of the page.
    rows: std::vec::IntoIter<(ChangesCursor, Result<T, BadRow>)>,
    page_cursor: ChangesCursor,
    cursor: ChangesCursor,
    bad_rows: BadRows,
}

type Item<T> = Result<(T, ChangesCursor), Error>;

impl<T> ChangeStream<T> {
    /// The cursor after the last change that was yielded; at the end of a pass, the cursor after that.
    pub fn cursor(&self) -> &ChangesCursor {
        &self.cursor
    }

    /// The next change; `None` at the end of a single pass.
    ///
    /// # Errors
    ///
    /// See [`ChangeStream`].
    pub async fn try_next(&mut self) -> Result<Option<(T, ChangesCursor)>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }
}

/// The rows wait in a vector, nothing points into it.
impl<T> Unpin for ChangeStream<T> {}

impl<T> Stream for ChangeStream<T> {
    type Item = Item<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let stream = &mut *self;
        loop {
            for (cursor, row) in stream.rows.by_ref() {
                stream.cursor = cursor;
                if let Some(row) = stream.bad_rows.check(row) {
                    return Poll::Ready(Some(row.map(|row| (row, stream.cursor.clone()))));
                }
            }
            // The page is dealt with, the rows at its end that were yielded before too.
            stream.cursor.clone_from(&stream.page_cursor);
            match ready!(stream.pages.poll_rows(cx)) {
                Some(Ok(page)) => {
                    stream.rows = page.rows.into_iter();
                    stream.page_cursor = page.cursor;
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T> fmt::Debug for ChangeStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeStream")
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}
