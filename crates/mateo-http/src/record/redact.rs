//! What is taken out of a recording beside the key: signatures of URLs, and chosen columns.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::censor::CENSORED;

/// Columns that hold URLs, which may be pre-signed (API.md, Response): their query is a secret.
const URL_COLUMNS: [&str; 2] = ["failed_url", "payload_url"];

/// What to take out.
#[derive(Debug, Clone, Default)]
pub(super) struct Redaction {
    /// Columns whose value becomes null.
    pub(super) columns: Vec<String>,
}

impl Redaction {
    /// The body without what is to be taken out. `None` for broken JSON: what cannot be read cannot be redacted.
    pub(super) fn body<'a>(&self, body: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let is_json = matches!(body.trim_ascii_start().first(), Some(b'[' | b'{'));
        if !is_json {
            return Some(Cow::Borrowed(body));
        }
        if let Ok(rows) = serde_json::from_slice::<Vec<&RawValue>>(body) {
            let rows: Option<Vec<_>> = rows.into_iter().map(|row| self.row(row.get())).collect();
            return Some(Cow::Owned(format!("[{}]", rows?.join(",")).into_bytes()));
        }
        let object: &RawValue = serde_json::from_slice(body).ok()?;
        Some(Cow::Owned(self.row(object.get())?.into_bytes()))
    }

    fn row(&self, row: &str) -> Option<String> {
        if !row.trim_start().starts_with('{') {
            return Some(row.to_owned());
        }
        let columns: Columns<'_> = serde_json::from_str(row).ok()?;
        let columns: Option<Vec<_>> = columns
            .0
            .iter()
            .map(|(name, value)| self.column(name, value))
            .collect();
        Some(format!("{{{}}}", columns?.join(",")))
    }

    fn column(&self, name: &str, value: &RawValue) -> Option<String> {
        let value = if self.columns.iter().any(|column| column == name) {
            Cow::Borrowed("null")
        } else if URL_COLUMNS.contains(&name) {
            match serde_json::from_str::<String>(value.get()) {
                Ok(url) => Cow::Owned(serde_json::to_string(&without_query(&url)).ok()?),
                Err(_) => Cow::Borrowed(value.get()),
            }
        } else {
            Cow::Borrowed(value.get())
        };
        Some(format!("{}:{value}", serde_json::to_string(name).ok()?))
    }
}

/// A URL with `***` in the place of its query.
pub(super) fn without_query(url: &str) -> String {
    match url.split_once('?') {
        Some((before, _)) => format!("{before}?{CENSORED}"),
        None => url.to_owned(),
    }
}

/// An object's members in the order they came.
struct Columns<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Columns<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Columns<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut columns = Vec::new();
                while let Some(column) = map.next_entry()? {
                    columns.push(column);
                }
                Ok(Columns(columns))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(columns: &[&str], body: &str) -> Option<String> {
        let redaction = Redaction {
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
        };
        redaction
            .body(body.as_bytes())
            .map(|body| String::from_utf8(body.into_owned()).unwrap())
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
