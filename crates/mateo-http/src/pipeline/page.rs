//! One page: authentication and budget for every attempt, and what a 2xx response must be.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use mateo_model::{ContentRange, Prefer};
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    Parts,
    call::{Call, Failure, Head, Redirect},
    telemetry,
};
use crate::{
    classify::Server,
    error::{Content, Error, Kind},
    gzip,
    headers::{self, RateLimit},
    secret::ApiKey,
    transport::{Request, TransportError, TransportErrorKind},
};

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
    /// The preferences that the server says it applied; empty where it doesn't say.
    pub preference_applied: Prefer,
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

/// What becomes of a count that fails.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IfCountFails {
    /// The page is asked for without it.
    DropCount,
    /// The count is what is wanted.
    Fail,
}

pub(super) async fn page(
    parts: &Parts,
    request: Request,
    if_count_fails: IfCountFails,
    deadline: Option<Instant>,
) -> Result<PageResponse, Error> {
    attempts(parts, request, if_count_fails, deadline)
        .instrument(telemetry::page())
        .await
}

enum Outcome {
    Page(HeaderMap, StatusCode, Bytes),
    Redirect(Redirect),
}

async fn attempts(
    parts: &Parts,
    mut request: Request,
    if_count_fails: IfCountFails,
    deadline: Option<Instant>,
) -> Result<PageResponse, Error> {
    let mut call = Call::new(parts, Server::Api, deadline);
    let mut key = call.key().await?;
    // Each is done once in a call: more would be a loop that the server controls.
    let (mut refreshed, mut redirected, mut count_failed) = (false, false, false);
    loop {
        // The key goes to the base URL's origin, whatever led here.
        if !parts.base.covers(request.uri()) {
            return Err(call.fail(Kind::Config(
                "the request does not go to the base URL's origin".into(),
            )));
        }
        let mut signed = request.clone();
        match key.header() {
            Ok(value) => signed.headers_mut().insert(header::AUTHORIZATION, value),
            Err(error) => return Err(call.fail(Kind::IllegalKey(error))),
        };
        let permit = call.permit().await?;
        let read = |head| read(head, parts.max_page_bytes, &key);
        let failure = match call.attempt(signed, Some(permit), Some(&key), read).await {
            Ok(Outcome::Page(headers, status, body)) => {
                let mut page = response(call, &headers, status, body);
                page.count_failed = count_failed;
                return Ok(page);
            }
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
        if failure.is_auth() && !refreshed {
            refreshed = true;
            if let Some(other) = call.other_key(&key).await? {
                tracing::debug!("the key was rejected; trying another");
                key = other;
                continue;
            }
        }
        if if_count_fails == IfCountFails::DropCount && !count_failed && failure.can_be_the_count() {
            count_failed = without_count(&mut request);
            // Once more at once, unless the server asks to wait: it is another query.
            if count_failed && failure.asked().is_none() {
                continue;
            }
        }
        call.wait_or_fail(failure).await?;
    }
}

/// Takes the count out of what the request asks for; whether there was one.
fn without_count(request: &mut Request) -> bool {
    let asked = request.headers().get_all(Prefer::HEADER);
    let prefer = Prefer::parse_all(asked.iter().filter_map(|value| value.to_str().ok()));
    if prefer.counting().is_none() {
        return false;
    }
    request.headers_mut().remove(Prefer::HEADER);
    if let Some(handling) = prefer.handles()
        && let Ok(value) = Prefer::new().handling(handling).to_string().parse()
    {
        request.headers_mut().insert(Prefer::HEADER, value);
    }
    true
}

/// Reads the body and checks that it can be a page.
async fn read(head: Head, max_bytes: usize, key: &ApiKey) -> Result<Outcome, Failure> {
    let response = match head {
        Head::Success(response) => response,
        Head::Redirect(redirect) => return Ok(Outcome::Redirect(redirect)),
    };
    let (head, body) = response.into_parts();
    let body = gzip::decode(&head.headers, body)?.collect(max_bytes).await?;
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let last = body.iter().rfind(|byte| !byte.is_ascii_whitespace());
    let status = head.status.as_u16();
    match (first, last) {
        (None, _) => Err(content(Content::Empty { status })),
        _ if !is_json(&head.headers, first) => {
            let content_type = head
                .headers
                .get(header::CONTENT_TYPE)
                .map_or(&b"no content type"[..], |value| value.as_bytes());
            // Censored before it is cut: a part of the key is not recognised as such.
            let shown = |text: &[u8]| {
                let text = key.censor(text);
                String::from_utf8_lossy(text.get(..BODY_START).unwrap_or(&text)).into_owned()
            };
            Err(content(Content::NotJson {
                status,
                content_type: shown(content_type),
                start: shown(&body),
            }))
        }
        // Where a connection is simply closed at the end of a body, one that was cut off looks like a whole one.
        (Some(b'['), Some(last)) if *last != b']' => {
            Err(TransportError::new(TransportErrorKind::Body, "the array has no end").into())
        }
        _ => Ok(Outcome::Page(head.headers, head.status, body)),
    }
}

fn content(content: Content) -> Failure {
    Failure(Kind::Content(content))
}

/// By its type; gateways label JSON as text, so that a type that says nothing is outvoted by the body's look.
fn is_json(headers: &HeaderMap, first: Option<&u8>) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .map_or(&b""[..], |value| value.as_bytes());
    let names = |name: &[u8]| {
        content_type
            .windows(name.len())
            .any(|window| window.eq_ignore_ascii_case(name))
    };
    names(b"json") || (!names(b"html") && matches!(first, Some(b'[' | b'{')))
}

fn response(mut call: Call<'_>, headers: &HeaderMap, status: StatusCode, body: Bytes) -> PageResponse {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let applied = headers
        .get_all(Prefer::APPLIED_HEADER)
        .iter()
        .filter_map(|value| value.to_str().ok());
    PageResponse {
        body,
        status,
        content_range: text(ContentRange::HEADER).and_then(|value| value.parse().ok()),
        count_failed: false,
        preference_applied: Prefer::parse_all(applied),
        date: headers::date(headers),
        request_id: call.context.request_id.take(),
        rate_limits: std::mem::take(&mut call.rate_limits),
        attempts: call.context.attempts,
        waited: call.context.waited,
        elapsed: call.elapsed(),
    }
}
