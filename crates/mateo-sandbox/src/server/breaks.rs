//! How a connection ends without a response, or in the middle of one.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// There is no response: the connection ends.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox ends the connection")]
pub(crate) struct Broken;

impl From<Infallible> for Broken {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Whether a connection ends with a reset instead of an orderly close.
#[derive(Debug, Clone, Default)]
pub(crate) struct Breaks(Arc<AtomicBool>);

impl Breaks {
    pub(crate) fn reset(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_reset(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
