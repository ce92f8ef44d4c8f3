//! Waiting for imports to finish: the request and its stream.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_util::stream;
use mateo_http::Instant;
use mateo_model::{
    Progress,
    driver::{Pace, WaitEvent, WaitRow, Waiting},
};
use tokio::time::timeout_at;
use uuid::Uuid;

use crate::connection::Connection;
use crate::error::Error;
use crate::list::Reader;
use crate::pace::Day;

/// The shortest and the longest time between two rounds, unless said otherwise.
const INTERVAL: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// Imports to be waited for, any number: 50 of them a request, at a pace that the request budget allows.
///
/// ```no_run
/// use std::time::Duration;
/// use mateo_imports::{Client, WaitEvent};
///
/// # async fn example(client: Client, ids: Vec<uuid::Uuid>) -> Result<(), mateo_imports::Error> {
/// let mut waiting = client.wait(ids).timeout(Duration::from_secs(600)).stream();
/// while let Some(event) = waiting.try_next().await? {
///     match event {
///         WaitEvent::Finished { id, progress } => println!("{id} is finished: {progress:?}"),
///         WaitEvent::Missing { id } => println!("there is no import {id}"),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use]
#[derive(Debug)]
pub struct WaitRequest {
    connection: Connection,
    waiting: Waiting,
    timeout: Option<Duration>,
    interval: (Duration, Duration),
}

impl WaitRequest {
    pub(crate) fn new(connection: Connection, ids: impl IntoIterator<Item = Uuid>) -> Self {
        Self {
            connection,
            waiting: Waiting::new(ids),
            timeout: None,
            interval: INTERVAL,
        }
    }

    /// How long to wait in all, from the first poll: then an error says which are unfinished. For ever unless
    /// set.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(client: mateo_imports::Client, ids: Vec<uuid::Uuid>)
    /// # -> Result<(), mateo_imports::Error> {
    /// let waited = client.wait(ids).timeout(Duration::from_secs(600)).all().await;
    /// if let Err(error) = &waited && error.is_timeout() {
    ///     eprintln!("still unfinished: {:?}", error.ids());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The shortest and longest time between two rounds, 2 and 30 seconds unless set. Rounds are close together
    /// while imports move, and never so close that the day's budget would not last.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # fn example(client: mateo_imports::Client, ids: Vec<uuid::Uuid>) {
    /// let waiting = client.wait(ids).interval(Duration::from_secs(5), Duration::from_secs(60));
    /// # }
    /// ```
    pub fn interval(mut self, shortest: Duration, longest: Duration) -> Self {
        self.interval = (shortest, longest);
        self
    }

    /// What happens, as it is seen. See [`WaitStream`].
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, ids: Vec<uuid::Uuid>)
    /// # -> Result<(), mateo_imports::Error> {
    /// let mut events = client.wait(ids).stream();
    /// while let Some(event) = events.try_next().await? {
    ///     println!("{event:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(self) -> WaitStream {
        let waiter = Waiter {
            pace: Pace::between(self.interval.0, self.interval.1),
            day: Day::new(&self.connection),
            connection: self.connection,
            waiting: self.waiting,
            limit: self.timeout,
            began: None,
            part: None,
            queue: Vec::new().into_iter(),
            state: State::Due,
        };
        WaitStream(Box::pin(stream::unfold(waiter, |mut waiter| async move {
            waiter.next().await.map(|item| (item, waiter))
        })))
    }

    /// Waits until all are finished, and says how, in the order in which they finished.
    ///
    /// # Errors
    ///
    /// See [`Error`]; an id that doesn't exist is one, at once ([`is_missing`](Error::is_missing)), and so is
    /// the end of the timeout ([`is_timeout`](Error::is_timeout)), both with the [`ids`](Error::ids).
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, ids: Vec<uuid::Uuid>)
    /// # -> Result<(), mateo_imports::Error> {
    /// for (id, progress) in client.wait(ids).all().await? {
    ///     println!("{id} is finished: {progress:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn all(self) -> Result<Vec<(Uuid, Progress)>, Error> {
        let mut events = self.stream();
        let mut finished = Vec::new();
        while let Some(event) = events.try_next().await? {
            match event {
                WaitEvent::Finished { id, progress } => finished.push((id, progress)),
                WaitEvent::Missing { id } => return Err(Error::missing(vec![id])),
                _ => {}
            }
        }
        Ok(finished)
    }
}

