//! Whether to try again, and when: a pure decision about one attempt.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, StatusCode};

use crate::{TransportErrorKind, headers};

/// PostgreSQL's code for a statement that ran out of time, which PostgREST answers as a 500 (GRAMMAR.md, Operators). The
/// only 500 that another attempt may cure: the server gives up after two seconds, and its load changes.
pub(crate) const STATEMENT_TIMEOUT: &str = "57014";

/// When a request that failed is tried again.
///
/// The waits are exponential with full jitter: the `n`th is a random time between nothing and `base * 2^(n-1)`, at most
/// `longest`. Where the server says how long to wait, that is the least. A deadline is never crossed: when the wait
/// would, the failure is reported at once.
///
/// | outcome | tried again |
/// |---|---|
/// | no connection, no name | every method: the server has not seen the request |
/// | timeout, reset, a body that breaks off | `GET`, `HEAD` and other idempotent methods |
/// | 429 | every method: the server did not do it; mostly counted apart, see [`refusals`](Self::refusals) |
/// | 408, 502, 503, 504, and 500 with code 57014 (statement timeout) | idempotent methods |
/// | everything else | never |
///
/// ```
/// use std::time::Duration;
///
/// use mateo_http::Retry;
///
/// let patient = Retry::default().attempts(8).base(Duration::from_secs(1)).longest(Duration::from_secs(60));
/// let never = Retry::none();
/// # let _ = (patient, never);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    attempts: u32,
    refusals: u32,
    base: Duration,
    longest: Duration,
}

impl Default for Retry {
    /// Five attempts, 30 refusals, a base of half a second, waits of at most 20 seconds.
    fn default() -> Self {
        Self {
            attempts: 5,
            refusals: 30,
            base: Duration::from_millis(500),
            longest: Duration::from_secs(20),
        }
    }
}

/// One attempt that failed, with all that the decision depends on.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use http::Method;
/// use mateo_http::{Attempt, Outcome, TransportErrorKind};
///
/// let attempt = Attempt {
///     method: &Method::GET,
///     outcome: Outcome::Transport(TransportErrorKind::Connect),
///     attempt: 1,
///     refusals: 0,
///     elapsed: Duration::from_millis(80),
///     deadline: None,
///     now: SystemTime::now(),
///     random: 0.5,
/// };
/// ```
#[derive(Debug, Clone)]
pub struct Attempt<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// How it failed.
    pub outcome: Outcome<'a>,
    /// Which attempt it was; the first is 1. Hops along redirects are not counted.
    pub attempt: u32,
    /// How many of the attempts up to and with this one were refused for the rate limit (429) by a server that said when
    /// to come back.
    pub refusals: u32,
    /// The time since the first attempt began.
    pub elapsed: Duration,
    /// The deadline, measured like `elapsed` from when the first attempt began; `None` is no deadline.
    pub deadline: Option<Duration>,
    /// The wall clock, for a `Retry-After` date in a response without `Date`.
    pub now: SystemTime,
    /// A random number from 0 up to 1.
    pub random: f64,
}

/// How an attempt failed.
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use mateo_http::Outcome;
///
/// let headers = HeaderMap::new();
/// let outcome = Outcome::Status { status: StatusCode::BAD_GATEWAY, headers: &headers, code: None };
/// ```
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// The server answered with something other than success.
    Status {
        /// The status.
        status: StatusCode,
        /// The response's headers.
        headers: &'a HeaderMap,
        /// The `code` of the error's body, if it has one.
        code: Option<&'a str>,
    },
    /// No complete answer came.
    Transport(TransportErrorKind),
}

/// What to do after an attempt that failed.
///
/// ```
/// use mateo_http::Decision;
///
/// # fn example(decision: Decision) {
/// match decision {
///     Decision::Retry { after } => println!("again in {after:?}"),
///     Decision::GiveUp(why) => println!("reported: {why:?}"),
/// }
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Try again after this time.
    Retry {
        /// How long to wait first.
        after: Duration,
    },
    /// Report the failure.
    GiveUp(GiveUp),
}

/// Why a failure was reported and not tried again.
///
/// ```
/// # fn example(error: &mateo_http::Error) {
/// if let Some(mateo_http::GiveUp::Deadline { wait }) = error.gave_up() {
///     eprintln!("another {wait:?} would have been needed");
/// }
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GiveUp {
    /// Another attempt would fail the same way, or do something twice.
    NotRetryable,
    /// Retry is off.
    Disabled,
    /// This was the last attempt, or the last refusal for the rate limit that is taken.
    AttemptsSpent,
    /// The next attempt would begin after the deadline.
    Deadline {
        /// The wait that was due.
        wait: Duration,
    },
}

impl Retry {
    /// No retry at all: the first failure is reported.
    ///
    /// ```
    /// use mateo_http::Retry;
    ///
    /// assert_ne!(Retry::none(), Retry::default());
    /// ```
    pub const fn none() -> Self {
        Self {
            attempts: 1,
            refusals: 0,
            base: Duration::ZERO,
            longest: Duration::ZERO,
        }
    }

