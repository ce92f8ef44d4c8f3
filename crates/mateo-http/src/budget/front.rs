//! A budget in front of a store: the line of this process, the waiting, and the permits.

use std::{
    future,
    hash::{BuildHasher, RandomState},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use super::{
    BudgetError, BudgetRequest, BudgetState, BudgetStore, Lease, Operation, Permit, Priority, Reply,
    ledger::{Act, Answer, Exhausted, Ledger, StatedRate, Terms, Verdict},
    line::Line,
};
use crate::{
    headers::{RateLimit, ResponseFacts},
    transport::BoxFuture,
};

/// For so long, interactive requests go before a bulk request.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whoever comes so late to its turn, or hears of it so late, gives it back and asks again.
const TOO_LATE: Duration = Duration::from_secs(1);

/// A quota of a window this long is about the day.
const LONG_WINDOW: Duration = Duration::from_secs(60 * 60);

/// Clones are one budget.
#[derive(Debug, Clone)]
pub(super) struct Front(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Box<dyn BudgetStore>,
    terms: Terms,
    /// Names this process at the store.
    who: i64,
    line: Line,
    seen: Mutex<Option<Seen>>,
    /// A turn was given back: the next may go sooner.
    sooner: Notify,
    /// The server asked to wait: everybody waits longer, and may have to give up.
    later: Notify,
}

/// The ledger when it was last seen.
#[derive(Debug)]
struct Seen {
    ledger: Ledger,
    now: i64,
    at: Instant,
}

impl Front {
    pub(super) fn new(store: Box<dyn BudgetStore>, terms: Terms) -> Self {
        Self(Arc::new(Inner {
            store,
            terms,
            who: random(),
            line: Line::default(),
            seen: Mutex::default(),
            sooner: Notify::new(),
            later: Notify::new(),
        }))
    }

    pub(super) fn store(&self) -> &dyn BudgetStore {
        &*self.0.store
    }

    pub(super) async fn acquire(&self, request: BudgetRequest) -> Result<Permit, BudgetError> {
        let BudgetRequest { deadline, priority } = request;
        let inner = &*self.0;
        let patience = match priority {
            Priority::Interactive => Duration::ZERO,
            Priority::Bulk => PATIENCE,
        };
        // Dropped in this order: the place first, so that the ticket knows whether somebody else needs it.
        let mut ticket = TicketHeld(self, false);
        let place = inner.line.enter(patience);
        loop {
            let ahead = place.ahead();
            if ahead > 0 {
                let mut later = pin!(inner.later.notified());
                later.as_mut().enable();
                inner.check(ahead, deadline)?;
                first(pin!(place.moved()), later, deadline).await?;
                continue;
            }
            let mut sooner = pin!(inner.sooner.notified());
            sooner.as_mut().enable();
            let mut later = pin!(inner.later.notified());
            later.as_mut().enable();
            let asked = Instant::now();
            // Whatever becomes of the question, the turn goes back unless it is used.
            let mut granted = Granted::new(self.clone());
            let reply = inner.ask(Act::Acquire {
                who: inner.who,
                id: granted.id,
                patience: millis(patience),
                within: deadline.map_or(LONGEST, |deadline| {
                    millis(deadline.saturating_duration_since(asked))
                }),
            });
            let reply = reply.await?;
            match reply.verdict {
                Verdict::Granted { after } => {
                    ticket.1 = false;
                    granted.left = reply.ledger.left_today(&inner.terms);
                    // The store reckons in whole milliseconds: what had passed of the last one need not be waited for.
                    let over = Duration::from_micros(u64::try_from(reply.over).unwrap_or(0));
                    let turn = Instant::now() + duration(after).saturating_sub(over);
                    if asked.elapsed() > TOO_LATE {
                        Box::new(granted).give_back().await;
                        continue;
                    }
                    // A sleep of no time takes a millisecond.
                    if turn <= Instant::now() {
                        return Ok(Permit::new(granted));
                    }
                    let changed = pin!(either(sooner, later));
                    let is_turn = first(pin!(sleep_until(turn)), changed, None).await?;
                    if is_turn.is_none() || turn.elapsed() > TOO_LATE {
                        Box::new(granted).give_back().await;
                        continue;
                    }
                    return Ok(Permit::new(granted));
                }
                Verdict::Wait { after } => {
                    granted.end = End::Told;
                    ticket.1 = true;
                    let again = Instant::now() + duration(after);
                    let changed = pin!(either(sooner, later));
                    let moved = pin!(place.moved());
                    let changed = pin!(either(changed, moved));
                    first(pin!(sleep_until(again)), changed, deadline).await?;
                }
                Verdict::Late => {
                    granted.end = End::Told;
                    ticket.1 = false;
                    let state = reply.ledger.state(&inner.terms, inner.who, 1, reply.now);
                    return Err(BudgetError::deadline(state.wait));
                }
                Verdict::Spent => {
                    granted.end = End::Told;
                    ticket.1 = false;
                    let wait = reply.ledger.day_wait(&inner.terms, 0, reply.now);
                    return Err(BudgetError::day_spent(wait));
                }
                Verdict::Done | Verdict::Lost => return Err(BudgetError::unavailable(OTHER_VERSION)),
            }
        }
    }

    pub(super) async fn state(&self, requests: u64) -> Result<BudgetState, BudgetError> {
        let inner = &*self.0;
        let reply = inner.ask(Act::Look).await?;
        let requests = requests.saturating_add(inner.line.len());
        Ok(reply.ledger.state(&inner.terms, inner.who, requests, reply.now))
    }

    /// Tells the store something that nobody waits for.
    fn tell(&self, act: Act) {
        let front = self.clone();
        let mut told: BoxFuture<'static, ()> = Box::pin(async move {
            if let Err(error) = front.0.ask(act).await {
                // The lease ends by itself.
                tracing::debug!(%error, "the request budget could not be told");
            }
        });
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

impl Inner {
    async fn ask(&self, act: Act) -> Result<Reply, BudgetError> {
        let mut operation = Operation {
            act,
            terms: self.terms.clone(),
            known: self.known(),
            ledger: None,
            fresh: random(),
        };
        let mut reply = self.store.apply(&operation).await?;
        if reply.verdict == Verdict::Lost {
            operation.ledger = self.seen().as_ref().map(|seen| seen.ledger.clone());
            reply = self.store.apply(&operation).await?;
        }
        let mut seen = self.seen();
        if seen.as_ref().is_none_or(|seen| seen.now <= reply.now) {
            *seen = Some(Seen {
                ledger: reply.ledger.clone(),
                now: reply.now,
                at: Instant::now(),
            });
        }
        Ok(reply)
    }

    fn known(&self) -> Option<(i64, i64)> {
        self.seen().as_ref().map(|seen| seen.ledger.name())
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Option<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a caller with `ahead` others before it in this process can still be served in time, by what was last seen.
    fn check(&self, ahead: u64, deadline: Option<Instant>) -> Result<(), BudgetError> {
        let seen = self.seen();
        let Some(seen) = &*seen else { return Ok(()) };
        let now = seen.now + millis(seen.at.elapsed());
        let state = seen.ledger.state(&self.terms, self.who, ahead + 1, now);
        if state.left_today.is_some_and(|left| left <= ahead) {
            let wait = seen.ledger.day_wait(&self.terms, ahead, now);
            return Err(BudgetError::day_spent(wait));
        }
        match deadline {
            Some(deadline) if state.wait > deadline.saturating_duration_since(Instant::now()) => {
                Err(BudgetError::deadline(state.wait))
            }
            _ => Ok(()),
        }
    }
}

/// The process's ticket at the store, given back when nobody in this process waits any more.
struct TicketHeld<'a>(&'a Front, bool);

impl Drop for TicketHeld<'_> {
    fn drop(&mut self) {
        let inner = &self.0.0;
        if self.1 && inner.line.len() == 0 {
            self.0.tell(Act::Leave { who: inner.who });
        }
    }
}

