//! The day's count: at most so many requests in any 24 hours, kept across restarts.
//!
//! hellomateo documents "10,000 a day" and not which day: a calendar day in UTC, one in another time zone, or the last
//! 24 hours. A count over *any* 24 hours keeps to all of them. Its price is that a budget spent in one burst comes
//! back only a day later, not at midnight.

use std::{
    collections::VecDeque,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// How long a request counts, with a minute for the way to the server and for clocks that run a little fast.
const DAY: Duration = Duration::from_secs((24 * 60 + 1) * 60);

/// Requests are counted in slots of this length and leave the count with the whole slot.
const SLOT: Duration = Duration::from_secs(10 * 60);

/// The requests of the last 24 hours, to be saved when a program ends and loaded when it starts again.
///
/// It holds counts and times and nothing about the key; keep one for each key.
///
/// ```
/// use mateo_http::{BudgetState, LocalBudget};
///
/// let budget = LocalBudget::builder().build();
/// let saved = serde_json::to_string(&budget.state())?;
///
/// let state: BudgetState = serde_json::from_str(&saved)?;
/// let budget = LocalBudget::builder().state(state).build();
/// # let _ = budget;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetState {
    slots: Vec<SavedSlot>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SavedSlot {
    /// When the slot began, in seconds since 1970.
    start: u64,
    requests: u64,
}

impl BudgetState {
    /// How many requests it holds.
    ///
    /// ```
    /// assert_eq!(mateo_http::BudgetState::default().requests(), 0);
    /// ```
    pub fn requests(&self) -> u64 {
        self.slots.iter().map(|slot| slot.requests).sum()
    }
}

/// A rolling count. Time is passed in.
#[derive(Debug)]
pub(super) struct Day {
    limit: Option<u64>,
    spent: u64,
    /// Oldest first.
    slots: VecDeque<Slot>,
    /// What the server last said is left, and until when that holds.
    stated: Option<Stated>,
}

/// Slots are kept by when they leave the count: a point in time a day ago may not be expressible as an `Instant` on a
/// machine that has just started.
#[derive(Debug)]
struct Slot {
    leaves: Instant,
    requests: u64,
}

#[derive(Debug)]
struct Stated {
    left: u64,
    until: Instant,
}

impl Day {
    pub(super) fn new(limit: Option<u64>) -> Self {
        Self {
            limit,
            spent: 0,
            slots: VecDeque::new(),
            stated: None,
        }
    }

    pub(super) fn limit(&self) -> Option<u64> {
        self.limit
    }

    pub(super) fn set_limit(&mut self, limit: u64) {
        self.limit = Some(limit);
    }

    /// Counts one request, and says when it leaves the count.
    pub(super) fn charge(&mut self, now: Instant) -> Instant {
        self.expire(now);
        self.spent += 1;
        if let Some(stated) = &mut self.stated {
            stated.left = stated.left.saturating_sub(1);
        }
        match self.slots.back_mut() {
            // The slot is still open: it began less than its length ago.
            Some(slot) if slot.leaves.saturating_duration_since(now) > DAY => {
                slot.requests += 1;
                slot.leaves
            }
            _ => {
                let leaves = now + DAY + SLOT;
                self.slots.push_back(Slot { leaves, requests: 1 });
                leaves
            }
        }
    }

    /// Takes back one request that [`charge`](Self::charge) counted and that was not sent.
    pub(super) fn refund(&mut self, leaves: Instant) {
        if let Some(slot) = self
            .slots
            .iter_mut()
            .find(|slot| slot.leaves == leaves && slot.requests > 0)
        {
            slot.requests -= 1;
            self.spent -= 1;
            if let Some(stated) = &mut self.stated {
                stated.left += 1;
            }
        }
    }

    /// The server says that `left` requests are left for `reset`. `in_flight` of ours it may not have counted yet.
    pub(super) fn state(&mut self, left: u64, reset: Duration, in_flight: u64, now: Instant) {
        self.stated = Some(Stated {
            left: left.saturating_sub(in_flight),
            until: now + reset,
        });
    }

    /// How many requests are left.
    pub(super) fn left(&mut self, now: Instant) -> Option<u64> {
        self.expire(now);
        let counted = self.limit.map(|limit| limit.saturating_sub(self.spent));
        let stated = self.stated.as_ref().map(|stated| stated.left);
        counted.into_iter().chain(stated).min()
    }

    /// How long what is left must last: until requests that were sent come back.
    pub(super) fn renews_in(&mut self, now: Instant) -> Duration {
        self.expire(now);
        let counted = self
            .slots
            .front()
            .map_or(DAY, |slot| slot.leaves.saturating_duration_since(now));
        let stated = self
            .stated
            .as_ref()
            .map(|stated| stated.until.saturating_duration_since(now));
        stated.map_or(counted, |stated| stated.max(counted))
    }

    /// How long until `requests` more can be sent.
    pub(super) fn wait_for(&mut self, requests: u64, now: Instant) -> Duration {
        self.expire(now);
        let mut wait = Duration::ZERO;
        if let Some(stated) = &self.stated
            && requests > stated.left
        {
            wait = stated.until.saturating_duration_since(now);
        }
        let Some(limit) = self.limit else { return wait };
        // More than a whole day's worth: a day for each full budget, then the rest.
        let days = requests.saturating_sub(1).checked_div(limit).unwrap_or(0);
        let rest = requests - days * limit;
        let mut missing = (self.spent + rest).saturating_sub(limit);
        for slot in &self.slots {
            if missing == 0 {
                break;
            }
            missing = missing.saturating_sub(slot.requests);
            wait = wait.max(slot.leaves.saturating_duration_since(now));
        }
        if missing > 0 {
            wait = wait.max(DAY);
        }
        wait.saturating_add(DAY.saturating_mul(u32::try_from(days).unwrap_or(u32::MAX)))
    }

    fn expire(&mut self, now: Instant) {
        while let Some(slot) = self.slots.front()
            && slot.leaves <= now
        {
            self.spent = self.spent.saturating_sub(slot.requests);
            self.slots.pop_front();
        }
        if self.stated.as_ref().is_some_and(|stated| stated.until <= now) {
            self.stated = None;
        }
    }

    /// The count as of `now`, which the wall clock calls `wall`.
    pub(super) fn save(&mut self, now: Instant, wall: SystemTime) -> BudgetState {
        self.expire(now);
        let wall = since_epoch(wall);
        let slots = self.slots.iter().filter(|slot| slot.requests > 0).map(|slot| {
            let age = (DAY + SLOT).saturating_sub(slot.leaves.saturating_duration_since(now));
            SavedSlot {
                start: wall.saturating_sub(age).as_secs(),
                requests: slot.requests,
            }
        });
        BudgetState {
            slots: slots.collect(),
        }
    }

    /// Adds what was saved. A slot from the future (the wall clock was set back) counts as if it began now: a full day.
    pub(super) fn load(&mut self, state: &BudgetState, now: Instant, wall: SystemTime) {
        let wall = since_epoch(wall);
        for saved in &state.slots {
            let age = wall.saturating_sub(Duration::from_secs(saved.start));
            let left = (DAY + SLOT).saturating_sub(age);
            if !left.is_zero() && saved.requests > 0 {
                self.slots.push_back(Slot {
                    leaves: now + left,
                    requests: saved.requests,
                });
                self.spent = self.spent.saturating_add(saved.requests);
            }
        }
        self.slots.make_contiguous().sort_by_key(|slot| slot.leaves);
    }
}

fn since_epoch(wall: SystemTime) -> Duration {
    wall.duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests;
