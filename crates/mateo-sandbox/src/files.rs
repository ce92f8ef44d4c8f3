//! The files' origin: what `failed_url` and `payload_url` of the sandbox's rows point at.

mod link;
mod range;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use uuid::Uuid;

pub use link::Expiry;
pub(crate) use link::{FILES_HOST, Links, ORIGIN};

use crate::content::{Content, Records};
use crate::counters::Counters;
use crate::fault::ELSEWHERE;
use crate::random::digest;
use crate::reply::{Answer, page};
use range::Requested;

/// The most entries a file has whose content follows from its name: more would not fit its lines.
const MAX_RECORDS: u64 = 1_000_000_000;

/// The files and the links to them.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) links: Links,
    by_path: BTreeMap<String, Stored>,
    pub(crate) ignores_ranges: bool,
}

/// A file that a test has put there.
#[derive(Debug)]
struct Stored {
    content: Bytes,
    is_gzipped: bool,
}

impl Files {
    pub(crate) fn put(&mut self, name: &str, content: Bytes, is_gzipped: bool) -> String {
        let path = format!("/files/{name}");
        let url = format!("{ORIGIN}{path}");
        let stored = Stored { content, is_gzipped };
        self.by_path.insert(path, stored);
        url
    }

    /// Answers a request for a file, but one that holds a key with 403.
    pub(crate) fn answer(
        &mut self,
        request: &Request<Bytes>,
        keys: &BTreeSet<String>,
        now: DateTime<Utc>,
        counters: &mut Counters,
    ) -> Answer {
        let (uri, method) = (request.uri(), request.method());
        let is_elsewhere = uri.path().starts_with(ELSEWHERE);
        counters.followed_redirects += u64::from(is_elsewhere);
        if holds_key(request, keys) {
            counters.leaked_keys += 1;
            return denied("The request holds an API key, which is none of this server's business");
        }
        if is_elsewhere {
            // A client that follows a redirect here gets no error: the rows are simply missing.
            return page(StatusCode::OK, JSON, "[]").into();
        }
        if !matches!(*method, Method::GET | Method::HEAD) {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            return failed(status, "MethodNotAllowed", "Files are only read");
        }
        let Some(content) = self.find(uri.path(), uri.query().unwrap_or_default()) else {
            let message = "The specified key does not exist";
            return failed(StatusCode::NOT_FOUND, "NoSuchKey", message);
        };
        if !self.links.allow(uri, method == Method::GET, now) {
            counters.expired_links += 1;
            return denied("Request has expired");
        }
        self.send(request, content)
    }

    /// What a path and query mean: `/files/NAME` is what a test has put there; `/failed/ID.json?rows=N` and
    /// `/payload/ID.json?rows=N` are entries made from the id; `/bytes/N` is N random bytes.
    fn find(&self, path: &str, query: &str) -> Option<Content> {
        if let Some(stored) = self.by_path.get(path) {
            return Some(Content::Bytes(stored.content.clone()));
        }
        let (folder, name) = path.strip_prefix('/')?.split_once('/')?;
        if folder == "bytes" {
            return name.parse().ok().map(Content::Noise);
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
        let (status, range, content_range) = match requested {
            Requested::All => (StatusCode::OK, 0..len, None),
            Requested::Part(range) => {
                let (first, last) = (range.start, range.end.saturating_sub(1));
                let content_range = format!("bytes {first}-{last}/{len}");
                (StatusCode::PARTIAL_CONTENT, range, Some(content_range))
            }
            Requested::Unsatisfiable => {
                let content_range = format!("bytes */{len}");
                (StatusCode::RANGE_NOT_SATISFIABLE, 0..0, Some(content_range))
            }
        };
        let content_type = match &content {
            Content::Noise(_) => "application/octet-stream",
            _ => JSON,
        };
        let mut response = Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, content_type)
            .header(header::ETAG, etag);
        if let Some(content_range) = content_range {
            response = response.header(header::CONTENT_RANGE, content_range);
        }
        if !self.ignores_ranges {
            response = response.header(header::ACCEPT_RANGES, "bytes");
        }
        let stored = self.by_path.get(request.uri().path());
        if stored.is_some_and(|stored| stored.is_gzipped) {
            response = response.header(header::CONTENT_ENCODING, "gzip");
        }
        let is_head = request.method() == Method::HEAD;
        if is_head {
            response = response.header(header::CONTENT_LENGTH, len);
        }
        // All of them are a header's value.
        let response = response.body(Bytes::new()).unwrap_or_default();
        Answer {
            content,
            range: if is_head { 0..0 } else { range },
            ..response.into()
        }
    }
}

const JSON: &str = "application/json";

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
    page(status, "application/xml", body).into()
}

#[cfg(test)]
mod tests;
