//! The line within one process: its first speaks for the process at the store, the others wait for theirs.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use super::{Act, BudgetError, KeyBudget};

/// When a caller came, with its patience, and a number that tells apart those who came at once.
type Key = (Instant, u64);

#[derive(Debug, Default)]
pub(super) struct Line(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    entered: u64,
    places: BTreeMap<Key, Arc<Notify>>,
}

impl Places {
    fn wake_first(&self) {
        if let Some(first) = self.places.values().next() {
            first.notify_one();
        }
    }
}

impl Line {
    /// The first may get its turn sooner.
    pub(super) fn wake_first(&self) {
        self.lock().wake_first();
    }

    /// Everybody waits longer, and may have to give up.
    pub(super) fn wake_all(&self) {
        self.lock().places.values().for_each(|place| place.notify_one());
    }

    pub(super) fn len(&self) -> u64 {
        count(self.lock().places.len())
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the line, left by dropping it.
pub(super) struct Place<'a> {
    budget: &'a KeyBudget,
    key: Key,
    woken: Arc<Notify>,
    /// The store has a ticket of this process. It is given back when nobody in the line needs it any more.
    pub(super) has_ticket: bool,
}

impl<'a> Place<'a> {
    /// Takes a place, which others may go before if they come within `patience`.
    pub(super) fn enter(budget: &'a KeyBudget, patience: Duration) -> Self {
        let mut line = budget.0.line.lock();
        line.entered += 1;
        let key = (Instant::now() + patience, line.entered);
        // Whoever was first no longer is, and has to let this one pass.
        if line.places.keys().next().is_some_and(|first| key < *first) {
            line.wake_first();
        }
        let woken = Arc::new(Notify::new());
        line.places.insert(key, Arc::clone(&woken));
        Self {
            budget,
            key,
            woken,
            has_ticket: false,
        }
    }

    /// How many are before this one.
    pub(super) fn ahead(&self) -> u64 {
        count(self.budget.0.line.lock().places.range(..self.key).count())
    }

    /// Returns when this place has become the first, or is no longer, or when the turn may come sooner or later than the store
    /// said.
    pub(super) async fn woken(&self) {
        self.woken.notified().await;
    }

    /// The same, and an error where that is not before the deadline.
    pub(super) async fn woken_before(&self, deadline: Option<Instant>) -> Result<(), BudgetError> {
        let Some(deadline) = deadline else {
            self.woken().await;
            return Ok(());
        };
        let woken = timeout_at(deadline, self.woken()).await;
        woken.map_err(|_| BudgetError::Deadline { wait: Duration::ZERO })
    }

    /// What this place was woken for up to now, the store's next answer knows.
    pub(super) fn forget_wake(&self) {
        let _ = self.woken().now_or_never();
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut line = self.budget.0.line.lock();
        let is_first = line.places.keys().next() == Some(&self.key);
        line.places.remove(&self.key);
        if is_first {
            line.wake_first();
        }
        let is_empty = line.places.is_empty();
        drop(line);
        if is_empty && self.has_ticket {
            let who = self.budget.0.who;
            self.budget.tell_later(Act::Leave { who });
        }
    }
}

fn count(places: usize) -> u64 {
    u64::try_from(places).unwrap_or(u64::MAX)
}
