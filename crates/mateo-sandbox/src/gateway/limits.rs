//! How many requests a key may send, and how the gateway counts them: pure values over a time that is passed in.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::shifted;

/// How many requests a key may send.
///
/// The default is what hellomateo documents (API.md, "Limits"): 2 a second and 10,000 a day. Which window it counts
/// in, and whether it sends `retry-after`, is not documented: so all of them are here to test against.
///
/// ```
/// use mateo_sandbox::{Limits, Window};
///
/// // The same as `Limits::default()`, but for the window and the header.
/// let limits = Limits::none().per_second(2).per_day(10_000).window(Window::Sliding).retry_after(true);
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Limits {
    per_second: Option<u32>,
    per_day: Option<u32>,
    window: Window,
    retry_after: bool,
}

/// How requests are counted against a limit.
///
/// Each counts only the requests that it admitted.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Window {
    /// Anew in each whole second of the clock, and each day of UTC. Admits twice the limit around a boundary.
    Fixed,
    /// Those in the second, and in the 24 hours, before each request.
    Sliding,
    /// A bucket that holds as many requests as the limit and drains evenly.
    Leaky,
}

impl Limits {
    /// No limit at all.
    pub const fn none() -> Self {
        Self {
            per_second: None,
            per_day: None,
            window: Window::Fixed,
            retry_after: false,
        }
    }

    /// At most this many requests a second.
    pub const fn per_second(mut self, requests: u32) -> Self {
        self.per_second = Some(requests);
        self
    }

    /// At most this many requests a day.
    pub const fn per_day(mut self, requests: u32) -> Self {
        self.per_day = Some(requests);
        self
    }

    /// How requests are counted; [`Window::Fixed`] unless set.
    pub const fn window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Whether a 429 says in `retry-after` how many seconds to wait; it doesn't unless set.
    pub const fn retry_after(mut self, sent: bool) -> Self {
        self.retry_after = sent;
        self
    }

    pub(crate) const fn sends_retry_after(self) -> bool {
        self.retry_after
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::none().per_second(2).per_day(10_000)
    }
}

/// What `ratelimit-limit`, `-remaining` and `-reset` say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Until more requests are admitted than now.
    pub(crate) reset: TimeDelta,
}

impl Standing {
    /// Whole seconds, rounded up: a client that waits that long is admitted.
    pub(crate) fn reset_seconds(&self) -> i64 {
        let micros = self.reset.num_microseconds().unwrap_or(i64::MAX);
        micros.max(0).div_euclid(1_000_000) + i64::from(micros.rem_euclid(1_000_000) > 0)
    }
}

/// The requests of one key.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    second: Option<Quota>,
    day: Option<Quota>,
}

impl Account {
    pub(crate) fn new(limits: Limits) -> Self {
        let quota = |limit: Option<u32>, period| limit.map(|limit| Quota::new(limit, period, limits.window));
        Self {
            second: quota(limits.per_second, TimeDelta::seconds(1)),
            day: quota(limits.per_day, TimeDelta::days(1)),
        }
    }

    /// Whether a request is admitted at `now`, and what remains of the limits after it; `None` without limits.
    pub(crate) fn take(&mut self, now: DateTime<Utc>) -> (bool, Option<Standing>) {
        let is_let_through = self.quotas().all(|quota| quota.standing(now).remaining > 0);
        if is_let_through {
            self.quotas().for_each(|quota| quota.count(now));
        }
        (is_let_through, self.standing(now))
    }

    /// The limit that a client meets first.
    pub(crate) fn standing(&mut self, now: DateTime<Utc>) -> Option<Standing> {
        let standings = self.quotas().map(|quota| quota.standing(now));
        // Of two that are used up, the one that lasts.
        standings.min_by_key(|standing| match standing.remaining {
            0 => (0, -standing.reset),
            remaining => (remaining, standing.reset),
        })
    }

    fn quotas(&mut self) -> impl Iterator<Item = &mut Quota> {
        self.second.iter_mut().chain(&mut self.day)
    }
}

/// One limit over one period.
#[derive(Debug, Clone)]
struct Quota {
    limit: u32,
    period: TimeDelta,
    used: Used,
}

#[derive(Debug, Clone)]
enum Used {
    Fixed {
        window: i64,
        count: u32,
    },
    Sliding(VecDeque<DateTime<Utc>>),
    /// When the bucket will be empty.
    Leaky {
        empty_at: DateTime<Utc>,
    },
}

impl Quota {
    fn new(limit: u32, period: TimeDelta, window: Window) -> Self {
        let used = match window {
            Window::Fixed => Used::Fixed {
                window: i64::MIN,
                count: 0,
            },
            Window::Sliding => Used::Sliding(VecDeque::new()),
            Window::Leaky => Used::Leaky {
                empty_at: DateTime::<Utc>::MIN_UTC,
            },
        };
        Self { limit, period, used }
    }

    /// What remains of the limit before a request at `now`. A clock that goes back changes nothing.
    fn standing(&mut self, now: DateTime<Utc>) -> Standing {
        let (limit, period) = (self.limit, self.period);
        let drained = self.drained();
        let (used, reset) = match &mut self.used {
            Used::Fixed { window, count } => {
                let length = period.num_seconds().max(1);
                let current = now.timestamp().div_euclid(length);
                if current > *window {
                    (*window, *count) = (current, 0);
                }
                let end = DateTime::from_timestamp((*window + 1).saturating_mul(length), 0);
                (*count, end.map_or(period, |end| end - now))
            }
            Used::Sliding(times) => {
                while times.front().is_some_and(|first| now - *first >= period) {
                    times.pop_front();
                }
                let reset = times
                    .front()
                    .map_or(TimeDelta::zero(), |first| shifted(*first, period) - now);
                (u32::try_from(times.len()).unwrap_or(u32::MAX), reset)
            }
            Used::Leaky { empty_at } => {
                let level = (*empty_at - now).max(TimeDelta::zero());
                let (level, each) = (micros(level), micros(drained).max(1));
                // A request takes a whole place: one that has begun to drain is still taken.
                let used = u32::try_from(level.div_ceil(each)).unwrap_or(u32::MAX);
                let reset = level - level.div_ceil(each).saturating_sub(1).saturating_mul(each);
                (
                    used,
                    TimeDelta::microseconds(i64::try_from(reset).unwrap_or(i64::MAX)),
                )
            }
        };
        Standing {
            limit,
            remaining: limit.saturating_sub(used),
            reset,
        }
    }

    fn count(&mut self, now: DateTime<Utc>) {
        let drained = self.drained();
        match &mut self.used {
            Used::Fixed { count, .. } => *count += 1,
            Used::Sliding(times) => times.push_back(now),
            Used::Leaky { empty_at } => *empty_at = shifted((*empty_at).max(now), drained),
        }
    }

    /// How long the bucket takes to drain one request.
    fn drained(&self) -> TimeDelta {
        self.period / i32::try_from(self.limit.max(1)).unwrap_or(i32::MAX)
    }
}

fn micros(time: TimeDelta) -> u64 {
    u64::try_from(time.num_microseconds().unwrap_or(i64::MAX)).unwrap_or_default()
}
