//! Arithmetic on times that saturates at the ends of the calendar: a test may choose any time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// A time plus a duration, or the last time that can be represented.
pub(crate) fn after(time: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    shifted(time, TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX))
}

/// A time moved by this much, or the first or last that can be represented.
pub(crate) fn shifted(time: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    let end = if by < TimeDelta::zero() {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    };
    time.checked_add_signed(by).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_end_at_the_calendars_ends() {
        let second = DateTime::from_timestamp(1, 0).expect("within range");
        assert_eq!(after(DateTime::UNIX_EPOCH, Duration::from_secs(1)), second);
        assert_eq!(after(second, Duration::MAX), DateTime::<Utc>::MAX_UTC);
        assert_eq!(shifted(second, TimeDelta::MIN), DateTime::<Utc>::MIN_UTC);
    }
}
