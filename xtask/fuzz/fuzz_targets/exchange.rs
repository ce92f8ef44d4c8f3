//! Any request to the sandbox: it answers, and never with a status that blames itself, but where the real server does.
//!
//! The first line of the input is the query string, each further one a header.
#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use chrono::DateTime;
use http::{HeaderValue, Method, Request, header::HeaderName};
use libfuzzer_sys::fuzz_target;
use mateo_sandbox::Sandbox;

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| {
    let rows: &[u8] = include_bytes!("../../../crates/mateo-sandbox/conformance/rows.jsonl");
    Sandbox::from_jsonl(rows).expect("the recorded rows")
});

fuzz_target!(|text: &str| {
    let mut lines = text.lines();
    let uri = format!("{}?{}", Sandbox::PATH, lines.next().unwrap_or_default());
    let Ok(mut request) = Request::get(uri).body(Bytes::new()) else {
        return;
    };
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name == "method" {
            let Ok(method) = value.parse::<Method>() else {
                return;
            };
            *request.method_mut() = method;
        } else if let (Ok(name), Ok(value)) =
            (name.parse::<HeaderName>(), HeaderValue::from_str(value.trim()))
        {
            request.headers_mut().append(name, value);
        }
    }
    let response = SANDBOX.handle(&request, DateTime::UNIX_EPOCH);
    // The one that was recorded: the real server blames itself for a query that is no UTF-8.
    let recorded = response.body() == "Something went wrong" || request.method() == Method::HEAD;
    assert!(
        !response.status().is_server_error() || recorded,
        "{}: {}",
        response.status(),
        String::from_utf8_lossy(response.body())
    );
});
