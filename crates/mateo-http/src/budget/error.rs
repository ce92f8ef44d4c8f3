//! Why a request may not be sent.

use std::{error::Error as StdError, fmt, time::Duration};

/// Why a request may not be sent.
///
/// ```
/// use std::time::Duration;
///
/// use mateo_http::budget::{BudgetError, BudgetErrorKind};
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

/// What kind of obstacle a [`BudgetError`] is.
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
    /// The budget could not be asked, for example because its store cannot be reached.
    Unavailable,
    /// A budget with rules of its own does not allow the request.
    Denied,
}

impl BudgetError {
    /// The request's turn comes only after the deadline, `wait` from now.
    pub fn deadline(wait: Duration) -> Self {
        Self {
            kind: BudgetErrorKind::Deadline { wait },
            source: None,
        }
    }

    /// The day's requests are spent, and one is free again `wait` from now.
    pub fn day_spent(wait: Duration) -> Self {
        Self {
            kind: BudgetErrorKind::DaySpent { wait },
            source: None,
        }
    }

    /// The budget could not be asked.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            kind: BudgetErrorKind::Unavailable,
            source: Some(source.into()),
        }
    }

    /// Your own [`Budget`](super::Budget) does not allow the request, for a reason of its own. Callers find `source` again
    /// with [`source`](StdError::source) and `downcast_ref`.
    pub fn denied(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            kind: BudgetErrorKind::Denied,
            source: Some(source.into()),
        }
    }

    /// What kind of obstacle it is.
    pub fn kind(&self) -> BudgetErrorKind {
        self.kind
    }
}

impl fmt::Display for BudgetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            BudgetErrorKind::Deadline { wait } => write!(
                f,
                "the request budget allows the request only in {:.1} s, after the deadline",
                wait.as_secs_f64()
            ),
            BudgetErrorKind::DaySpent { wait } => write!(
                f,
                "the day's request budget is spent; the next request is allowed in {} min",
                wait.as_secs().div_ceil(60)
            ),
            BudgetErrorKind::Unavailable => f.write_str("the request budget could not be asked"),
            BudgetErrorKind::Denied => f.write_str("the request budget does not allow the request"),
        }
    }
}

impl StdError for BudgetError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
