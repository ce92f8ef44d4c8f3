//! When the next request may be sent, so that no kind of window refuses it: pure, time is passed in.
//!
//! The server allows `limit` requests a `window` and does not say how it counts: in fixed windows, in a window that
//! slides, or with a bucket that leaks. One rule satisfies all of them: **of any `limit + 1` requests, the last arrives more
//! than a `window` after the first.** (A fixed window then never holds more than `limit`; a bucket of that size that
//! drains `limit` a window never overflows.) Requests are also spread over the window, so that a bucket with little room
//! for bursts is content as well.
//!
//! What counts is when requests *arrive*, and that is not known: two requests sent a second apart can arrive closer. But a
//! request whose answer came at `r` had arrived by `r`, and the next one arrives no sooner than it is sent. So the
//! request `limit` places later is sent a `window` after the *answer*: safe for any network, without having measured it.
//! That costs one round trip a window. Once enough round trips are known, what every one of them surely takes is no
//! jitter, and is not waited for.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use crate::{ResponseFacts, headers::RateLimit};

/// Strictly more than a window.
const MORE_THAN: Duration = Duration::from_micros(200);

/// The least distance of two requests, as a part of `window / limit`. Less than all of it, since the jitter of one place
/// would otherwise delay its neighbours, too, and the delays add up.
const SPREAD: f64 = 0.9;

/// Round trips that must be known before anything is concluded from them. Fewer, and their minimum is chance.
const SAMPLES: usize = 32;

/// The largest number of requests a window that is followed one by one. Beyond it, even spacing must do.
const FOLLOWED: usize = 1000;

/// A quota of a window this long is a matter for the day's count, not for the spacing.
pub(super) const LONG_WINDOW: Duration = Duration::from_secs(60 * 60);

/// The least share of the rate that refusals can push a program down to.
const LEAST_SHARE: f64 = 0.25;

/// `limit` requests in every `window`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    pub(super) limit: usize,
    pub(super) window: Duration,
}

impl Rate {
    /// From requests a second, as settings give it: 2.0 is two in a second, 0.5 is one in two seconds.
    pub(super) fn per_second(rate: f64) -> Option<Self> {
        if !rate.is_finite() || rate <= 0.0 {
            return None;
        }
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "bounded just before"
        )]
        let limit = rate.clamp(1.0, 1e6).floor() as usize;
        #[allow(clippy::cast_precision_loss, reason = "at most a million")]
        let window = Duration::try_from_secs_f64(limit as f64 / rate).unwrap_or(LONG_WINDOW);
        Some(Self {
            limit,
            window: window.min(LONG_WINDOW),
        })
    }

    fn interval(&self) -> Duration {
        self.window / u32::try_from(self.limit).unwrap_or(u32::MAX).max(1)
    }
}

#[derive(Debug)]
struct Sent {
    id: u64,
    at: Instant,
    /// How much later than usual it may have arrived: known with its answer.
    late: Option<Duration>,
}

/// The spacing of requests.
#[derive(Debug)]
pub(super) struct Pace {
    /// From settings; `None` sends at once.
    configured: Option<Rate>,
    /// Whether the settings gave the rate, so that the server's headers may lower it but not raise it.
    pinned: bool,
    /// The rate in force.
    rate: Option<Rate>,
    /// No request counts as arriving later than this after it was sent.
    jitter: Duration,
    /// The last `limit` requests, oldest first.
    sent: VecDeque<Sent>,
    next_id: u64,
    /// The last round trips.
    trips: VecDeque<Duration>,
    /// Nothing is sent before: the server said so.
    hold: Option<Instant>,
    /// The part of the rate that is used, from [`LEAST_SHARE`] to 1. Refusals halve it: another program uses the key.
    share: f64,
    halved: Option<Instant>,
}

impl Pace {
    pub(super) fn new(rate: Option<Rate>, pinned: bool, jitter: Duration) -> Self {
        Self {
            configured: rate,
            pinned,
            rate,
            jitter,
            sent: VecDeque::new(),
            next_id: 0,
            trips: VecDeque::new(),
            hold: None,
            share: 1.0,
            halved: None,
        }
    }

