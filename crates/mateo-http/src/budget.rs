//! The request budget: a permit for every request that is sent, and the contract of what hands them out.

mod day;
mod local;
mod pace;

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

pub use day::BudgetState;
pub use local::{LocalBudget, LocalBudgetBuilder};

use crate::{BoxFuture, ResponseFacts};

/// Hands out a permit for every request that may be sent.
///
/// Retries ask as well: every attempt counts on the server. One budget stands for one API key; everything that uses the
/// key should share it. [`LocalBudget`] is the budget of one process. A budget that many machines share (a counter in
/// Valkey, say) implements this trait, and nothing above it changes: asking is async and may fail.
///
/// # The contract
///
/// - [`acquire`](Self::acquire) waits until the request may be sent *now*; the caller sends it at once.
/// - It refuses at once, with a typed error, where the wait would pass `deadline` or the day is spent.
/// - Callers are served in the order in which they asked.
/// - Dropping the future gives the place in the queue back; dropping a [`Permit`] that was not
///   [sent](Permit::sent) gives the request back.
///
/// # Example
///
/// A budget that allows everything but counts it:
///
/// ```
/// use std::{sync::atomic::{AtomicU64, Ordering}, sync::Arc, time::Duration};
///
/// use mateo_http::{BoxFuture, Budget, BudgetError, Instant, Lease, Permit, ResponseFacts};
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
///     fn acquire(&self, _deadline: Option<Instant>) -> BoxFuture<'_, Result<Permit, BudgetError>> {
///         Box::pin(async { Ok(Permit::new(Counted(Arc::clone(&self.0)))) })
///     }
///
///     fn estimate(&self, _requests: u64) -> Duration {
///         Duration::ZERO
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let budget = Counting::default();
/// let mut permit = budget.acquire(None).await?;
/// permit.sent();
/// permit.answered(&ResponseFacts::of_status(http::StatusCode::OK));
/// drop(budget.acquire(None).await?); // not sent, not counted
/// assert_eq!(budget.0.load(Ordering::Relaxed), 1);
/// # Ok::<(), BudgetError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Budget: fmt::Debug + Send + Sync {
    /// Waits for a request's turn.
    ///
    /// # Errors
    /// A [`BudgetError`] where the turn would come after `deadline` or after the day's last request, or where the
    /// budget cannot be asked.
    fn acquire(&self, deadline: Option<Instant>) -> BoxFuture<'_, Result<Permit, BudgetError>>;

    /// How long it takes until `requests` more requests have been sent, behind everybody who waits already: 1 is the
    /// wait of the next caller.
    fn estimate(&self, requests: u64) -> Duration;

    /// How many requests are left in the day, where that is known.
    fn remaining_today(&self) -> Option<u64> {
        None
    }

    /// How long those must last: until requests that were sent come back, where that is known. Polling that goes on for
    /// ever spreads them over it.
    fn renews_in(&self) -> Option<Duration> {
        None
    }
}

impl<B: Budget + ?Sized> Budget for Arc<B> {
    fn acquire(&self, deadline: Option<Instant>) -> BoxFuture<'_, Result<Permit, BudgetError>> {
        (**self).acquire(deadline)
    }

    fn estimate(&self, requests: u64) -> Duration {
        (**self).estimate(requests)
    }

    fn remaining_today(&self) -> Option<u64> {
        (**self).remaining_today()
    }

    fn renews_in(&self) -> Option<Duration> {
        (**self).renews_in()
    }
}

/// What a budget keeps of a permit that it gave out.
///
/// Dropping it ends it: before [`sent`](Self::sent), the request goes back to the budget.
///
/// ```
/// use mateo_http::{Lease, Permit, ResponseFacts};
///
/// struct Logged;
///
/// impl Lease for Logged {
///     fn sent(&mut self) {
///         println!("sent");
///     }
///
///     fn answered(&mut self, facts: &ResponseFacts) {
///         println!("answered: {}", facts.status);
///     }
/// }
///
/// let permit = Permit::new(Logged);
/// ```
pub trait Lease: Send {
    /// The request is being handed to the transport: from now on it counts.
    fn sent(&mut self);

    /// The server answered, with headers that may correct the budget. Not called where no answer came.
    fn answered(&mut self, facts: &ResponseFacts) {
        let _ = facts;
    }
}

/// The right to send one request, now.
///
/// ```
/// use mateo_http::{Budget, LocalBudget};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let budget = LocalBudget::builder().build();
/// let permit = budget.acquire(None).await?;
/// assert_eq!(budget.remaining_today(), Some(9_999));
/// drop(permit); // it was not sent
/// assert_eq!(budget.remaining_today(), Some(10_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Permit(Box<dyn Lease>);

