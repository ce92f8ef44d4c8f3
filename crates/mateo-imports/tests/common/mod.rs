//! What the tests share: clients of a sandbox in process, rows, and seeds.

#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use mateo_imports::{ApiKey, Client, KeyBudget, PipelineBuilder};
use mateo_sandbox::{Endpoint, EndpointBuilder, Limits, Row, Sandbox, SandboxTransport};
use uuid::Uuid;

/// When the sandbox's rows begin.
pub(crate) fn start() -> DateTime<Utc> {
    "2025-01-01T00:00:00Z".parse().unwrap()
}

/// The id of row `number`, in an order that is not that of the numbers.
pub(crate) fn id(number: u64) -> Uuid {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Uuid::from_u128(u128::from(mixed) << 64 | u128::from(number))
}

/// Row `number`, with ties and NULLs in every column that can have them.
pub(crate) fn row(number: u64) -> Row {
    let at = start() + TimeDelta::seconds(i64::try_from(number / 3).unwrap());
    let small = i32::try_from(number % 7).unwrap();
    let row = Row::import(id(number), at)
        .set(
            "type",
            ["contact_details", "deal_details", "appointment_details"]
                [usize::try_from(number % 7 % 3).unwrap()],
        )
        .set("reference_id", format!("ERP, \"{}\"", number % 11))
        .set("total_count", small * 10)
        .set("success_count", small);
    match number % 5 {
        0 => row.set("reference_id", None::<String>).set("failed_count", 0),
        1 => row
            .set("total_count", None::<i32>)
            .set("payload", serde_json::json!({ "n": small, "s": [number % 4] })),
        _ => row.set("contact_list_id", id(number % 13).to_string()),
    }
}

pub(crate) fn sandbox(numbers: Range<u64>) -> Sandbox {
    let sandbox = Sandbox::new();
    for number in numbers {
        sandbox.insert(row(number)).unwrap();
    }
    sandbox
}

/// An endpoint with the rows of these numbers and no limits.
pub(crate) fn endpoint(numbers: Range<u64>, max_rows: u64) -> EndpointBuilder {
    Endpoint::builder(sandbox(numbers).max_rows(max_rows))
        .limits(Limits::none())
        .starting_at(start())
}

/// A client of the endpoint that may ask as often as it likes.
pub(crate) fn client_builder(endpoint: &Endpoint) -> PipelineBuilder<Client, mateo_imports::Error> {
    Client::builder(ApiKey::new("a-key"))
        .base_url(SandboxTransport::BASE_URL)
        .transport(SandboxTransport::new(endpoint.clone()))
        .budget(KeyBudget::unlimited())
}

pub(crate) fn client(endpoint: &Endpoint) -> Client {
    client_builder(endpoint).build().unwrap()
}

/// The seeds of a randomised test: `default` of them, or `MATEO_SEEDS`; only `MATEO_SEED` where a failure is to be
/// repeated.
pub(crate) fn seeds(default: u64) -> Vec<u64> {
    match number("MATEO_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("MATEO_SEEDS").unwrap_or(default)).collect(),
    }
}

/// How many rows a randomised test has: `default`, or `MATEO_ROWS`.
pub(crate) fn size(default: u64) -> u64 {
    number("MATEO_ROWS").unwrap_or(default)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Numbers that look random and follow from a seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
