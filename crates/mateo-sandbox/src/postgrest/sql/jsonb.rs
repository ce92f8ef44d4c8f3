//! `jsonb`: JSON as PostgreSQL keeps and compares it.
//!
//! A value is held as its text in PostgreSQL's one form (`{"n": 1, "source": "erp"}`: members by length of name, then by
//! bytes; the last of repeated ones; numbers as `numeric`), and parsed when a query looks into it.

mod number;
pub(crate) mod path;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::text::write_json;
use crate::postgrest::error::Error;
use number::Number;
use path::Items;

/// How deep arrays and objects may be nested. PostgreSQL's bound is its stack, some thousand levels.
const MAX_DEPTH: usize = 200;

/// A JSON value. The order, from least to greatest, is PostgreSQL's inside arrays and objects: these by how many they
/// hold before what they hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Json {
    Null,
    String(Box<str>),
    Number(Number),
    Bool(bool),
    Array(usize, Vec<Json>),
    /// Members by length of name, then by bytes, none twice.
    Object(usize, Vec<(Box<str>, Json)>),
}

impl Json {
    /// Reads JSON text.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|_| invalid())?;
        Self::read(raw.get(), 0)
    }

    /// Reads a value whose syntax is known to be valid, but for the escapes in its strings.
    fn read(text: &str, depth: usize) -> Result<Self, Error> {
        if depth > MAX_DEPTH {
            return Err(Error::new("54001", "stack depth limit exceeded"));
        }
        Ok(match text.as_bytes() {
            [b'{', ..] => {
                let mut members = BTreeMap::new();
                let mut items = Items::of(text);
                while let (Some(name), Some(value)) = (items.next(), items.next()) {
                    let name = string(name)?;
                    members.insert((name.len(), name), Self::read(value, depth + 1)?);
                }
                let members = members.into_iter().map(|((_, name), value)| (name, value));
                Self::Object(members.len(), members.collect())
            }
            [b'[', ..] => {
                let elements: Result<Vec<_>, _> = Items::of(text)
                    .map(|element| Self::read(element, depth + 1))
                    .collect();
                let elements = elements?;
                Self::Array(elements.len(), elements)
            }
            [b'"', ..] => Self::String(string(text)?),
            b"null" => Self::Null,
            b"true" => Self::Bool(true),
            b"false" => Self::Bool(false),
            _ => Self::Number(Number::read(text)?),
        })
    }

    /// The text in PostgreSQL's form.
    pub(crate) fn to_text(&self) -> Box<str> {
        let mut out = Vec::new();
        self.write(&mut out);
        String::from_utf8(out).unwrap_or_default().into()
    }

    /// Writes the text: a blank after `:` and `,`, nowhere else.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let separate = |index, out: &mut Vec<u8>| out.extend_from_slice(if index > 0 { b", " } else { b"" });
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(value) => write_json(value, out),
            Self::Number(number) => out.extend_from_slice(number.as_str().as_bytes()),
            Self::String(text) => write_json(text, out),
            Self::Array(_, elements) => {
                out.push(b'[');
                for (index, element) in elements.iter().enumerate() {
                    separate(index, out);
                    element.write(out);
                }
                out.push(b']');
            }
            Self::Object(_, members) => {
                out.push(b'{');
                for (index, (name, value)) in members.iter().enumerate() {
                    separate(index, out);
                    write_json(name, out);
                    out.extend_from_slice(b": ");
                    value.write(out);
                }
                out.push(b'}');
            }
        }
    }

    /// What PostgreSQL calls its kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::String(_) => "string",
            Self::Number(_) => "numeric",
            Self::Bool(_) => "boolean",
            Self::Array(..) => "array",
            Self::Object(..) => "object",
        }
    }

    fn is_scalar(&self) -> bool {
        !matches!(self, Self::Array(..) | Self::Object(..))
    }

    /// PostgreSQL's order of two whole values. One that is a scalar is held as an array of one, so that it compares with
    /// arrays by their lengths: `[] < null`, though inside containers any array is greater than any scalar.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Array(length, _), scalar) if scalar.is_scalar() => length.cmp(&1).then(Ordering::Greater),
            (scalar, Self::Array(length, _)) if scalar.is_scalar() => 1.cmp(length).then(Ordering::Less),
            _ => self.cmp(other),
        }
    }

    /// `@>` of two whole values: an array also contains a scalar that is one of its elements.
    pub(crate) fn contains(&self, part: &Self) -> bool {
        match (self, part) {
            (Self::Array(_, elements), scalar) if scalar.is_scalar() => elements.contains(scalar),
            _ => self.contains_inside(part),
        }
    }

    fn contains_inside(&self, part: &Self) -> bool {
        match (self, part) {
            (Self::Object(_, members), Self::Object(_, parts)) => parts.iter().all(|(name, part)| {
                let member = members.iter().find(|(member, _)| member == name);
                member.is_some_and(|(_, value)| value.contains_inside(part))
            }),
            (Self::Array(_, elements), Self::Array(_, parts)) => parts
                .iter()
                .all(|part| elements.iter().any(|element| element.contains_inside(part))),
            _ => self == part,
        }
    }
}

fn invalid() -> Error {
    Error::new("22P02", "invalid input syntax for type json")
}

/// The text of a string that is written in JSON.
fn string(written: &str) -> Result<Box<str>, Error> {
    let text: Box<str> = serde_json::from_str(written).map_err(|_| invalid())?;
    if text.contains('\0') {
        return Err(Error::new("22P05", "unsupported Unicode escape sequence"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
