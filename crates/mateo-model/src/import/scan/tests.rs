use proptest::prelude::*;

use super::{page, special};
use crate::Import;
use crate::testing::{ROWS, cases, page as server_page};

/// What the scanner accepts, the visitor reads as the same rows, to be written back the same.
fn agrees_with_the_visitor(text: &str) -> Result<(), TestCaseError> {
    let Some(scanned) = page(text) else { return Ok(()) };
    let visited: Vec<Import> =
        serde_json::from_str(text).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(
        serde_json::to_string(&scanned).unwrap(),
        serde_json::to_string(&visited).unwrap()
    );
    prop_assert_eq!(scanned, visited);
    Ok(())
}

#[test]
fn a_page_of_the_server_is_read_without_serde_json() {
    let rows = page(&server_page()).unwrap();
    assert_eq!(rows.len(), ROWS);
    agrees_with_the_visitor(&server_page()).unwrap();
}

#[test]
fn spacing_and_order_of_the_columns_do_not_matter() {
    let tree: Vec<serde_json::Value> = serde_json::from_str(&server_page()).unwrap();
    let pretty = serde_json::to_string_pretty(&tree).unwrap();
    assert_eq!(page(&pretty).unwrap().len(), ROWS);
    agrees_with_the_visitor(&pretty).unwrap();
}

#[test]
fn an_empty_page_is_a_page() {
    assert_eq!(page(" [ ] ").map(|rows| rows.len()), Some(0));
}

#[test]
fn the_scanner_gives_up_on_what_is_no_page() {
    for text in ["", "[", "[,]", "[{}]", "{}", "[]]", "[] x", "null", "[[]]"] {
        assert!(page(text).is_none(), "{text}");
    }
}

#[test]
fn the_first_special_byte_is_found_wherever_it_stands() {
    for length in 0..if cfg!(miri) { 10 } else { 40 } {
        for byte in [b'"', b'\\', 0, 0x1f] {
            for place in 0..length {
                // Neighbours that a borrow could mistake: one above each of the special bytes, and beyond ASCII.
                for filler in [b'#', b']', b' ', 0x7f, 0x80, 0xa2, 0xdc, 0xff] {
                    let mut bytes = vec![filler; length];
                    bytes[place] = byte;
                    assert_eq!(special(&bytes), place, "{bytes:?}");
                }
            }
        }
        assert_eq!(special(&vec![0xe9; length]), length);
    }
}

#[test]
fn values_are_read_as_json_has_them() {
    let begin = page(&server_page()).unwrap().swap_remove(0);
    let begin = serde_json::to_string(&begin).unwrap();
    let with =
        |column: &str, value: &str| format!("[{},\"{column}\":{value}}}]", begin.strip_suffix('}').unwrap());
    for accepted in ["0", "7", "-1", "2147483647", "-2147483648", "null"] {
        assert!(page(&with("total_count", accepted)).is_some(), "{accepted}");
        agrees_with_the_visitor(&with("total_count", accepted)).unwrap();
    }
    for refused in [
        "01",
        "-0",
        "00",
        "-01",
        "1.0",
        "1e2",
        "-",
        "--1",
        "+1",
        "2147483648",
        "",
        "\"1\"",
        "1x",
        "nulls",
    ] {
        assert!(page(&with("total_count", refused)).is_none(), "{refused}");
    }
    for accepted in [
        r#""""#,
        r#""a\"b\\""#,
        r#""\u00e9\ud83d\ude00""#,
        "\"é\u{7f}\"",
        "null",
    ] {
        assert!(page(&with("reference_id", accepted)).is_some(), "{accepted}");
        agrees_with_the_visitor(&with("reference_id", accepted)).unwrap();
    }
    for refused in ["\"\n\"", r#""\ud800""#, r#""\x""#, r#"""#, "1", r#""a"b"#] {
        assert!(page(&with("reference_id", refused)).is_none(), "{refused}");
    }
}

/// The value of a column: right, unusual, or wrong.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        "\"[0-9a-f]{8}-[0-9a-f]{4}-[0-9A-F]{4}-[0-9a-f]{4}-[0-9a-f]{12}\"",
        "\"20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,7})?(\\+00:00|Z|-03:30)\"",
        "-?[0-9]{1,11}(\\.0|e1)?",
        ".{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        "\"(\\\\u00e9|\\\\n|\\\\\\\\|\\\\\"|\\\\ud83d\\\\ude00|\\\\ud800|x){0,4}\"",
        "\\[ ?([0-9],)?\"[a-z]?\" ?\\]|\\{\"a\": ?\\{\\}\\}|true|false|\\[1,|nul",
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(super::Column::ALL.map(super::Column::name).to_vec()).prop_map(str::to_owned),
        1 => "[a-z_]{0,6}|hints|i\\\\u0064|id_x",
    ]
}

/// A row with the five columns that must be there, so that some pages are accepted, and others after, between and again.
fn row() -> impl Strategy<Value = String> {
    let required = (
        "\"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\"",
        "\"20[0-9]{2}-0[1-9]-[12][0-9]T1[0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?\\+00:00\"",
        "\"[a-z_]{1,16}\"",
    )
        .prop_map(|(id, time, name)| {
            format!("\"id\":{id},\"created_at\":{time},\"updated_at\":{time},\"organisation_id\":{id},\"type\":{name}")
        });
    let more = proptest::collection::vec((key(), "[ \n]?", value()), 0..6);
    (required, more).prop_map(|(required, more)| {
        let more = more
            .iter()
            .map(|(key, blank, value)| format!(",{blank}\"{key}\":{blank}{value}"));
        format!("{{{required}{}}}", more.collect::<Vec<_>>().concat())
    })
}

proptest! {
    #![proptest_config(cases(2048))]

    #[test]
    fn the_scanner_agrees_with_the_visitor(rows in proptest::collection::vec(row(), 0..3)) {
        agrees_with_the_visitor(&format!("[{}]", rows.join(", \n ")))?;
    }

    #[test]
    fn the_scanner_agrees_with_the_visitor_on_a_damaged_page(
        place in 0_usize..1400, removed in 0_usize..3, inserted in "[\"\\\\{}\\[\\],:0-9a-z \n\u{e9}-]{0,2}",
    ) {
        // The first three rows.
        let page = server_page();
        let end = page.match_indices("},").nth(2).unwrap().0 + 1;
        let mut text = format!("{}]", &page[..end]);
        let boundary = |from: usize| (from..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
        let begin = boundary(place);
        let end = boundary(begin + removed);
        text.replace_range(begin..end, &inserted);
        agrees_with_the_visitor(&text)?;
    }
}
