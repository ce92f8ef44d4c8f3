//! The gateway in front of the endpoint: who may send requests, and how many. Pure: the time is passed in.

mod limits;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

pub(crate) use limits::Standing;
pub use limits::{Limits, Window};

use crate::reply::page;
use limits::Account;

/// Keys and the requests that each has sent.
#[derive(Debug, Default)]
pub(crate) struct Gateway {
    /// Empty: every key is accepted.
    pub(crate) keys: BTreeSet<String>,
    pub(crate) limits: Limits,
    accounts: BTreeMap<String, Account>,
}

impl Gateway {
    /// Admits a request, or answers it with 401, 403 or 429 (API.md, "Errors"). Whichever it is, the response states
    /// what remains of the limits: without a key, that of an unused key.
    pub(crate) fn admit(
        &mut self,
        headers: &HeaderMap,
        now: DateTime<Utc>,
    ) -> (Option<Standing>, Option<Response<Bytes>>) {
        let unused = Account::new(self.limits).standing(now);
        let Some(key) = bearer(headers) else {
            let mut response = rejection(
                StatusCode::UNAUTHORIZED,
                "UNAUTHORIZED",
                "no API key was sent",
                Some("send the header Authorization: Bearer <key>"),
            );
            // RFC 9110, section 15.5.2: a 401 names the scheme.
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            return (unused, Some(response));
        };
        if !self.keys.is_empty() && !self.keys.contains(key) {
            let response = rejection(
                StatusCode::FORBIDDEN,
                "FORBIDDEN",
                "the API key is not valid",
                Some("check the key for a missing character, or make a new one"),
            );
            return (unused, Some(response));
        }
        let account = self.accounts.entry(key.to_owned());
        let (is_admitted, standing) = account.or_insert_with(|| Account::new(self.limits)).take(now);
        if is_admitted {
            return (standing, None);
        }
        let mut response = too_many_requests();
        if let Some(standing) = standing.filter(|_| self.limits.retry_after) {
            let seconds = HeaderValue::from(standing.reset_seconds());
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        (standing, Some(response))
    }
}

/// The token of `Authorization: Bearer <token>`; the scheme's letter case is ignored (RFC 9110, section 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Writes what remains of the limits onto a response; without limits, nothing.
pub(crate) fn stamp(headers: &mut HeaderMap, standing: Option<Standing>) {
    let Some(standing) = standing else { return };
    headers.insert("ratelimit-limit", HeaderValue::from(standing.limit));
    headers.insert("ratelimit-remaining", HeaderValue::from(standing.remaining));
    headers.insert("ratelimit-reset", HeaderValue::from(standing.reset_seconds()));
}

/// A 429 without headers about when to come back.
pub(crate) fn too_many_requests() -> Response<Bytes> {
    rejection(
        StatusCode::TOO_MANY_REQUESTS,
        "RATE_LIMIT_EXCEEDED",
        "too many requests",
        Some("wait until the limit resets, as ratelimit-reset says"),
    )
}

/// An error in the documented form (API.md, "Errors").
pub(crate) fn rejection(
    status: StatusCode,
    code: &str,
    message: &str,
    hint: Option<&str>,
) -> Response<Bytes> {
    let body = serde_json::json!({
        "code": code,
        "message": message,
        "hint": hint,
        "status": status.as_u16(),
    });
    page(status, "application/json; charset=utf-8", body.to_string())
}

#[cfg(test)]
mod tests;
