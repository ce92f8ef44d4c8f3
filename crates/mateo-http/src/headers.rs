//! Reading the response headers that say when and how often to ask again.

mod rate_limit;

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

pub use rate_limit::RateLimit;

/// No wait that a server asks for is believed beyond this, the longest window of its limits (API.md, Limits): a longer one
/// is a mistake, such as an epoch in the place of seconds.
const LONGEST_BELIEVED: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest wait that is obeyed unless set: see [`Retry::longest_hold`](crate::Retry::longest_hold).
pub(crate) const LONGEST_HOLD: Duration = Duration::from_secs(60 * 60);

/// What a response says about the limits it was sent within.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use mateo_http::headers::ResponseFacts;
///
/// let response = http::Response::builder()
///     .status(429)
///     .header("retry-after", "2")
///     .header("ratelimit-limit", "2")
///     .header("ratelimit-remaining", "0")
///     .header("ratelimit-reset", "1")
///     .body(())?;
/// let facts = ResponseFacts::read(response.status(), response.headers(), SystemTime::now());
/// assert!(facts.is_rate_limited());
/// assert_eq!(facts.retry_after, Some(Duration::from_secs(2)));
/// assert_eq!(facts.rate_limits[0].remaining, Some(0));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseFacts {
    /// The response's status.
    pub status: StatusCode,
    /// How long the server asks to wait (`Retry-After`, RFC 9110 section 10.2.3); zero where it names a date that has passed.
    /// A wait of more than a day is taken as a mistake, and as if it were not there.
    pub retry_after: Option<Duration>,
    /// Every quota that the response states, mostly one; empty where it states none.
    pub rate_limits: Vec<RateLimit>,
    pub(crate) longest_hold: Duration,
}

impl ResponseFacts {
    /// Reads the headers. `now` is only used for a `Retry-After` date in a response without a `Date` of its own.
    pub fn read(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Self {
        Self {
            status,
            retry_after: retry_after(headers, now),
            rate_limits: RateLimit::read(headers),
            longest_hold: LONGEST_HOLD,
        }
    }

    /// Whether the request was rejected for the rate limit (429).
    pub fn is_rate_limited(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
    }

    /// How long the server asks that nothing be sent: its `Retry-After`, else, where it rejected the request for a quota that
    /// is used up, the time until that is renewed. Never zero, and at most an hour unless
    /// [set](crate::Retry::longest_hold); a success ends it.
    pub fn hold(&self) -> Option<Duration> {
        let reset = || self.exhausted_for().filter(|_| self.is_rate_limited());
        let asked = self.retry_after.or_else(reset)?;
        (!asked.is_zero()).then(|| asked.min(self.longest_hold))
    }

    /// How long a quota that is used up stays so: the longest, where several are.
    fn exhausted_for(&self) -> Option<Duration> {
        self.rate_limits
            .iter()
            .filter(|quota| quota.remaining == Some(0))
            .filter_map(|quota| quota.reset)
            .max()
    }
}

/// The wait that `Retry-After` asks for, in seconds or as a date.
///
/// A date is measured from the response's own `Date`, so that a wrong clock on this side does no harm.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = value.parse() {
        Duration::from_secs(seconds)
    } else {
        let until = httpdate::parse_http_date(value).ok()?;
        // A date that has passed means: now.
        until
            .duration_since(date(headers).unwrap_or(now))
            .unwrap_or_default()
    };
    (wait <= LONGEST_BELIEVED).then_some(wait)
}

/// The server's clock at the time of the response.
pub(crate) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(header::DATE)?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests;
