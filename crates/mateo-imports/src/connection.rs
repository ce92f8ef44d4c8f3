//! The way to the server that all requests of a client share.

use std::sync::Arc;

use mateo_http::{Budget, Pipeline};
use mateo_model::{Count, Prefer};

use crate::error::Error;

/// A pipeline to the server, or why there is none: what is wrong with the settings is told by the first call, so
/// that [`Client::new`](crate::Client::new) can't fail.
#[derive(Clone, Debug)]
pub(crate) struct Connection(Result<Pipeline, Arc<mateo_http::Error>>);

impl Connection {
    pub(crate) fn new(pipeline: Result<Pipeline, mateo_http::Error>) -> Self {
        Self(pipeline.map_err(Arc::new))
    }

    pub(crate) fn pipeline(&self) -> Result<&Pipeline, Error> {
        self.0.as_ref().map_err(|error| Error::setup(Arc::clone(error)))
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