    /// The earliest time for the next request. An answer that comes meanwhile can make it sooner.
    pub(super) fn ready(&self, now: Instant) -> Instant {
        let mut ready = self.hold.map_or(now, |hold| hold.max(now));
        let Some(rate) = self.rate else { return ready };
        if let Some(last) = self.sent.back() {
            ready = ready.max(last.at + self.slowed(rate.interval()).mul_f64(SPREAD));
        }
        if let Some(first) = self
            .sent
            .len()
            .checked_sub(rate.limit)
            .and_then(|index| self.sent.get(index))
        {
            let late = first.late.unwrap_or(self.jitter);
            ready = ready.max(first.at + late + self.slowed(rate.window) + MORE_THAN);
        }
        ready
    }

    /// How long until `requests` more have been sent, the first of them at [`ready`](Self::ready).
    pub(super) fn estimate(&self, requests: u64, now: Instant) -> Duration {
        let first = self.ready(now).saturating_duration_since(now);
        let Some(rate) = self.rate.filter(|_| requests > 1) else {
            return first;
        };
        let late: Duration = self.sent.iter().map(|sent| sent.late.unwrap_or_default()).sum();
        let late = late / u32::try_from(self.sent.len()).unwrap_or(u32::MAX).max(1);
        let window = self.slowed(rate.window) + late + MORE_THAN;
        let interval = window.as_secs_f64() / f64::from(u32::try_from(rate.limit).unwrap_or(u32::MAX).max(1));
        #[allow(clippy::cast_precision_loss, reason = "an estimate")]
        let rest = interval * requests.saturating_sub(1) as f64;
        first.saturating_add(Duration::try_from_secs_f64(rest).unwrap_or(Duration::MAX))
    }

