//! Every recorded exchange of a real PostgREST on a real PostgreSQL, answered by the sandbox over the same rows.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use bytes::Bytes;
use mateo_sandbox::Sandbox;
use serde_json::Value;

/// What was recorded: see `conformance/README.md`.
#[derive(serde::Deserialize)]
struct Exchange {
    id: Value,
    group: String,
    method: String,
    query: String,
    headers: BTreeMap<String, String>,
    status: u16,
    content_range: Option<String>,
    content_type: Option<String>,
    body: Value,
}

fn data(name: &str) -> BufReader<File> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("conformance")
        .join(name);
    BufReader::new(File::open(path).unwrap())
}

fn exchanges() -> Vec<Exchange> {
    let lines = std::io::BufRead::lines(data("exchanges.jsonl"));
    lines
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect()
}

fn request(exchange: &Exchange) -> http::Request<Bytes> {
    // What `http::Uri` can't hold as it stands.
    let uri = format!("{}?{}", Sandbox::PATH, exchange.query.replace('>', "%3E"));
    let mut request = http::Request::builder().method(exchange.method.as_str()).uri(uri);
    for (name, value) in &exchange.headers {
        request = request.header(name, value);
    }
    request.body(Bytes::new()).unwrap()
}

/// What differs between the recorded answer and `response`, in what a client can rely on.
fn difference(exchange: &Exchange, response: &http::Response<Bytes>) -> Option<String> {
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap());
    let body = String::from_utf8_lossy(response.body());
    let body: Value = match serde_json::from_str(&body) {
        Ok(json) => json,
        Err(_) if body.is_empty() => Value::Null,
        Err(_) => Value::String(body.into_owned()),
    };
    if response.status() != exchange.status {
        return Some(format!(
            "status {} for {}: {body}",
            response.status(),
            exchange.status
        ));
    }
    if header("content-range") != exchange.content_range.as_deref() {
        return Some(format!("content-range {:?}", header("content-range")));
    }
    if header("content-type") != exchange.content_type.as_deref() {
        return Some(format!("content-type {:?}", header("content-type")));
    }
    let same = if exchange.status >= 400 {
        body.get("code") == exchange.body.get("code")
    } else {
        body == exchange.body
    };
    (!same).then(|| format!("body {body}"))
}

#[test]
fn the_sandbox_answers_as_the_recorded_server() {
    let sandbox = Sandbox::from_jsonl(data("rows.jsonl")).unwrap();
    let exchanges = exchanges();
    assert_eq!(exchanges.len(), 2416);
    let differences: Vec<String> = exchanges
        .iter()
        .filter_map(|exchange| {
            let response = sandbox.handle(&request(exchange), chrono::DateTime::UNIX_EPOCH);
            let difference = difference(exchange, &response)?;
            let mut told = format!(
                "{} ({}): {} {} {:?}: {difference}",
                exchange.id, exchange.group, exchange.method, exchange.query, exchange.headers
            );
            told.truncate(told.floor_char_boundary(600));
            Some(told)
        })
        .collect();
    assert!(
        differences.is_empty(),
        "{} differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}
