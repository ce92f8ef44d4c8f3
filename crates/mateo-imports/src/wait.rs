//! Waiting for imports to finish: the request and its stream.

mod waiter;

use std::future::IntoFuture;
use std::time::Duration;

use futures_core::future::BoxFuture;
use mateo_model::{
    BadRow, Progress,
    driver::{WaitEvent, Waiting},
};
use uuid::Uuid;

use crate::connection::Connection;
use crate::error::{Error, Kind};
use crate::import_id::ImportId;
use crate::items::{BadRows, Items};
use waiter::Waiter;

/// The shortest and the longest time between two rounds, unless said otherwise.
const INTERVAL: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// Imports to be waited for, any number: 50 of them a request, at a pace that the request budget allows.
///
/// Awaited as it is, it waits for [all](WaitRequest::all); its [stream](WaitRequest::stream) tells of each as it happens.
///
/// `R` is what runs it: nothing for the async client, whose requests end in futures and streams, and its runtime for the
/// `blocking` client, whose end in values and iterators.
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
pub struct WaitRequest<R = ()> {
    connection: Connection,
    #[cfg_attr(
        not(feature = "blocking"),
        expect(dead_code, reason = "the blocking client reads it")
    )]
    runtime: R,
    ids: Result<Vec<Uuid>, Error>,
    timeout: Option<Duration>,
    interval: (Duration, Duration),
    bad_rows: BadRows,
}

impl WaitRequest {
    pub(crate) fn new(connection: Connection, ids: impl IntoIterator<Item = impl ImportId>) -> Self {
        Self {
            connection,
            runtime: (),
            ids: ids.into_iter().map(ImportId::import_id).collect(),
            timeout: None,
            interval: INTERVAL,
            bad_rows: BadRows::default(),
        }
    }
}

impl<R> WaitRequest<R> {
    /// The same, to be run by `runtime`, and what it was to be run by before.
    #[cfg(feature = "blocking")]
    pub(crate) fn run_by<S>(self, runtime: S) -> (WaitRequest<S>, R) {
        let request = WaitRequest {
            connection: self.connection,
            runtime,
            ids: self.ids,
            timeout: self.timeout,
            interval: self.interval,
            bad_rows: self.bad_rows,
        };
        (request, self.runtime)
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
}

impl WaitRequest {
    /// What happens, as it is seen, until every import is finished or missing.
    ///
    /// After an error it goes on at the next poll, with the next round; only the end of the timeout ends it. A row that can't be
    /// read is an error with its [`bad_row`](Error::bad_row), once, unless [`on_bad_row`](WaitRequest::on_bad_row) takes it; the
    /// other rows of its page come all the same.
    pub fn stream(self) -> Items<WaitEvent> {
        let operation = tracing::debug_span!("mateo.wait", otel.kind = "internal");
        let connection = self.connection.within(operation);
        let waiter = self.ids.map(|ids| {
            Waiter::new(
                connection,
                Waiting::new(ids),
                self.timeout,
                self.interval,
                self.bad_rows,
            )
        });
        Items::of(waiter, |mut waiter| async move {
            Some((waiter.next().await?, waiter))
        })
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
                Ok(Some(WaitEvent::Missing { id })) => return Err(Kind::Missing { ids: vec![id] }.into()),
                Ok(Some(_)) => {}
                Ok(None) => return Ok(finished),
                Err(mut error) => {
                    if let Kind::Unfinished { last: futile, .. } = &mut *error.0 {
                        *futile = last;
                    } else if error.is_retryable() {
                        tracing::debug!(%error, "waiting goes on after an error");
                        last = Some(error);
                        continue;
                    }
                    return Err(error);
                }
            }
        }
    }
}

impl IntoFuture for WaitRequest {
    type Output = Result<Vec<(Uuid, Progress)>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    /// Waits for [all](WaitRequest::all).
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.all())
    }
}
