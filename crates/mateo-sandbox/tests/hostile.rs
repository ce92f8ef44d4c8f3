//! Requests that nobody should send: whatever they are, there is an answer, and a refusal is the request's fault.
#![allow(clippy::unwrap_used, reason = "a test that can't read its data has failed")]

#[path = "conformance/exchange.rs"]
#[allow(dead_code, reason = "the exchanges are only taken as seeds here")]
mod exchange;

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode};
use mateo_sandbox::Sandbox;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What query strings are made of, and what breaks them.
const PIECES: &[&str] = &[
    "select",
    "order",
    "limit",
    "offset",
    "or",
    "and",
    "not.",
    "id",
    "created_at",
    "type",
    "payload",
    "total_count",
    "reference_id",
    "nope",
    "=",
    "&",
    ";",
    "eq.",
    "neq.",
    "gt.",
    "lte.",
    "like.",
    "ilike.",
    "match.",
    "imatch.",
    "in.",
    "is.",
    "isdistinct.",
    "cs.",
    "cd.",
    "ov.",
    "sl.",
    "fts.",
    "eq(any).",
    "like(all).",
    "->",
    "->>",
    "::",
    "int",
    "text",
    "date",
    "jsonb",
    "*",
    "(",
    ")",
    ",",
    ".",
    ":",
    "{",
    "}",
    "[",
    "]",
    "%22",
    "%5C",
    "%00",
    "%FF",
    "%",
    "+",
    "-",
    "0",
    "1",
    "-1",
    "2147483648",
    "99999999999999999999",
    "1e400",
    "null",
    "true",
    "infinity",
    "2025-01-01",
    "20250101",
    "T24:00:00",
    "%7B%22a%22:1%7D",
    "%C3%A4",
    "%F0%9F%98%80",
    "asc",
    "desc",
    ".nullsfirst",
    "count()",
    "count",
    "...",
    "?",
    "a",
    "x{2}",
    "%5B",
    "(?:",
    "deal_details",
    "d419c772-3226-4b94-bc3a-e353fb14628e",
];

const HEADERS: &[(&str, &[&str])] = &[
    (
        "accept",
        &[
            "*/*",
            "application/json",
            "application/vnd.pgrst.object+json",
            "text/csv",
            ",",
            ";q=x",
            "a/b;q=2",
        ],
    ),
    (
        "prefer",
        &[
            "count=exact",
            "count=planned",
            "count=estimated",
            "handling=strict",
            "x",
            "count=exact,handling=strict,y=1",
        ],
    ),
    (
        "range",
        &[
            "0-9",
            "5-2",
            "-5",
            "0-",
            "999999999999999999999999999999999999999999-",
            "0-18446744073709551615",
            "a",
        ],
    ),
];

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| exchange::recorded().unwrap());

static RECORDED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let exchanges = exchange::exchanges().unwrap();
    exchanges.into_iter().map(|exchange| exchange.query).collect()
});

/// Pieces in any sequence.
fn soup() -> impl Strategy<Value = String> {
    vec(select(PIECES), 0..24).prop_map(|pieces| pieces.concat())
}

/// A query that was once sent, with a few pieces put in, left out or put elsewhere.
fn mutated() -> impl Strategy<Value = String> {
    let changes = vec((any::<Index>(), any::<Index>(), select(PIECES)), 0..5);
    (any::<Index>(), changes).prop_map(|(seed, changes)| {
        let mut query: Vec<char> = seed.get(&RECORDED).chars().collect();
        for (from, to, piece) in changes {
            let (from, to) = (from.index(query.len() + 1), to.index(query.len() + 1));
            let range = from.min(to)..from.max(to).min(from.min(to) + 6);
            query.splice(range, piece.chars());
        }
        query.into_iter().collect()
    })
}

