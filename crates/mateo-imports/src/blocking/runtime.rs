//! The runtime behind a blocking client.

use std::sync::Arc;

use tokio::runtime::{Builder, Handle};

use crate::error::{Error, Kind};

/// What a blocking client runs its requests on, shared by its clones: a runtime with one thread of its own, which keeps
/// connections and tasks going between two calls.
#[derive(Clone, Debug)]
pub struct Runtime(Arc<Inner>);

/// The runtime, or why there is none: the first call reports it, so that making a client can't fail. `None` only while it
/// is dropped.
#[derive(Debug)]
struct Inner(Option<Result<tokio::runtime::Runtime, String>>);

impl Drop for Inner {
    fn drop(&mut self) {
        // Dropping a runtime waits for it, which panics within another one.
        if let Some(Ok(runtime)) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Runtime {
    pub(super) fn new() -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("mateo-imports")
            .enable_all()
            .build();
        Self(Arc::new(Inner(Some(runtime.map_err(|error| error.to_string())))))
    }

    /// Runs a future on this thread.
    pub(super) fn run<F: Future>(&self, future: F) -> Result<F::Output, Error> {
        let why = match &self.0.0 {
            _ if Handle::try_current().is_ok() => {
                "the blocking client can't be used within an async runtime: use the async one there"
                    .to_owned()
            }
            Some(Ok(runtime)) => return Ok(runtime.block_on(future)),
            Some(Err(error)) => format!("no runtime could be started: {error}"),
            None => "the runtime has ended".to_owned(),
        };
        Err(Kind::Usage(why).into())
    }
}
