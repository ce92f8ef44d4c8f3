//! The one trait of a budget.

use std::fmt;
use std::sync::Arc;

use tokio::time::Instant;

use super::{BudgetError, BudgetState, Permit, Priority};
use crate::transport::BoxFuture;

/// Issues a permit for every request that may be sent.
///
/// Retries ask as well: every attempt counts on the server. One budget stands for one API key; everything that uses the
/// key should share it. [`KeyBudget`](super::KeyBudget) keeps to the API's limits; a budget with other rules implements this trait.
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
/// use mateo_http::{Budget, budget::{BudgetError, BudgetState, Permit, Priority}, BoxFuture};
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
