//! The request budget: a permit for every request that is sent, and the contract of what issues them.

pub(crate) mod contract;
mod key_budget;
mod ledger;
#[cfg(feature = "fingerprint")]
mod name;
mod store;

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use key_budget::{KeyBudget, KeyBudgetBuilder};
pub use ledger::Ledger;
pub use store::{BudgetStore, Operation, Reply};

use crate::headers::ResponseFacts;
use crate::transport::BoxFuture;

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
/// use mateo_http::{Budget, budget::{KeyBudget, Priority}};
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
    /// A [`Budget`](contract::Budget) of your own does not allow the request, for a reason of its own.
    #[error("the request budget does not allow the request")]
    Denied(#[source] Box<dyn StdError + Send + Sync>),
}

/// Nothing here panics while it holds a lock; were it to, the counts would still be right.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
