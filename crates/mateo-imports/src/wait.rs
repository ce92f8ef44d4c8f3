//! Waiting for imports to finish: the request and its stream.

mod waiter;

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use futures_util::stream;
use mateo_model::{
    BadRow, Progress,
    driver::{WaitEvent, Waiting},
};
use uuid::Uuid;

use crate::bad_rows::BadRows;
use crate::connection::Connection;
use crate::error::Error;
use crate::import_id::ImportId;
use waiter::{Seen, Waiter};

/// The shortest and the longest time between two rounds, unless said otherwise.
const INTERVAL: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// Imports to be waited for, any number: 50 of them a request, at a pace that the request budget allows.
///
/// Awaited as it is, it waits for [all](WaitRequest::all); its [stream](WaitRequest::stream) tells of each as it happens.
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
    ids: Result<Vec<Uuid>, Error>,
    timeout: Option<Duration>,
    interval: (Duration, Duration),
    bad_rows: BadRows,
}

impl WaitRequest {
    pub(crate) fn new(connection: Connection, ids: impl IntoIterator<Item = impl ImportId>) -> Self {
        Self {
            connection,
            ids: ids.into_iter().map(ImportId::import_id).collect(),
            timeout: None,
            interval: INTERVAL,
            bad_rows: BadRows::default(),
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
    /// let waited = client.wait(ids).timeout(Duration::from_secs(600)).await;
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
    pub fn interval(mut self, shortest: Duration, longest: Duration) -> Self {
        self.interval = (shortest, longest);
        self
    }

    /// Hands rows that can't be read to `handler`, each once. Without it, such a row is an error, after which the stream goes on
    /// and [`all`](WaitRequest::all) doesn't.
    ///
    /// Either way the import is asked about again: it may have been a passing fault. One that stays unreadable for
    /// [three rounds](Waiting::UNREADABLE_ROUNDS) isn't waited for any longer.
    pub fn on_bad_row(mut self, handler: impl FnMut(BadRow) + Send + 'static) -> Self {
        self.bad_rows = BadRows::to(handler);
        self
    }

    /// What happens, as it is seen. See [`WaitStream`].
    pub fn stream(self) -> WaitStream {
        let items = match self.ids {
            Ok(ids) => {
                let operation = tracing::debug_span!("mateo.wait", otel.kind = "internal");
                let connection = self.connection.within(operation);
                let waiter = Waiter::new(connection, Waiting::new(ids), self.timeout, self.interval);
                Items::Waiting(Box::pin(stream::unfold(waiter, |mut waiter| async move {
                    waiter.next().await.map(|item| (item, waiter))
                })))
            }
            Err(error) => Items::Invalid(Some(error)),
        };
        WaitStream {
            items,
            bad_rows: self.bad_rows,
        }
    }

    /// Waits until all are finished, and says how, in the order in which they finished.
    ///
    /// An outage doesn't end it: after an error that [may pass](Error::is_retryable) it asks again, for as long as its
    /// timeout allows. The error of the timeout then has the last one as its source.
    ///
    /// # Errors
    ///
    /// See [`Error`]; an id that doesn't exist is one, at once ([`is_missing`](Error::is_missing)), and so is
    /// the end of the timeout ([`is_timeout`](Error::is_timeout)), both with the [`ids`](Error::ids). So is a row that can't be
    /// read, unless [`on_bad_row`](WaitRequest::on_bad_row) takes it.
    pub async fn all(self) -> Result<Vec<(Uuid, Progress)>, Error> {
        let mut events = self.stream();
        let mut finished = Vec::new();
        let mut last = None;
        loop {
            match events.try_next().await {
                Ok(Some(WaitEvent::Finished { id, progress })) => finished.push((id, progress)),
                Ok(Some(WaitEvent::Missing { id })) => return Err(Error::missing(vec![id])),
                Ok(Some(_)) => {}
                Ok(None) => return Ok(finished),
                Err(error) if error.is_unfinished() => return Err(error.because_of(last)),
                Err(error) if error.is_retryable() => {
                    tracing::debug!(%error, "waiting goes on after an error");
                    last = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl IntoFuture for WaitRequest {
    type Output = Result<Vec<(Uuid, Progress)>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    /// Waits for [all](WaitRequest::all).
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.all())
    }
}

/// What happens to imports that are waited for, until none is left.
///
/// It is `Send + 'static`, and dropping it cancels what is in flight. After an error it goes on at the next
/// poll, with the next round; only the end of the timeout ends it. A row that can't be read is an error with its
/// [`bad_row`](Error::bad_row), once, unless [`on_bad_row`](WaitRequest::on_bad_row) takes it; the other rows of its page come
/// all the same.
pub struct WaitStream {
    items: Items,
    bad_rows: BadRows,
}

enum Items {
    Waiting(Pin<Box<dyn Stream<Item = Result<Seen, Error>> + Send>>),
    Invalid(Option<Error>),
}

impl WaitStream {
    /// The next event; `None` when every import is finished or missing.
    ///
    /// # Errors
    ///
    /// See [`WaitStream`].
    pub async fn try_next(&mut self) -> Result<Option<WaitEvent>, Error> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .transpose()
    }
}

impl Stream for WaitStream {
    type Item = Result<WaitEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let stream = &mut *self;
        loop {
            let seen = match &mut stream.items {
                Items::Waiting(items) => ready!(items.as_mut().poll_next(cx)),
                Items::Invalid(error) => error.take().map(Err),
            };
            match seen {
                Some(Ok(seen)) => {
                    if let Some(event) = stream.bad_rows.check(seen) {
                        return Poll::Ready(Some(event));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl fmt::Debug for WaitStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaitStream")
    }
}
