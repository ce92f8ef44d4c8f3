//! Going on without the server.

use mateo_http::{
    budget::{
        Budget, BudgetError, BudgetErrorKind, BudgetRequest, BudgetState, LocalBudget, Permit, SharedBudget,
    },
    transport::BoxFuture,
};

/// A shared budget, and a small one of this process alone for as long as the first cannot be asked.
///
/// The server does not count what is sent meanwhile, and processes do not see each other's: choose the small budget so
/// that all of them together keep to the limit. Twenty processes, each with a twentieth of the day and a request every ten
/// seconds:
///
/// ```no_run
/// use mateo_budget_redis::{Fallback, RedisStore};
/// use mateo_http::{ApiKey, Pipeline, budget::{LocalBudget, SharedBudget}};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let key = ApiKey::new("…");
/// let shared = SharedBudget::new(RedisStore::open("redis://cache.internal", Pipeline::BASE_URL, &key)?);
/// let alone = LocalBudget::builder().per_second(0.1).per_day(500).build();
/// let pipeline = Pipeline::builder(key).budget(Fallback::new(shared, alone)).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Fallback {
    shared: SharedBudget,
    alone: LocalBudget,
}

impl Fallback {
    /// `shared` while it can be asked, `alone` while it cannot.
    pub fn new(shared: SharedBudget, alone: LocalBudget) -> Self {
        Self { shared, alone }
    }
}

fn is_away<T>(result: &Result<T, BudgetError>) -> bool {
    result
        .as_ref()
        .is_err_and(|error| error.kind() == BudgetErrorKind::Unavailable)
}

impl Budget for Fallback {
    fn acquire(&self, request: BudgetRequest) -> BoxFuture<'_, Result<Permit, BudgetError>> {
        Box::pin(async move {
            let permit = self.shared.acquire(request).await;
            if is_away(&permit) {
                return self.alone.acquire(request).await;
            }
            permit
        })
    }

    fn state(&self, requests: u64) -> BoxFuture<'_, Result<BudgetState, BudgetError>> {
        Box::pin(async move {
            let state = self.shared.state(requests).await;
            if is_away(&state) {
                return self.alone.state(requests).await;
            }
            state
        })
    }
}
