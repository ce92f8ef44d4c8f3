//! A download from a URL that a row gave: another host, without the key, streamed.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use tokio::time::{Instant, timeout};

use super::Parts;
use super::call::{Call, Outcome};
use crate::classify::Server;
use crate::error::{Error, Kind};
use crate::origin;
use crate::transport::{Body, PublicAddressesOnly, Request, Response, TransportError, TransportErrorKind};

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadRange {
    from: u64,
    validator: Option<String>,
}

impl DownloadRange {
    /// The whole file.
    pub fn whole() -> Self {
        Self::from_byte(0)
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
                .map_err(|_| Kind::usage("the validator holds a byte that no header can"))
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
        let first = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next());
        first.and_then(|first| first.trim().parse().ok()) == Some(self.from)
    }
}

pub(super) fn request(parts: &Parts, url: &str, range: &DownloadRange) -> Result<Request, Kind> {
    let mut url = origin::parse("the URL to download from", url).map_err(Kind::usage)?;
    url.set_fragment(None);
    if !origin::is_confidential(&url) {
        return Err(Kind::usage(
            "the URL to download from must be https (http is accepted for this machine only)",
        ));
    }
    let mut request = Request::new(Bytes::new());
    if !parts.base.is_loopback() {
        if origin::is_internal(&url) {
            return Err(Kind::usage(INTERNAL));
        }
        request.extensions_mut().insert(PublicAddressesOnly);
    }
    let uri = url.as_str().parse();
    *request.uri_mut() = uri.map_err(|_| Kind::usage("the URL to download from is too long"))?;
    let headers = request.headers_mut();
    headers.insert(header::USER_AGENT, parts.user_agent.clone());
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    // A range counts the bytes of the encoded file: with a coding, a resumed download could not be joined.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    range.write(headers)?;
    Ok(request)
}

pub(super) async fn download(
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
        match call
            .attempt(request.clone(), None, None, async |response| Ok(response))
            .await
        {
            Ok(Outcome::Done(response)) => {
                let is_part = response.status() == StatusCode::PARTIAL_CONTENT;
                if is_part && !range.is_continued_by(response.headers()) {
                    return Err(call.fail(Kind::OtherRange { asked: range.from }));
                }
                return Ok(response.map(|body| until_silent(body, parts.settings.limits.idle)));
            }
            Ok(Outcome::Redirect(redirect)) => {
                if let Some(why) = not_followed(parts, request.uri(), &redirect.target) {
                    return Err(call.reject(&redirect, why));
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

/// Why a redirect is not followed.
fn not_followed(parts: &Parts, from: &Uri, to: &Uri) -> Option<&'static str> {
    let Some((from, to)) = origin::url(from).zip(origin::url(to)) else {
        return Some("it cannot be followed");
    };
    if to.scheme() != "https" && to.origin() != from.origin() {
        Some("only https is followed")
    } else if origin::is_internal(&to) && !parts.base.is_loopback() {
        Some("a download does not lead into a private network")
    } else {
        None
    }
}

/// A body that fails where it is silent for longer than `idle`.
fn until_silent(body: Body, idle: Duration) -> Body {
    Body::from_stream(stream::try_unfold(body, move |mut body| async move {
        let chunk = timeout(idle, body.chunk()).await.map_err(|_| {
            let what = "the time limit for a silent download ran out";
            TransportError::new(TransportErrorKind::Timeout, what)
        })?;
        Ok(chunk?.map(|chunk| (chunk, body)))
    }))
}
