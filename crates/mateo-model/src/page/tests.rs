use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Page;
use crate::testing::{ROWS, cases, page as server_page};
use crate::{Import, RawJson};

/// A page of the recorded rows, changed by the caller.
fn changed(change: impl FnOnce(&mut Vec<Value>)) -> Vec<u8> {
    let mut rows: Vec<Value> = serde_json::from_str(&server_page()).unwrap();
    change(&mut rows);
    serde_json::to_vec(&rows).unwrap()
}

#[test]
fn a_page_of_the_server_has_no_bad_rows() {
    let page = Page::<Import>::read(server_page().as_bytes()).unwrap();
    assert_eq!(
        (page.rows.len(), page.bad_rows.len(), page.len()),
        (ROWS, 0, ROWS)
    );
}

#[test]
fn a_bad_row_is_reported_with_index_id_and_column_and_the_others_are_there() {
    for (column, value, message) in [
        (
            "created_at",
            json!("infinity"),
            "\"infinity\" is not a point in time",
        ),
        (
            "updated_at",
            json!("0044-03-15T12:00:00+00:00 BC"),
            "\"0044-03-15T12:00:00+00:00 BC\" is before the common era",
        ),
        ("organisation_id", json!(null), "invalid type: null, expected"),
        ("type", json!(1), "invalid type: integer `1`, expected a string"),
        (
            "total_count",
            json!(2_147_483_648_i64),
            "invalid value: integer `2147483648`, expected i32",
        ),
        (
            "failed_count",
            json!(1.5),
            "invalid type: floating point `1.5`, expected i32",
        ),
        (
            "failed_url",
            json!(["x"]),
            "invalid type: sequence, expected a string",
        ),
        ("contact_list_id", json!("x"), "UUID parsing failed"),
    ] {
        let body = changed(|rows| rows[2][column] = value);
        let page = Page::<Import>::read(&body).unwrap();
        assert_eq!(page.rows.len(), ROWS - 1, "{column}");
        let [bad] = &*page.bad_rows else {
            panic!("{column}: {:?}", page.bad_rows)
        };
        assert_eq!((bad.index, bad.column.as_deref()), (2, Some(column)));
        assert_eq!(
            bad.id.map(|id| id.to_string()).as_deref(),
            bad.raw.read::<Value>().unwrap()["id"].as_str()
        );
        assert!(bad.message.starts_with(message), "{column}: {}", bad.message);
        assert!(!bad.message.contains(" at line "), "{}", bad.message);
    }
}

#[test]
fn a_missing_column_is_named() {
    let body = changed(|rows| {
        rows[1].as_object_mut().unwrap().remove("created_at");
        rows[3].as_object_mut().unwrap().remove("id");
    });
    let page = Page::<Import>::read(&body).unwrap();
    let what: Vec<_> = page.bad_rows.iter().map(ToString::to_string).collect();
    let id = page.bad_rows[0].id.unwrap();
    assert_eq!(
        what,
        [
            format!("row 1 ({id}), column created_at: the column is missing"),
            "row 3, column id: the column is missing".to_owned()
        ]
    );
}

#[test]
fn a_row_that_is_no_object_is_bad_as_a_whole() {
    let body = changed(|rows| {
        rows[0] = json!([1]);
        rows[3] = json!(null);
    });
    let page = Page::<Import>::read(&body).unwrap();
    assert_eq!(page.rows.len(), ROWS - 2);
    assert_eq!(
        page.bad_rows.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "row 0: invalid type: sequence, expected a row of imports: an object",
            "row 3: invalid type: null, expected a row of imports: an object",
        ]
    );
}

#[test]
fn the_order_of_good_and_bad_rows_is_the_servers() {
    let body = changed(|rows| {
        for index in [0, 1, ROWS - 1] {
            rows[index]["created_at"] = json!("never");
        }
    });
    let page = Page::<Import>::read(&body).unwrap();
    let results: Vec<_> = page.into_results().collect();
    let bad = (0..ROWS).filter(|index| results[*index].is_err());
    assert!(bad.eq([0, 1, ROWS - 1]));
    let ids = results
        .into_iter()
        .map(|row| row.map_or_else(|bad| bad.id.unwrap(), |row| row.id));
    let all: Vec<Import> = serde_json::from_str(&server_page()).unwrap();
    assert!(ids.eq(all.iter().map(|row| row.id)));
}

#[test]
fn thinned_out_rows_do_not_lose_the_bad_ones() {
    let mut page = Page::<Vec<u8>>::read(b"[[1],[2],3,[4],5]").unwrap();
    page.rows.clear();
    assert_eq!(
        page.into_results()
            .map(|row| row.unwrap_err().index)
            .collect::<Vec<_>>(),
        [2, 4]
    );
}

