//! One recorded exchange: a line of JSON, without secrets.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use serde::{Deserialize, Serialize};

use super::redact::without_query;
use crate::transport::{Request, TransportErrorKind};

/// A request and what came of it.
#[derive(Serialize, Deserialize)]
pub(super) struct Exchange {
    pub(super) request: RecordedRequest,
    #[serde(flatten)]
    pub(super) outcome: RecordedOutcome,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct RecordedRequest {
    method: String,
    pub(super) uri: String,
    /// Whether it went without the key: its query may be a signature.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_download: bool,
    pub(super) headers: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedOutcome {
    Response(RecordedResponse),
    /// No response came.
    Error(TransportErrorKind),
}

#[derive(Serialize, Deserialize)]
pub(super) struct RecordedResponse {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    #[serde(flatten)]
    pub(super) body: RecordedBody,
    /// The error that ended the body, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) broke_off: Option<TransportErrorKind>,
}

#[derive(Serialize, Deserialize)]
pub(super) enum RecordedBody {
    #[serde(rename = "body")]
    Text(String),
    /// Bytes that are no UTF-8, each as two digits.
    #[serde(rename = "body_hex")]
    Hex(String),
}

impl RecordedRequest {
    pub(super) fn new(request: &Request) -> Self {
        let is_download = !request.headers().contains_key(header::AUTHORIZATION);
        let uri = request.uri().to_string();
        Self {
            method: request.method().to_string(),
            uri: if is_download { without_query(&uri) } else { uri },
            is_download,
            headers: plain_headers(request.headers()),
        }
    }

    /// What tells one request from another: the method, where it goes, and the headers that change the response. Where the
    /// key was sent, that is without scheme and host: a replay may run under another base URL.
    pub(super) fn signature(&self) -> String {
        const SIGNIFICANT: [&str; 3] = ["prefer", "range", "if-range"];
        let uri: Option<Uri> = self.uri.parse().ok();
        let target = match uri.as_ref().and_then(Uri::path_and_query) {
            _ if self.is_download => without_query(&self.uri),
            Some(path) => path.to_string(),
            None => self.uri.clone(),
        };
        let mut headers = self.headers.clone();
        headers.retain(|(name, _)| SIGNIFICANT.contains(&name.as_str()));
        headers.sort();
        let headers = headers.iter().map(|(name, value)| format!(", {name}: {value}"));
        format!("{} {target}{}", self.method, headers.collect::<String>())
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
        let text = String::from_utf8_lossy(value.as_bytes());
        let text = if name == header::LOCATION {
            without_query(&text)
        } else {
            text.into_owned()
        };
        (name.to_string(), text)
    })
    .collect()
}

impl RecordedResponse {
    /// Status, headers and the bytes of the body. The error says which of them a hand has broken.
    pub(super) fn read(self) -> Result<http::Response<Vec<u8>>, &'static str> {
        let body = self.body.bytes().ok_or("the recorded body is not hexadecimal")?;
        let mut response = http::Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).map_err(|_| "the recorded status is no status")?;
        for (name, value) in &self.headers {
            let pair = HeaderName::try_from(name)
                .ok()
                .zip(HeaderValue::try_from(value).ok());
            let (name, value) = pair.ok_or("a recorded header is no header")?;
            response.headers_mut().append(name, value);
        }
        Ok(response)
    }
}

impl RecordedBody {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|error| Self::Hex(hex(error.as_bytes())), Self::Text)
    }

    fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.into_bytes()),
            Self::Hex(digits) => {
                let pairs = digits.as_bytes().chunks(2);
                pairs
                    .map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
                    .collect()
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_any_bytes_come_back() {
        for bytes in [&b""[..], b"[{}]", &[0xff, 0x00, 0x0a]] {
            assert_eq!(RecordedBody::new(bytes.to_vec()).bytes().unwrap(), bytes);
        }
        assert_eq!(RecordedBody::Hex("f".into()).bytes(), Some(vec![15]));
        assert_eq!(RecordedBody::Hex("xy".into()).bytes(), None);
    }

    #[test]
    fn a_kind_is_written_as_its_word_and_one_of_a_later_release_is_read() {
        use TransportErrorKind::{Body, Connect, Decode, Dns, Other, Request, Reset, Timeout, Tls, TooLarge};
        for kind in [
            Connect, Dns, Tls, Timeout, Reset, Body, Decode, TooLarge, Request, Other,
        ] {
            let word = serde_json::to_value(kind).unwrap();
            assert_eq!(word, kind.as_str());
            assert_eq!(serde_json::from_value::<TransportErrorKind>(word).unwrap(), kind);
        }
        assert_eq!(
            serde_json::from_str::<TransportErrorKind>("\"newer\"").unwrap(),
            Other
        );
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
