//! The line within one process: its first speaks for the process at the store, the others wait for theirs.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// When a caller came, with its patience, and a number that tells apart those who came at once.
type Key = (Instant, u64);

#[derive(Debug, Default)]
pub(super) struct Line(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    next: u64,
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
    /// Takes a place, which others may go before if they come within `patience`.
    pub(super) fn enter(&self, patience: Duration) -> Place<'_> {
        let mut line = self.lock();
        let key = (Instant::now() + patience, line.next);
        line.next += 1;
        let first = line.places.first_key_value().map(|(key, _)| *key);
        let woken = Arc::new(Notify::new());
        line.places.insert(key, Arc::clone(&woken));
        // Whoever was first no longer is, and has to let this one pass.
        if let Some(first) = first.filter(|first| key < *first)
            && let Some(place) = line.places.get(&first)
        {
            place.notify_one();
        }
        Place {
            line: self,
            key,
            woken,
        }
    }

    pub(super) fn len(&self) -> u64 {
        u64::try_from(self.lock().places.len()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the line, left by dropping it.
pub(super) struct Place<'a> {
    line: &'a Line,
    key: Key,
    woken: Arc<Notify>,
}

impl Place<'_> {
    /// How many are before this one.
    pub(super) fn ahead(&self) -> u64 {
        let line = self.line.lock();
        u64::try_from(line.places.range(..self.key).count()).unwrap_or(u64::MAX)
    }

    /// Returns when this place has become the first, or is no longer.
    pub(super) async fn moved(&self) {
        self.woken.notified().await;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut line = self.line.lock();
        line.places.remove(&self.key);
        line.wake_first();
    }
}
