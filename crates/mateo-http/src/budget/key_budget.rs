//! The budget of a key: who waits in this process, and what its store says when.

mod line;
mod turn;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};

use self::line::{Line, Place};
use self::turn::Turn;
use super::contract::Budget;
use super::ledger::{Acquire, Act, Ledger, Rate, Terms, Verdict, duration, millis};
use super::store::Memory;
use super::{BudgetError, BudgetState, BudgetStore, Operation, Permit, Priority, Reply, lock};
use crate::limits::after;
use crate::transport::BoxFuture;

/// For so long, interactive requests go before a bulk request.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whoever comes so late to its turn, or hears of it so late, gives it back and asks again.
const TOO_LATE: Duration = Duration::from_secs(1);

/// No lease is longer.
const LONGEST_LEASE: Duration = Duration::from_secs(5 * 60);

/// The budget of one key: of this process, or of all processes and machines that give the same
/// [store](KeyBudgetBuilder::store). Clones are one participant, so that each process gets its fair share, however many
/// callers it has.
///
/// Requests are spaced so that neither a fixed nor a sliding nor a leaky window rejects them, whatever the network does to
/// the time they take. The day's count is over any 24 hours, since the server's day is not documented.
///
/// ```
/// use mateo_http::{Budget, budget::KeyBudget};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let budget = KeyBudget::builder().per_second(2.0).per_day(10_000).build();
/// let state = budget.state(201).await?;
/// assert_eq!(state.left_today, Some(10_000));
/// // 201 requests at two a second: the last is sent after about 100 s.
/// assert_eq!(state.wait.as_secs(), 100);
/// # Ok::<(), mateo_http::budget::BudgetError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct KeyBudget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Box<dyn BudgetStore>,
    terms: Terms,
    /// Names this process at the store.
    who: i64,
    line: Mutex<Line>,
    seen: Mutex<Seen>,
}

/// The ledger as it was last seen, and the store's time then.
#[derive(Debug)]
struct Seen {
    ledger: Ledger,
    now: i64,
    at: Instant,
}

impl KeyBudget {
    /// Begins with hellomateo's documented limits, 2 requests a second and 10,000 a day, which the server's headers may
    /// correct in both directions, kept in this process.
    pub fn builder() -> KeyBudgetBuilder {
        let terms = Terms {
            rate: Rate::per_second(2.0),
            rate_is_set: false,
            per_day: Some(10_000),
            day_is_set: false,
            lease: 5000,
        };
        KeyBudgetBuilder {
            terms,
            store: Box::new(Memory::new()),
        }
    }

    /// No limit of its own. It still waits where the server rejects a request (429) and says how long.
    pub fn unlimited() -> Self {
        let mut builder = Self::builder();
        (builder.terms.rate, builder.terms.per_day) = (None, None);
        builder.build()
    }

    /// Waits in line and then for a turn.
    async fn next_turn(&self, patience: Duration, deadline: Instant) -> Result<Turn, BudgetError> {
        let place = Place::enter(self, patience);
        loop {
            let ahead = place.ahead();
            if ahead > 0 {
                self.check(ahead, deadline)?;
                place.woken.notified().await;
            } else if let Some(turn) = self.turn(&place, deadline).await? {
                return Ok(turn);
            }
        }
    }

    /// Asks for a turn and waits until it comes; `None` where something changed meanwhile, so that it must be asked again.
    async fn turn(&self, place: &Place<'_>, deadline: Instant) -> Result<Option<Turn>, BudgetError> {
        // What this place was woken for up to now, the answer knows.
        let _ = place.woken.notified().now_or_never();
        // Whatever becomes of the question, the turn goes back unless it is used.
        let mut turn = Turn::new(self.clone());
        let asked = Instant::now();
        let act = Act::Acquire(Acquire {
            who: self.0.who,
            id: turn.id,
            patience: millis(place.patience),
            within: millis(deadline - asked),
        });
        let reply = self.ask(act).await?;
        lock(&self.0.line).has_ticket = matches!(reply.verdict, Verdict::Wait { .. });
        let BudgetState { wait, left_today, .. } = self.state_of(&reply.ledger, 1, reply.now);
        let Verdict::Granted { after } = reply.verdict else {
            turn.untold = None;
            return match reply.verdict {
                Verdict::Wait { after } => {
                    let _ = timeout_at(Instant::now() + duration(after), place.woken.notified()).await;
                    Ok(None)
                }
                Verdict::Late => Err(BudgetError::Deadline { wait }),
                Verdict::Spent => Err(BudgetError::DaySpent { wait }),
                _ => Err(BudgetError::Unavailable(OTHER_VERSION.into())),
            };
        };
        turn.left_today = left_today;
        // The store reckons in whole milliseconds: what had passed of the last one need not be waited for.
        let over = Duration::from_micros(u64::try_from(reply.over).unwrap_or(0));
        let at = Instant::now() + duration(after).saturating_sub(over);
        // A sleep of no time takes a millisecond.
        let is_time = at <= Instant::now() || timeout_at(at, place.woken.notified()).await.is_err();
        if is_time && (asked + duration(after)).elapsed() <= TOO_LATE {
            return Ok(Some(turn));
        }
        Box::new(turn).give_back().await;
        Ok(None)
    }

