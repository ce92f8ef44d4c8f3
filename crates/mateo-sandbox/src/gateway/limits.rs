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
    pub(super) retry_after: bool,
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
#[derive(Debug)]
pub(crate) struct Account {
    quotas: Vec<Quota>,
}

impl Account {
    pub(crate) fn new(limits: Limits) -> Self {
        let second = limits.per_second.map(|limit| (limit, TimeDelta::seconds(1)));
        let day = limits.per_day.map(|limit| (limit, TimeDelta::days(1)));
        let quotas = second.into_iter().chain(day).map(|(limit, period)| Quota {
            limit,
            period,
            window: limits.window,
            used_until: VecDeque::new(),
        });
        Self {
            quotas: quotas.collect(),
        }
    }

    /// Whether a request is admitted at `now`, and what remains of the limits after it; `None` without limits.
    pub(crate) fn take(&mut self, now: DateTime<Utc>) -> (bool, Option<Standing>) {
        let is_admitted = self
            .quotas
            .iter_mut()
            .all(|quota| quota.standing(now).remaining > 0);
        if is_admitted {
            self.quotas.iter_mut().for_each(|quota| quota.count(now));
        }
        (is_admitted, self.standing(now))
    }

    /// The limit that a client meets first.
    pub(crate) fn standing(&mut self, now: DateTime<Utc>) -> Option<Standing> {
        let standings = self.quotas.iter_mut().map(|quota| quota.standing(now));
        // Of two that are used up, the one that lasts.
        standings.min_by_key(|standing| match standing.remaining {
            0 => (0, -standing.reset),
            remaining => (remaining, standing.reset),
        })
    }
}

/// One limit over one period.
#[derive(Debug)]
struct Quota {
    limit: u32,
    period: TimeDelta,
    window: Window,
    /// Until when each request that was admitted takes a place, the first to end first.
    used_until: VecDeque<DateTime<Utc>>,
}

impl Quota {
    /// What remains of the limit before a request at `now`. A clock that goes back changes nothing.
    fn standing(&mut self, now: DateTime<Utc>) -> Standing {
        while self.used_until.front().is_some_and(|until| *until <= now) {
            self.used_until.pop_front();
        }
        let used = u32::try_from(self.used_until.len()).unwrap_or(u32::MAX);
        let reset = match (self.used_until.front(), self.window) {
            (Some(until), _) => *until,
            (None, Window::Fixed) => self.window_end(now),
            (None, Window::Sliding | Window::Leaky) => now,
        };
        Standing {
            limit: self.limit,
            remaining: self.limit.saturating_sub(used),
            reset: reset - now,
        }
    }

    fn count(&mut self, now: DateTime<Utc>) {
        let last = self.used_until.back().copied().unwrap_or(now);
        let until = match self.window {
            Window::Fixed => self.window_end(now),
            Window::Sliding => shifted(now, self.period),
            // A request takes a whole place until it has drained, and begins to drain after the one before it.
            Window::Leaky => {
                let limit = i32::try_from(self.limit.max(1)).unwrap_or(i32::MAX);
                shifted(last.max(now), self.period / limit)
            }
        };
        self.used_until.push_back(until.max(last));
    }

    /// Where the fixed window that holds `now` ends.
    fn window_end(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let length = self.period.num_seconds().max(1);
        let end = (now.timestamp().div_euclid(length) + 1).saturating_mul(length);
        DateTime::from_timestamp(end, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}