#[test]
fn users_read_rows_into_their_own_types() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[serde(rename = "type")]
        kind: String,
        n: u8,
    }
    #[derive(Debug, Deserialize)]
    struct Flat {
        n: u8,
        #[serde(flatten)]
        rest: std::collections::BTreeMap<String, Value>,
    }
    #[derive(Debug, Deserialize)]
    #[serde(tag = "type")]
    enum Tagged {
        A { n: u8 },
    }

    let body = br#"[{"type":"A","n":1},{"type":"A","n":256},{"type":"A"},{"type":"A","n":1,"x":[]},{"type":"A","n":1,"n":2}]"#;
    let columns = |columns: Vec<Option<String>>| {
        columns
            .into_iter()
            .map(Option::unwrap_or_default)
            .collect::<Vec<_>>()
    };

    let page = Page::<Strict>::read(body).unwrap();
    let messages: Vec<_> = page.bad_rows.iter().map(|bad| bad.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "invalid value: integer `256`, expected u8",
            "the column is missing",
            "the column is unknown",
            "the column came twice",
        ]
    );
    assert_eq!(
        page.rows,
        [Strict {
            kind: "A".to_owned(),
            n: 1
        }]
    );
    assert_eq!(
        columns(page.bad_rows.into_iter().map(|bad| bad.column).collect()),
        ["n", "n", "x", "n"]
    );

    let page = Page::<Flat>::read(body).unwrap();
    assert_eq!(
        page.rows
            .iter()
            .map(|row| (row.n, row.rest.len()))
            .collect::<Vec<_>>(),
        [(1, 1), (1, 2)]
    );
    assert_eq!(
        columns(page.bad_rows.into_iter().map(|bad| bad.column).collect()),
        ["n", "n", "n"]
    );

    let page = Page::<Tagged>::read(body).unwrap();
    assert_eq!(
        page.rows.iter().map(|Tagged::A { n }| *n).collect::<Vec<_>>(),
        [1, 1]
    );
}

#[test]
fn deserialize_as_they_came_are_never_bad() {
    let page = Page::<RawJson>::read(b"[{\"a\": 1.0},null , [1]]").unwrap();
    assert!(
        page.rows
            .iter()
            .map(RawJson::as_str)
            .eq(["{\"a\": 1.0}", "null", "[1]"])
    );
}

#[test]
fn a_body_that_is_no_page_is_an_error_with_its_place_and_start() {
    for (body, position, text) in [
        (
            &b"<html>502</html>"[..],
            0,
            "the body is not JSON at byte 0: \"<html>502</html>\"",
        ),
        (b"", 0, "the body is empty"),
        (b" \n ", 3, "the body is empty"),
        (
            b"[{\"id\":",
            7,
            "the body is cut off at byte 7: \"[{\\\"id\\\":\"",
        ),
        (
            b"{\"message\":\"no\"}",
            0,
            "the body is an object, not an array of rows, at byte 0: \"{\\\"message\\\":\\\"no\\\"}\"",
        ),
        (
            b" null",
            1,
            "the body is null, not an array of rows, at byte 1: \" null\"",
        ),
        (
            b"[\n  nope]",
            5,
            "the body is not JSON at byte 5: \"[\\n  nope]\"",
        ),
        (b"[] []", 3, "the body is not JSON at byte 3: \"[] []\""),
        (
            b"[\"\xff\"]",
            2,
            "the body is not UTF-8 at byte 2: \"[\\\"\u{fffd}\\\"]\"",
        ),
    ] {
        let error = Page::<Import>::read(body).unwrap_err();
        assert_eq!((error.position(), error.to_string().as_str()), (position, text));
        assert_eq!(
            Page::<RawJson>::read(body).unwrap_err().to_string(),
            text,
            "whatever the rows are read as"
        );
    }
}

#[test]
fn a_page_cut_off_anywhere_is_truncated() {
    let body = &server_page().into_bytes()[..1_500];
    for length in (0..body.len()).step_by(if cfg!(miri) { 500 } else { 1 }) {
        let error = Page::<Import>::read(&body[..length]).unwrap_err();
        assert!(
            error.is_truncated() && error.position() == length,
            "{length}: {error}"
        );
    }
}

#[test]
fn an_error_keeps_only_the_start_of_a_long_body() {
    for body in ["é".repeat(10_000).into_bytes(), vec![0xff; 10_000]] {
        let error = Page::<Import>::read(&body).unwrap_err();
        assert!(
            error.body_start().len() <= super::error::BODY_LIMIT,
            "{}",
            error.body_start().len()
        );
        assert!(!error.body_start().is_empty());
    }
}

#[test]
fn nesting_without_end_is_no_stack_overflow() {
    let depth = if cfg!(miri) { 1_000 } else { 100_000 };
    let deep = format!("[{}{}]", "[".repeat(depth), "]".repeat(depth));
    let page = Page::<Import>::read(deep.as_bytes()).unwrap();
    assert_eq!((page.rows.len(), page.bad_rows.len()), (0, 1));
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn no_body_makes_the_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = Page::<Import>::read(&body);
    }

    #[test]
    fn a_damaged_page_keeps_its_rows_or_says_where(place: proptest::sample::Index, byte in b' '..=b'~') {
        let mut body = server_page().into_bytes();
        let place = place.index(body.len());
        body[place] = byte;
        match Page::<Import>::read(&body) {
            Ok(page) => prop_assert!(page.rows.len() + 1 >= page.len() && page.len() + 1 >= ROWS),
            Err(error) => prop_assert!(error.position() <= body.len()),
        }
    }
}