/// A request's turn.
struct Granted {
    front: Front,
    id: i64,
    left: Option<u64>,
    end: End,
}

/// What the store must be told when a turn ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It was not used.
    Unsent,
    /// It was used, and no answer came.
    Sent,
    /// Nothing.
    Told,
}

impl Granted {
    fn new(front: Front) -> Self {
        Self {
            front,
            id: random(),
            left: None,
            end: End::Unsent,
        }
    }

    /// Tells the store how the turn ended, and who waits what that means. Where the store cannot be told, the lease ends by
    /// itself.
    async fn finish(mut self: Box<Self>, act: Act) {
        let inner = Arc::clone(&self.front.0);
        let held = |seen: &Option<Seen>| seen.as_ref().map_or(0, |seen| seen.ledger.hold());
        let before = held(&inner.seen());
        let returns = matches!(act, Act::Return { .. });
        match inner.ask(act).await {
            Ok(reply) if reply.ledger.hold() > before => inner.later.notify_waiters(),
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "the request budget could not be told"),
        }
        self.end = End::Told;
        if returns {
            inner.sooner.notify_waiters();
        }
    }
}

impl Lease for Granted {
    fn sent(&mut self) {
        self.end = End::Sent;
    }

    fn answered(self: Box<Self>, facts: &ResponseFacts) -> BoxFuture<'static, ()> {
        let answer = answer(facts, &self.front.0.terms);
        let act = Act::Answer { id: self.id, answer };
        Box::pin(self.finish(act))
    }

    fn give_back(self: Box<Self>) -> BoxFuture<'static, ()> {
        let act = Act::Return { id: self.id };
        Box::pin(self.finish(act))
    }

    fn left_today(&self) -> Option<u64> {
        self.left
    }
}

