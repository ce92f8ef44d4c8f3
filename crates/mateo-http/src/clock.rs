//! The wall clock, passed in: only dates need it, never waits.

use std::{fmt, time::SystemTime};

/// Tells the wall clock's time.
///
/// Every wait and deadline is measured by tokio's clock, which cannot jump. The wall clock is asked only for dates, where a
/// response has no `Date` of its own.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use mateo_http::{ApiKey, Clock, Pipeline};
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
/// let settings = Pipeline::builder(ApiKey::new("…")).clock(Ahead(Duration::from_secs(90)));
/// ```
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> SystemTime;
}

/// The system's clock.
#[derive(Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
