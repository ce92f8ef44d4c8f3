//! Reading the response headers that say when and how often to ask again.

mod rate_limit;

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

pub use rate_limit::RateLimit;

/// No wait that a server asks for is believed beyond this: a longer one is a mistake, or an epoch in the wrong field.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// What a response tells about the budget it was answered within.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use mateo_http::ResponseFacts;
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
    /// How long the server asks to wait (`Retry-After`, RFC 9110 section 10.2.3).
    pub retry_after: Option<Duration>,
    /// Every quota that the response states, mostly one; empty where it states none.
    pub rate_limits: Vec<RateLimit>,
}

impl ResponseFacts {
    /// Reads the headers. `now` is only used for a `Retry-After` date in a response without a `Date` of its own.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use http::{HeaderMap, StatusCode, header};
    ///
    /// let headers = HeaderMap::from_iter([(header::RETRY_AFTER, "3".parse()?)]);
    /// let facts = mateo_http::ResponseFacts::read(StatusCode::TOO_MANY_REQUESTS, &headers, SystemTime::now());
    /// assert_eq!(facts.retry_after, Some(Duration::from_secs(3)));
    /// # Ok::<(), header::InvalidHeaderValue>(())
    /// ```
    pub fn read(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Self {
        Self {
            status,
            retry_after: retry_after(headers, now),
            rate_limits: RateLimit::read(headers),
        }
    }

    /// Facts without any header.
    ///
    /// ```
    /// let facts = mateo_http::ResponseFacts::of_status(http::StatusCode::OK);
    /// assert!(facts.rate_limits.is_empty());
    /// ```
    pub fn of_status(status: StatusCode) -> Self {
        Self {
            status,
            retry_after: None,
            rate_limits: Vec::new(),
        }
    }

    /// Whether the request was refused for the budget (429).
    ///
    /// ```
    /// let facts = mateo_http::ResponseFacts::of_status(http::StatusCode::TOO_MANY_REQUESTS);
    /// assert!(facts.is_rate_limited());
    /// ```
    pub fn is_rate_limited(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
    }

    /// How long a quota that is used up stays so: the longest, where several are.
    ///
    /// ```
    /// let facts = mateo_http::ResponseFacts::of_status(http::StatusCode::OK);
    /// assert_eq!(facts.exhausted_for(), None); // no quota is stated
    /// ```
    pub fn exhausted_for(&self) -> Option<Duration> {
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
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let from = date(headers).unwrap_or(now);
    // A date that has passed means: now.
    Some(until.duration_since(from).unwrap_or_default().min(LONGEST_WAIT))
}

/// The server's clock at the time of the response.
pub(crate) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(header::DATE)?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests;