fn request(method: &str, query: &str, headers: &[(&str, &str)]) -> Option<Request<Bytes>> {
    let uri = format!(
        "{}?{}",
        Sandbox::PATH,
        query.replace('>', "%3E").replace('"', "%22")
    );
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, HeaderValue::from_str(value).ok()?);
    }
    // What can't be a request at all concerns only HTTP's own reader.
    request.body(Bytes::new()).ok()
}

/// The status, after a look at whether the answer makes sense.
fn status_of(request: &Request<Bytes>) -> StatusCode {
    let response = SANDBOX.handle(request, chrono::DateTime::UNIX_EPOCH);
    let (status, body) = (response.status(), response.body());
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        assert_eq!(body, "Something went wrong", "{}", request.uri());
        let query = request.uri().query().unwrap_or_default();
        let decoded: Vec<u8> = percent_encoding::percent_decode_str(query).collect();
        assert!(String::from_utf8(decoded).is_err(), "{query}");
        return status;
    }
    assert!(!status.is_server_error(), "{status} for {}", request.uri());
    let json: serde_json::Value = serde_json::from_slice(body).unwrap();
    if status.is_success() {
        assert!(json.is_array() || json.is_object());
    } else {
        assert_eq!(json["status"], status.as_u16(), "{json}");
        assert!(json["code"].is_string() && json["message"].is_string(), "{json}");
    }
    status
}

proptest! {
    #[test]
    fn every_request_has_an_answer(
        query in prop_oneof![soup(), mutated()],
        headers in vec((0..HEADERS.len(), any::<Index>()), 0..3),
    ) {
        let headers: Vec<_> = headers
            .into_iter()
            .map(|(header, value)| (HEADERS[header].0, *value.get(HEADERS[header].1)))
            .collect();
        if let Some(request) = request("GET", &query, &headers) {
            status_of(&request);
        }
    }
}

#[test]
fn what_is_too_long_or_too_deep_is_refused() {
    let of = |query: &str| status_of(&request("GET", query, &[]).unwrap());
    let deep = |open: &str, inside: &str, close: &str, depth: usize| {
        format!("{}{inside}{}", open.repeat(depth), close.repeat(depth))
    };
    assert_eq!(
        of(&format!("or={}", deep("(and", "(id.is.null)", ")", 1_000))),
        400
    );
    assert_eq!(of(&format!("payload=eq.{}", deep("[", "", "]", 5_000))), 400);
    assert_eq!(
        of(&format!("payload=cs.{}", deep("%7B%22a%22:", "1", "%7D", 1_000))),
        400
    );
    assert_eq!(
        of(&format!("reference_id=match.{}", deep("(", "a", ")", 5_000))),
        400
    );
    assert_eq!(of(&format!("id=eq(any).{}", deep("{", "1", "}", 5_000))), 400);
    assert_eq!(of(&format!("total_count=in.({}1)", "1,".repeat(20_000))), 414);
    assert_eq!(of(&format!("select={}id", "id,".repeat(2_000))), 400);
    assert_eq!(of(&format!("total_count=in.({}1)", "1,".repeat(5_000))), 200);
}

#[test]
fn requests_beside_the_endpoint_are_refused() {
    let status = |method, path: &str| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Bytes::new())
            .unwrap();
        status_of(&request)
    };
    assert_eq!(status("GET", "/api/v1/import"), 200);
    assert_eq!(status("GET", "/api/v1/imports"), 404);
    assert_eq!(status("GET", "/"), 404);
    assert_eq!(status("POST", "/api/v1/import"), 405);
    assert_eq!(status("DELETE", "/api/v1/import?id=is.null"), 405);
}

#[test]
fn rows_with_anything_in_them_are_answered() {
    let empty = Sandbox::new();
    let request = request("GET", "order=id&payload->a=eq.1", &[("prefer", "count=exact")]).unwrap();
    let response = empty.handle(&request, chrono::DateTime::UNIX_EPOCH);
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-range"], "*/0");
    assert_eq!(response.body(), "[]");
}
