//! The budget of one process: a queue in front of the pace and the day's count.

use std::{
    fmt, future,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use tokio::{
    sync::{Mutex as Turn, Notify},
    time::{Instant, sleep_until},
};

use super::{
    Budget, BudgetError, BudgetState, Lease, Permit,
    day::Day,
    pace::{Changed, Pace, Rate, is_long},
};
use crate::{BoxFuture, Clock, ResponseFacts, SystemClock};

/// hellomateo's documented limits for a key.
const PER_SECOND: f64 = 2.0;
const PER_DAY: u64 = 10_000;

/// No request counts as arriving later than this after it was sent, unless set otherwise: enough to connect first.
const JITTER: Duration = Duration::from_millis(500);

/// The budget of one process, shared by its clones.
///
/// Requests are spaced so that neither a fixed nor a sliding nor a leaky window refuses them, whatever the network does to
/// the time they take; see the source of its `pace` module for how. The day's count is over any 24 hours, since the
/// server's day is not documented.
///
/// ```
/// use mateo_http::{Budget, LocalBudget};
///
/// let budget = LocalBudget::builder().per_second(2.0).per_day(10_000).build();
/// assert_eq!(budget.remaining_today(), Some(10_000));
/// // 201 requests at two a second: the last is sent after about 100 s.
/// assert_eq!(budget.estimate(201).as_secs(), 100);
/// ```
#[derive(Clone)]
pub struct LocalBudget(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Held by the caller whose turn is next; the others queue for it in the order they came.
    turn: Turn<()>,
    waiting: AtomicU64,
    /// The next may go sooner.
    sooner: Notify,
    /// Everybody waits longer, and may have to give up.
    later: Notify,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct State {
    pace: Pace,
    day: Day,
    /// Whether the settings gave the day's limit, so that the server's headers don't raise it.
    day_pinned: bool,
    in_flight: u64,
}

/// Nothing on a network takes longer.
const LONGEST_JITTER: Duration = Duration::from_secs(60);

impl LocalBudget {
    /// Begins with hellomateo's documented limits, 2 requests a second and 10,000 a day, which the server's headers may
    /// correct in both directions.
    ///
    /// ```
    /// let budget = mateo_http::LocalBudget::builder().per_second(0.5).build();
    /// ```
    pub fn builder() -> LocalBudgetBuilder {
        LocalBudgetBuilder {
            per_second: None,
            per_day: None,
            unlimited: false,
            jitter: JITTER,
            state: BudgetState::default(),
            clock: Arc::new(SystemClock),
        }
    }

    /// No limit of its own. It still waits where the server refuses (429) and says how long.
    ///
    /// ```
    /// use mateo_http::{Budget, LocalBudget};
    ///
    /// assert_eq!(LocalBudget::unlimited().remaining_today(), None);
    /// ```
    pub fn unlimited() -> Self {
        let mut builder = Self::builder();
        builder.unlimited = true;
        builder.build()
    }

    /// The requests of the last 24 hours, to be saved.
    ///
    /// ```
    /// let budget = mateo_http::LocalBudget::default();
    /// assert_eq!(budget.state().requests(), 0);
    /// ```
    pub fn state(&self) -> BudgetState {
        let wall = self.0.clock.now();
        self.0.lock().day.save(Instant::now(), wall)
    }
}

impl Default for LocalBudget {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl fmt::Debug for LocalBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.0.waiting.load(Ordering::Relaxed);
        let state = self.0.lock();
        f.debug_struct("LocalBudget")
            .field("waiting", &waiting)
            .field("in_flight", &state.in_flight)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`LocalBudget`].
///
/// ```
/// let settings = mateo_http::LocalBudget::builder().per_second(1.0).per_day(5_000);
/// ```
#[derive(Debug)]
#[must_use]
pub struct LocalBudgetBuilder {
    per_second: Option<f64>,
    per_day: Option<u64>,
    unlimited: bool,
    jitter: Duration,
    state: BudgetState,
    clock: Arc<dyn Clock>,
}

impl LocalBudgetBuilder {
    /// Requests a second; 0.5 is one in two seconds. The server's headers may lower it, never raise it. A number
    /// that is not above zero leaves the default, 2.
    ///
    /// ```
    /// let half = mateo_http::LocalBudget::builder().per_second(1.0).build();
    /// ```
    pub fn per_second(mut self, rate: f64) -> Self {
        self.per_second = Some(rate).filter(|rate| rate.is_finite() && *rate > 0.0);
        self
    }

    /// Requests in any 24 hours. The server's headers may lower it, never raise it.
    ///
    /// ```
    /// use mateo_http::{Budget, LocalBudget};
    ///
    /// let budget = LocalBudget::builder().per_day(1_000).build();
    /// assert_eq!(budget.remaining_today(), Some(1_000));
    /// ```
    pub fn per_day(mut self, requests: u64) -> Self {
        self.per_day = Some(requests);
        self
    }

    /// The longest time between sending a request and its arrival that is reckoned with: up to a minute; 500 ms unless set. It only
    /// matters for answers that take longer than this.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let nearby = mateo_http::LocalBudget::builder().jitter(Duration::from_millis(50)).build();
    /// ```
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter.min(LONGEST_JITTER);
        self
    }

    /// Takes up a count that was saved by an earlier run with the same key.
    ///
    /// ```
    /// # fn example(saved: mateo_http::BudgetState) {
    /// let budget = mateo_http::LocalBudget::builder().state(saved).build();
    /// # }
    /// ```
    pub fn state(mut self, state: BudgetState) -> Self {
        self.state = state;
        self
    }

    /// The wall clock that [saved counts](BudgetState) are dated by; the system's unless set.
    ///
    /// ```
    /// use mateo_http::{LocalBudget, SystemClock};
    ///
    /// let budget = LocalBudget::builder().clock(SystemClock).build();
    /// ```
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The budget.
    ///
    /// ```
    /// use mateo_http::{Budget, LocalBudget};
    ///
    /// let budget = LocalBudget::builder().build();
    /// assert_eq!(budget.remaining_today(), Some(10_000));
    /// ```
    pub fn build(self) -> LocalBudget {
        let rate = Rate::per_second(self.per_second.unwrap_or(PER_SECOND)).filter(|_| !self.unlimited);
        let limit = Some(self.per_day.unwrap_or(PER_DAY)).filter(|_| !self.unlimited);
        let mut day = Day::new(limit);
        day.load(&self.state, Instant::now(), self.clock.now());
        let pace = Pace::new(rate, self.per_second.is_some(), self.jitter);
        LocalBudget(Arc::new(Shared {
            state: Mutex::new(State {
                pace,
                day,
                day_pinned: self.per_day.is_some(),
                in_flight: 0,
            }),
            turn: Turn::new(()),
            waiting: AtomicU64::new(0),
            sooner: Notify::new(),
            later: Notify::new(),
            clock: self.clock,
        }))
    }
}

impl Budget for LocalBudget {
    fn acquire(&self, deadline: Option<Instant>) -> BoxFuture<'_, Result<Permit, BudgetError>> {
        Box::pin(self.wait_for_turn(deadline))
    }

    fn estimate(&self, requests: u64) -> Duration {
        let ahead = self.0.waiting.load(Ordering::Relaxed);
        self.0
            .lock()
            .estimate(ahead.saturating_add(requests), Instant::now())
    }

    fn remaining_today(&self) -> Option<u64> {
        self.0.lock().day.left(Instant::now())
    }

    fn renews_in(&self) -> Option<Duration> {
        Some(self.0.lock().day.renews_in(Instant::now()))
    }
}

