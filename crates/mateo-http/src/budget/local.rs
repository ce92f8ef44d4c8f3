//! The budget of one process, and that of all who reach the same store.

use std::time::Duration;

use super::{
    Budget, BudgetError, BudgetRequest, BudgetState, BudgetStore, Permit,
    front::Front,
    ledger::{Rate, Terms},
    store::Memory,
};
use crate::transport::BoxFuture;

/// hellomateo's documented limits for a key.
const PER_SECOND: f64 = 2.0;
const PER_DAY: u64 = 10_000;

/// A request without an answer has arrived after this time, unless set otherwise.
const LEASE: Duration = Duration::from_secs(5);

/// No lease is longer.
const LONGEST_LEASE: Duration = Duration::from_secs(5 * 60);

/// The budget of one process, shared by its clones.
///
/// Requests are spaced so that neither a fixed nor a sliding nor a leaky window rejects them, whatever the network does to
/// the time they take. The day's count is over any 24 hours, since the server's day is not documented.
///
/// ```
/// use mateo_http::budget::{Budget, LocalBudget};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let budget = LocalBudget::builder().per_second(2.0).per_day(10_000).build();
/// let state = budget.state(201).await?;
/// assert_eq!(state.left_today, Some(10_000));
/// // 201 requests at two a second: the last is sent after about 100 s.
/// assert_eq!(state.wait.as_secs(), 100);
/// # Ok::<(), mateo_http::budget::BudgetError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct LocalBudget(Front);

impl LocalBudget {
    /// Begins with hellomateo's documented limits, 2 requests a second and 10,000 a day, which the server's headers may
    /// correct in both directions.
    pub fn builder() -> BudgetSettings {
        BudgetSettings {
            per_second: None,
            per_day: None,
            lease: LEASE,
        }
    }

    /// No limit of its own. It still waits where the server rejects a request (429) and says how long.
    pub fn unlimited() -> Self {
        let settings = Self::builder();
        Self(Front::new(
            Box::new(Memory::new()),
            Terms {
                rate: None,
                per_day: None,
                ..settings.terms()
            },
        ))
    }
}

impl Default for LocalBudget {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl Budget for LocalBudget {
    fn acquire(&self, request: BudgetRequest) -> BoxFuture<'_, Result<Permit, BudgetError>> {
        Box::pin(self.0.acquire(request))
    }

    fn state(&self, requests: u64) -> BoxFuture<'_, Result<BudgetState, BudgetError>> {
        Box::pin(self.0.state(requests))
    }
}

/// The budget of all who reach the same [store](BudgetStore), whatever process or machine they are on. Clones are one
/// participant, so that each process gets its fair share, however many callers it has.
#[derive(Debug, Clone)]
pub struct SharedBudget(Front);

impl SharedBudget {
    /// hellomateo's documented limits, kept by `store`; [`BudgetSettings::shared`] for others.
    pub fn new(store: impl BudgetStore) -> Self {
        LocalBudget::builder().shared(store)
    }

    /// The store.
    pub fn store(&self) -> &dyn BudgetStore {
        self.0.store()
    }
}

impl Budget for SharedBudget {
    fn acquire(&self, request: BudgetRequest) -> BoxFuture<'_, Result<Permit, BudgetError>> {
        Box::pin(self.0.acquire(request))
    }

    fn state(&self, requests: u64) -> BoxFuture<'_, Result<BudgetState, BudgetError>> {
        Box::pin(self.0.state(requests))
    }
}

/// Settings of a [`LocalBudget`] or a [`SharedBudget`].
///
/// ```
/// let half = mateo_http::budget::LocalBudget::builder().per_second(1.0).per_day(5_000).build();
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct BudgetSettings {
    per_second: Option<f64>,
    per_day: Option<u64>,
    lease: Duration,
}

impl BudgetSettings {
    /// Requests a second; 0.5 is one in two seconds, and less than one an hour is one an hour. The server's headers may
    /// lower it, never raise it. A number that is not above zero leaves the default, 2.
    pub fn per_second(mut self, rate: f64) -> Self {
        self.per_second = Some(rate).filter(|rate| rate.is_finite() && *rate > 0.0);
        self
    }

    /// Requests in any 24 hours. The server's headers may lower it, never raise it.
    pub fn per_day(mut self, requests: u64) -> Self {
        self.per_day = Some(requests);
        self
    }

    /// How long a request whose answer has not come may still be on its way: up to 5 minutes; 5 seconds unless set. It then
    /// counts as arrived, also where its sender has died.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.min(LONGEST_LEASE);
        self
    }

    /// The budget of this process.
    pub fn build(self) -> LocalBudget {
        LocalBudget(Front::new(Box::new(Memory::new()), self.terms()))
    }

    /// The budget of all who reach `store`.
    pub fn shared(self, store: impl BudgetStore) -> SharedBudget {
        SharedBudget(Front::new(Box::new(store), self.terms()))
    }

    fn terms(&self) -> Terms {
        Terms {
            rate: Rate::per_second(self.per_second.unwrap_or(PER_SECOND)),
            rate_is_set: self.per_second.is_some(),
            per_day: Some(self.per_day.unwrap_or(PER_DAY)),
            day_is_set: self.per_day.is_some(),
            lease: i64::try_from(self.lease.as_millis()).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests;
