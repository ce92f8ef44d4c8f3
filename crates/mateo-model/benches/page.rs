//! How long it takes from the body of a page to its rows and the next request, beside what a user would otherwise write:
//! a derived struct for the rows, and a `Vec<Value>` for the keys of the last one. `cargo bench -p mateo-model --bench page`.
//!
//! All ways of reading a page take turns in one run, so that what disturbs one disturbs the others; the figures are the
//! medians, and the ratios are those of the medians.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its table and may stop on a bad page"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use mateo_model::{Import, ImportQuery, Page, RawJson, driver::Listing};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// 50 rows as the server sends them.
const PAGE: &str = include_str!("../tests/data/page.json");

/// How long each page is read for.
const BUDGET: Duration = Duration::from_secs(3);

/// How long one way of reading has its turn: short, so that on a busy machine most turns are not interrupted.
const TURN: Duration = Duration::from_micros(500);

/// What one would write by hand: the 13 columns, and nothing for a newer one.
#[derive(Deserialize)]
#[expect(dead_code, reason = "only reading it is timed")]
struct Plain {
    id: Uuid,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    organisation_id: Uuid,
    r#type: PlainType,
    payload: Option<Value>,
    contact_list_id: Option<Uuid>,
    failed_url: Option<String>,
    payload_url: Option<String>,
    total_count: Option<i32>,
    success_count: Option<i32>,
    failed_count: Option<i32>,
    reference_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "the server's names")]
enum PlainType {
    ContactDetails,
    DealDetails,
    AppointmentDetails,
}

fn main() {
    // `cargo test --all-targets` runs benches too: then each way reads each page once, to show that it can.
    let budget = if std::env::args().any(|argument| argument == "--bench") {
        BUDGET
    } else {
        Duration::ZERO
    };
    let today = with_columns(
        r#","newer":["an email is missing"],"contact_list_external_id":null,"allow_deal_reassignment":false"#,
    );
    println!("median time, and its ratio to the derived struct and Vec<Value> together\n");
    for (name, rows) in [
        ("13 columns", &with_columns("")),
        ("16 columns, 3 of them unknown", &today),
    ] {
        compare(&format!("50 rows, {name}"), rows, 50, budget);
        compare(
            &format!("10,000 rows, {name}"),
            &repeated(rows, 200),
            10_000,
            budget,
        );
    }
}

fn compare(name: &str, page: &str, rows: u64, budget: Duration) {
    let body = page.as_bytes();
    let by_hand = || {
        let rows = serde_json::from_slice::<Vec<Plain>>(black_box(body)).unwrap();
        let keys = serde_json::from_slice::<Vec<Value>>(black_box(body)).unwrap();
        let last = keys.last().unwrap();
        let next = format!("id=gt.{}", last["id"]);
        black_box((rows, next));
    };
    let listing = Listing::new(ImportQuery::new()).page_rows(rows);
    let request = listing.next_page().unwrap();
    let ours = || {
        let page = request.read::<Import>(black_box(body)).unwrap();
        let mut listing = listing.clone();
        listing
            .page_arrived(page.texts(body), "0-49/100000".parse().ok())
            .unwrap();
        let next = listing.next_page().unwrap().query.to_query_string().unwrap();
        assert!(page.bad_rows.is_empty());
        black_box((page, next));
    };
    let ways: [(&str, &dyn Fn()); 6] = [
        ("struct and Vec<Value>", &by_hand),
        ("  the struct alone", &|| {
            black_box(serde_json::from_slice::<Vec<Plain>>(black_box(body)).unwrap());
        }),
        ("  Vec<Value> alone", &|| {
            black_box(serde_json::from_slice::<Vec<Value>>(black_box(body)).unwrap());
        }),
        ("rows and next request", &ours),
        ("  Page<Import> alone", &|| {
            black_box(Page::<Import>::read(black_box(body)).unwrap());
        }),
        ("  Page<RawJson> alone", &|| {
            black_box(Page::<RawJson>::read(black_box(body)).unwrap());
        }),
    ];
    let medians = medians(&ways.map(|(_, way)| way), budget);
    println!("{name}, {} bytes", body.len());
    for ((way, _), median) in ways.iter().zip(&medians) {
        let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
        println!("  {way:<24}{:>12.1} us{ratio:>8.2}", median.as_secs_f64() * 1e6);
    }
    println!();
}

/// The median of each way's times; the ways take turns of at least [`TURN`].
fn medians(ways: &[&dyn Fn()], budget: Duration) -> Vec<Duration> {
    let rounds = if budget.is_zero() { 1 } else { 10 };
    let repeats: Vec<u32> = ways
        .iter()
        .map(|way| if budget.is_zero() { 1 } else { repeats(way) })
        .collect();
    let mut times = vec![Vec::new(); ways.len()];
    let begin = Instant::now();
    while begin.elapsed() < budget || times[0].len() < rounds {
        for ((way, repeats), times) in ways.iter().zip(&repeats).zip(&mut times) {
            times.push(time(way, *repeats) / *repeats);
        }
    }
    times
        .into_iter()
        .map(|mut times| {
            times.sort_unstable();
            times[times.len() / 2]
        })
        .collect()
}

/// How often the page is read in one turn, so that the clock's grain and the change of turns don't count.
fn repeats(way: &dyn Fn()) -> u32 {
    let mut repeats = 1;
    // The best of three: an interruption must not pass for a long turn.
    while (0..3).map(|_| time(way, repeats)).min() < Some(TURN) {
        repeats *= 2;
    }
    repeats
}

fn time(way: &dyn Fn(), repeats: u32) -> Duration {
    let begin = Instant::now();
    for _ in 0..repeats {
        way();
    }
    begin.elapsed()
}

/// The page in the order of its ids, with more columns in every row.
fn with_columns(columns: &str) -> String {
    let mut rows: Vec<&serde_json::value::RawValue> = serde_json::from_str(PAGE).unwrap();
    rows.sort_by_key(|row| row.get()); // each begins with its id
    let rows: Vec<String> = rows
        .iter()
        .map(|row| format!("{}{columns}}}", row.get().strip_suffix('}').unwrap()))
        .collect();
    format!("[{}]", rows.join(", \n "))
}

/// The page's rows over and over, each time with other ids and times.
fn repeated(page: &str, times: usize) -> String {
    let rows = page
        .strip_prefix('[')
        .and_then(|page| page.strip_suffix(']'))
        .unwrap();
    let pages: Vec<String> = (0..times)
        .map(|n| {
            rows.replace("\"id\":\"", "\"id\":\"x")
                .split("\"id\":\"x")
                .enumerate()
                .map(|(row, text)| match text.get(8..) {
                    Some(rest) if row > 0 => format!("\"id\":\"{:08x}{rest}", n * 50 + row),
                    _ => text.to_owned(),
                })
                .collect::<String>()
                .replace(
                    "\"2025-01-01T",
                    &format!("\"2025-{:02}-{:02}T", n % 12 + 1, n % 28 + 1),
                )
        })
        .collect();
    format!("[{}]", pages.join(", \n "))
}
