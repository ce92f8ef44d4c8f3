//! The blocking client can what the async one can.

use std::collections::BTreeSet;

use super::Client;
use crate::{ApiKey, Error};

/// The names of the public functions of a type: in its `impl` blocks that say nothing of what runs it. The settings of a request
/// are in another one, which both clients share.
fn functions<'s>(source: &'s str, name: &str) -> BTreeSet<&'s str> {
    let heads = [format!(" {name} {{"), format!(" {name}<T> {{")];
    let mut names = BTreeSet::new();
    let mut is_inside = false;
    for line in source.lines() {
        if line.starts_with("impl") {
            is_inside = heads.iter().any(|head| line.ends_with(head)) && !line.contains(" for ");
        }
        let line = line.trim_start();
        let declared = line
            .strip_prefix("pub fn ")
            .or_else(|| line.strip_prefix("pub async fn "));
        if is_inside && let Some(declared) = declared {
            names.extend(declared.split(['(', '<']).next());
        }
    }
    names
}

#[test]
fn every_method_of_the_async_client_has_a_blocking_one() {
    let requests = include_str!("requests.rs");
    for (asynchronous, blocking, name, count) in [
        (
            include_str!("../client.rs"),
            include_str!("client.rs"),
            "Client",
            13,
        ),
        (include_str!("../list.rs"), requests, "ListRequest", 6),
        (include_str!("../changes.rs"), requests, "ChangesRequest", 2),
        (include_str!("../wait.rs"), requests, "WaitRequest", 2),
        (include_str!("../download.rs"), requests, "Download", 4),
    ] {
        let mut expected = functions(asynchronous, name);
        assert_eq!(expected.len(), count, "{name}: {expected:?}");
        if expected.remove("stream") {
            expected.insert("iter");
        }
        let offered = functions(blocking, name);
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