impl LocalBudget {
    async fn wait_for_turn(&self, deadline: Option<Instant>) -> Result<Permit, BudgetError> {
        let shared = &*self.0;
        let queued = Queued::enter(&shared.waiting);
        let _turn = if let Ok(turn) = shared.turn.try_lock() {
            turn
        } else {
            let mut turn = pin!(shared.turn.lock());
            loop {
                let mut later = pin!(shared.later.notified());
                later.as_mut().enable();
                shared.lock().check(queued.ahead(), deadline, Instant::now())?;
                // The place in the queue is the lock's future, which is kept while this looks up.
                if let Some(turn) = first(turn.as_mut(), later, deadline).await? {
                    break turn;
                }
            }
        };
        loop {
            let mut sooner = pin!(shared.sooner.notified());
            sooner.as_mut().enable();
            let ready = {
                let now = Instant::now();
                let mut state = shared.lock();
                state.check(0, deadline, now)?;
                let ready = state.pace.ready(now);
                if ready <= now {
                    return Ok(Permit::new(self.grant(&mut state, now)));
                }
                ready
            };
            first(pin!(sleep_until(ready)), sooner, deadline).await?;
        }
    }

    fn grant(&self, state: &mut State, now: Instant) -> Granted {
        let leaves = state.day.charge(now);
        state.in_flight += 1;
        let place = state.pace.take(now);
        Granted {
            budget: self.clone(),
            place,
            leaves,
            sent: None,
        }
    }
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

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; were it to, the counts would still be right.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether a caller with `ahead` others before it can still be served in time.
    fn check(&mut self, ahead: u64, deadline: Option<Instant>, now: Instant) -> Result<(), BudgetError> {
        if self.day.left(now).is_some_and(|left| left <= ahead) {
            return Err(BudgetError::day_spent(self.day.wait_for(ahead + 1, now)));
        }
        if let Some(deadline) = deadline {
            let wait = self.pace.estimate(ahead + 1, now);
            if wait > deadline.saturating_duration_since(now) {
                return Err(BudgetError::deadline(wait));
            }
        }
        Ok(())
    }

