//! One value of a row, or of what is computed from a row.

use std::cmp::Ordering;
use std::sync::Arc;

use uuid::Uuid;

use super::instant::Instant;
use super::jsonb::Json;
use super::text::write_json;

/// One value, of the type that its column or expression has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Null,
    Uuid(Uuid),
    Instant(Instant),
    /// A label of the enum, after its position in the declared order, which is the order of values.
    Label(u32, Arc<str>),
    Integer(i64),
    Bool(bool),
    Text(Box<str>),
    /// A `jsonb` or `numeric`, as its text.
    Json(Box<str>),
    /// A `jsonb` that is looked into or compared.
    Tree(Box<Json>),
}

impl Value {
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// What `->>` makes of JSON: a string's text, NULL of a null, else the JSON text.
    pub(crate) fn text_of(json: &str) -> Self {
        match Json::parse(json) {
            Ok(Json::Null) => Self::Null,
            Ok(Json::String(text)) => Self::Text(text),
            _ => Self::Text(json.into()),
        }
    }

    /// Writes the value as JSON.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(value) => write_json(value, out),
            Self::Integer(value) => write_json(value, out),
            Self::Uuid(value) => write_json(value, out),
            Self::Text(text) => write_json(text, out),
            Self::Label(_, label) => write_json(&**label, out),
            Self::Json(text) => out.extend_from_slice(text.as_bytes()),
            Self::Tree(json) => json.write(out),
            Self::Instant(time) => {
                out.push(b'"');
                time.write(out, "T", "+00:00");
                out.push(b'"');
            }
        }
    }

    /// The value as JSON.
    pub(crate) fn to_json(&self) -> String {
        let mut out = Vec::new();
        self.write_json(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// What a cast to text gives.
    pub(crate) fn to_text(&self) -> Box<str> {
        match self {
            Self::Text(text) | Self::Json(text) => text.clone(),
            Self::Label(_, label) => (&**label).into(),
            Self::Uuid(value) => value.to_string().into(),
            Self::Instant(time) => time.to_text().into(),
            Self::Null | Self::Bool(_) | Self::Integer(_) | Self::Tree(_) => self.to_json().into(),
        }
    }

    /// The same, with JSON parsed: to be compared.
    pub(crate) fn comparable(&self) -> Self {
        match self {
            Self::Json(text) => Json::parse(text).map_or(Self::Null, |json| Self::Tree(json.into())),
            value => value.clone(),
        }
    }

    /// The order of two [comparable](Self::comparable) values of one type, neither of them NULL:
    /// text by its bytes, JSON as `jsonb` has it.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Tree(a), Self::Tree(b)) => a.compare(b),
            _ => self.cmp(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_string_is_unescaped_and_null_is_no_value() {
        assert_eq!(Value::text_of(r#""a\"b""#), Value::Text("a\"b".into()));
        assert_eq!(Value::text_of("null"), Value::Null);
        assert_eq!(Value::text_of("[1, 2]"), Value::Text("[1, 2]".into()));
    }
}
