//! A store can lose its ledger, or fall back to an older one: a server that was emptied, restarted from an old copy, or
//! replaced by its replica; a file that was deleted. Every process remembers the ledger it last saw, and takes care that
//! nothing that it knows to have been sent goes uncounted.

use super::{Ledger, Operation};

/// So many lost ledgers are remembered.
const REMEMBERED: usize = 8;

impl Ledger {
    /// Whether this is a ledger that the process can go on with. Otherwise the process has to send what it remembers.
    pub(super) fn recognise(&mut self, operation: &Operation, now: i64) -> bool {
        let Some((epoch, version)) = operation.known else {
            if self.epoch == 0 {
                self.epoch = operation.fresh;
            }
            return true;
        };
        if epoch == self.epoch {
            if version > self.version {
                // It has fallen back: others may come that have seen more of it.
                let lost = version - self.version;
                self.begin_again(operation, (epoch, version), now);
                self.recount(lost, now);
            }
            return true;
        }
        if let Some((_, seen)) = self.absorbed.iter_mut().find(|(other, _)| *other == epoch) {
            let more = version - *seen;
            if more > 0 {
                *seen = version;
                self.recount(more, now);
            }
            return true;
        }
        let Some(known) = &operation.ledger else {
            return false;
        };
        self.day.absorb(&known.day, now);
        for other in &known.absorbed {
            if !self.absorbed.iter().any(|(epoch, _)| *epoch == other.0) {
                self.absorbed.push(*other);
            }
        }
        // Those who know it by its present name have nothing to add.
        if self.epoch != 0 {
            self.absorbed.push((self.epoch, self.version));
        }
        self.version += known.version;
        self.hold = self.hold.max(known.hold);
        self.unused = self.unused.max(known.unused);
        self.stated = self.stated.or(known.stated);
        self.begin_again(operation, (epoch, version), now);
        true
    }

    fn recount(&mut self, requests: i64, now: i64) {
        self.version += requests;
        self.day.charge(u64::try_from(requests).unwrap_or(0), now);
    }

    /// Goes on under another name, as if a whole window's requests were on their way: those that others have in flight.
    fn begin_again(&mut self, operation: &Operation, lost: (i64, i64), now: i64) {
        self.epoch = operation.fresh;
        self.absorbed.push(lost);
        let excess = self.absorbed.len().saturating_sub(REMEMBERED);
        self.absorbed.drain(..excess);
        for _ in 0..operation.terms.rate.map_or(0, |rate| rate.limit) {
            self.remember(&operation.terms, 0, now, 0);
        }
    }
}
