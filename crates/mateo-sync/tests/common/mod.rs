//! What the tests share: a sandbox whose rows are known, clients of it, and the comparison of a copy with it.

#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use mateo_imports::{ApiKey, ChangesCursor, Client, KeyBudget, Retry};
use mateo_sandbox::{Endpoint, EndpointBuilder, Limits, Row, Sandbox, SandboxTransport};
use mateo_sync::{Batch, Columns, State, Store};
use serde_json::Value;
use uuid::Uuid;

/// When the sandbox's rows begin.
pub(crate) fn start() -> DateTime<Utc> {
    "2025-01-01T00:00:00Z".parse().unwrap()
}

/// The organisation of the sandbox's rows.
pub(crate) const ORGANISATION: Uuid = Uuid::nil();

/// The id of row `number`, in an order that is not that of the numbers.
pub(crate) fn id(number: u64) -> Uuid {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Uuid::from_u128(u128::from(mixed) << 64 | u128::from(number))
}

/// Row `number`, with ties and NULLs in every column that can have them, and with columns that no release knows.
pub(crate) fn row(number: u64) -> Row {
    let at = start() + TimeDelta::seconds(i64::try_from(number / 3).unwrap()) + TimeDelta::microseconds(7);
    let small = i32::try_from(number % 7).unwrap();
    let row = Row::import(id(number), at)
        .set("reference_id", format!("ERP, \"{}\"", number % 11))
        .set("total_count", small * 10)
        .set("success_count", small);
    match number % 5 {
        0 => row.set("reference_id", None::<String>).set("failed_count", 0),
        1 => row.set(
            "payload",
            serde_json::json!({ "n": small, "s": [number % 4, "é'\\"] }),
        ),
        2 => row.set("total_count", None::<i32>),
        _ => row.set("contact_list_id", id(number % 13).to_string()),
    }
}

pub(crate) fn sandbox(numbers: impl IntoIterator<Item = u64>) -> Sandbox {
    let sandbox = Sandbox::new();
    for number in numbers {
        sandbox.insert(row(number)).unwrap();
    }
    sandbox
}

/// An endpoint with the rows of these numbers and no limits, long after the rows were made.
pub(crate) fn endpoint(numbers: impl IntoIterator<Item = u64>) -> EndpointBuilder {
    Endpoint::builder(sandbox(numbers))
        .limits(Limits::none())
        .starting_at(start() + TimeDelta::days(30))
}

/// A client of the endpoint that may ask as often as it likes, and tries nothing again.
pub(crate) fn client(endpoint: &Endpoint) -> Client {
    Client::builder(ApiKey::new("a-key"))
        .base_url(SandboxTransport::BASE_URL)
        .transport(SandboxTransport::new(endpoint.clone()))
        .budget(KeyBudget::unlimited())
        .retry(Retry::none())
        .build()
        .unwrap()
}

/// Changes a row at a time.
pub(crate) fn update(endpoint: &Endpoint, number: u64, at: DateTime<Utc>) {
    let changes = Row::new()
        .set("updated_at", at)
        .set("reference_id", format!("changed {at}"));
    assert!(endpoint.sandbox().update(id(number), changes).unwrap());
}

/// Fills a store as a run would that read everything, without the requests.
pub(crate) async fn fill<S: Store>(store: &mut S, endpoint: &Endpoint) {
    let columns = store.columns().clone();
    let mut state = State::default();
    state.cursor = Some(ChangesCursor::since(endpoint.now()));
    state.filled = true;
    state.organisations = [ORGANISATION].into();
    let all = endpoint.sandbox().rows();
    for part in all.chunks(500) {
        let read = |row: &serde_json::Map<String, Value>| {
            mateo_sync::Row::read(&serde_json::to_string(row).unwrap(), &columns).unwrap()
        };
        let batch = Batch {
            rows: part.iter().map(read).collect(),
            state: Some(state.clone()),
            ..Batch::default()
        };
        store.apply(batch).await.unwrap();
    }
}

/// The rows of a copy that are not deleted, by id.
pub(crate) async fn live<S: Store>(store: &mut S) -> BTreeMap<String, Value> {
    let columns = store.columns().clone();
    let mut all = BTreeMap::new();
    let mut after = None;
    loop {
        let part = store.rows(after, 500).await.unwrap();
        let Some(last) = part.last() else { return all };
        after = Some(last.row.id);
        for stored in part.iter().filter(|stored| stored.deleted_at.is_none()) {
            all.insert(stored.row.id.to_string(), json(&stored.row, &columns));
        }
    }
}

fn json(row: &mateo_sync::Row, columns: &Columns) -> Value {
    serde_json::from_str(&row.to_json(columns)).unwrap()
}

/// The rows of the server, by id, written as a copy writes them.
pub(crate) fn served(endpoint: &Endpoint, columns: &Columns) -> BTreeMap<String, Value> {
    let all = endpoint.sandbox().rows();
    all.iter()
        .map(|row| {
            let row = mateo_sync::Row::read(&serde_json::to_string(row).unwrap(), columns).unwrap();
            (row.id.to_string(), json(&row, columns))
        })
        .collect()
}

/// Fails where the copy is not the server's table, row by row.
pub(crate) async fn assert_equal<S: Store>(store: &mut S, endpoint: &Endpoint, context: &str) {
    let columns = store.columns().clone();
    let (copy, server) = (live(store).await, served(endpoint, &columns));
    for (id, row) in &server {
        assert_eq!(copy.get(id), Some(row), "{context}");
    }
    assert_eq!(copy.len(), server.len(), "{context}: the copy has rows too many");
}

/// The seeds of a randomised test: `default` of them, or `MATEO_SEEDS`; only `MATEO_SEED` where a failure is to be
/// repeated.
pub(crate) fn seeds(default: u64) -> Vec<u64> {
    match number("MATEO_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("MATEO_SEEDS").unwrap_or(default)).collect(),
    }
}

pub(crate) fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Numbers that look random and follow from a seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