/// What happens to imports that are waited for, until none is left.
///
/// It is `Send + 'static`, and dropping it cancels what is under way. After an error it goes on at the next
/// poll, with the next round; only the end of the timeout ends it.
///
/// ```no_run
/// use mateo_imports::WaitEvent;
///
/// # async fn example(client: mateo_imports::Client, ids: Vec<uuid::Uuid>)
/// # -> Result<(), mateo_imports::Error> {
/// let mut events = client.wait(ids).stream();
/// while let Some(event) = events.try_next().await? {
///     if let WaitEvent::Finished { id, .. } = event {
///         println!("{id} is finished");
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct WaitStream(Pin<Box<dyn Stream<Item = Result<WaitEvent, Error>> + Send>>);

impl WaitStream {
    /// The next event; `None` when every import is finished or missing.
    ///
    /// # Errors
    ///
    /// See [`WaitStream`].
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, id: uuid::Uuid)
    /// # -> Result<(), mateo_imports::Error> {
    /// let mut events = client.wait([id]).stream();
    /// let first = events.try_next().await?;
    /// println!("{first:?}");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_next(&mut self) -> Result<Option<WaitEvent>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }
}

impl Stream for WaitStream {
    type Item = Result<WaitEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for WaitStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaitStream")
    }
}

struct Waiter {
    connection: Connection,
    waiting: Waiting,
    pace: Pace,
    day: Day,
    limit: Option<Duration>,
    began: Option<Instant>,
    part: Option<Reader>,
    queue: std::vec::IntoIter<WaitEvent>,
    state: State,
}

enum State {
    /// The next round may begin.
    Due,
    /// A round is under way, of so many requests, and something moved in it or not.
    Round { requests: u64, moved: bool },
    /// A round is over; the next is due after a wait.
    Passed { requests: u64, moved: bool },
    /// Time ran out.
    Ended,
}

impl Waiter {
    async fn next(&mut self) -> Option<Result<WaitEvent, Error>> {
        if let Some(event) = self.queue.next() {
            return Some(Ok(event));
        }
        let began = *self.began.get_or_insert_with(Instant::now);
        let deadline = self.limit.and_then(|limit| began.checked_add(limit));
        let event = match deadline {
            Some(deadline) => timeout_at(deadline, self.event()).await,
            None => Ok(self.event().await),
        };
        event.unwrap_or_else(|_| {
            self.state = State::Ended;
            self.part = None;
            Some(Err(Error::unfinished(
                self.waiting.unfinished().to_vec(),
                began.elapsed(),
            )))
        })
    }

    async fn event(&mut self) -> Option<Result<WaitEvent, Error>> {
        loop {
            if let Some(event) = self.queue.next() {
                return Some(Ok(event));
            }
            match self.state {
                State::Ended => return None,
                _ if self.waiting.unfinished().is_empty() => return None,
                State::Due => {
                    let requests = self.waiting.begin_round();
                    self.state = State::Round {
                        requests,
                        moved: false,
                    };
                }
                State::Round { requests, moved } => match self.page().await {
                    Ok(Some(events)) => {
                        let moved = moved || !events.is_empty();
                        self.queue = events.into_iter();
                        self.state = State::Round { requests, moved };
                    }
                    Ok(None) => self.state = State::Passed { requests, moved },
                    Err(error) => {
                        self.part = None;
                        self.state = State::Passed { requests, moved };
                        return Some(Err(error));
                    }
                },
                State::Passed { requests, moved } => {
                    let wait = self.pace.next(requests, moved, self.day.left());
                    tokio::time::sleep(wait).await;
                    self.state = State::Due;
                }
            }
        }
    }

    /// The next page of the round, and what it tells; `None` when the round is over.
    async fn page(&mut self) -> Result<Option<Vec<WaitEvent>>, Error> {
        if self.part.is_none() {
            let Some(listing) = self.waiting.next_part() else {
                return Ok(None);
            };
            self.part = Some(Reader::new(self.connection.clone(), listing, None));
        }
        let Some(part) = &mut self.part else {
            return Ok(None);
        };
        let Some(arrived) = part.page::<WaitRow>().await else {
            self.part = None;
            return Ok(Some(self.waiting.part_done()));
        };
        let mut events = Vec::new();
        for row in arrived?.page.into_results() {
            events.extend(self.waiting.told(&row?));
        }
        Ok(Some(events))
    }
}
