//! Going on without the server.

use mateo_http::{
    BoxFuture, Budget,
    budget::{BudgetError, BudgetState, KeyBudget, Permit, Priority},
};
use tokio::time::Instant;

/// A shared budget, and a small one of this process alone for as long as the first cannot be asked.
///
/// The server does not count what is sent meanwhile, and processes do not see each other's: choose the small budget so
/// that all of them together keep to the limit. Twenty processes, each with a twentieth of the day and a request every ten
/// seconds:
///
/// ```no_run
/// use mateo_budget_redis::{Fallback, RedisStore};
/// use mateo_http::{ApiKey, Pipeline, budget::KeyBudget};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let key = ApiKey::new("…");
/// let store = RedisStore::open("redis://cache.internal", Pipeline::BASE_URL, &key)?;
/// let shared = KeyBudget::builder().store(store).build();
/// let alone = KeyBudget::builder().per_second(0.1).per_day(500).build();
/// let pipeline = Pipeline::builder(key).budget(Fallback { shared, alone }).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Fallback {
    /// The budget while its server can be asked.
    pub shared: KeyBudget,
    /// The budget while it cannot.
    pub alone: KeyBudget,
}

impl Budget for Fallback {
    fn acquire(
        &self,
        priority: Priority,
        deadline: Option<Instant>,
    ) -> BoxFuture<'_, Result<Box<dyn Permit>, BudgetError>> {
        Box::pin(async move {
            match self.shared.acquire(priority, deadline).await {
                Err(BudgetError::Unavailable(_)) => self.alone.acquire(priority, deadline).await,
                permit => permit,
            }
        })
    }

    fn state(&self, requests: u64) -> BoxFuture<'_, Result<BudgetState, BudgetError>> {
        Box::pin(async move {
            match self.shared.state(requests).await {
                Err(BudgetError::Unavailable(_)) => self.alone.state(requests).await,
                state => state,
            }
        })
    }
}
