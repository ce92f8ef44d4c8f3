use chrono::{DateTime, Utc};
use mateo_imports::{Filter, columns::*};
use proptest::prelude::*;

use super::parse;

fn now() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn zoned() -> jiff::ZonedDateTime {
    "2026-03-01T12:00:00Z[UTC]".parse().unwrap()
}

fn filter(text: &str) -> Filter {
    parse(text, &zoned()).unwrap_or_else(|failure| panic!("{text}: {failure}"))
}

fn refusal(text: &str) -> String {
    parse(text, &zoned()).unwrap_err().to_string()
}

#[test]
fn every_operator_becomes_its_filter() {
    assert_eq!(filter("total_count=5"), TOTAL_COUNT.eq(5));
    assert_eq!(filter("total_count!=5"), TOTAL_COUNT.neq(5));
    assert_eq!(filter("total_count>5"), TOTAL_COUNT.gt(5));
    assert_eq!(filter("total_count>=5"), TOTAL_COUNT.gte(5));
    assert_eq!(filter("total_count<5"), TOTAL_COUNT.lt(5));
    assert_eq!(filter("total_count <= 5"), TOTAL_COUNT.lte(5));
    assert_eq!(
        filter("reference_id~50%"),
        REFERENCE_ID.contains_ignoring_case("50%")
    );
    assert_eq!(filter("total_count is null"), TOTAL_COUNT.is_null());
    assert_eq!(filter("total_count IS NOT NULL"), TOTAL_COUNT.is_not_null());
    assert_eq!(filter("total_count in 1|2"), TOTAL_COUNT.in_([1, 2]));
    assert_eq!(
        filter("payload->0->>email=a@b.c"),
        PAYLOAD.json(0).text("email").eq("a@b.c")
    );
    assert_eq!(
        filter("payload={\"a\":1}"),
        PAYLOAD.eq(serde_json::json!({"a": 1}))
    );
    assert_eq!(
        filter("created_at>=2d"),
        CREATED_AT.gte(now() - chrono::TimeDelta::days(2))
    );
}

#[test]
fn the_value_is_everything_behind_the_first_operator() {
    for value in [
        "", " x ", "=a", "!=", ">5", "a=b", "is null", "\"q\"", "a|b", "~", "null", "ü\u{1b}", "\\", "*",
    ] {
        assert_eq!(
            filter(&format!("reference_id={value}")),
            REFERENCE_ID.eq(value),
            "{value:?}"
        );
    }
    assert_eq!(filter("reference_id>=x"), REFERENCE_ID.gte("x"));
    assert_eq!(filter("reference_id> =x"), REFERENCE_ID.gt(" =x"));
    assert_eq!(
        filter("reference_id in a| b||c d"),
        REFERENCE_ID.in_(["a", " b", "", "c d"])
    );
    assert_eq!(filter("reference_id in  a"), REFERENCE_ID.in_([" a"]));
}

#[test]
fn a_value_of_the_wrong_type_names_the_column_and_what_it_takes() {
    assert!(refusal("id=123").contains("id is a uuid such as"));
    assert!(refusal("total_count>many").contains("total_count is a whole number"));
    assert!(refusal("total_count=3000000000").contains("total_count is a whole number"));
    assert!(refusal("created_at>=soon").contains("created_at is a time"));
    assert!(refusal("type=contracts").contains("the types are contact_details"));
    assert!(refusal("payload=x").contains("payload is JSON"));
    assert!(refusal("total_count~1").contains("total_count is not one"));
    assert!(refusal("reference_id~a*").contains("literal *"));
}

#[test]
fn what_is_no_condition_is_refused() {
    for text in [
        "",
        "=5",
        "total_count",
        "total_count isnull",
        "total_count is",
        "total_count in",
        "total_countin 5",
        "total_count like 5",
    ] {
        assert!(
            refusal(text).contains("is not a condition"),
            "{text:?}: {}",
            refusal(text)
        );
    }
    assert!(refusal("referenceid=1").contains("did you mean reference_id?"));
    assert!(refusal("total_count->a=1").contains("is not JSON"));
    assert!(refusal("payload->>a->b=1").contains("one ->> last"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_text_after_the_equals_sign_is_the_value(value in any::<String>()) {
        prop_assert_eq!(filter(&format!("reference_id={value}")), REFERENCE_ID.eq(&value));
    }

    #[test]
    fn no_text_panics(text in any::<String>(), column in prop::sample::select(NAMES.to_vec())) {
        let _ = parse(&text, &zoned());
        let _ = parse(&format!("{column}{text}"), &zoned());
        let _ = parse(&format!("{column} in {text}"), &zoned());
    }
}

/// The ids of the rows that the server has for a condition, in the sandbox's faithful reading.
fn found(sandbox: &mateo_sandbox::Sandbox, condition: &str) -> Vec<String> {
    let query = mateo_imports::ImportQuery::new()
        .filter(filter(condition))
        .to_query_string()
        .unwrap();
    let request = http::Request::get(format!("/api/v1/import?{query}"))
        .body(bytes::Bytes::new())
        .unwrap();
    let response = sandbox.handle(&request, now());
    assert_eq!(response.status(), 200, "{condition}");
    let rows: Vec<serde_json::Value> = serde_json::from_slice(response.body()).unwrap();
    ids(rows.iter())
}

fn ids<'a>(rows: impl Iterator<Item = &'a serde_json::Value>) -> Vec<String> {
    let mut ids: Vec<String> = rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn a_reference_finds_exactly_the_rows_that_have_it() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../mateo-sandbox/conformance/rows.jsonl"
    );
    let text = std::fs::read_to_string(file).unwrap();
    let rows: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let sandbox = mateo_sandbox::Sandbox::from_jsonl(text.as_bytes())
        .unwrap()
        .max_rows(1_000);

    let mut values: Vec<&str> = rows
        .iter()
        .filter_map(|row| row["reference_id"].as_str())
        .collect();
    assert!(values.len() > 100);
    let unseen = [
        "unseen",
        "null",
        "NULL",
        "\"",
        "\\",
        "*",
        "%",
        "=",
        " ",
        "a|b",
        "in.(a)",
        "eq.",
        "&",
        ";",
        "+",
        "#",
        "ü",
        "\u{1f600}",
    ];
    values.extend(unseen);
    for value in values {
        let having = ids(rows
            .iter()
            .filter(|row| row["reference_id"].as_str() == Some(value)));
        assert_eq!(
            found(&sandbox, &format!("reference_id={value}")),
            having,
            "{value:?}"
        );
        if !value.contains('|') {
            assert_eq!(
                found(&sandbox, &format!("reference_id in {value}|no such one")),
                having,
                "{value:?}"
            );
        }
        let others = ids(rows
            .iter()
            .filter(|row| row["reference_id"].as_str().is_some_and(|other| other != value)));
        assert_eq!(
            found(&sandbox, &format!("reference_id!={value}")),
            others,
            "{value:?}"
        );
    }
    let without = ids(rows.iter().filter(|row| row["reference_id"].is_null()));
    assert_eq!(found(&sandbox, "reference_id is null"), without);
}
