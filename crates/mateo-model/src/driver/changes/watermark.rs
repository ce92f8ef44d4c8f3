//! The watermark: the server's time at which a complete pass began to read.

use chrono::{DateTime, Datelike, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Where a response has no `Date`, the server's clock is taken to be at most this much behind the client's.
pub(super) const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(2);

/// `Date` has whole seconds.
const DATE_RESOLUTION: TimeDelta = TimeDelta::seconds(1);

/// By how much the server's clock may seem to have lost between two passes before it counts as set back: `Date` and the
/// round trip are known to about two seconds in one run, and two runs compare the client's wall clock.
const TOLERANCE: TimeDelta = TimeDelta::seconds(5);
const TOLERANCE_BETWEEN_RUNS: TimeDelta = TimeDelta::minutes(1);

/// When a page was asked for, by the clocks of both sides.
///
/// The caller's clock should not jump within a run: a wall clock read once, plus what a monotonic clock measured since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestTime {
    /// The caller's time when it asked.
    pub sent: DateTime<Utc>,
    /// How long the answer took. Retries and waits for the budget may be included.
    pub took: TimeDelta,
    /// The response's `Date`, if it had one.
    pub date: Option<DateTime<Utc>>,
}

impl RequestTime {
    /// The server's time when the request was sent, or a little earlier.
    fn server_time(self) -> DateTime<Utc> {
        let time = match self.date {
            Some(date) => earlier(earlier(date, self.took), DATE_RESOLUTION),
            None => earlier(self.sent, CLOCK_SKEW),
        };
        time.trunc_subsecs(3)
    }
}

/// A point in the server's time, and the caller's time that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Watermark {
    #[serde(rename = "watermark")]
    pub(super) at: DateTime<Utc>,
    /// Unknown where the watermark was given by a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sent: Option<DateTime<Utc>>,
}

impl Watermark {
    /// What the watermark will be when the pass is complete whose first page was asked for at `first`.
    ///
    /// Normally that is the server's time then. Where the server's clock was set back since the watermark before, rows were
    /// written meanwhile that the pass, which began from that watermark, can't see; so it goes back by as much as the
    /// two passes are apart. Rows may then come again, but none is lost.
    pub(super) fn after_pass(before: Option<Self>, first: RequestTime, same_run: bool) -> Self {
        let now = Self {
            at: first.server_time(),
            sent: Some(first.sent),
        };
        let Some(before) = before else {
            return now;
        };
        let apart = before
            .sent
            .map_or(TimeDelta::zero(), |sent| first.sent - sent)
            .max(TimeDelta::zero());
        let mut tolerance = if same_run {
            TOLERANCE
        } else {
            TOLERANCE_BETWEEN_RUNS
        };
        if first.date.is_none() {
            tolerance += CLOCK_SKEW;
        }
        let set_back = later(before.at, apart) - now.at;
        if set_back > tolerance {
            Self {
                at: earlier(now.at, apart),
                sent: before.sent.or(now.sent),
            }
        } else if before.at > now.at {
            before
        } else {
            now
        }
    }

    /// Where the next pass begins; `None` is the beginning of time, which PostgreSQL has no need to be told.
    pub(super) fn floor(self, overlap: TimeDelta) -> Option<DateTime<Utc>> {
        let floor = earlier(self.at, overlap);
        (floor.year() > 0).then_some(floor)
    }
}

fn earlier(time: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    time.checked_sub_signed(by).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

fn later(time: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
