//! One page: authentication and budget for every attempt, and what a 2xx response must be.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use mateo_model::{ContentRange, Prefer};
use tokio::time::Instant;

use super::Parts;
use super::call::{Call, Outcome};
use crate::classify::{self, Server};
use crate::error::{Error, Kind};
use crate::headers::{self, RateLimit};
use crate::secret::ApiKey;
use crate::transport::{Request, Response, TransportError, TransportErrorKind};
use crate::{endpoint, gzip};

/// How much of a response that is no page an error keeps.
const BODY_START: usize = 512;

/// A page as it came: JSON that is complete, not yet read, and what its headers say.
///
/// ```no_run
/// # async fn example(pipeline: mateo_http::Pipeline) -> Result<(), Box<dyn std::error::Error>> {
/// use mateo_model::{ImportQuery, Prefer};
///
/// let page = pipeline.page(&ImportQuery::new(), &Prefer::new(), None).await?;
/// let rows: Vec<serde_json::Value> = serde_json::from_slice(&page.body)?;
/// println!("{} rows after {} attempts, {:?} of it waiting", rows.len(), page.attempts, page.waited);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PageResponse {
    /// The body, an array of rows.
    pub body: Bytes,
    /// 200, or 206 for a part of a counted result.
    pub status: StatusCode,
    /// Which rows these are, and how many there are in all where that was counted.
    pub content_range: Option<ContentRange>,
    /// A count was asked for and seems to be what failed (a time limit, 408, any 5xx): this page came without it.
    pub count_failed: bool,
    /// The server's clock when it responded, to the second.
    pub date: Option<SystemTime>,
    /// The id that the server, or a gateway before it, gave the request.
    pub request_id: Option<String>,
    /// The quotas that the response states.
    pub rate_limits: Vec<RateLimit>,
    /// How often the request was sent.
    pub attempts: u32,
    /// The time that was spent waiting: for the budget, and between attempts.
    pub waited: Duration,
    /// The time from the call to the response's last byte.
    pub elapsed: Duration,
}

/// `uncounted`: what to prefer instead where a count was asked for and fails, unless the count is what is wanted.
pub(super) async fn page(
    parts: &Parts,
    mut request: Request,
    mut uncounted: Option<Prefer>,
    deadline: Option<Instant>,
) -> Result<PageResponse, Error> {
    let mut call = Call::new(parts, Server::Api, deadline);
    let mut key = call.key().await?;
    // Each is done once in a call: more would be a loop that the server controls.
    let (mut refreshed, mut redirected, mut count_failed) = (false, false, false);
    loop {
        let mut signed = request.clone();
        match key.header() {
            Ok(value) => signed.headers_mut().insert(header::AUTHORIZATION, value),
            Err(error) => return Err(call.fail(Kind::IllegalKey(error))),
        };
        let permit = call.permit().await?;
        let read = |response| read(response, parts.settings.max_page_bytes, &key);
        let failure = match call.attempt(signed, Some(permit), Some(&key), read).await {
            Ok(Outcome::Done(received)) => return Ok(response(call, received, count_failed)),
            Ok(Outcome::Redirect(redirect)) => {
                if !parts.base.covers(&redirect.target) {
                    return Err(call.reject(&redirect, "the key is sent to the base URL's origin only"));
                }
                if redirected {
                    return Err(call.reject(&redirect, "it was redirected before"));
                }
                redirected = true;
                *request.uri_mut() = redirect.target;
                continue;
            }
            Err(failure) => failure,
        };
        if is_auth(&failure) && !refreshed {
            refreshed = true;
            if let Some(other) = call.other_key(&key).await? {
                tracing::debug!("the key was rejected; trying another");
                key = other;
                continue;
            }
        }
        if let Some(prefer) = uncounted.take_if(|_| can_be_the_count(&failure)) {
            count_failed = true;
            endpoint::set_prefer(request.headers_mut(), &prefer).map_err(|error| call.fail(error))?;
            // Once more at once, unless the server asks to wait: it is another query.
            if failure.class().asked().is_none() {
                continue;
            }
        }
        call.wait_or_fail(failure).await?;
    }
}

/// Whether the key was rejected: 401, or 403, which API.md gives for a key that is invalid.
fn is_auth(failure: &Kind) -> bool {
    matches!(failure, Kind::Status { problem, .. } if problem.is_auth())
}

fn can_be_the_count(failure: &Kind) -> bool {
    match failure {
        Kind::Status { problem, .. } => classify::can_be_the_count(problem),
        Kind::Transport(error) => error.kind() == TransportErrorKind::Timeout,
        _ => false,
    }
}

/// Reads the body and checks that it can be a page.
async fn read(response: Response, max_bytes: usize, key: &ApiKey) -> Result<http::Response<Bytes>, Kind> {
    let (head, body) = response.into_parts();
    let body = gzip::decode(&head.headers, body)?.collect(max_bytes).await?;
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let last = body.iter().rfind(|byte| !byte.is_ascii_whitespace());
    let status = head.status.as_u16();
    match (first, last) {
        (None, _) => Err(Kind::Empty { status }),
        _ if !is_json(&head.headers, first) => {
            let content_type = head.headers.get(header::CONTENT_TYPE);
            let content_type = content_type.map_or(&b"no content type"[..], |value| value.as_bytes());
            // Censored before it is cut: a part of the key is not recognised as such.
            let shown = |text: &[u8]| {
                let text = key.censor(text);
                String::from_utf8_lossy(text.get(..BODY_START).unwrap_or(&text)).into_owned()
            };
            Err(Kind::NotJson {
                status,
                content_type: shown(content_type),
                start: shown(&body),
            })
        }
        // Where a connection is simply closed at the end of a body, one that was cut off looks like a whole one.
        (Some(b'['), Some(last)) if *last != b']' => {
            Err(TransportError::new(TransportErrorKind::Body, "the array has no end").into())
        }
        _ => Ok(http::Response::from_parts(head, body)),
    }
}

/// By its type; gateways label JSON as text, so that a type that says nothing is outvoted by the body's look.
fn is_json(headers: &HeaderMap, first: Option<&u8>) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type
        .map_or(&b""[..], |value| value.as_bytes())
        .to_ascii_lowercase();
    let names = |name: &[u8]| content_type.windows(name.len()).any(|window| window == name);
    names(b"json") || (!names(b"html") && matches!(first, Some(b'[' | b'{')))
}

fn response(mut call: Call<'_>, received: http::Response<Bytes>, count_failed: bool) -> PageResponse {
    let headers = received.headers();
    let content_range = headers
        .get(header::CONTENT_RANGE)
        .and_then(|value| value.to_str().ok());
    PageResponse {
        status: received.status(),
        content_range: content_range.and_then(|value| value.parse().ok()),
        count_failed,
        date: headers::date(headers),
        request_id: call.context.request_id.take(),
        rate_limits: std::mem::take(&mut call.rate_limits),
        attempts: call.context.attempts,
        waited: call.context.waited,
        elapsed: call.elapsed(),
        body: received.into_body(),
    }
}
