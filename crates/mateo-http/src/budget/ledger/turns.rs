//! The queue: who is served next, and when to ask again.
//!
//! Nobody is told that it is its turn. Whoever waits has a ticket, and is told when to ask again: half a window before its
//! turn, when everything that its turn depends on has mostly happened. It is then given its turn for good, and sleeps
//! until then. A ticket whose holder does not come is passed over, and keeps its place for a lease.

use serde::{Deserialize, Serialize};

use super::{Acquire, Ledger, Rate, Sent, Terms, Verdict};

/// A ticket is passed over when its holder is so late.
const LATE: i64 = 300;

/// Nobody asks again sooner.
const SOONEST: i64 = 2;

/// More tickets are not kept: whoever comes then waits without one.
const TICKETS: usize = 64;

/// A place in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) who: i64,
    /// The smallest is served first: when it came, and how long others may go first.
    order: i64,
    /// When it asks again.
    until: i64,
}

impl Ticket {
    fn is_late(&self, now: i64) -> bool {
        self.until + LATE < now
    }
}

impl Ledger {
    /// How many others wait, and will come.
    pub(super) fn others(&self, who: i64, now: i64) -> usize {
        let others = self.waiting.iter().filter(|ticket| ticket.who != who);
        others.filter(|ticket| !ticket.is_late(now)).count()
    }

    /// When a request may be sent at the earliest after `ahead` others: if all answers came at once.
    pub(super) fn due(&self, rate: Option<Rate>, ahead: usize, now: i64) -> i64 {
        let soonest = |sent: &Sent| match sent.open {
            0 => sent.by,
            _ => sent.by.min(sent.at.max(now)),
        };
        let mut arrivals: Vec<_> = self.sent.iter().map(soonest).collect();
        let mut due = self.earliest(rate, &mut arrivals, self.last(), now);
        for _ in 0..ahead {
            arrivals.push(due);
            due = self.earliest(rate, &mut arrivals, Some(due), due);
        }
        due
    }

    /// Whether it is the turn of `who`, or when to ask again.
    pub(super) fn acquire(&mut self, terms: &Terms, ask: Acquire, now: i64) -> Verdict {
        let Acquire { who, id, .. } = ask;
        if let Some(sent) = self.sent.iter().find(|sent| sent.id == id) {
            let after = (sent.at - now).max(0);
            return Verdict::Granted { after };
        }
        self.waiting.retain(|ticket| ticket.until + terms.lease > now);
        let own = self.waiting.iter().find(|ticket| ticket.who == who);
        let order = own.map_or(i64::MAX, |own| own.order).min(now + ask.patience);
        self.waiting.retain(|ticket| ticket.who != who);
        let others = self.waiting.iter().filter(|ticket| !ticket.is_late(now));
        let ahead = others
            .filter(|ticket| (ticket.order, ticket.who) < (order, who))
            .count();
        if self.day.left(terms).is_some_and(|left| left <= ahead as u64) {
            return Verdict::Spent;
        }
        let rate = self.rate(terms);
        let due = self.due(rate, ahead, now);
        if due - now > ask.within {
            return Verdict::Late;
        }
        let window = rate.map_or(0, |rate| rate.window);
        if ahead == 0 && due - now <= window {
            let mut arrivals: Vec<_> = self.sent.iter().map(|sent| sent.by).collect();
            // Nothing that happens meanwhile can delay it.
            if self.earliest(rate, &mut arrivals, self.last(), now) == due {
                self.grant(terms, id, due);
                return Verdict::Granted { after: due - now };
            }
        }
        let until = (due - window / 2).max(now + SOONEST);
        if self.waiting.len() < TICKETS {
            self.waiting.push(Ticket { who, order, until });
        }
        Verdict::Wait { after: until - now }
    }
}