    /// How many times a request is sent at most, the first time included and [refusals](Self::refusals) aside. 1, as 0,
    /// is no retry at all.
    ///
    /// ```
    /// use mateo_http::Retry;
    ///
    /// let patient = Retry::default().attempts(8);
    /// ```
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = if attempts == 0 { 1 } else { attempts };
        self
    }

    /// How many refusals for the rate limit (429) a call takes in all, where the server says when to come back. They are no
    /// failures but turns that did not come: where another program uses the same key, it can take many until there is a
    /// gap. A refusal that does not say when counts as a failure.
    ///
    /// ```
    /// use mateo_http::Retry;
    ///
    /// let crowded = Retry::default().refusals(100);
    /// ```
    #[must_use]
    pub const fn refusals(mut self, refusals: u32) -> Self {
        self.refusals = refusals;
        self
    }

    /// The upper bound of the first wait. It doubles with every attempt.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mateo_http::Retry;
    ///
    /// let slower = Retry::default().base(Duration::from_secs(2));
    /// ```
    #[must_use]
    pub const fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// The upper bound of every wait of our own choice. What the server asks for may be longer.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mateo_http::Retry;
    ///
    /// let patient = Retry::default().longest(Duration::from_secs(60));
    /// ```
    #[must_use]
    pub const fn longest(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// Decides about `attempt`: a function of nothing but its arguments.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use http::{HeaderMap, Method, StatusCode};
    /// use mateo_http::{Attempt, Decision, GiveUp, Outcome, Retry};
    ///
    /// let headers = HeaderMap::from_iter([(http::header::RETRY_AFTER, "3".parse()?)]);
    /// let status = StatusCode::SERVICE_UNAVAILABLE;
    /// let mut attempt = Attempt {
    ///     method: &Method::GET,
    ///     outcome: Outcome::Status { status, headers: &headers, code: None },
    ///     attempt: 1,
    ///     refusals: 0,
    ///     elapsed: Duration::from_millis(80),
    ///     deadline: Some(Duration::from_secs(10)),
    ///     now: SystemTime::now(),
    ///     random: 0.0,
    /// };
    /// let wait = Duration::from_secs(3);
    /// assert_eq!(Retry::default().decide(&attempt), Decision::Retry { after: wait });
    ///
    /// attempt.deadline = Some(Duration::from_secs(2));
    /// assert_eq!(Retry::default().decide(&attempt), Decision::GiveUp(GiveUp::Deadline { wait }));
    /// # Ok::<(), http::header::InvalidHeaderValue>(())
    /// ```
    pub fn decide(&self, attempt: &Attempt<'_>) -> Decision {
        if !attempt.outcome.is_retryable(attempt.method) {
            return Decision::GiveUp(GiveUp::NotRetryable);
        }
        if self.attempts <= 1 {
            return Decision::GiveUp(GiveUp::Disabled);
        }
        let is_spent = if attempt.outcome.is_refusal(attempt.now) {
            attempt.refusals > self.refusals
        } else {
            attempt.failures() >= self.attempts
        };
        if is_spent {
            return Decision::GiveUp(GiveUp::AttemptsSpent);
        }
        let wait = self.wait(attempt);
        match attempt.deadline {
            Some(deadline) if attempt.elapsed.saturating_add(wait) >= deadline => {
                Decision::GiveUp(GiveUp::Deadline { wait })
            }
            _ => Decision::Retry { after: wait },
        }
    }

    fn wait(&self, attempt: &Attempt<'_>) -> Duration {
        let number = if attempt.outcome.is_refusal(attempt.now) {
            attempt.refusals
        } else {
            attempt.failures()
        };
        let doublings = number.saturating_sub(1).min(31);
        let bound = self.base.saturating_mul(1 << doublings).min(self.longest);
        match attempt.outcome.asked_wait(attempt.now) {
            // Full jitter on top of what the server asks, so that clients it turned away together don't come back
            // together; from the first step only, since the server has said how long is long enough.
            Some(asked) => asked.saturating_add(part(self.base.min(self.longest), attempt.random)),
            None => part(bound, attempt.random),
        }
    }
}

/// A part from 0 to 1 of a time, however long that is.
fn part(whole: Duration, part: f64) -> Duration {
    Duration::try_from_secs_f64(whole.as_secs_f64() * part.clamp(0.0, 1.0)).unwrap_or(whole)
}

impl Attempt<'_> {
    /// How many attempts failed for another reason than the rate limit.
    fn failures(&self) -> u32 {
        self.attempt.saturating_sub(self.refusals)
    }
}

impl Outcome<'_> {
    /// Whether the server refused for its rate limit and said when to come back.
    pub(crate) fn is_refusal(&self, now: SystemTime) -> bool {
        let is_limited =
            matches!(self, Self::Status { status, .. } if *status == StatusCode::TOO_MANY_REQUESTS);
        is_limited && self.asked_wait(now).is_some()
    }

    /// Whether trying again can help and does nothing twice.
    pub(crate) fn is_retryable(&self, method: &Method) -> bool {
        let idempotent = method.is_idempotent();
        match *self {
            Self::Transport(kind) => kind.is_transient() && (idempotent || kind.is_before_sending()),
            Self::Status { status, code, .. } => match status.as_u16() {
                429 => true,
                408 | 502 | 503 | 504 => idempotent,
                500 => idempotent && code == Some(STATEMENT_TIMEOUT),
                _ => false,
            },
        }
    }

    /// How long the server asks to wait: `Retry-After`, else, on a refusal for the budget, the reset of the quota that
    /// is used up.
    fn asked_wait(&self, now: SystemTime) -> Option<Duration> {
        let Self::Status { status, headers, .. } = *self else {
            return None;
        };
        let facts = headers::ResponseFacts::read(status, headers, now);
        let reset = || facts.exhausted_for().filter(|_| facts.is_rate_limited());
        facts.retry_after.or_else(reset)
    }
}

#[cfg(test)]
mod tests;
