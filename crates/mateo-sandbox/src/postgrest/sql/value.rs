//! One value of a row, as an expression gives it: borrowed from the table where it can be.

use std::borrow::Cow;
use std::cmp::Ordering;

use uuid::Uuid;

use super::instant::Instant;
use super::json_text::{write_integer, write_string, write_uuid};
use super::jsonb::Json;

/// One value, of the type its expression has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Uuid(Uuid),
    Instant(Instant),
    /// A label of the enum, by its position in the declared order, which is the order of values.
    Label(u8, &'a str),
    Integer(i64),
    Bool(bool),
    Text(Cow<'a, str>),
    /// The text of a `jsonb`.
    Json(Cow<'a, str>),
    /// A value of another type, which only a cast gives, as the JSON of the response.
    Written(String),
}

impl Value<'_> {
    /// The same without borrowing, which a label can't be.
    pub(crate) fn into_owned(self) -> Value<'static> {
        match self {
            Self::Uuid(value) => Value::Uuid(value),
            Self::Instant(value) => Value::Instant(value),
            Self::Integer(value) => Value::Integer(value),
            Self::Bool(value) => Value::Bool(value),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Json(text) => Value::Json(Cow::Owned(text.into_owned())),
            Self::Written(text) => Value::Written(text),
            Self::Label(position, _) => Value::Label(position, ""),
            Self::Null => Value::Null,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Writes the value as JSON.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Integer(value) => write_integer(*value, out),
            Self::Json(text) => out.extend_from_slice(text.as_bytes()),
            Self::Written(text) => out.extend_from_slice(text.as_bytes()),
            Self::Text(text) => write_string(text, out),
            Self::Label(_, label) => write_string(label, out),
            Self::Uuid(value) => {
                out.push(b'"');
                write_uuid(*value, out);
                out.push(b'"');
            }
            Self::Instant(value) => {
                out.push(b'"');
                value.write_json(out);
                out.push(b'"');
            }
        }
    }

    /// A number that keeps the order of values, though two values may share one; `None` of NULL.
    pub(crate) fn rank(&self) -> Option<u64> {
        // Two's complement in the order of unsigned numbers.
        const SIGN: u64 = 1 << 63;
        Some(match self {
            Self::Null => return None,
            Self::Integer(value) => value.cast_unsigned() ^ SIGN,
            Self::Instant(value) => value.micros().cast_unsigned() ^ SIGN,
            Self::Bool(value) => u64::from(*value),
            Self::Label(position, _) => u64::from(*position),
            Self::Uuid(value) => value.as_u64_pair().0,
            Self::Text(text) => {
                let mut first = [0; 8];
                first
                    .iter_mut()
                    .zip(text.bytes())
                    .for_each(|(slot, byte)| *slot = byte);
                u64::from_be_bytes(first)
            }
            Self::Json(_) | Self::Written(_) => 0,
        })
    }

    /// The order of two values of one type, neither of them NULL: text by its bytes, JSON as `jsonb` has it.
    pub(crate) fn compare(&self, other: &Value<'_>) -> Ordering {
        match (self, other) {
            (Self::Uuid(a), Value::Uuid(b)) => a.cmp(b),
            (Self::Instant(a), Value::Instant(b)) => a.cmp(b),
            (Self::Label(a, _), Value::Label(b, _)) => a.cmp(b),
            (Self::Integer(a), Value::Integer(b)) => a.cmp(b),
            (Self::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Self::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Json(a), Value::Json(b)) if a == b => Ordering::Equal,
            (Self::Json(a), Value::Json(b)) => match (Json::parse(a), Json::parse(b)) {
                (Ok(a), Ok(b)) => a.compare(&b),
                _ => a.cmp(b),
            },
            // Two values that are compared are of one type.
            _ => Ordering::Equal,
        }
    }
}
