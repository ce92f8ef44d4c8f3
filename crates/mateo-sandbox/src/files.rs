//! The files' origin: what `failed_url` and `payload_url` of the sandbox's rows point at.

mod link;
mod range;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use uuid::Uuid;

pub use link::Expiry;
pub(crate) use link::{ELSEWHERE, Links, ORIGIN};

use crate::content::{Noise, Records};
use crate::{
    content::Content,
    random::digest,
    reply::{Answer, Delivery},
};
use range::Requested;

/// The most entries a file has whose content follows from its name: more would not fit its lines.
const MAX_RECORDS: u64 = 1_000_000_000;

/// The files and the links to them.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) links: Links,
    by_path: BTreeMap<String, Stored>,
    ignores_ranges: bool,
}

/// A file that a test has put there.
#[derive(Debug)]
struct Stored {
    content: Bytes,
    is_gzipped: bool,
}

/// The response to a request for a file, and what is counted of it.
#[derive(Debug)]
pub(crate) struct FileAnswer {
    pub(crate) answer: Answer,
    pub(crate) held_key: bool,
    pub(crate) was_expired: bool,
}

impl Files {
    pub(crate) fn put(&mut self, name: &str, content: Bytes, is_gzipped: bool) -> String {
        let path = format!("/files/{name}");
        let url = format!("{ORIGIN}{path}");
        let stored = Stored { content, is_gzipped };
        self.by_path.insert(path, stored);
        url
    }

    pub(crate) fn ignore_ranges(&mut self, ignored: bool) {
        self.ignores_ranges = ignored;
    }

    /// Answers a request for a file, but one that holds a key with 403.
    pub(crate) fn answer(
        &mut self,
        request: &Request<Bytes>,
        keys: &BTreeSet<String>,
        now: DateTime<Utc>,
    ) -> FileAnswer {
        let held_key = holds_key(request, keys);
        let mut was_expired = false;
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        let answer = if held_key {
            denied("The request holds an API key, which is none of this server's business")
        } else if path.starts_with(ELSEWHERE) {
            // A client that follows a redirect here gets no error: the rows are simply missing.
            let mut response = Response::new(Bytes::from_static(b"[]"));
            set(response.headers_mut(), header::CONTENT_TYPE, JSON);
            Answer::whole(response)
        } else if !matches!(*request.method(), Method::GET | Method::HEAD) {
            failed(
                StatusCode::METHOD_NOT_ALLOWED,
                "MethodNotAllowed",
                "Files are only read",
            )
        } else if let Some(content) = self.find(path, query) {
            was_expired = !self
                .links
                .allow(request.uri(), request.method() == Method::GET, now);
            if was_expired {
                denied("Request has expired")
            } else {
                self.send(request, content)
            }
        } else {
            failed(
                StatusCode::NOT_FOUND,
                "NoSuchKey",
                "The specified key does not exist",
            )
        };
        FileAnswer {
            answer,
            held_key,
            was_expired,
        }
    }

    /// What a path and query mean: `/files/NAME` is what a test has put there; `/failed/ID.json?rows=N` and
    /// `/payload/ID.json?rows=N` are entries made from the id; `/bytes/N` is N random bytes.
    fn find(&self, path: &str, query: &str) -> Option<Content> {
        if let Some(stored) = self.by_path.get(path) {
            return Some(Content::Bytes(stored.content.clone()));
        }
        let (folder, name) = path.strip_prefix('/')?.split_once('/')?;
        if folder == "bytes" {
            let len = name.parse().ok()?;
            return Some(Content::Noise(Noise::new(len)));
        }
        let have_failed = match folder {
            "failed" => true,
            "payload" => false,
            _ => return None,
        };
        let id: Uuid = name.strip_suffix(".json")?.parse().ok()?;
        let rows = query.split('&').find_map(|pair| pair.strip_prefix("rows="));
        let count = rows.map_or(Some(1), |rows| rows.parse().ok())?;
        Some(Content::Records(Records {
            seed: digest([id.as_bytes().as_slice()]),
            count: Ord::min(count, MAX_RECORDS),
            have_failed,
        }))
    }

    /// The content, or the part of it that is asked for (RFC 9110, section 14).
    fn send(&self, request: &Request<Bytes>, content: Content) -> Answer {
        let len = content.len();
        let etag = format!("\"{:016x}\"", content.digest());
        let requested = if self.ignores_ranges || request.method() != Method::GET {
            Requested::All
        } else {
            Requested::read(request.headers(), len, &etag)
        };
        let (status, range) = match requested {
            Requested::All => (StatusCode::OK, 0..len),
            Requested::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
            Requested::Unsatisfiable => (StatusCode::RANGE_NOT_SATISFIABLE, 0..0),
        };
        let mut response = Response::new(());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let content_type = match &content {
            Content::Noise(_) => HeaderValue::from_static("application/octet-stream"),
            _ => JSON,
        };
        set(headers, header::CONTENT_TYPE, content_type);
        if !self.ignores_ranges {
            set(headers, header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        }
        let stored = self.by_path.get(request.uri().path());
        if stored.is_some_and(|stored| stored.is_gzipped) {
            set(
                headers,
                header::CONTENT_ENCODING,
                HeaderValue::from_static("gzip"),
            );
        }
        set_text(headers, header::ETAG, &etag);
        match status {
            StatusCode::PARTIAL_CONTENT => {
                let last = range.end.saturating_sub(1);
                set_text(
                    headers,
                    header::CONTENT_RANGE,
                    &format!("bytes {}-{last}/{len}", range.start),
                );
            }
            StatusCode::RANGE_NOT_SATISFIABLE => {
                set_text(headers, header::CONTENT_RANGE, &format!("bytes */{len}"));
            }
            _ => {}
        }
        let range = if request.method() == Method::HEAD {
            set(headers, header::CONTENT_LENGTH, HeaderValue::from(len));
            0..0
        } else {
            range
        };
        Answer {
            head: response.into_parts().0,
            content,
            range,
            delivery: Delivery::Whole,
            delay: std::time::Duration::ZERO,
        }
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: HeaderValue) {
    headers.insert(name, value);
}

fn set_text(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    // Digits, hexadecimal digits and punctuation: always a header's value.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// A key must not come here in any way: as a header, in the URL (encoded or not), in the body.
pub(crate) fn holds_key(request: &Request<Bytes>, keys: &BTreeSet<String>) -> bool {
    if request.headers().contains_key(header::AUTHORIZATION) {
        return true;
    }
    let uri = request.uri().to_string();
    let decoded: Vec<u8> = percent_decode_str(&uri).collect();
    let headers = request.headers().values().map(HeaderValue::as_bytes);
    let mut places = headers.chain([uri.as_bytes(), &decoded, request.body()]);
    places.any(|place| {
        let holds = |key: &String| memchr::memmem::find(place, key.as_bytes()).is_some();
        keys.iter().filter(|key| !key.is_empty()).any(holds)
    })
}

fn denied(message: &str) -> Answer {
    failed(StatusCode::FORBIDDEN, "AccessDenied", message)
}

/// An error as object stores write it.
fn failed(status: StatusCode, code: &str, message: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let xml = HeaderValue::from_static("application/xml");
    set(response.headers_mut(), header::CONTENT_TYPE, xml);
    Answer::whole(response)
}

#[cfg(test)]
mod tests;
