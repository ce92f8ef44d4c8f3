//! Whether to try again, and when: a pure decision about one attempt.

use std::time::Duration;

use crate::classify::Class;
use crate::headers::LONGEST_HOLD;

/// When a request that failed is tried again.
///
/// The waits are exponential with full jitter: the `n`th is a random time between nothing and `base * 2^(n-1)`, at most
/// `longest`. Where the server says how long to wait, that is the least. A deadline is never crossed: when the wait
/// would, the failure is reported at once.
///
/// | outcome | tried again |
/// |---|---|
/// | no connection, no name, a time limit, a connection or a body that breaks off | yes |
/// | 408, 429, 502, 503, 504 | yes |
/// | 500 with code 57014 (statement timeout); any 500 of a host that is downloaded from | yes |
/// | everything else | never |
///
/// ```
/// use std::time::Duration;
///
/// use mateo_http::Retry;
///
/// let persistent = Retry::default().attempts(8).base(Duration::from_secs(1)).longest(Duration::from_secs(60));
/// let never = Retry::none();
/// # let _ = (persistent, never);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retry {
    attempts: Option<u32>,
    refusals: Option<u32>,
    base: Option<Duration>,
    longest: Option<Duration>,
    longest_hold: Option<Duration>,
}

/// One attempt that failed, with all that the decision depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    pub(crate) class: Class,
    /// How many attempts failed, this one included; refusals, and hops along redirects, are not counted.
    pub(crate) failures: u32,
    /// How many attempts were refused for the rate limit, this one included.
    pub(crate) refusals: u32,
    /// The time since the first attempt began.
    pub(crate) elapsed: Duration,
    /// The deadline, measured like `elapsed`.
    pub(crate) deadline: Duration,
    /// A random number from 0 up to 1.
    pub(crate) random: f64,
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
    /// Another attempt would fail the same way.
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
    const ATTEMPTS: u32 = 5;
    const REFUSALS: u32 = 30;
    const BASE: Duration = Duration::from_millis(500);
    const LONGEST: Duration = Duration::from_secs(20);

    /// No retry at all: the first failure is reported.
    pub fn none() -> Self {
        Self::default().attempts(1)
    }

    /// How many times a request is sent at most, the first time included; 5 unless set. Once set, it counts
    /// [refusals](Self::refusals) too, unless those have a number of their own. 1, as 0, is no retry at all.
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(if attempts == 0 { 1 } else { attempts });
        self
    }

    /// How many refusals for the rate limit (429) a call takes beside its attempts, where the server says when to come
    /// back; 30 unless this or [`attempts`](Self::attempts) is set. They are no failures but turns that did not come: where
    /// another program uses the same key, it can take many until there is a gap. A refusal that does not say when counts as
    /// an attempt.
    #[must_use]
    pub const fn refusals(mut self, refusals: u32) -> Self {
        self.refusals = Some(refusals);
        self
    }

    /// The upper bound of the first wait, which doubles with every attempt; half a second unless set.
    #[must_use]
    pub const fn base(mut self, base: Duration) -> Self {
        self.base = Some(base);
        self
    }

    /// The upper bound of every wait of our own choice; 20 seconds unless set. What the server asks for may be longer.
    #[must_use]
    pub const fn longest(mut self, longest: Duration) -> Self {
        self.longest = Some(longest);
        self
    }

    /// The longest wait that is obeyed where the server asks for one (`Retry-After`, `ratelimit-reset`); an hour unless set.
    /// After that it is asked again, whatever it said. More than a day is taken as a mistake and not obeyed at all.
    #[must_use]
    pub const fn longest_hold(mut self, longest: Duration) -> Self {
        self.longest_hold = Some(longest);
        self
    }

    pub(crate) fn hold_bound(&self) -> Duration {
        self.longest_hold.unwrap_or(LONGEST_HOLD)
    }

    /// After how long to try again: a function of nothing but its arguments.
    pub(crate) fn decide(&self, attempt: Attempt) -> Result<Duration, GiveUp> {
        if attempt.class == Class::Final {
            return Err(GiveUp::NotRetryable);
        }
        let attempts = self.attempts.unwrap_or(Self::ATTEMPTS);
        if attempts == 1 {
            return Err(GiveUp::Disabled);
        }
        let (number, is_spent) = self.number(attempt, attempts);
        if is_spent {
            return Err(GiveUp::AttemptsSpent);
        }
        let wait = self.wait(attempt, number);
        if attempt.elapsed.saturating_add(wait) >= attempt.deadline {
            return Err(GiveUp::Deadline { wait });
        }
        Ok(wait)
    }

    /// Which failure, or which refusal, this is, and whether it was the last.
    fn number(&self, attempt: Attempt, attempts: u32) -> (u32, bool) {
        let (failures, refusals) = (attempt.failures, attempt.refusals);
        match (attempt.class, self.refusals, self.attempts) {
            // Attempts were set and refusals were not: attempts are all that is sent.
            (_, None, Some(_)) => {
                let sent = failures.saturating_add(refusals);
                (sent, sent >= attempts)
            }
            (Class::Refusal { .. }, limit, _) => (refusals, refusals > limit.unwrap_or(Self::REFUSALS)),
            _ => (failures, failures >= attempts),
        }
    }

    fn wait(&self, attempt: Attempt, number: u32) -> Duration {
        let longest = self.longest.unwrap_or(Self::LONGEST);
        let base = self.base.unwrap_or(Self::BASE).min(longest);
        if let Some(asked) = attempt.class.asked() {
            // Full jitter on top of what the server asks, so that clients it turned away together don't come back
            // together; from the first step only, since the server has said how long is long enough.
            return asked.saturating_add(part(base, attempt.random));
        }
        let doublings = number.saturating_sub(1).min(31);
        part(base.saturating_mul(1 << doublings).min(longest), attempt.random)
    }
}

/// A part from 0 to 1 of a time, however long that is.
fn part(whole: Duration, part: f64) -> Duration {
    Duration::try_from_secs_f64(whole.as_secs_f64() * part.clamp(0.0, 1.0)).unwrap_or(whole)
}

#[cfg(test)]
mod tests;
