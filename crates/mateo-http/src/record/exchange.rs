//! One recorded exchange: a line of JSON, without secrets.

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use serde::{Deserialize, Serialize};

use super::redact::without_query;
use crate::transport::TransportErrorKind;

/// A request and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Exchange {
    pub(super) request: RecordedRequest,
    #[serde(flatten)]
    pub(super) outcome: RecordedOutcome,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RecordedRequest {
    pub(super) method: String,
    pub(super) uri: String,
    /// Whether it went without the key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_download: bool,
    pub(super) headers: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedOutcome {
    Response(RecordedResponse),
    /// No response came: the kind of the transport's error.
    Error(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RecordedResponse {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    #[serde(flatten)]
    pub(super) body: RecordedBody,
    /// The kind of the error that ended the body, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) broke_off: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum RecordedBody {
    #[serde(rename = "body")]
    Text(String),
    /// Bytes that are no UTF-8, each as two digits.
    #[serde(rename = "body_hex")]
    Hex(String),
}

/// What tells one request from another: the method, where it goes, and the headers that change the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    method: String,
    /// Without scheme and host where the key was sent: a replay may run under another base URL.
    target: String,
    headers: Vec<(String, String)>,
}

const SIGNIFICANT: [&str; 3] = ["prefer", "range", "if-range"];

impl Signature {
    /// `is_download`: a request without the key, whose query may be a signature.
    pub(super) fn new(method: &str, uri: &str, headers: &[(String, String)], is_download: bool) -> Self {
        let path = || uri.parse::<Uri>().ok()?.path_and_query().map(ToString::to_string);
        let target = if is_download {
            without_query(uri)
        } else {
            path().unwrap_or_else(|| uri.to_owned())
        };
        let mut headers: Vec<_> = headers
            .iter()
            .filter(|(name, _)| SIGNIFICANT.contains(&name.as_str()))
            .cloned()
            .collect();
        headers.sort();
        Self {
            method: method.to_owned(),
            target,
            headers,
        }
    }
}

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.target)?;
        for (name, value) in &self.headers {
            write!(f, ", {name}: {value}")?;
        }
        Ok(())
    }
}

/// The headers that are neither secret nor about the connection.
pub(super) fn plain_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    const LEFT_OUT: [HeaderName; 8] = [
        header::AUTHORIZATION,
        header::PROXY_AUTHORIZATION,
        header::COOKIE,
        header::SET_COOKIE,
        header::ACCEPT_ENCODING,
        header::CONTENT_ENCODING,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
    ];
    let kept = headers
        .iter()
        .filter(|(name, value)| !LEFT_OUT.contains(name) && !value.is_sensitive());
    kept.map(|(name, value)| {
        (
            name.as_str().to_owned(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    })
    .collect()
}

pub(super) fn header_map(headers: &[(String, String)]) -> Option<HeaderMap> {
    let pairs = headers.iter().map(|(name, value)| {
        Some((
            HeaderName::try_from(name.as_str()).ok()?,
            HeaderValue::try_from(value.as_str()).ok()?,
        ))
    });
    let pairs: Option<Vec<_>> = pairs.collect();
    let mut map = HeaderMap::new();
    for (name, value) in pairs? {
        map.append(name, value);
    }
    Some(map)
}

impl RecordedBody {
    pub(super) fn new(bytes: &[u8]) -> Self {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Self::Text(text.to_owned());
        }
        let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
        Self::Hex(
            bytes
                .iter()
                .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
                .collect(),
        )
    }

    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.clone().into_bytes()),
            Self::Hex(digits) => {
                let pairs = digits.as_bytes().chunks(2);
                pairs
                    .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
                    .collect()
            }
        }
    }
}

/// The kind of this name; [`Other`](TransportErrorKind::Other) for one that this release does not know.
pub(super) fn kind_of(name: &str) -> TransportErrorKind {
    use TransportErrorKind::{Body, Connect, Decode, Dns, Other, Request, Reset, Timeout, Tls, TooLarge};
    let known = [Connect, Dns, Tls, Timeout, Reset, Body, Decode, TooLarge, Request];
    known
        .into_iter()
        .find(|kind| kind.as_str() == name)
        .unwrap_or(Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_any_bytes_come_back() {
        for bytes in [&b""[..], b"[{}]", &[0xff, 0x00, 0x0a]] {
            assert_eq!(RecordedBody::new(bytes).bytes().unwrap(), bytes);
        }
        assert_eq!(RecordedBody::Hex("f".into()).bytes(), Some(vec![15]));
        assert_eq!(RecordedBody::Hex("xy".into()).bytes(), None);
    }

    #[test]
    fn the_name_of_every_kind_is_read_back() {
        use TransportErrorKind::{Body, Connect, Decode, Dns, Other, Request, Reset, Timeout, Tls, TooLarge};
        for kind in [
            Connect, Dns, Tls, Timeout, Reset, Body, Decode, TooLarge, Request, Other,
        ] {
            assert_eq!(kind_of(kind.as_str()), kind);
        }
    }

    #[test]
    fn secret_headers_are_left_out() {
        let mut sensitive = HeaderValue::from_static("s3cret");
        sensitive.set_sensitive(true);
        let mut headers =
            HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static("Bearer s3cret"))]);
        headers.insert("x-own", sensitive);
        headers.insert(header::SET_COOKIE, HeaderValue::from_static("s3cret"));
        headers.insert("prefer", HeaderValue::from_static("count=exact"));
        assert_eq!(
            plain_headers(&headers),
            [("prefer".to_owned(), "count=exact".to_owned())]
        );
    }
}
