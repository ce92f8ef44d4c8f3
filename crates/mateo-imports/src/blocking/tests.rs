//! The blocking client can what the async one can.

use std::collections::BTreeSet;

use super::Client;
use crate::{ApiKey, Error};

/// The names of the public functions in a file, those of `settings!` included.
fn functions(source: &str) -> BTreeSet<&str> {
    source
        .lines()
        .filter_map(|line| {
            let line = line.trim_start();
            let declared = line
                .strip_prefix("pub fn ")
                .or_else(|| line.strip_prefix("pub async fn "));
            let set = line
                .strip_suffix(");")
                .filter(|line| !line.contains(['.', '=', '|', '!']));
            let name = declared.or(set)?.split(['(', '<']).next()?;
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
                .then_some(name)
        })
        .collect()
}

/// What a request offers, from its type's definition to the next one.
fn part<'s>(source: &'s str, name: &str) -> &'s str {
    let heads = [' ', '<', '('].map(|after| format!("pub struct {name}{after}"));
    let start = heads.iter().find_map(|head| source.find(head)).unwrap();
    let rest = &source[start..];
    let end = rest[1..].find("\npub struct ").map_or(rest.len(), |end| end + 1);
    &rest[..end]
}

#[test]
fn every_method_of_the_async_client_has_a_blocking_one() {
    let requests = include_str!("requests.rs");
    let pairs = [
        (include_str!("../client.rs"), include_str!("client.rs"), "Client"),
        (include_str!("../list.rs"), requests, "ListRequest"),
        (include_str!("../changes.rs"), requests, "ChangesRequest"),
        (include_str!("../wait.rs"), requests, "WaitRequest"),
        (
            include_str!("../download.rs"),
            include_str!("download.rs"),
            "Download",
        ),
    ];
    for (asynchronous, blocking, name) in pairs {
        let mut expected = functions(part(asynchronous, name));
        assert!(expected.len() > 3, "{name}: {expected:?}");
        if expected.remove("stream") {
            expected.insert("iter");
        }
        let offered = functions(part(blocking, name));
        let missing: Vec<_> = expected.difference(&offered).collect();
        assert!(missing.is_empty(), "blocking::{name} lacks {missing:?}");
    }
}

#[tokio::test]
async fn within_a_runtime_it_is_an_error_and_can_be_dropped() {
    let client = Client::new(ApiKey::new("a-key"));
    let error: Error = client.list().all().unwrap_err();
    assert!(
        error.is_usage() && error.to_string().contains("within an async runtime"),
        "{error}"
    );
    let mut rows = client.list().iter();
    assert!(rows.next().unwrap().is_err());
    assert!(rows.next().is_none(), "a loop over it ends");
}
