//! JSON from text, with PostgreSQL's codes for what is invalid.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Json, number};
use crate::postgrest::sql::error::SqlError;

/// How deep arrays and objects may be nested. PostgreSQL's bound is its stack, some thousand levels.
const MAX_DEPTH: usize = 200;

impl<'a> Json<'a> {
    /// Reads JSON text.
    pub(crate) fn parse(text: &'a str) -> Result<Self, SqlError> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|_| invalid())?;
        Self::read(raw.get(), 0)
    }

    /// Reads a value whose syntax is known to be valid, but for the escapes in its strings.
    fn read(text: &'a str, depth: usize) -> Result<Self, SqlError> {
        if depth > MAX_DEPTH {
            return Err(SqlError::new("54001", "stack depth limit exceeded"));
        }
        let inner = |raw: &'a RawValue| Self::read(raw.get(), depth + 1);
        Ok(match text.as_bytes() {
            [b'{', ..] => {
                let members = serde_json::Deserializer::from_str(text).deserialize_map(Members);
                let members = members.map_err(|_| invalid())?.into_iter();
                let members: Result<Vec<_>, SqlError> = members
                    .map(|(name, value)| Ok((string(name.get())?, inner(value)?)))
                    .collect();
                Self::Object(in_order(members?))
            }
            [b'[', ..] => {
                let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| invalid())?;
                Self::Array(elements.into_iter().map(inner).collect::<Result<_, _>>()?)
            }
            [b'"', ..] => Self::String(string(text)?),
            b"null" => Self::Null,
            b"true" => Self::Bool(true),
            b"false" => Self::Bool(false),
            _ => Self::Number(number::canonical(text)?),
        })
    }
}

fn invalid() -> SqlError {
    SqlError::new("22P02", "invalid input syntax for type json")
}

/// The text of a string that is written in JSON.
fn string(written: &str) -> Result<Cow<'_, str>, SqlError> {
    if !written.contains('\\') {
        return Ok(Cow::Borrowed(written.trim_matches('"')));
    }
    let text: String = serde_json::from_str(written).map_err(|_| invalid())?;
    if text.contains('\0') {
        return Err(SqlError::new("22P05", "unsupported Unicode escape sequence"));
    }
    Ok(Cow::Owned(text))
}

/// The members of an object as they are written, repeated ones too.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(&'de RawValue, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

/// The members by length of name, then by bytes; of those with one name the last.
fn in_order<'a>(mut members: Vec<(Cow<'a, str>, Json<'a>)>) -> Vec<(Cow<'a, str>, Json<'a>)> {
    members.sort_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then_with(|| a.as_bytes().cmp(b.as_bytes())));
    members.dedup_by(|next, kept| {
        let repeated = next.0 == kept.0;
        if repeated {
            std::mem::swap(next, kept);
        }
        repeated
    });
    members
}
