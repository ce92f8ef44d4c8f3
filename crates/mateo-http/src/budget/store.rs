//! Where a ledger is kept: one step at a time, atomically.

use std::fmt;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::ledger::{Act, Ledger, Terms, Verdict};
use super::{BudgetError, lock};
use crate::transport::BoxFuture;

/// Keeps the [`Ledger`] of one key for all who share it, and takes one step of it at a time.
///
/// # The contract
///
/// [`apply`](Self::apply) loads the ledger (its default where there is none), lets [`Ledger::apply`] change it at the store's
/// time, saves it, and returns the reply; nobody else's step comes between. A step that was not saved has not happened:
/// it fails. It never blocks the runtime's thread for long.
///
/// ```
/// use std::sync::Mutex;
///
/// use mateo_http::{budget::{BudgetError, BudgetStore, KeyBudget, Ledger, Operation, Reply}, BoxFuture};
/// use tokio::time::Instant;
///
/// #[derive(Debug)]
/// struct InMemory { ledger: Mutex<Ledger>, start: Instant }
///
/// impl BudgetStore for InMemory {
///     fn apply<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, BudgetError>> {
///         Box::pin(async {
///             let mut ledger = self.ledger.lock().map_err(|_| BudgetError::Unavailable("poisoned".into()))?;
///             Ok(ledger.apply(operation, self.start.elapsed()))
///         })
///     }
/// }
///
/// let store = InMemory { ledger: Mutex::default(), start: Instant::now() };
/// let budget = KeyBudget::builder().per_second(1.0).store(store).build();
/// ```
pub trait BudgetStore: fmt::Debug + Send + Sync + 'static {
    /// Takes one step.
    ///
    /// # Errors
    /// [`BudgetError::Unavailable`] where the store cannot be reached or its ledger cannot be read.
    fn apply<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, BudgetError>>;
}

/// One step of a [`Ledger`], opaque to stores. As JSON it is what a store's own program needs in order to take it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    #[serde(flatten)]
    pub(super) act: Act,
    pub(super) terms: Terms,
    /// The name and version of the ledger that the process last saw.
    pub(super) known: Option<(i64, i64)>,
    /// That ledger, once it was asked for.
    pub(super) ledger: Option<Ledger>,
    /// A name for a ledger that begins with this step.
    pub(super) fresh: i64,
}

/// What came of an [`Operation`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    #[serde(flatten)]
    pub(super) verdict: Verdict,
    /// The store's time, in whole milliseconds.
    pub(super) now: i64,
    /// The microseconds over.
    pub(super) over: i64,
    /// The ledger after the step.
    pub(super) ledger: Ledger,
}

/// The store of one process.
#[derive(Debug)]
pub(super) struct Memory {
    ledger: Mutex<Ledger>,
    start: Instant,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            ledger: Mutex::default(),
            start: Instant::now(),
        }
    }
}

impl BudgetStore for Memory {
    fn apply<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, BudgetError>> {
        Box::pin(async { Ok(lock(&self.ledger).apply(operation, self.start.elapsed())) })
    }
}
