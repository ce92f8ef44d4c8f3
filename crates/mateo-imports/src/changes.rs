//! Following changes: the request and its streams.

mod follower;

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_core::Stream;
use futures_util::{StreamExt as _, TryStreamExt};
use mateo_model::{
    BadRow, Filter, Import, ImportQuery, Select,
    driver::{Changes, ChangesCursor},
};
use serde::de::DeserializeOwned;

use crate::connection::Connection;
use crate::error::Error;
use crate::items::{BadRows, Items};
use follower::{Follower, NewRows};

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
/// `R` is what runs it: nothing for the async client, whose requests end in futures and streams, and its runtime for the
/// `blocking` client, whose end in values and iterators.
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
pub struct ChangesRequest<T = Import, R = ()> {
    settings: Settings,
    runtime: R,
    rows: PhantomData<fn() -> T>,
}

#[derive(Debug)]
struct Settings {
    connection: Connection,
    query: ImportQuery,
    cursor: ChangesCursor,
    overlap: Duration,
    interval: (Duration, Duration),
    once: bool,
    bad_rows: BadRows,
}

impl ChangesRequest {
    pub(crate) fn new(connection: Connection, cursor: ChangesCursor) -> Self {
        Self {
            settings: Settings {
                connection,
                query: ImportQuery::new(),
                cursor,
                overlap: OVERLAP,
                interval: INTERVAL,
                once: false,
                bad_rows: BadRows::default(),
            },
            runtime: (),
            rows: PhantomData,
        }
    }
}

impl<T, R> ChangesRequest<T, R> {
    /// Only imports that meet `filter`. The cursor belongs to it.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.settings.query = self.settings.query.filter(filter);
        self
    }

    /// Only imports that meet the filters of `query`, and only its columns. An order or a limit is an error of
    /// the first item.
    pub fn query(mut self, query: ImportQuery) -> Self {
        self.settings.query = query;
        self
    }

    /// Only these columns.
    pub fn columns(mut self, columns: Select) -> Self {
        self.settings.query = self.settings.query.select(columns);
        self
    }

    /// The same rows as another type; [`RawJson`](crate::RawJson) is the text of each row as the server sent it.
    pub fn deserialize_as<U>(self) -> ChangesRequest<U, R> {
        ChangesRequest {
            settings: self.settings,
            runtime: self.runtime,
            rows: PhantomData,
        }
    }

    /// The same, to be run by `runtime`, and what it was to be run by before.
    #[cfg(feature = "blocking")]
    pub(crate) fn run_by<S>(self, runtime: S) -> (ChangesRequest<T, S>, R) {
        let request = ChangesRequest {
            settings: self.settings,
            runtime,
            rows: PhantomData,
        };
        (request, self.runtime)
    }

    /// How long after its `updated_at` a row may become visible: 30 seconds unless set. With a longer one each pass reads
    /// more again, and the cursor remembers more.
    pub fn overlap(mut self, overlap: Duration) -> Self {
        self.settings.overlap = overlap;
        self
    }

    /// The shortest and longest time between two passes, 5 seconds and 2 minutes unless set. In between it is
    /// chosen by how often things change and by what is left of the day's budget, which may make it longer.
    pub fn interval(mut self, shortest: Duration, longest: Duration) -> Self {
        self.settings.interval = (shortest, longest);
        self
    }

    /// Hands rows that can't be read to `handler`, each once. Without it, such a row is an error of the stream, after which
    /// the stream goes on. The [pages](ChangesRequest::pages) have them in `bad_rows` and don't call it.
    pub fn on_bad_row(mut self, handler: impl FnMut(BadRow) + Send + 'static) -> Self {
        self.settings.bad_rows = BadRows::to(handler);
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
        self.settings.once = true;
        self
    }
}

impl<T: DeserializeOwned + Send + 'static> ChangesRequest<T> {
    /// The changes, each with the cursor after it. See [`ChangeStream`].
    pub fn stream(mut self) -> ChangeStream<T> {
        let cursor = self.settings.cursor.clone();
        ChangeStream {
            bad_rows: std::mem::take(&mut self.settings.bad_rows),
            pages: self.new_rows(),
            rows: Vec::new().into_iter(),
            page_cursor: cursor.clone(),
            cursor,
        }
    }

    /// The changes page by page, each page with the cursor after it, to be kept in one transaction.
    ///
    /// After an error it goes on at the next poll, as a [`ChangeStream`]. Nothing is read ahead of the page that was taken.
    /// Rows that can't be read are in the page's `bad_rows`.
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
    pub fn pages(self) -> Items<ChangesPage<T>> {
        Items::of(Ok(self.new_rows()), |mut pages| async move {
            let page = pages.next().await?;
            Some((page.map(ChangesPage::from), pages))
        })
    }

    fn new_rows(self) -> Items<NewRows<T>> {
        let overlap = TimeDelta::from_std(self.settings.overlap).unwrap_or(TimeDelta::MAX);
        let operation = tracing::debug_span!("mateo.changes", otel.kind = "internal");
        let connection = self.settings.connection.within(operation);
        let follower = Changes::new(self.settings.query, self.settings.cursor, overlap)
            .map_err(Error::of)
            .and_then(|changes| {
                Follower::new(connection, changes, self.settings.interval, self.settings.once)
            });
        Items::of(follower, |mut follower| async move {
            Some((follower.next().await?, follower))
        })
    }
}

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
    pages: Items<NewRows<T>>,
    /// The rest of the page.
    rows: std::vec::IntoIter<(ChangesCursor, Result<T, BadRow>)>,
    page_cursor: ChangesCursor,
    cursor: ChangesCursor,
    bad_rows: BadRows,
}

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
        TryStreamExt::try_next(self).await
    }
}

/// The rows wait in a vector, nothing points into it.
impl<T> Unpin for ChangeStream<T> {}

impl<T> Stream for ChangeStream<T> {
    type Item = Result<(T, ChangesCursor), Error>;

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
            match ready!(stream.pages.poll_next_unpin(cx)) {
                Some(Ok(new)) => {
                    stream.rows = new.rows.into_iter();
                    stream.page_cursor = new.page.cursor;
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