impl Permit {
    /// A permit that reports to `lease`.
    ///
    /// ```
    /// struct Free;
    ///
    /// impl mateo_http::Lease for Free {
    ///     fn sent(&mut self) {}
    /// }
    ///
    /// let permit = mateo_http::Permit::new(Free);
    /// ```
    pub fn new(lease: impl Lease + 'static) -> Self {
        Self(Box::new(lease))
    }

    /// The request is being handed to the transport: from now on it counts.
    ///
    /// ```
    /// # fn example(mut permit: mateo_http::Permit) {
    /// permit.sent(); // and now the request goes out
    /// # }
    /// ```
    pub fn sent(&mut self) {
        self.0.sent();
    }

    /// The server answered. This ends the permit.
    ///
    /// ```
    /// use mateo_http::{Permit, ResponseFacts};
    ///
    /// # fn example(permit: Permit) {
    /// permit.answered(&ResponseFacts::of_status(http::StatusCode::OK));
    /// # }
    /// ```
    pub fn answered(mut self, facts: &ResponseFacts) {
        self.0.answered(facts);
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permit")
    }
}

/// Why a request may not be sent.
///
/// ```
/// use std::time::Duration;
///
/// use mateo_http::{BudgetError, BudgetErrorKind};
///
/// let wait = Duration::from_secs(3);
/// let error = BudgetError::deadline(wait);
/// assert_eq!(error.kind(), BudgetErrorKind::Deadline { wait });
/// assert_eq!(error.to_string(), "the request budget allows the request only in 3.0 s, after the deadline");
/// ```
#[derive(Debug)]
pub struct BudgetError {
    kind: BudgetErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What is in the way of a request.
///
/// ```
/// use mateo_http::BudgetErrorKind;
///
/// # fn example(kind: BudgetErrorKind) {
/// if let BudgetErrorKind::DaySpent { wait } = kind {
///     eprintln!("the next request goes in {wait:?}");
/// }
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BudgetErrorKind {
    /// The request's turn comes only after the deadline.
    Deadline {
        /// How long until its turn.
        wait: Duration,
    },
    /// The day's requests are spent.
    DaySpent {
        /// How long until one is free again.
        wait: Duration,
    },
    /// The budget could not be asked, for example because its store is not reachable.
    Unavailable,
}

impl BudgetError {
    /// The request's turn comes only after the deadline, `wait` from now.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let error = mateo_http::BudgetError::deadline(Duration::from_secs(3));
    /// ```
    pub fn deadline(wait: Duration) -> Self {
        Self {
            kind: BudgetErrorKind::Deadline { wait },
            source: None,
        }
    }

    /// The day's requests are spent, and one is free again `wait` from now.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let error = mateo_http::BudgetError::day_spent(Duration::from_secs(90));
    /// assert_eq!(error.to_string(), "the day's request budget is spent; the next request is allowed in 2 min");
    /// ```
    pub fn day_spent(wait: Duration) -> Self {
        Self {
            kind: BudgetErrorKind::DaySpent { wait },
            source: None,
        }
    }

    /// The budget could not be asked.
    ///
    /// ```
    /// use std::error::Error;
    ///
    /// let error = mateo_http::BudgetError::unavailable("the store is not reachable");
    /// assert!(error.source().is_some());
    /// ```
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            kind: BudgetErrorKind::Unavailable,
            source: Some(source.into()),
        }
    }

    /// What is in the way.
    ///
    /// ```
    /// use mateo_http::{BudgetError, BudgetErrorKind};
    ///
    /// let error = BudgetError::unavailable("the store is not reachable");
    /// assert_eq!(error.kind(), BudgetErrorKind::Unavailable);
    /// ```
    pub fn kind(&self) -> BudgetErrorKind {
        self.kind
    }
}

impl fmt::Display for BudgetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            BudgetErrorKind::Deadline { wait } => {
                write!(
                    f,
                    "the request budget allows the request only in {:.1} s, after the deadline",
                    wait.as_secs_f64()
                )
            }
            BudgetErrorKind::DaySpent { wait } => {
                write!(
                    f,
                    "the day's request budget is spent; the next request is allowed in {} min",
                    wait.as_secs().div_ceil(60)
                )
            }
            BudgetErrorKind::Unavailable => f.write_str("the request budget could not be asked"),
        }
    }
}

impl StdError for BudgetError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
