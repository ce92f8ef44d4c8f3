use std::cmp::Ordering;

use proptest::collection::vec;
use proptest::prelude::*;

use super::Json;
use super::path::{Step, walk};
use crate::postgrest::sql::value::Value;

/// JSON text of any form, blanks and escapes included.
fn json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        (-30_i32..30, 0..4_u8)
            .prop_map(|(value, zeros)| format!("{value}.{}", "0".repeat(usize::from(zeros) + 1))),
        (-30_i32..30, -3..3_i8).prop_map(|(value, exponent)| format!("{value}e{exponent}")),
        "[aB\"\\\\\u{1}ä😀/]{0,3}".prop_map(|text| serde_json::Value::String(text).to_string()),
    ];
    scalar.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|elements| format!("[{}]", elements.join(" , "))),
            vec(("[abä\"]{0,2}", inner), 0..4).prop_map(|members| {
                let members = members.into_iter();
                let members =
                    members.map(|(name, value)| format!("{}:{value}", serde_json::Value::String(name)));
                format!("{{ {} }}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn the_text_form_is_one_for_a_value(text in json()) {
        let written = Json::parse(&text).unwrap().to_text();
        prop_assert_eq!(Json::parse(&written).unwrap().to_text(), written);
    }

    #[test]
    fn the_order_is_total(a in json(), b in json(), c in json()) {
        let [a, b, c] = [&a, &b, &c].map(|text| Json::parse(text).unwrap());
        prop_assert_eq!(a.compare(&a), Ordering::Equal);
        prop_assert_eq!(a.compare(&b), b.compare(&a).reverse());
        if a.compare(&b).is_le() && b.compare(&c).is_le() {
            prop_assert!(a.compare(&c).is_le());
        }
    }

    #[test]
    fn a_value_contains_itself(text in json()) {
        let value = Json::parse(&text).unwrap();
        prop_assert!(value.contains(&value));
    }

    #[test]
    fn a_member_is_found_in_the_text_as_in_the_tree(text in json(), name in "[abä\"]{0,2}", index in -4_i64..4) {
        let value = Json::parse(&text).unwrap();
        let written = value.to_text();
        let member = match &value {
            Json::Object(_, members) => members.iter().find(|(member, _)| **member == *name).map(|(_, value)| value),
            _ => None,
        };
        let found = walk(&written, &[Step::member(&name)]);
        prop_assert_eq!(found.map(Box::from), member.map(Json::to_text));

        if let Json::Array(_, elements) = &value {
            let length = i64::try_from(elements.len()).unwrap();
            let at = if index < 0 { index + length } else { index };
            let element = usize::try_from(at).ok().and_then(|at| elements.get(at));
            let found = walk(&written, &[Step::Element(index)]);
            prop_assert_eq!(found.map(Box::from), element.map(Json::to_text));
        }
    }

    #[test]
    fn text_comes_back_from_its_json(text in any::<String>()) {
        let text = text.replace('\0', "");
        let written = Json::String(text.as_str().into()).to_text();
        prop_assert_eq!(Value::text_of(&written), Value::Text(text.into()));
    }
}

fn parse(text: &str) -> Json {
    Json::parse(text).unwrap()
}

#[test]
fn values_stand_in_postgresqls_order() {
    // As `select j from (values …) t(j) order by j` gives them.
    let ordered = [
        "[]",
        "null",
        "\"\"",
        "\"B\"",
        "\"a\"",
        "-1",
        "0",
        "10",
        "false",
        "true",
        "[null]",
        "[1]",
        "[[]]",
        "[1, 2]",
        "{}",
        "{\"b\": 1}",
        "{\"a\": 1, \"b\": 0}",
    ];
    for (i, a) in ordered.iter().enumerate() {
        for (j, b) in ordered.iter().enumerate() {
            assert_eq!(parse(a).compare(&parse(b)), i.cmp(&j), "{a} {b}");
        }
    }
}

#[test]
fn containment_is_postgresqls() {
    for (whole, part, contains) in [
        ("[1, 2]", "1", true),
        ("[1, 2]", "[2, 2, 1]", true),
        ("[[1, 2]]", "[1]", false),
        ("[[1, 2]]", "[[1]]", true),
        ("{\"a\": [1, 2]}", "{\"a\": 1}", false),
        ("{\"a\": [1, 2]}", "{\"a\": [2]}", true),
        ("1", "1.0", true),
        ("1", "[1]", false),
        ("[]", "[[]]", false),
        ("{\"a\": 1}", "{}", true),
        ("[{\"a\": 1, \"b\": 2}]", "[{\"a\": 1}]", true),
        ("{\"a\": {}}", "{\"a\": []}", false),
    ] {
        assert_eq!(parse(whole).contains(&parse(part)), contains, "{whole} @> {part}");
    }
}
