//! The request budget: a permit for every request that is sent, and the contract of what issues them.

mod error;
mod front;
mod ledger;
mod line;
mod local;
#[cfg(feature = "fingerprint")]
mod name;
mod store;

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

pub use error::{BudgetError, BudgetErrorKind};
pub use ledger::Ledger;
pub use local::{BudgetSettings, LocalBudget, SharedBudget};
pub use store::{BudgetStore, Operation, Reply};

use crate::{headers::ResponseFacts, transport::BoxFuture};

/// Issues a permit for every request that may be sent.
///
/// Retries ask as well: every attempt counts on the server. One budget stands for one API key; everything that uses the
/// key should share it. [`LocalBudget`] is the budget of one process, [`SharedBudget`] that of all processes which reach
/// the same store. A budget with other rules implements this trait.
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
/// use mateo_http::{budget::{Budget, BudgetError, BudgetRequest, BudgetState, Lease, Permit}, transport::BoxFuture};
///
/// #[derive(Debug, Default)]
/// struct Counting(Arc<AtomicU64>);
///
/// struct Counted(Arc<AtomicU64>);
///
/// impl Lease for Counted {
///     fn sent(&mut self) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// impl Budget for Counting {
///     fn acquire(&self, _request: BudgetRequest) -> BoxFuture<'_, Result<Permit, BudgetError>> {
///         Box::pin(async { Ok(Permit::new(Counted(Arc::clone(&self.0)))) })
///     }
///
///     fn state(&self, _requests: u64) -> BoxFuture<'_, Result<BudgetState, BudgetError>> {
///         Box::pin(async { Ok(BudgetState::default()) })
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let budget = Counting::default();
/// let mut permit = budget.acquire(BudgetRequest::default()).await?;
/// permit.sent();
/// drop(budget.acquire(BudgetRequest::default()).await?); // not sent, not counted
/// assert_eq!(budget.0.load(Ordering::Relaxed), 1);
/// # Ok::<(), BudgetError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Budget: fmt::Debug + Send + Sync {
    /// Waits for a request's turn.
    ///
    /// # Errors
    /// A [`BudgetError`] where the turn would come after the deadline or after the day's last request, or where the
    /// budget cannot be asked.
    fn acquire(&self, request: BudgetRequest) -> BoxFuture<'_, Result<Permit, BudgetError>>;

    /// How the budget stands, and how long it takes until `requests` more requests have been sent, after everybody who
    /// waits already: with 1, the wait of the next caller.
    ///
    /// # Errors
    /// A [`BudgetError`] where the budget cannot be asked.
    fn state(&self, requests: u64) -> BoxFuture<'_, Result<BudgetState, BudgetError>>;
}

impl<B: Budget + ?Sized> Budget for Arc<B> {
    fn acquire(&self, request: BudgetRequest) -> BoxFuture<'_, Result<Permit, BudgetError>> {
        (**self).acquire(request)
    }

    fn state(&self, requests: u64) -> BoxFuture<'_, Result<BudgetState, BudgetError>> {
        (**self).state(requests)
    }
}

/// What a budget must know of a request: how long it can wait, and whom it may go before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BudgetRequest {
    /// The request fails rather than be sent after this.
    pub deadline: Option<Instant>,
    /// Whom it may go before.
    pub priority: Priority,
}

impl BudgetRequest {
    /// A request that must be sent before `deadline`.
    pub fn before(deadline: Instant) -> Self {
        Self {
            deadline: Some(deadline),
            ..Self::default()
        }
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

/// What a budget keeps of a permit that it issued.
///
/// Dropping it ends it: before [`sent`](Self::sent), the request goes back to the budget.
pub trait Lease: Send {
    /// The request is being handed to the transport: from now on it counts.
    fn sent(&mut self);

    /// The server answered, with headers that may correct the budget. Not called where no answer came.
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

/// The right to send one request, now.
///
/// ```
/// use mateo_http::budget::{Budget, BudgetRequest, LocalBudget};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let budget = LocalBudget::default();
/// let permit = budget.acquire(BudgetRequest::default()).await?;
/// assert_eq!(budget.state(1).await?.left_today, Some(9_999));
/// permit.give_back().await; // it was not sent
/// assert_eq!(budget.state(1).await?.left_today, Some(10_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Permit(Box<dyn Lease>);

impl Permit {
    /// A permit that reports to `lease`.
    pub fn new(lease: impl Lease + 'static) -> Self {
        Self(Box::new(lease))
    }

    /// The request is being handed to the transport: from now on it counts.
    pub fn sent(&mut self) {
        self.0.sent();
    }

    /// The server answered. This ends the permit; the budget knows when the future returns.
    pub async fn answered(self, facts: &ResponseFacts) {
        self.0.answered(facts).await;
    }

    /// Gives back a request that was not sent. Dropping the permit does the same in the background.
    pub async fn give_back(self) {
        self.0.give_back().await;
    }

    /// How many requests were left today after this one, where that is known.
    pub fn left_today(&self) -> Option<u64> {
        self.0.left_today()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permit")
    }
}
