//! The way to the server that all requests of a client share, and the pauses between requests that go on.

use std::sync::Arc;
use std::time::Duration;

use mateo_http::{Budget, Pipeline};
use mateo_model::{Count, Prefer, driver::PollInterval};
use tracing::Span;

use crate::error::{Error, Kind};

/// A pipeline to the server, or why there is none: what is wrong with the settings is reported by the first call, so
/// that [`Client::new`](crate::Client::new) can't fail.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pipeline: Result<Pipeline, Arc<mateo_http::Error>>,
    /// What the requests are a part of; none where that is the caller's own span.
    operation: Span,
}

impl Connection {
    pub(crate) fn new(pipeline: Result<Pipeline, mateo_http::Error>) -> Self {
        Self {
            pipeline: pipeline.map_err(Arc::new),
            operation: Span::none(),
        }
    }

    /// The same for an operation of several requests, which is a span of its own while any of it is alive.
    pub(crate) fn within(self, operation: Span) -> Self {
        Self { operation, ..self }
    }

    /// The span that a request belongs to.
    pub(crate) fn span(&self) -> Span {
        if self.operation.is_none() {
            Span::current()
        } else {
            self.operation.clone()
        }
    }

    pub(crate) fn pipeline(&self) -> Result<&Pipeline, Error> {
        self.pipeline
            .as_ref()
            .map_err(|error| Kind::Http(Arc::clone(error)).into())
    }
}

/// The preferences that pages are asked for with.
pub(crate) fn prefer(count: bool) -> Prefer {
    if count {
        Prefer::new().count(Count::Exact)
    } else {
        Prefer::new()
    }
}

/// The pauses between two rounds of polling: chosen by what the rounds find and by what is left of the day's budget.
pub(crate) struct Pauses {
    interval: PollInterval,
    budget: Option<Arc<dyn Budget>>,
}

impl Pauses {
    pub(crate) fn new(connection: &Connection, (shortest, longest): (Duration, Duration)) -> Self {
        Self {
            interval: PollInterval::between(shortest, longest),
            budget: connection
                .pipeline()
                .ok()
                .map(|pipeline| Arc::clone(pipeline.budget())),
        }
    }

    /// Waits after a round that took so many requests and found something new or not.
    pub(crate) async fn pause(&mut self, requests: u64, found: bool) {
        let wait = self.interval.next(requests, found, self.left_today().await);
        tokio::time::sleep(wait).await;
    }

    /// The requests that are left, and the time they must last for; `None` where the budget knows no day, or cannot be
    /// asked: the next request reports that.
    async fn left_today(&self) -> Option<(u64, Duration)> {
        let state = self.budget.as_ref()?.state(1).await.ok()?;
        Some((state.left_today?, state.renews_in?))
    }
}