    fn estimate(&mut self, requests: u64, now: Instant) -> Duration {
        self.pace
            .estimate(requests, now)
            .max(self.day.wait_for(requests, now))
    }

    fn answered(&mut self, place: u64, sent: Instant, facts: &ResponseFacts, now: Instant) -> Changed {
        let changed = self
            .pace
            .answered(place, now.saturating_duration_since(sent), facts, now);
        for quota in facts.rate_limits.iter().filter(|quota| is_long(quota)) {
            if let (Some(limit), Some(_)) = (
                quota.limit,
                quota.window.filter(|window| window.as_secs() == 86_400),
            ) {
                let raises = self.day.limit().is_none_or(|own| limit > own);
                if !(raises && self.day_pinned) && self.day.limit().is_some() {
                    self.day.set_limit(limit);
                }
            }
            if let (Some(left), Some(reset)) = (quota.remaining, quota.reset) {
                self.day.state(left, reset, self.in_flight.saturating_sub(1), now);
            }
        }
        changed
    }
}

/// A caller in the queue, counted until it is served or gives up.
struct Queued<'a> {
    waiting: &'a AtomicU64,
    /// How many were in the queue before, when it came.
    ahead: u64,
}

impl<'a> Queued<'a> {
    fn enter(waiting: &'a AtomicU64) -> Self {
        Self {
            waiting,
            ahead: waiting.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// How many may still be before this one.
    fn ahead(&self) -> u64 {
        self.ahead
            .min(self.waiting.load(Ordering::Relaxed).saturating_sub(1))
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A permit that was given out.
struct Granted {
    budget: LocalBudget,
    place: u64,
    /// Names the day's slot that it was counted in.
    leaves: Instant,
    sent: Option<Instant>,
}

impl Lease for Granted {
    fn sent(&mut self) {
        let now = Instant::now();
        self.sent = Some(now);
        self.budget.0.lock().pace.sent(self.place, now);
    }

    fn answered(&mut self, facts: &ResponseFacts) {
        let Some(sent) = self.sent else { return };
        let shared = &self.budget.0;
        let changed = shared.lock().answered(self.place, sent, facts, Instant::now());
        if changed == Changed::Later {
            shared.later.notify_waiters();
        }
        shared.sooner.notify_waiters();
    }
}

impl Drop for Granted {
    fn drop(&mut self) {
        let shared = &self.budget.0;
        let mut state = shared.lock();
        state.in_flight -= 1;
        if self.sent.is_none() {
            state.pace.give_back(self.place);
            state.day.refund(self.leaves);
            drop(state);
            shared.sooner.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests;
