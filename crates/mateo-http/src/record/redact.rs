//! What is taken out of a recording beside the key: signatures of URLs, and chosen columns.

use std::borrow::Cow;

use mateo_model::Extra;
use serde_json::value::RawValue;

use crate::censor::CENSORED;

/// Columns that hold URLs, which may be pre-signed (API.md, Response): their query is a secret.
const URL_COLUMNS: [&str; 2] = ["failed_url", "payload_url"];

/// The body with null in the place of these columns' values. `None` for broken JSON: what cannot be read cannot be redacted.
pub(super) fn redacted(body: &[u8], columns: &[String]) -> Option<Vec<u8>> {
    match body.trim_ascii_start().first() {
        Some(b'[') => {
            let rows: Vec<&RawValue> = serde_json::from_slice(body).ok()?;
            let rows: Option<Vec<_>> = rows.into_iter().map(|value| row(value.get(), columns)).collect();
            Some(format!("[{}]", rows?.join(",")).into())
        }
        Some(b'{') => Some(row(str::from_utf8(body).ok()?, columns)?.into()),
        _ => Some(body.to_vec()),
    }
}

fn row(row: &str, columns: &[String]) -> Option<String> {
    if !row.trim_start().starts_with('{') {
        return Some(row.to_owned());
    }
    let row: Extra = serde_json::from_str(row).ok()?;
    let kept = row.iter().map(|(name, value)| {
        let value = if columns.iter().any(|column| column == name) {
            Cow::Borrowed("null")
        } else if URL_COLUMNS.contains(&name)
            && let Ok(url) = serde_json::from_str::<String>(value)
        {
            serde_json::to_string(&without_query(&url)).ok()?.into()
        } else {
            value.into()
        };
        Some(format!("{}:{value}", serde_json::to_string(name).ok()?))
    });
    Some(format!("{{{}}}", kept.collect::<Option<Vec<_>>>()?.join(",")))
}

/// A URL with `***` in the place of its query.
pub(super) fn without_query(url: &str) -> String {
    match url.split_once('?') {
        Some((before, _)) => format!("{before}?{CENSORED}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    fn redacted(columns: &[&str], body: &str) -> Option<String> {
        let columns: Vec<_> = columns.iter().map(|&column| column.to_owned()).collect();
        super::redacted(body.as_bytes(), &columns).map(|body| String::from_utf8(body).unwrap())
    }

    #[test]
    fn chosen_columns_become_null_and_the_others_stay_in_their_order() {
        let rows = r#"[ {"id":"a", "payload":[{"x":1}], "n":1.50}, {"payload":null}, 7 ]"#;
        let expected = r#"[{"id":"a","payload":null,"n":1.50},{"payload":null},7]"#;
        assert_eq!(redacted(&["payload"], rows).as_deref(), Some(expected));
    }

    #[test]
    fn signatures_of_urls_are_taken_out() {
        let row =
            r#"{"failed_url":"https://f.test/a?sig=x","payload_url":null,"other":"https://f.test/a?sig=x"}"#;
        let expected =
            r#"{"failed_url":"https://f.test/a?***","payload_url":null,"other":"https://f.test/a?sig=x"}"#;
        assert_eq!(redacted(&[], row).as_deref(), Some(expected));
    }

    proptest::proptest! {
        #[test]
        fn what_is_redacted_is_the_same_json_but_for_the_columns(
            rows in proptest::collection::vec(("[a-z\"\\\\é]{0,4}", "[ -~é]{0,12}", 0_i64..), 0..5)
        ) {
            let rows: Vec<_> = rows
                .into_iter()
                .map(|(name, text, number)| serde_json::json!({ name: text, "payload": [text], "n": number }))
                .collect();
            let redacted = redacted(&["payload"], &serde_json::to_string(&rows).unwrap()).unwrap();
            let mut expected = rows;
            for row in &mut expected {
                row["payload"] = serde_json::Value::Null;
            }
            assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&redacted).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_no_json_stays_and_broken_json_is_left_out() {
        assert_eq!(redacted(&["a"], "<html>").as_deref(), Some("<html>"));
        assert_eq!(redacted(&["a"], "").as_deref(), Some(""));
        assert_eq!(redacted(&["a"], r#"[{"a":"sec"#), None);
        assert_eq!(redacted(&["a"], r#"{"a":"sec"#), None);
    }
}