    /// Takes the next place, and names it.
    pub(super) fn take(&mut self, now: Instant) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        if let Some(rate) = self.rate {
            let followed = rate
                .limit
                .max(self.configured.map_or(0, |rate| rate.limit))
                .min(FOLLOWED);
            while self.sent.len() >= followed.max(1) {
                self.sent.pop_front();
            }
            self.sent.push_back(Sent {
                id,
                at: now,
                late: None,
            });
        }
        id
    }

    /// Gives a place back that was not used.
    pub(super) fn give_back(&mut self, id: u64) {
        self.sent.retain(|sent| sent.id != id);
    }

    /// The request of this place leaves now.
    pub(super) fn sent(&mut self, id: u64, now: Instant) {
        if let Some(sent) = self.sent.iter_mut().rev().find(|sent| sent.id == id) {
            sent.at = now;
        }
    }

    /// The answer to this place came after `trip`. Says whether anything changed for those who wait.
    pub(super) fn answered(
        &mut self,
        id: u64,
        trip: Duration,
        facts: &ResponseFacts,
        now: Instant,
    ) -> Changed {
        let usual = self.usual_trip();
        if let Some(sent) = self.sent.iter_mut().rev().find(|sent| sent.id == id) {
            sent.late = Some(trip.saturating_sub(usual).min(self.jitter));
        }
        if self.rate.is_some() {
            if self.trips.len() == SAMPLES {
                self.trips.pop_front();
            }
            self.trips.push_back(trip);
        }
        let hold = self.hold;
        self.correct(facts, now);
        if facts.is_rate_limited() {
            self.refused(facts, now);
        } else {
            self.share = (self.share + 0.01).min(1.0);
        }
        if self.hold == hold {
            Changed::Sooner
        } else {
            Changed::Later
        }
    }

    /// What every round trip surely takes: as far below the shortest as the mean is above it, or half the shortest;
    /// nothing, while few are known.
    fn usual_trip(&self) -> Duration {
        let Some(shortest) = self.trips.iter().min().filter(|_| self.trips.len() == SAMPLES) else {
            return Duration::ZERO;
        };
        let mean = self.trips.iter().sum::<Duration>() / u32::try_from(SAMPLES).unwrap_or(1);
        (*shortest * 2).saturating_sub(mean).max(*shortest / 2)
    }

    /// A refusal although the spacing was kept: somebody else uses the key. Wait as the server says, then go slower, and
    /// take back the lost speed little by little, so that both find their share.
    fn refused(&mut self, facts: &ResponseFacts, now: Instant) {
        let window = self.rate.map_or(Duration::from_secs(1), |rate| rate.window);
        let wait = facts.retry_after.or(facts.exhausted_for()).unwrap_or(window);
        self.hold_until(now + wait);
        // One refusal a window counts: those that were already under way say nothing new.
        if self.halved.is_none_or(|halved| now >= halved + window) {
            self.share = (self.share / 2.0).max(LEAST_SHARE);
            self.halved = Some(now);
        }
    }

    /// Corrects the rate by what the response states.
    fn correct(&mut self, facts: &ResponseFacts, now: Instant) {
        let Some(configured) = self.configured else { return };
        for quota in facts.rate_limits.iter().filter(|quota| !is_long(quota)) {
            if let Some(stated) = stated_rate(quota, configured) {
                let raises = stated.interval() < configured.interval();
                let known = quota.window.is_some() && !self.pinned;
                self.rate = Some(if raises && !known { configured } else { stated });
            }
            self.heed_exhausted(quota, now);
        }
    }

    /// Nothing left in this window. Mostly that is our own doing, and the spacing has taken care of it; the header, in
    /// whole seconds, would only make us slower than need be. Where it is not, somebody else uses the key.
    fn heed_exhausted(&mut self, quota: &RateLimit, now: Instant) {
        let (Some(0), Some(reset), Some(rate)) = (quota.remaining, quota.reset, self.rate) else {
            return;
        };
        let window = quota.window.unwrap_or(rate.window);
        let since = window + self.jitter;
        let ours = self
            .sent
            .iter()
            .filter(|sent| now.saturating_duration_since(sent.at) <= since)
            .count();
        let limit = quota
            .limit
            .and_then(|limit| usize::try_from(limit).ok())
            .unwrap_or(rate.limit);
        let is_short = reset <= window + Duration::from_secs(1);
        if !is_short || ours < limit.min(rate.limit) {
            self.hold_until(now + reset);
        }
    }

    fn hold_until(&mut self, until: Instant) {
        self.hold = Some(self.hold.map_or(until, |hold| hold.max(until)));
    }

    fn slowed(&self, time: Duration) -> Duration {
        if self.share < 1.0 {
            time.div_f64(self.share)
        } else {
            time
        }
    }
}

/// What an answer means for those who wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changed {
    /// The next may go sooner, if anything.
    Sooner,
    /// Everybody waits longer.
    Later,
}

/// Whether the quota is about the day: by its window, or, where that is not stated, by what a short one cannot say.
pub(super) fn is_long(quota: &RateLimit) -> bool {
    match quota.window {
        Some(window) => window >= LONG_WINDOW,
        None => {
            quota.limit.is_some_and(|limit| limit >= 1000)
                || quota.reset.is_some_and(|reset| reset > LONG_WINDOW)
        }
    }
}

/// The rate that a short quota states. Without a window, the limit is read as that of a second (API.md, Limits), or of a
/// longer configured window, and only where its reset does not contradict that.
fn stated_rate(quota: &RateLimit, configured: Rate) -> Option<Rate> {
    let limit = usize::try_from(quota.limit?).ok().filter(|limit| *limit > 0)?;
    let usual = configured.window.max(Duration::from_secs(1));
    let window = match quota.window {
        Some(window) => window,
        None if quota
            .reset
            .is_some_and(|reset| reset > usual + Duration::from_secs(1)) =>
        {
            return None;
        }
        None => usual,
    };
    Some(Rate { limit, window }).filter(|_| !window.is_zero())
}

#[cfg(test)]
mod tests;
