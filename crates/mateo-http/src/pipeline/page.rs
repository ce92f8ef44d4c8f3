//! One page: authentication and budget for every attempt, and what a 2xx answer must be.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use mateo_model::{ContentRange, Prefer};
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    Parts,
    run::{Failure, Head, Redirect, Run},
};
use crate::{
    ApiKey, Error, RateLimit, Request, TransportError, TransportErrorKind,
    endpoint::PATH,
    error::{Content, Kind},
    gzip, headers,
};

/// How much of an answer that is no page an error keeps.
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
    /// The preferences that the server says it applied; empty where it doesn't say.
    pub preference_applied: Prefer,
    /// The server's clock when it answered, to the second.
    pub date: Option<SystemTime>,
    /// The id that the server, or a gateway before it, gave the request.
    pub request_id: Option<String>,
    /// The quotas that the answer states.
    pub rate_limits: Vec<RateLimit>,
    /// How often the request was sent.
    pub attempts: u32,
    /// The time that was spent waiting: for the budget, and between attempts.
    pub waited: Duration,
    /// The time from the call to the answer's last byte.
    pub elapsed: Duration,
}

pub(super) async fn page(
    parts: &Parts,
    request: Request,
    deadline: Option<Instant>,
) -> Result<PageResponse, Error> {
    let origin = parts.base.origin();
    let span = tracing::debug_span!(
        "mateo.page",
        otel.kind = "client",
        http.request.method = "GET",
        url.path = PATH,
        server.address = origin.host(),
        server.port = origin.port(),
    );
    attempts(parts, request, deadline).instrument(span).await
}

enum Answer {
    Page(HeaderMap, StatusCode, Bytes),
    Redirect(Redirect),
}

async fn attempts(
    parts: &Parts,
    mut request: Request,
    deadline: Option<Instant>,
) -> Result<PageResponse, Error> {
    let mut run = Run::new(parts, deadline);
    let mut key = run.key().await?;
    // Each is done once in a call: more would be a loop that the server controls.
    let (mut refreshed, mut redirected) = (false, false);
    loop {
        // The key goes to the base URL's origin, whatever led here.
        if !parts.base.covers(request.uri()) {
            return Err(run.fail(Kind::Config(
                "the request does not go to the base URL's origin".into(),
            )));
        }
        let mut signed = request.clone();
        match key.header() {
            Ok(value) => signed.headers_mut().insert(header::AUTHORIZATION, value),
            Err(error) => return Err(run.fail(Kind::IllegalKey(error))),
        };
        let permit = run.permit().await?;
        let read = |head| read(head, parts.max_page_bytes, &key);
        let failure = match run.attempt(signed, Some(permit), Some(&key), read).await {
            Ok(Answer::Page(headers, status, body)) => return Ok(response(run, &headers, status, body)),
            Ok(Answer::Redirect(redirect)) => {
                if !parts.base.covers(&redirect.target) {
                    return Err(run.refuse(&redirect, "the key is sent to the base URL's origin only"));
                }
                if redirected {
                    return Err(run.refuse(&redirect, "it was redirected before"));
                }
                redirected = true;
                *request.uri_mut() = redirect.target;
                continue;
            }
            Err(failure) => failure,
        };
        if failure.is_auth() && !refreshed {
            refreshed = true;
            if let Some(other) = run.other_key(&key).await? {
                tracing::debug!("the key was refused; trying another");
                key = other;
                continue;
            }
        }
        if failure.is_statement_timeout() && request.headers().contains_key(Prefer::HEADER) {
            // It is the count, most likely, that takes too long; without it the caller may have the rows at once.
            return Err(run.give_up(failure));
        }
        run.wait_or_fail(request.method(), failure).await?;
    }
}

/// Reads the body and checks that it can be a page.
async fn read(head: Head, max_bytes: usize, key: &ApiKey) -> Result<Answer, Failure> {
    let response = match head {
        Head::Success(response) => response,
        Head::Redirect(redirect) => return Ok(Answer::Redirect(redirect)),
    };
    let (head, body) = response.into_parts();
    let body = gzip::collect(&head.headers, body, max_bytes).await?;
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
        _ => Ok(Answer::Page(head.headers, head.status, body)),
    }
}

fn content(content: Content) -> Failure {
    Failure::new(Kind::Content(content))
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

fn response(mut run: Run<'_>, headers: &HeaderMap, status: StatusCode, body: Bytes) -> PageResponse {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let applied = headers
        .get_all(Prefer::APPLIED_HEADER)
        .iter()
        .filter_map(|value| value.to_str().ok());
    PageResponse {
        body,
        status,
        content_range: text(ContentRange::HEADER).and_then(|value| value.parse().ok()),
        preference_applied: Prefer::parse_all(applied),
        date: headers::date(headers),
        request_id: run.context.request_id.take(),
        rate_limits: std::mem::take(&mut run.rate_limits),
        attempts: run.context.attempts,
        waited: run.context.waited,
        elapsed: run.elapsed(),
    }
}