impl Drop for Granted {
    fn drop(&mut self) {
        match self.end {
            End::Told => {}
            End::Sent => self.front.tell(Act::Abandon { id: self.id }),
            End::Unsent => {
                self.front.tell(Act::Return { id: self.id });
                self.front.0.sooner.notify_waiters();
            }
        }
    }
}

/// What a response means for the budget.
fn answer(facts: &ResponseFacts, terms: &Terms) -> Answer {
    let mut answer = Answer {
        rejected: facts.is_rate_limited(),
        wait: facts.hold().map(millis),
        ..Answer::default()
    };
    for quota in &facts.rate_limits {
        if is_long(quota) {
            let is_a_day = quota.window.is_some_and(|window| window.as_secs() == 86_400);
            answer.day_limit = answer.day_limit.or(quota.limit.filter(|_| is_a_day));
            if let (Some(left), Some(reset)) = (quota.remaining, quota.reset) {
                (answer.day_left, answer.day_reset) = (Some(left), Some(millis(reset)));
            }
            continue;
        }
        let Some(own) = terms.rate else { continue };
        if let Some(rate) = stated_rate(quota, own.window) {
            answer.rate = Some(rate);
        }
        if let (Some(0), Some(reset)) = (quota.remaining, quota.reset) {
            answer.exhausted = Some(Exhausted {
                limit: quota
                    .limit
                    .and_then(|limit| i64::try_from(limit).ok())
                    .unwrap_or(own.limit),
                window: quota.window.map_or(own.window, millis),
                reset: millis(reset.min(facts.longest_hold)),
            });
        }
    }
    answer
}

/// Whether the quota is about the day: by its window, or, where that is not stated, by what a short one cannot say.
fn is_long(quota: &RateLimit) -> bool {
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
fn stated_rate(quota: &RateLimit, own_window: i64) -> Option<StatedRate> {
    let limit = i64::try_from(quota.limit?)
        .ok()
        .filter(|limit| (1..=1_000_000).contains(limit))?;
    let usual = own_window.max(1000);
    let window = match quota.window.map(millis) {
        Some(window) => window,
        None if quota.reset.is_some_and(|reset| millis(reset) > usual + 1000) => return None,
        None => usual,
    };
    let sure = i64::from(quota.window.is_some());
    (window > 0).then_some(StatedRate { limit, window, sure })
}

/// Waits for `wanted`, which gives `Some`, or for `other`, which gives `None`, or for the deadline, which is an error.
async fn first<T>(
    mut wanted: std::pin::Pin<&mut impl Future<Output = T>>,
    mut other: std::pin::Pin<&mut impl Future<Output = ()>>,
    deadline: Option<Instant>,
) -> Result<Option<T>, BudgetError> {
    let mut end = pin!(async {
        match deadline {
            Some(deadline) => sleep_until(deadline).await,
            None => future::pending().await,
        }
    });
    future::poll_fn(|cx| {
        if let Poll::Ready(value) = wanted.as_mut().poll(cx) {
            return Poll::Ready(Ok(Some(value)));
        }
        if other.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(None));
        }
        end.as_mut()
            .poll(cx)
            .map(|()| Err(BudgetError::deadline(Duration::ZERO)))
    })
    .await
}

/// Waits for one of two.
async fn either(
    mut one: std::pin::Pin<&mut impl Future<Output = ()>>,
    mut other: std::pin::Pin<&mut impl Future<Output = ()>>,
) {
    future::poll_fn(|cx| {
        let ready = one.as_mut().poll(cx).is_ready() || other.as_mut().poll(cx).is_ready();
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// No wait is longer: a thousand years.
const LONGEST: i64 = 1000 * 366 * 24 * 60 * 60 * 1000;

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).map_or(LONGEST, |millis| millis.min(LONGEST))
}

fn duration(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// A name: above zero, and exact in the 14 digits that a script on a server has. Each hasher has keys of its own.
fn random() -> i64 {
    let bits = RandomState::new().hash_one(0);
    i64::try_from(bits >> 18).unwrap_or(0).max(1)
}
