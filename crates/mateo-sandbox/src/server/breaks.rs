//! How a connection ends without an answer, or in the middle of one.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// There is no answer: the connection ends.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox ends the connection")]
pub(crate) struct Broken;

impl From<Infallible> for Broken {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Whether a connection is to end by a reset instead of in good order.
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