    /// Whether a caller with `ahead` others before it in this process can still be served in time, by what was last seen.
    fn check(&self, ahead: u64, deadline: Instant) -> Result<(), BudgetError> {
        let seen = lock(&self.0.seen);
        let now = seen.now + millis(seen.at.elapsed());
        let BudgetState { wait, left_today, .. } = self.state_of(&seen.ledger, ahead + 1, now);
        if left_today.is_some_and(|left| left <= ahead) {
            Err(BudgetError::DaySpent { wait })
        } else if wait > deadline - Instant::now() {
            Err(BudgetError::Deadline { wait })
        } else {
            Ok(())
        }
    }

    fn state_of(&self, ledger: &Ledger, requests: u64, now: i64) -> BudgetState {
        ledger.state(&self.0.terms, self.0.who, requests, now)
    }

    async fn ask(&self, act: Act) -> Result<Reply, BudgetError> {
        let mut operation = Operation {
            act,
            terms: self.0.terms.clone(),
            known: lock(&self.0.seen).ledger.name(),
            ledger: None,
            fresh: random(),
        };
        let mut reply = self.0.store.apply(&operation).await?;
        if reply.verdict == Verdict::Lost {
            operation.ledger = Some(lock(&self.0.seen).ledger.clone());
            reply = self.0.store.apply(&operation).await?;
        }
        let mut seen = lock(&self.0.seen);
        if seen.now <= reply.now {
            *seen = Seen {
                ledger: reply.ledger.clone(),
                now: reply.now,
                at: Instant::now(),
            };
        }
        Ok(reply)
    }

    /// Tells the store something, and those who wait what that means for them. Where the store cannot be told, the lease
    /// ends by itself.
    async fn tell(&self, act: Act) {
        let is_return = matches!(act, Act::Return { .. });
        let hold = lock(&self.0.seen).ledger.hold;
        match self.ask(act).await {
            Ok(reply) if reply.ledger.hold > hold => lock(&self.0.line).wake_all(),
            Ok(_) if is_return => lock(&self.0.line).wake_first(),
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "the request budget could not be told"),
        }
    }

    /// Tells the store something that nobody waits for.
    fn tell_later(&self, act: Act) {
        let budget = self.clone();
        let mut told = Box::pin(async move { budget.tell(act).await });
        // Most stores are done at once.
        if (&mut told).now_or_never().is_none()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(told);
        }
    }
}

/// The store answered in a way that it only can where another version of this crate uses it.
const OTHER_VERSION: &str = "its store answered as another version of this library would";

impl Default for KeyBudget {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl Budget for KeyBudget {
    fn acquire(
        &self,
        priority: Priority,
        deadline: Option<Instant>,
    ) -> BoxFuture<'_, Result<Box<dyn Permit>, BudgetError>> {
        let patience = match priority {
            Priority::Interactive => Duration::ZERO,
            Priority::Bulk => PATIENCE,
        };
        let deadline = deadline.unwrap_or_else(|| after(Instant::now(), Duration::MAX));
        Box::pin(async move {
            let turn = self.next_turn(patience, deadline);
            let late = BudgetError::Deadline { wait: Duration::ZERO };
            let turn = timeout_at(deadline, turn).await.unwrap_or(Err(late))?;
            Ok(Box::new(turn) as Box<dyn Permit>)
        })
    }

    fn state(&self, requests: u64) -> BoxFuture<'_, Result<BudgetState, BudgetError>> {
        Box::pin(async move {
            let Reply { ledger, now, .. } = self.ask(Act::Look).await?;
            let waiting = lock(&self.0.line).len();
            Ok(self.state_of(&ledger, requests.saturating_add(waiting), now))
        })
    }
}

/// Settings of a [`KeyBudget`].
///
/// ```
/// let half = mateo_http::budget::KeyBudget::builder().per_second(1.0).per_day(5_000).build();
/// ```
#[derive(Debug)]
#[must_use]
pub struct KeyBudgetBuilder {
    terms: Terms,
    store: Box<dyn BudgetStore>,
}

impl KeyBudgetBuilder {
    /// Requests a second; 0.5 is one in two seconds, and less than one an hour is one an hour. The server's headers may
    /// lower it, never raise it. A number that is not above zero changes nothing.
    pub fn per_second(mut self, rate: f64) -> Self {
        if rate.is_finite() && rate > 0.0 {
            (self.terms.rate, self.terms.rate_is_set) = (Rate::per_second(rate), true);
        }
        self
    }

    /// Requests in any 24 hours. The server's headers may lower it, never raise it.
    pub fn per_day(mut self, requests: u64) -> Self {
        (self.terms.per_day, self.terms.day_is_set) = (Some(requests), true);
        self
    }

    /// How long a request whose answer has not come may still be on its way: up to 5 minutes; 5 seconds unless set. It then
    /// counts as arrived, also where its sender has died.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.terms.lease = millis(lease.min(LONGEST_LEASE));
        self
    }

    /// What keeps the budget for all who are to share it. Unless set, it is this process's alone.
    pub fn store(mut self, store: impl BudgetStore) -> Self {
        self.store = Box::new(store);
        self
    }

    /// The budget.
    pub fn build(self) -> KeyBudget {
        KeyBudget(Arc::new(Shared {
            store: self.store,
            terms: self.terms,
            who: random(),
            line: Mutex::default(),
            seen: Mutex::new(Seen {
                ledger: Ledger::default(),
                now: 0,
                at: Instant::now(),
            }),
        }))
    }
}

/// A name: above zero, and exact in the 14 digits that a script on a server has. Each hasher has keys of its own.
fn random() -> i64 {
    let bits = RandomState::new().hash_one(0);
    i64::try_from(bits >> 18).unwrap_or(0).max(1)
}

#[cfg(test)]
mod tests;
