use proptest::prelude::*;
use serde_json::Value;

use super::{RawJson, fields};
use crate::testing::cases;

#[test]
fn only_top_level_values_are_found() {
    let row = r#"{"payload":{"id":1},"x":["id"],"id":"a"}"#;
    assert_eq!(fields(row, &["id"]), [Some("\"a\"")]);
}

#[test]
fn a_key_with_escapes_is_its_name() {
    assert_eq!(fields(r#"{"\u0069d": 1 }"#, &["id"]), [Some("1")]);
}

#[test]
fn of_a_repeated_key_the_last_counts_and_a_repeated_name_is_answered_twice() {
    assert_eq!(
        fields(r#"{"a":1,"b":2,"a":3}"#, &["a", "b", "a", "c"]),
        [Some("3"), Some("2"), Some("3"), None]
    );
}

#[test]
fn what_is_no_object_has_no_keys() {
    for row in ["[]", "null", "", "\"id\""] {
        assert_eq!(fields(row, &["id"]), [None], "{row}");
    }
}

#[test]
fn line_breaks_are_only_ever_between_values() {
    let value: RawJson = "{\"a\\n\":\r\n [1,\n2]}".parse().unwrap();
    assert_eq!(value.one_line(), "{\"a\\n\":   [1, 2]}");
    assert_eq!(
        serde_json::from_str::<Value>(&value.one_line()).unwrap(),
        value.read::<Value>().unwrap()
    );
}

#[test]
fn a_text_that_is_not_json_is_refused() {
    for text in ["", "{", "nope", "1 2"] {
        assert!(text.parse::<RawJson>().is_err(), "{text}");
    }
}

#[test]
fn values_are_equal_by_their_text() {
    let [one, same, other] = ["1.0", " 1.0 ", "1"].map(|text| text.parse::<RawJson>().unwrap());
    assert_eq!(one, same);
    assert_ne!(one, other);
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn json_comes_back_byte_for_byte(text: String, number: f64, blank in "[ \n\t]{0,2}") {
        let json = format!("{{{blank}\"k\":{blank}[{},{number:?}]{blank}}}", serde_json::to_string(&text).unwrap());
        let value: RawJson = json.parse().unwrap();
        prop_assert_eq!(value.as_str(), &json);
        prop_assert_eq!(serde_json::to_string(&value).unwrap(), json.clone());
        prop_assert_eq!(serde_json::from_str::<RawJson>(&json).unwrap(), value);
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in "[\\[\\]{}\":, 0-9a-z\\\\]{0,40}|.{0,20}") {
        let _ = fields(&text, &["a", "b"]);
        let _ = text.parse::<RawJson>();
    }
}
