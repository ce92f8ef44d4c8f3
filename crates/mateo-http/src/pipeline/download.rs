//! A download from a URL that a row gave: another host, without the key, streamed.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use tokio::time::{Instant, timeout};
use tracing::Instrument;

use super::{
    Parts,
    call::{Call, Head, Redirect},
    telemetry,
};
use crate::{
    classify::Server,
    error::{Content, Error, Kind},
    origin::{Origin, has_user_info, parse_absolute},
    transport::{Body, PublicAddressesOnly, Request, Response, TransportError, TransportErrorKind},
};

/// Storage services redirect once or twice; more is a loop.
const REDIRECTS: u32 = 5;

const INTERNAL: &str =
    "the URL to download from names this machine or a private network, where a row must not lead";

/// Which part of a file to download.
///
/// ```
/// use mateo_http::DownloadRange;
///
/// // The rest of a file of which 4096 bytes are here, if it is still the same one.
/// let rest = DownloadRange::from_byte(4096).if_unchanged("\"33a64df5\"");
/// # let _ = rest;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownloadRange {
    from: u64,
    validator: Option<String>,
}

impl DownloadRange {
    /// The whole file.
    pub fn whole() -> Self {
        Self::default()
    }

    /// The file from byte `from` on; 0 is the whole file. The response is 206 with the rest, 200 with the whole file from a
    /// server that has no ranges, or 416 where the file has no such byte: its `Content-Range` then says how many it has.
    pub fn from_byte(from: u64) -> Self {
        Self {
            from,
            validator: None,
        }
    }

    /// Only if the file is still the one with this `ETag` (a strong one) or `Last-Modified` (`If-Range`, RFC 9110 section
    /// 13.1.5); otherwise the response is 200 with the whole new file.
    ///
    /// ```
    /// let rest = mateo_http::DownloadRange::from_byte(4096).if_unchanged("\"33a64df5\"");
    /// ```
    #[must_use]
    pub fn if_unchanged(mut self, validator: impl Into<String>) -> Self {
        self.validator = Some(validator.into());
        self
    }

    fn write(&self, headers: &mut HeaderMap) -> Result<(), Kind> {
        if self.from == 0 {
            return Ok(());
        }
        let value = |text: String| {
            HeaderValue::try_from(text)
                .map_err(|_| Kind::Config("the validator holds a byte that no header can".into()))
        };
        headers.insert(header::RANGE, value(format!("bytes={}-", self.from))?);
        if let Some(validator) = &self.validator {
            headers.insert(header::IF_RANGE, value(validator.clone())?);
        }
        Ok(())
    }

    /// Whether a 206 begins where it was asked to: another part would be joined in the wrong place.
    fn is_continued_by(&self, headers: &HeaderMap) -> bool {
        let range = headers
            .get(header::CONTENT_RANGE)
            .and_then(|value| value.to_str().ok());
        let first = range
            .and_then(|range| range.strip_prefix("bytes "))
            .and_then(|range| range.split('-').next());
        first.and_then(|first| first.trim().parse().ok()) == Some(self.from)
    }
}

pub(super) async fn download(
    parts: &Parts,
    url: &str,
    range: &DownloadRange,
    deadline: Option<Instant>,
) -> Result<Response, Error> {
    let request = request(parts, url, range).map_err(Kind::bare)?;
    attempts(parts, request, range, deadline)
        .instrument(telemetry::download())
        .await
}

fn request(parts: &Parts, url: &str, range: &DownloadRange) -> Result<Request, Kind> {
    let mut url = parse_absolute(url).map_err(|error| {
        Kind::DownloadUrl(match error {
            url::ParseError::InvalidPort => {
                "the port of the URL to download from is not a number up to 65535"
            }
            url::ParseError::RelativeUrlWithoutBase => "the URL to download from is not an absolute http URL",
            _ => "the URL to download from is not a URL",
        })
    })?;
    url.set_fragment(None);
    if has_user_info(&url) {
        return Err(Kind::DownloadUrl(
            "the URL to download from must not hold a user name or a password",
        ));
    }
    let uri: Uri = url
        .as_str()
        .parse()
        .map_err(|_| Kind::DownloadUrl("the URL to download from is not a URL"))?;
    let origin = Origin::of(&uri).ok_or(Kind::DownloadUrl(
        "the URL to download from is not an absolute http URL",
    ))?;
    if !origin.is_confidential() {
        return Err(Kind::DownloadUrl(
            "the URL to download from must be https (http is accepted for this machine only)",
        ));
    }
    let mut request = Request::new(Bytes::new());
    if !parts.base.origin().is_loopback() {
        if origin.is_internal() {
            return Err(Kind::DownloadUrl(INTERNAL));
        }
        request.extensions_mut().insert(PublicAddressesOnly);
    }
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(header::USER_AGENT, parts.user_agent.clone());
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    // A range counts the bytes of the encoded file: with a coding, a resumed download could not be joined.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    range.write(headers)?;
    Ok(request)
}

enum Outcome {
    File(Response),
    Redirect(Redirect),
}

async fn attempts(
    parts: &Parts,
    mut request: Request,
    range: &DownloadRange,
    deadline: Option<Instant>,
) -> Result<Response, Error> {
    let mut call = Call::new(parts, Server::Files, deadline);
    if range.from > 0 {
        call.accepts = Some(StatusCode::RANGE_NOT_SATISFIABLE);
    }
    let mut redirects = 0;
    loop {
        let read = |head| async move {
            Ok(match head {
                Head::Success(response) => Outcome::File(response),
                Head::Redirect(redirect) => Outcome::Redirect(redirect),
            })
        };
        match call.attempt(request.clone(), None, None, read).await {
            Ok(Outcome::File(response)) => {
                if response.status() == StatusCode::PARTIAL_CONTENT
                    && !range.is_continued_by(response.headers())
                {
                    return Err(call.fail(Kind::Content(Content::OtherRange { asked: range.from })));
                }
                return Ok(response.map(|body| until_silent(body, parts.limits.idle)));
            }
            Ok(Outcome::Redirect(redirect)) => {
                let (from, to) = (Origin::of(request.uri()), Origin::of(&redirect.target));
                let is_same = from == to;
                if !is_same && !to.as_ref().is_some_and(Origin::is_https) {
                    return Err(call.reject(&redirect, "only https is followed"));
                }
                let is_internal = to.is_some_and(|to| to.is_internal());
                if is_internal && !parts.base.origin().is_loopback() {
                    return Err(call.reject(&redirect, "a download does not lead into a private network"));
                }
                if redirects == REDIRECTS {
                    return Err(call.reject(&redirect, "it was redirected too often"));
                }
                redirects += 1;
                *request.uri_mut() = redirect.target;
            }
            Err(failure) => call.wait_or_fail(failure).await?,
        }
    }
}

/// A body that fails where it is silent for longer than `idle`.
fn until_silent(body: Body, idle: Duration) -> Body {
    Body::from_stream(stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        match timeout(idle, body.chunk()).await {
            Ok(Ok(chunk)) => chunk.map(|chunk| (Ok(chunk), Some(body))),
            Ok(Err(error)) => Some((Err(error), None)),
            Err(_) => {
                let error = TransportError::new(
                    TransportErrorKind::Timeout,
                    "the time limit for a silent download ran out",
                );
                Some((Err(error), None))
            }
        }
    }))
}
