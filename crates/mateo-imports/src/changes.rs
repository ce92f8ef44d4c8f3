//! Following changes: the request and its stream.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_core::Stream;
use futures_util::stream;
use mateo_model::{Changes, ChangesCursor, Filter, Import, ImportQuery, Pace, Select};
use serde::de::DeserializeOwned;

use crate::connection::Connection;
use crate::error::Error;
use crate::list::Reader;
use crate::pace::Day;

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
/// A row's `updated_at` is the start of its transaction, so rows become visible late. Each pass re-reads an
/// [overlap](ChangesRequest::overlap) and drops what it has given out; a row that becomes visible later than
/// that is missed.
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
            rows: PhantomData,
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> ChangesRequest<T> {
    /// Only imports that meet `filter`. The cursor belongs to it.
    ///
    /// ```no_run
    /// use mateo_imports::columns::*;
    ///
    /// # fn example(client: mateo_imports::Client, cursor: mateo_imports::ChangesCursor) {
    /// let failing = client.changes(cursor).filter(FAILED_COUNT.gt(0));
    /// # }
    /// ```
    pub fn filter(mut self, filter: Filter) -> Self {
        self.query = self.query.filter(filter);
        self
    }

    /// Only imports that meet the filters of `query`, and only its columns. An order or a limit is an error of
    /// the first item.
    ///
    /// ```no_run
    /// use mateo_imports::{ImportQuery, columns::*};
    ///
    /// # fn example(client: mateo_imports::Client, cursor: mateo_imports::ChangesCursor) {
    /// let query = ImportQuery::new().filter(FAILED_COUNT.gt(0));
    /// let failing = client.changes(cursor).query(query);
    /// # }
    /// ```
    pub fn query(mut self, query: ImportQuery) -> Self {
        self.query = query;
        self
    }

    /// Only these columns.
    ///
    /// ```no_run
    /// use mateo_imports::{RawJson, Select, columns::*};
    ///
    /// # fn example(client: mateo_imports::Client, cursor: mateo_imports::ChangesCursor) {
    /// let columns = Select::all().and(ID).and(FAILED_COUNT);
    /// let changes = client.changes(cursor).columns(columns).rows_as::<RawJson>();
    /// # }
    /// ```
    pub fn columns(mut self, columns: Select) -> Self {
        self.query = self.query.select(columns);
        self
    }

    /// The same rows as another type; [`RawJson`](crate::RawJson) is the text of each row as the server sent it.
    ///
    /// ```no_run
    /// use mateo_imports::RawJson;
    ///
    /// # async fn example(client: mateo_imports::Client, cursor: mateo_imports::ChangesCursor)
    /// # -> Result<(), mateo_imports::Error> {
    /// let mut changes = client.changes(cursor).rows_as::<RawJson>().stream();
    /// while let Some((row, _cursor)) = changes.try_next().await? {
    ///     println!("{row}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn rows_as<U>(self) -> ChangesRequest<U> {
        ChangesRequest {
            connection: self.connection,
            query: self.query,
            cursor: self.cursor,
            overlap: self.overlap,
            interval: self.interval,
            once: self.once,
            rows: PhantomData,
        }
    }

    /// How long after its `updated_at` a row may become visible: 30 seconds unless set. A longer one re-reads
    /// more with each pass.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # fn example(client: mateo_imports::Client, cursor: mateo_imports::ChangesCursor) {
    /// let changes = client.changes(cursor).overlap(Duration::from_secs(120));
    /// # }
    /// ```
    pub fn overlap(mut self, overlap: Duration) -> Self {
        self.overlap = overlap;
        self
    }

    /// The shortest and longest time between two passes, 5 seconds and 2 minutes unless set. In between it is
    /// chosen by how often things change and by what is left of the day's budget, which may make it longer.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # fn example(client: mateo_imports::Client, cursor: mateo_imports::ChangesCursor) {
    /// let hourly = Duration::from_secs(3600);
    /// let changes = client.changes(cursor).interval(Duration::from_secs(60), hourly);
    /// # }
    /// ```
    pub fn interval(mut self, shortest: Duration, longest: Duration) -> Self {
        self.interval = (shortest, longest);
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
    /// let saved = changes.cursor().clone(); // for the next run
    /// # Ok(())
    /// # }
    /// ```
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// The changes, each with the cursor behind it. See [`ChangeStream`].
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, cursor: mateo_imports::ChangesCursor)
    /// # -> Result<(), mateo_imports::Error> {
    /// let mut changes = client.changes(cursor).stream();
    /// if let Some((import, cursor)) = changes.try_next().await? {
    ///     println!("{} changed; go on from {cursor:?}", import.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(self) -> ChangeStream<T> {
        let overlap = TimeDelta::from_std(self.overlap).unwrap_or(TimeDelta::MAX);
        let cursor = self.cursor.clone();
        let items = match Changes::new(self.query, self.cursor, overlap) {
            Ok(changes) => {
                let follower = Follower {
                    pace: Pace::between(self.interval.0, self.interval.1),
                    day: Day::new(&self.connection),
                    connection: self.connection,
                    changes,
                    pass: None,
                    queue: Vec::new().into_iter(),
                    state: State::Due,
                    found: false,
                    once: self.once,
                };
                Items::Following(Box::pin(stream::unfold(follower, |mut follower| async move {
                    follower.next().await.map(|item| (item, follower))
                })))
            }
            Err(error) => Items::Refused(Some(error.into())),
        };
        ChangeStream { items, cursor }
    }
}

