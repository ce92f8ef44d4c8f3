//! The day's count: at most so many requests in any 24 hours.
//!
//! hellomateo documents "10,000 a day" and not which day: a calendar day in UTC, one in another time zone, or the last
//! 24 hours. A count over *any* 24 hours keeps to all of them. Its price is that a budget spent in one burst comes
//! back only a day later, not at midnight.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Answer, Terms, duration};

/// How long a request counts, with a minute for the way to the server and for clocks that run a little fast.
pub(super) const DAY: i64 = (24 * 60 + 1) * 60 * 1000;

/// Requests are counted in slots of this length and leave the count with the whole slot: half an hour, so that a day is 50
/// numbers at most.
pub(super) const SLOT: i64 = 30 * 60 * 1000;

/// A rolling count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Day {
    /// The number of each slot since the clock's zero, and its requests; oldest first.
    pub(super) slots: Vec<(i64, u64)>,
    /// The limit as the server states it.
    limit: Option<u64>,
    /// What the server last said is left.
    left: Option<u64>,
    /// Until when that holds.
    until: i64,
}

impl Day {
    /// Counts `requests` more.
    pub(super) fn charge(&mut self, requests: u64, now: i64) {
        let slot = now.div_euclid(SLOT);
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(requests);
        }
        match self.slots.last_mut() {
            // A clock that went back counts in the latest slot: longer rather than shorter.
            Some((last, count)) if *last >= slot => *count = count.saturating_add(requests),
            _ => self.slots.push((slot, requests)),
        }
    }

    /// Takes back a request that was counted at `at` and not sent.
    pub(super) fn refund(&mut self, at: i64) {
        let slot = at.div_euclid(SLOT);
        if let Some((_, count)) = self
            .slots
            .iter_mut()
            .find(|(number, count)| *number == slot && *count > 0)
        {
            *count -= 1;
            self.left = self.left.map(|left| left + 1);
        }
    }

    /// Forgets what no longer counts.
    pub(super) fn expire(&mut self, now: i64) {
        self.slots
            .retain(|(slot, count)| leaves(*slot) > now && *count > 0);
        if self.until <= now {
            (self.left, self.until) = (None, 0);
        }
    }

    /// Takes in the count of another ledger of the same key.
    pub(super) fn absorb(&mut self, other: &Self, now: i64) {
        for (slot, count) in &other.slots {
            let slot = (*slot).min(now.div_euclid(SLOT));
            match self.slots.iter_mut().find(|(number, _)| *number == slot) {
                Some((_, own)) => *own = own.saturating_add(*count),
                None => self.slots.push((slot, *count)),
            }
        }
        self.slots.sort_unstable();
    }

    /// What the server states about its day; `in_flight` requests of ours it may not have counted yet.
    pub(super) fn correct(&mut self, answer: &Answer, in_flight: u64, now: i64) {
        if answer.day_limit.is_some() {
            self.limit = answer.day_limit;
        }
        if let (Some(left), Some(reset)) = (answer.day_left, answer.day_reset) {
            self.left = Some(left.saturating_sub(in_flight));
            self.until = now.saturating_add(reset);
        }
    }

    /// The limit in force: the server's, unless it is higher and ours was set.
    fn limit(&self, terms: &Terms) -> Option<u64> {
        let own = terms.per_day?;
        Some(match self.limit {
            Some(stated) if stated < own || !terms.day_is_set => stated,
            _ => own,
        })
    }

    fn spent(&self) -> u64 {
        self.slots
            .iter()
            .fold(0, |sum: u64, (_, count)| sum.saturating_add(*count))
    }

    /// How many requests are left.
    pub(super) fn left(&self, terms: &Terms) -> Option<u64> {
        let counted = self.limit(terms).map(|limit| limit.saturating_sub(self.spent()));
        counted.into_iter().chain(self.left).min()
    }

    /// How long what is left must last: until requests that were sent no longer count.
    pub(super) fn renews_in(&self, now: i64) -> Duration {
        let counted = self.slots.first().map_or(DAY, |(slot, _)| leaves(*slot) - now);
        let stated = self.left.map_or(0, |_| self.until - now);
        duration(counted.max(stated))
    }

    /// How long until `requests` more can be sent.
    pub(super) fn wait_for(&self, requests: u64, terms: &Terms, now: i64) -> Duration {
        let mut wait = match self.left {
            Some(left) if requests > left => self.until - now,
            _ => 0,
        };
        let Some(limit) = self.limit(terms) else {
            return duration(wait);
        };
        // More than a whole day's worth: a day for each full budget, then the rest.
        let days = requests.saturating_sub(1).checked_div(limit).unwrap_or(0);
        let rest = requests - days * limit;
        let mut missing = self.spent().saturating_add(rest).saturating_sub(limit);
        for (slot, count) in &self.slots {
            if missing == 0 {
                break;
            }
            missing = missing.saturating_sub(*count);
            wait = wait.max(leaves(*slot) - now);
        }
        if missing > 0 {
            wait = wait.max(DAY);
        }
        let days = duration(DAY).saturating_mul(u32::try_from(days).unwrap_or(u32::MAX));
        duration(wait).saturating_add(days)
    }
}

/// When a slot leaves the count.
fn leaves(slot: i64) -> i64 {
    (slot + 1).saturating_mul(SLOT).saturating_add(DAY)
}

#[cfg(test)]
mod tests;
