//! The wall clock, passed in: only dates need it, never waits.

use std::{fmt, time::SystemTime};

/// Tells the wall clock's time.
///
/// Every wait and deadline is measured by tokio's clock, which cannot jump. The wall clock is asked only to read a
/// `Retry-After` date in a response without a `Date`, and to save and load a day's count.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use mateo_http::{Clock, LocalBudget};
///
/// /// The time of a server whose clock is known to be ahead.
/// #[derive(Debug)]
/// struct Ahead(Duration);
///
/// impl Clock for Ahead {
///     fn now(&self) -> SystemTime {
///         SystemTime::now() + self.0
///     }
/// }
///
/// let budget = LocalBudget::builder().clock(Ahead(Duration::from_secs(90))).build();
/// # let _ = budget;
/// ```
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> SystemTime;
}

/// The system's clock.
///
/// ```
/// use mateo_http::{Clock, SystemClock};
///
/// assert!(SystemClock.now() > std::time::UNIX_EPOCH);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
