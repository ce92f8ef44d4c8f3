//! When the next request may be sent, so that no kind of window rejects it: pure, time is passed in.
//!
//! The server allows `limit` requests a `window` and does not say how it counts: in fixed windows, in a window that
//! slides, or with a bucket that leaks. One rule satisfies all of them: **of any `limit + 1` requests, the last arrives more
//! than a `window` after the first.** (A fixed window then never holds more than `limit`; a bucket of that size that
//! drains `limit` a window never overflows.) Requests are also spread over the window, so that a bucket with little room
//! for bursts is content as well.
//!
//! What counts is when requests *arrive*, and that is not known: two requests sent a second apart can arrive closer. But a
//! request whose answer came at `r` had arrived by `r`, and the next one arrives no sooner than it is sent. So a request
//! counts from its *answer*: safe for any network, however far apart its two directions are, without having measured it.
//! The price is one round trip a window. A request without an answer counts from the end of its lease.
//!
//! The ledger is all that processes need to share. It is small (some hundred bytes), written as JSON, and changed in one
//! step by [`Ledger::apply`]; a store makes that step atomic. `ledger.lua` in `mateo-budget-redis` is the same in Lua.

mod answer;
mod day;
mod pace;
mod restore;
mod turns;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(super) use self::answer::Answer;
use self::answer::StatedRate;
use self::day::Day;
pub(super) use self::pace::Rate;
use self::turns::Ticket;
use super::{BudgetState, Operation, Reply};

/// Strictly more than a window.
const MORE_THAN: i64 = 1;

/// The least distance of two requests in thousandths of `window / limit`. Much less than all of it, since the jitter of
/// one place would otherwise delay its neighbours, too, and the delays add up.
const SPREAD: i64 = 300;

/// While programs that share no ledger use the key, bursts would meet theirs.
const WIDE_SPREAD: i64 = 900;

/// A request that its sender gave up without an answer may still arrive for so long.
const STRAY: i64 = 500;

/// A thousandth of the rate.
const WHOLE: i64 = 1000;

/// The least share of the rate, in thousandths, that rejections can push a key down to.
const LEAST_SHARE: i64 = 250;

/// What the processes that use one key share: which requests were sent when, who waits, and the day's count.
///
/// To those who write a [store](super::BudgetStore) it is opaque: a value to keep, as it is or as JSON, and to change with
/// [`apply`](Self::apply). The default is the ledger of a key that was never used. All times are milliseconds of one clock, the
/// store's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// Names this ledger; another one that was begun after it was lost has another name. 0: not begun.
    epoch: i64,
    /// Requests counted so far.
    version: i64,
    /// Which lost ledgers were taken in, and up to which version.
    absorbed: Vec<(i64, i64)>,
    /// The last requests, oldest first.
    sent: Vec<Sent>,
    /// How many of them must be kept: the largest limit in use.
    keep: i64,
    /// Who waits.
    waiting: Vec<Ticket>,
    /// Nothing is sent before: the server said so.
    pub(super) hold: i64,
    /// When it said so.
    held: i64,
    /// How much of the rate is not used, in thousandths. Rejections halve the rate: another program uses the key.
    unused: i64,
    /// When they last did.
    halved: i64,
    /// The usual time from a request's turn to its answer.
    trip: i64,
    /// The rate as the server states it.
    stated: Option<StatedRate>,
    day: Day,
}

/// A request that was allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Sent {
    id: i64,
    /// When it is sent.
    at: i64,
    /// When it has arrived at the latest.
    by: i64,
    /// 1 while its answer is awaited.
    open: i64,
}

/// What one process has been set to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Terms {
    /// `None` sends at once.
    pub(super) rate: Option<Rate>,
    /// Whether the settings gave the rate, so that the server's headers may lower it but not raise it.
    pub(super) rate_is_set: bool,
    pub(super) per_day: Option<u64>,
    pub(super) day_is_set: bool,
    /// A request without an answer has arrived after this time.
    pub(super) lease: i64,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "lowercase")]
pub(super) enum Act {
    /// Asks for a request's turn. The same request can be asked for again: it is counted once.
    Acquire(Acquire),
    /// The answer came.
    Answer {
        id: i64,
        #[serde(flatten)]
        answer: Answer,
    },
    /// No answer will come.
    Abandon { id: i64 },
    /// It was not sent.
    Return { id: i64 },
    /// `who` no longer waits.
    Leave { who: i64 },
    /// Nothing; to see how things stand.
    Look,
}

/// A request that asks for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Acquire {
    /// Who asks. Each has one place in the queue.
    pub(super) who: i64,
    pub(super) id: i64,
    /// Others may go first for so long.
    pub(super) patience: i64,
    /// Not after so long.
    pub(super) within: i64,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub(super) enum Verdict {
    /// The request may be sent after so long, without asking again.
    Granted { after: i64 },
    /// Ask again after so long.
    Wait { after: i64 },
    /// Its turn would come too late.
    Late,
    /// Nothing is left of the day.
    Spent,
    /// Done.
    Done,
    /// The ledger is not the one that the process knows: it must be sent along.
    Lost,
}

impl Ledger {
    /// Takes one step at `now`, the time of the store's clock since any beginning, which must not go back.
    pub fn apply(&mut self, operation: &Operation, now: Duration) -> Reply {
        let over = i64::from(now.subsec_micros() % 1000);
        let now = millis(now);
        Reply {
            verdict: self.step(operation, now),
            now,
            over,
            ledger: self.clone(),
        }
    }

    fn step(&mut self, operation: &Operation, now: i64) -> Verdict {
        if !self.recognise(operation, now) {
            return Verdict::Lost;
        }
        self.day.expire(now);
        let terms = &operation.terms;
        match &operation.act {
            Act::Acquire(ask) => return self.acquire(terms, *ask, now),
            Act::Answer { id, answer } => self.answered(terms, *id, answer, now),
            Act::Abandon { id } => drop(self.close(*id, now + STRAY)),
            Act::Return { id } => self.give_back(*id),
            Act::Leave { who } => self.waiting.retain(|ticket| ticket.who != *who),
            Act::Look => {}
        }
        Verdict::Done
    }

    /// What this ledger is called, and how far it has come; `None` where it was not begun.
    pub(super) fn name(&self) -> Option<(i64, i64)> {
        (self.epoch != 0).then_some((self.epoch, self.version))
    }

    /// How things stand at `now`; the wait is that for `requests` requests, after everybody who waits already, except `who`.
    pub(super) fn state(&self, terms: &Terms, who: i64, requests: u64, now: i64) -> BudgetState {
        let mut day = self.day.clone();
        day.expire(now);
        let wait = self.estimate(terms, who, requests, now);
        BudgetState {
            wait: wait.max(day.wait_for(requests, terms, now)),
            left_today: day.left(terms),
            renews_in: Some(day.renews_in(now)),
        }
    }
}

/// No wait is longer: a thousand years.
const LONGEST: i64 = 1000 * 366 * 24 * 60 * 60 * 1000;

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).map_or(LONGEST, |millis| millis.min(LONGEST))
}

pub(super) fn duration(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

#[cfg(test)]
mod tests;
