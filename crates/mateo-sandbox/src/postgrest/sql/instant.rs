//! `timestamp with time zone`: microseconds from the first moment of 2000 in UTC, and the two infinities.

mod calendar;
mod read;
mod write;

use chrono::{DateTime, Utc};

/// A point in time as PostgreSQL holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Instant(i64);

pub(crate) const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Microseconds from 1970 to 2000.
const EPOCH: i64 = 946_684_800_000_000;

impl Instant {
    pub(crate) const INFINITY: Self = Self(i64::MAX);
    pub(crate) const MINUS_INFINITY: Self = Self(i64::MIN);
    const UNIX_EPOCH: Self = Self(-EPOCH);

    pub(crate) const fn is_finite(self) -> bool {
        self.0 != i64::MAX && self.0 != i64::MIN
    }

    /// Microseconds from the first moment of 2000; the infinities are the ends of the range.
    pub(crate) const fn micros(self) -> i64 {
        self.0
    }

    /// To the microsecond, rounded down.
    pub(crate) fn from_chrono(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_micros() - EPOCH)
    }
}

#[cfg(test)]
mod tests;