/// Changes as they come, each with the cursor behind it.
///
/// It is `Send + 'static` and holds one page; dropping it cancels what is under way, and
/// [`cursor`](ChangeStream::cursor) says where to go on. A row that can't be read is an error with its
/// [`bad_row`](Error::bad_row), and comes once. After any other error it goes on at the next poll, where it stood
/// and no sooner than the next pass is due, so a server that is away for a while ends nothing.
///
/// ```no_run
/// # async fn example(client: mateo_imports::Client, cursor: mateo_imports::ChangesCursor)
/// # -> Result<(), mateo_imports::Error> {
/// let mut changes = client.changes(cursor).stream();
/// loop {
///     match changes.try_next().await {
///         Ok(Some((import, _cursor))) => println!("{}", import.id),
///         Ok(None) => break,
///         Err(error) if error.is_retryable() => eprintln!("{error}"), // it goes on with the next pass
///         Err(error) => return Err(error),
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct ChangeStream<T> {
    items: Items<T>,
    cursor: ChangesCursor,
}

type Item<T> = Result<(T, ChangesCursor), Error>;

enum Items<T> {
    Following(Pin<Box<dyn Stream<Item = Item<T>> + Send>>),
    Refused(Option<Error>),
}

impl<T> ChangeStream<T> {
    /// The cursor behind the last change that was given out.
    ///
    /// ```no_run
    /// # fn example(client: mateo_imports::Client, cursor: mateo_imports::ChangesCursor) {
    /// let changes = client.changes(cursor.clone()).stream();
    /// assert_eq!(changes.cursor(), &cursor); // nothing was given out
    /// # }
    /// ```
    pub fn cursor(&self) -> &ChangesCursor {
        &self.cursor
    }

    /// The next change; `None` at the end of a single pass.
    ///
    /// # Errors
    ///
    /// See [`ChangeStream`].
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, cursor: mateo_imports::ChangesCursor)
    /// # -> Result<(), mateo_imports::Error> {
    /// let mut changes = client.changes(cursor).once().stream();
    /// while let Some((import, _cursor)) = changes.try_next().await? {
    ///     println!("{}", import.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_next(&mut self) -> Result<Option<(T, ChangesCursor)>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }
}

impl<T> Stream for ChangeStream<T> {
    type Item = Item<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = match &mut self.items {
            Items::Following(items) => ready!(items.as_mut().poll_next(cx)),
            Items::Refused(error) => error.take().map(Err),
        };
        if let Some(Ok((_, cursor))) = &item {
            self.cursor.clone_from(cursor);
        }
        Poll::Ready(item)
    }
}

impl<T> fmt::Debug for ChangeStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeStream")
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}

/// What the stream is made of: pass after pass, page after page.
struct Follower<T> {
    connection: Connection,
    changes: Changes,
    pace: Pace,
    day: Day,
    pass: Option<Reader>,
    queue: std::vec::IntoIter<Item<T>>,
    state: State,
    found: bool,
    once: bool,
}

enum State {
    /// The next pass may begin, or the current one go on.
    Due,
    /// A pass is over; the next is due after a wait for so many requests a pass.
    Passed(u64),
    /// The only pass is over.
    Ended,
}

impl<T: DeserializeOwned + 'static> Follower<T> {
    async fn next(&mut self) -> Option<Item<T>> {
        loop {
            if let Some(item) = self.queue.next() {
                return Some(item);
            }
            match self.state {
                State::Ended => return None,
                State::Passed(requests) => {
                    let wait = self.pace.next(requests, self.found, self.day.left());
                    self.found = false;
                    tokio::time::sleep(wait).await;
                    self.state = State::Due;
                }
                State::Due => {
                    if let Err(error) = self.page().await {
                        // What was under way is asked for again, with the next pass.
                        self.pass = None;
                        self.state = State::Passed(1);
                        return Some(Err(error));
                    }
                }
            }
        }
    }

    /// Reads a page of the pass, and queues what is new in it.
    async fn page(&mut self) -> Result<(), Error> {
        let (connection, changes) = (&self.connection, &mut self.changes);
        let pass = self
            .pass
            .get_or_insert_with(|| Reader::new(connection.clone(), changes.pass(), None));
        let Some(arrived) = pass.page::<T>().await else {
            self.state = if self.once {
                State::Ended
            } else {
                State::Passed(pass.requests())
            };
            self.pass = None;
            return Ok(());
        };
        let arrived = arrived?;
        if let Some(date) = arrived.source.date {
            self.changes.server_time(DateTime::<Utc>::from(date));
        }
        let mut items = Vec::with_capacity(arrived.page.len());
        for (raw, row) in arrived.source.rows().into_iter().zip(arrived.page.into_results()) {
            if self.changes.is_new(pass.listing(), raw.get())? {
                items.push(match row {
                    Ok(row) => Ok((row, self.changes.cursor().clone())),
                    Err(bad) => Err(bad.into()),
                });
            }
        }
        self.found |= !items.is_empty();
        self.queue = items.into_iter();
        Ok(())
    }
}
