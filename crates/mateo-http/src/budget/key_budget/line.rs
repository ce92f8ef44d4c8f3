//! The line within one process: its first speaks for the process at the store, the others wait for theirs.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use tokio::{sync::Notify, time::Instant};

use super::{Act, KeyBudget, lock};

/// When a caller came, with its patience, and a number that tells apart those who came at once.
type Key = (Instant, u64);

/// Who waits in this process.
#[derive(Debug, Default)]
pub(super) struct Line {
    entered: u64,
    /// The store has a ticket of this process. It is given back when nobody is left who needs it.
    pub(super) has_ticket: bool,
    places: BTreeMap<Key, Arc<Notify>>,
}

impl Line {
    /// The first may get its turn sooner.
    pub(super) fn wake_first(&self) {
        self.places.values().take(1).for_each(|place| place.notify_one());
    }

    /// Everybody waits longer, and may have to give up.
    pub(super) fn wake_all(&self) {
        self.places.values().for_each(|place| place.notify_one());
    }

    pub(super) fn len(&self) -> u64 {
        self.places.len() as u64
    }

    /// How many are before a place.
    fn ahead(&self, of: Key) -> u64 {
        self.places.range(..of).count() as u64
    }
}

/// A place in the line, left by dropping it.
pub(super) struct Place<'a> {
    budget: &'a KeyBudget,
    key: Key,
    /// Others may go before if they come within this time.
    pub(super) patience: Duration,
    /// Notified when this place has become the first, or is no longer, or when the turn may come sooner or later than the
    /// store said.
    pub(super) woken: Arc<Notify>,
}

impl<'a> Place<'a> {
    pub(super) fn enter(budget: &'a KeyBudget, patience: Duration) -> Self {
        let mut line = lock(&budget.0.line);
        line.entered += 1;
        let key = (Instant::now() + patience, line.entered);
        let woken = Arc::new(Notify::new());
        if line.ahead(key) == 0 {
            // Whoever was first has to let this one pass.
            line.wake_first();
        }
        line.places.insert(key, Arc::clone(&woken));
        Self {
            budget,
            key,
            patience,
            woken,
        }
    }

    /// How many are before this one.
    pub(super) fn ahead(&self) -> u64 {
        lock(&self.budget.0.line).ahead(self.key)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut line = lock(&self.budget.0.line);
        line.places.remove(&self.key);
        if line.ahead(self.key) == 0 {
            line.wake_first();
        }
        let gives_up = line.places.is_empty() && mem::take(&mut line.has_ticket);
        drop(line);
        if gives_up {
            let who = self.budget.0.who;
            self.budget.tell_later(Act::Leave { who });
        }
    }
}
