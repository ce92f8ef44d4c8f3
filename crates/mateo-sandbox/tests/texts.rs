//! Every text that a user can hold is searched for as that text: the model's encoder against the endpoint.
//!
//! Each filter's answer is compared with what plain Rust finds in the same rows.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeSet;
use std::io::BufRead;

use bytes::Bytes;
use chrono::DateTime;
use mateo_model::{EncodeError, Filter, ImportQuery, Select, columns::*};
use mateo_sandbox::{Row, Sandbox};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

/// The texts of the recorded rows, and some that look random: quotes, backslashes, commas, brackets, control
/// characters, any Unicode.
fn texts(random: u32) -> Vec<Option<String>> {
    let recorded = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/conformance/rows.jsonl")).unwrap();
    let mut texts: Vec<Option<String>> = recorded
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap())
        .map(|row| row["reference_id"].as_str().map(str::to_owned))
        .collect();
    let part = prop_oneof![
        prop::sample::select(vec![
            "\"", "\\", ",", "(", ")", ".", ":", "*", "%", "_", "&", ";", "=", "+", "#", "?", " ", "{", "}",
            "null", "not.", "in.(", "\u{1}", "\n", "\t", "\u{7f}", "ü", "ß", "🚗", "\u{202e}", "'", "%2A",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z0-9]{1,2}",
        any::<char>().prop_map(String::from),
    ];
    let text = prop::collection::vec(part, 0..7).prop_map(|parts| parts.concat().replace('\0', ""));
    let mut runner = TestRunner::deterministic();
    for _ in 0..random {
        texts.push(Some(text.new_tree(&mut runner).unwrap().current()));
    }
    texts
}

struct World {
    sandbox: Sandbox,
    texts: Vec<Option<String>>,
}

fn world(texts: Vec<Option<String>>) -> World {
    let sandbox = Sandbox::new();
    for (number, text) in texts.iter().enumerate() {
        let row = Row::import(Uuid::from_u128(number as u128), DateTime::UNIX_EPOCH);
        sandbox.insert(row.set("reference_id", text.clone())).unwrap();
    }
    World {
        sandbox: sandbox.max_rows(1_000_000),
        texts,
    }
}

impl World {
    /// The numbers of the rows that the endpoint answers with.
    fn found(&self, filter: Filter) -> Result<BTreeSet<usize>, EncodeError> {
        let query = ImportQuery::new()
            .filter(filter)
            .select(Select::all().and(ID))
            .to_query_string()?;
        let request = http::Request::get(format!("/api/v1/import?{query}"))
            .body(Bytes::new())
            .unwrap();
        let answer = self.sandbox.handle(&request, DateTime::UNIX_EPOCH);
        assert_eq!(answer.status(), 200, "{query}: {:?}", answer.body());
        let rows: Vec<serde_json::Value> = serde_json::from_slice(answer.body()).unwrap();
        let number = |row: &serde_json::Value| row["id"].as_str().unwrap().parse::<Uuid>().unwrap().as_u128();
        Ok(rows
            .iter()
            .map(|row| usize::try_from(number(row)).unwrap())
            .collect())
    }

    /// The numbers of the rows whose text meets the condition.
    fn meeting(&self, condition: impl Fn(&str) -> bool) -> BTreeSet<usize> {
        let met = |text: &Option<String>| text.as_deref().is_some_and(&condition);
        (0..self.texts.len())
            .filter(|number| met(&self.texts[*number]))
            .collect()
    }

    fn check(&self, text: &str, other: &str) {
        let never = || ID.is_null();
        let always = || ID.is_not_null();
        let equal = self.meeting(|row| row == text);
        let either = self.meeting(|row| row == text || row == other);
        let neither = self.meeting(|row| row != text && row != other);
        let case = |form: &str| format!("{form} of {text:?} and {other:?}");
        for (form, filter, expected) in [
            ("eq", REFERENCE_ID.eq(text), &equal),
            ("in", REFERENCE_ID.in_([text, other]), &either),
            ("in of one", REFERENCE_ID.in_([text]), &equal),
            ("or", REFERENCE_ID.eq(text).or(REFERENCE_ID.eq(other)), &either),
            ("not in", REFERENCE_ID.not_in([text, other]), &neither),
            (
                "not or",
                !(REFERENCE_ID.eq(text).or(REFERENCE_ID.eq(other))),
                &neither,
            ),
            (
                "three deep",
                never().or(always().and(never().or(REFERENCE_ID.in_([text, other])))),
                &either,
            ),
            (
                "not, three deep",
                never().or(!(never().or(always().and(REFERENCE_ID.in_([other, text]))))),
                &neither,
            ),
        ] {
            assert_eq!(&self.found(filter).unwrap(), expected, "{}", case(form));
        }
        for (form, filter, expected) in [
            (
                "contains",
                REFERENCE_ID.contains(text),
                self.meeting(|row| row.contains(text)),
            ),
            (
                "starts_with",
                REFERENCE_ID.starts_with(text),
                self.meeting(|row| row.starts_with(text)),
            ),
            (
                "ends_with",
                REFERENCE_ID.ends_with(text),
                self.meeting(|row| row.ends_with(text)),
            ),
            (
                "contains, three deep",
                never().or(always().and(never().or(REFERENCE_ID.contains(text)))),
                self.meeting(|row| row.contains(text)),
            ),
        ] {
            match self.found(filter) {
                Ok(found) => assert_eq!(found, expected, "{}", case(form)),
                Err(error) => {
                    assert!(error.to_string().contains("a literal \"*\""), "{error}");
                    assert!(text.contains('*'), "{}", case(form));
                }
            }
        }
    }
}

#[test]
fn every_text_finds_exactly_the_rows_that_hold_it() {
    let world = world(texts(300));
    let held: Vec<&str> = world.texts.iter().flatten().map(String::as_str).collect();
    for (number, text) in held.iter().enumerate() {
        world.check(text, held[(number * 7 + 1) % held.len()]);
    }
}

#[test]
fn texts_that_no_row_holds_find_none_and_hide_none() {
    let world = world(texts(100));
    for text in texts(600).into_iter().flatten().skip(450) {
        world.check(&text, &format!("{text},"));
    }
}

#[test]
fn lists_too_long_for_a_url_are_split_without_losing_any() {
    let world = world(texts(300));
    let held: Vec<&str> = world.texts.iter().flatten().map(String::as_str).collect();
    let mut found = BTreeSet::new();
    for part in REFERENCE_ID.in_parts(&held, 50, 2_000) {
        let part = world.found(part).unwrap();
        assert!(found.is_disjoint(&part), "no row is matched by two parts");
        found.extend(part);
    }
    assert_eq!(found, world.meeting(|_| true));
}
