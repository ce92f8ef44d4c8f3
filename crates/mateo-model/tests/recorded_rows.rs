//! Every row of the recorded exchanges is read, and written back as it came. Not part of the published package: the
//! recordings are the sandbox's.

#![cfg(not(miri))]
#![allow(
    clippy::unwrap_used,
    reason = "a test may; clippy.toml covers only functions marked as tests"
)]

use mateo_model::{Import, Page};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Exchange {
    id: String,
    body: Option<Box<RawValue>>,
}

fn recorded(file: &str) -> String {
    std::fs::read_to_string(format!(
        "{}/../mateo-sandbox/conformance/{file}",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

/// A row's columns in their order.
fn columns(row: &str) -> Vec<String> {
    let tree: Value = serde_json::from_str(row).unwrap();
    let mut names: Vec<String> = tree.as_object().unwrap().keys().cloned().collect();
    names.sort_by_key(|name| row.find(&format!("\"{name}\":")));
    names
}

fn comes_back(row: &str, import: &Import) {
    let written = serde_json::to_string(import).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&written).unwrap(),
        serde_json::from_str::<Value>(row).unwrap()
    );
    assert_eq!(columns(&written), columns(row));
    if let Some(payload) = &import.payload {
        assert!(
            row.contains(payload.as_str()),
            "the payload is kept byte for byte"
        );
    }
}

#[test]
fn every_inserted_row_comes_back() {
    let rows = recorded("rows.jsonl");
    for row in rows.lines() {
        comes_back(row, &serde_json::from_str(row).unwrap());
    }
    assert_eq!(rows.lines().count(), 240);
}

#[test]
fn every_full_row_the_server_sent_comes_back() {
    let mut full = 0;
    for line in recorded("exchanges.jsonl").lines() {
        let exchange: Exchange = serde_json::from_str(line).unwrap();
        let Some(body) = exchange.body else { continue };
        let Ok(rows) = serde_json::from_str::<Vec<&RawValue>>(body.get()) else {
            continue;
        };
        if !rows.iter().all(|row| columns(row.get()).len() == 13) {
            continue;
        }
        let page = Page::<Import>::read(body.get().as_bytes()).unwrap();
        assert!(page.bad_rows.is_empty(), "{}: {:?}", exchange.id, page.bad_rows);
        for (row, import) in rows.iter().zip(&page.rows) {
            comes_back(row.get(), import);
            full += 1;
        }
    }
    assert_eq!(full, 68);
}
