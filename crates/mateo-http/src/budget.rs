//! The request budget: a permit for every request that is sent, and the contract of what issues them.

mod key_budget;
mod ledger;
#[cfg(feature = "fingerprint")]
mod name;
mod store;

use std::{
    error::Error as StdError,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

pub use key_budget::{KeyBudget, KeyBudgetBuilder};
pub use ledger::Ledger;
pub use store::{BudgetStore, Operation, Reply};

use crate::{headers::ResponseFacts, transport::BoxFuture};

/// Issues a permit for every request that may be sent.
///
/// Retries ask as well: every attempt counts on the server. One budget stands for one API key; everything that uses the
/// key should share it. [`KeyBudget`] keeps to the API's limits; a budget with other rules implements this trait.
///
/// # The contract
///
/// - [`acquire`](Self::acquire) waits until the request may be sent *now*; the caller sends it at once.
/// - It fails at once, with a typed error, where the wait would pass the deadline or the day is spent.
/// - Callers of the same [`Priority`] are served in the order in which they asked.
/// - Dropping the future gives the place in the queue back; dropping a [`Permit`] that was not
///   [sent](Permit::sent) gives the request back.
///
/// # Example
///
/// A budget that allows everything but counts it:
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
///
/// use mateo_http::{budget::{Budget, BudgetError, BudgetState, Permit, Priority}, transport::BoxFuture};
/// use tokio::time::Instant;
///
/// #[derive(Debug, Default)]
/// struct Counting(Arc<AtomicU64>);
///
/// #[derive(Debug)]
/// struct Counted(Arc<AtomicU64>);
///
/// impl Permit for Counted {
///     fn sent(&mut self) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// impl Budget for Counting {
///     fn acquire(
///         &self,
///         _priority: Priority,
///         _deadline: Option<Instant>,
///     ) -> BoxFuture<'_, Result<Box<dyn Permit>, BudgetError>> {
///         let permit: Box<dyn Permit> = Box::new(Counted(Arc::clone(&self.0)));
///         Box::pin(async { Ok(permit) })
///     }
///
///     fn state(&self, _requests: u64) -> BoxFuture<'_, Result<BudgetState, BudgetError>> {
///         Box::pin(async { Ok(BudgetState::default()) })
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let budget = Counting::default();
/// let mut permit = budget.acquire(Priority::Interactive, None).await?;
/// permit.sent();
/// drop(budget.acquire(Priority::Interactive, None).await?); // not sent, not counted
/// assert_eq!(budget.0.load(Ordering::Relaxed), 1);
/// # Ok::<(), BudgetError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Budget: fmt::Debug + Send + Sync {
    /// Waits for a request's turn; it fails rather than be sent after the deadline.
    ///
    /// # Errors
    /// A [`BudgetError`] where the turn would come after the deadline or after the day's last request, or where the
    /// budget cannot be asked.
    fn acquire(
        &self,
        priority: Priority,
        deadline: Option<Instant>,
    ) -> BoxFuture<'_, Result<Box<dyn Permit>, BudgetError>>;

    /// How the budget stands, and how long it takes until `requests` more requests have been sent, after everybody who
    /// waits already: with 1, the wait of the next caller.
    ///
    /// # Errors
    /// A [`BudgetError`] where the budget cannot be asked.
    fn state(&self, requests: u64) -> BoxFuture<'_, Result<BudgetState, BudgetError>>;
}

impl<B: Budget + ?Sized> Budget for Arc<B> {
    fn acquire(
        &self,
        priority: Priority,
        deadline: Option<Instant>,
    ) -> BoxFuture<'_, Result<Box<dyn Permit>, BudgetError>> {
        (**self).acquire(priority, deadline)
    }

    fn state(&self, requests: u64) -> BoxFuture<'_, Result<BudgetState, BudgetError>> {
        (**self).state(requests)
    }
}

/// How soon somebody needs the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Priority {
    /// Somebody waits for the answer.
    #[default]
    Interactive,
    /// Nobody does. Interactive requests go before bulk requests that have waited for less than ten seconds, so that a
    /// bulk job is slowed and never stopped.
    Bulk,
}

/// How a budget stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BudgetState {
    /// The time until as many requests as were asked about have been sent.
    pub wait: Duration,
    /// How many requests are left today, where that is known.
    pub left_today: Option<u64>,
    /// How long those must last: until requests that were sent earlier no longer count, where that is known. Polling that
    /// goes on for ever spreads them over it.
    pub renews_in: Option<Duration>,
}

/// The right to send one request, now.
///
/// Dropping it ends it: before [`sent`](Self::sent), the request goes back to the budget.
///
/// ```
/// use mateo_http::budget::{Budget, KeyBudget, Priority};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let budget = KeyBudget::default();
/// let permit = budget.acquire(Priority::Interactive, None).await?;
/// assert_eq!(budget.state(1).await?.left_today, Some(9_999));
/// permit.give_back().await; // it was not sent
/// assert_eq!(budget.state(1).await?.left_today, Some(10_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Permit: fmt::Debug + Send {
    /// The request is being handed to the transport: from now on it counts.
    fn sent(&mut self);

    /// The server answered, with headers that may correct the budget, which knows when the future returns. Not called where
    /// no answer came.
    fn answered(self: Box<Self>, facts: &ResponseFacts) -> BoxFuture<'static, ()> {
        let _ = facts;
        Box::pin(async {})
    }

    /// Gives back a request that was not sent, and returns when the budget knows. Dropping does the same in the
    /// background.
    fn give_back(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }

    /// How many requests were left today after this one, where that is known.
    fn left_today(&self) -> Option<u64> {
        None
    }
}

/// Why a request may not be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BudgetError {
    /// The request's turn comes only after the deadline.
    #[error("the request budget allows the request only in {:.1} s, after the deadline", wait.as_secs_f64())]
    Deadline {
        /// How long until its turn.
        wait: Duration,
    },
    /// The day's requests are spent.
    #[error(
        "the day's request budget is spent; the next request is allowed in {} min", wait.as_secs().div_ceil(60)
    )]
    DaySpent {
        /// How long until one is free again.
        wait: Duration,
    },
    /// The budget could not be asked, for example because its store cannot be reached.
    #[error("the request budget could not be asked")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// A [`Budget`] of your own does not allow the request, for a reason of its own.
    #[error("the request budget does not allow the request")]
    Denied(#[source] Box<dyn StdError + Send + Sync>),
}

/// Nothing here panics while it holds a lock; were it to, the counts would still be right.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
