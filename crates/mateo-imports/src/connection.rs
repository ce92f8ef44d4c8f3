//! The way to the server that all requests of a client share.

use std::sync::Arc;

use mateo_http::{Pipeline, budget::Budget};
use mateo_model::{Count, Prefer};
use tracing::Span;

use crate::error::Error;

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
            .map_err(|error| Error::setup(Arc::clone(error)))
    }

    pub(crate) fn budget(&self) -> Result<&Arc<dyn Budget>, Error> {
        Ok(self.pipeline()?.budget())
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
