//! The wall clock, passed in: only dates need it, never waits.

use std::{fmt, time::SystemTime};

/// Tells the wall clock's time.
///
/// Every wait and deadline is measured by tokio's clock, which cannot jump. The wall clock is asked only to read a
/// `Retry-After` date in a response without a `Date`, and to save and load a day's count.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> SystemTime;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
