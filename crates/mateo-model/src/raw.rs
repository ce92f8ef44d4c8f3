//! `RawJson`: JSON as the server wrote it, read when and as what the caller likes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// The text of a JSON value, byte for byte.
///
/// An import's payload is one, so is each column this crate doesn't know; and `Page<RawJson>` is a page whose rows nobody
/// looked into. Two are equal if their texts are: `1.0` is not `1`.
///
/// Read from another format, or from a buffer of serde's (`flatten`, untagged enums), it is the value as compact JSON;
/// written to another format it is the value.
///
/// ```
/// use mateo_model::RawJson;
///
/// let payload: RawJson = r#"[{"email": "my@contact.com", "n": 1.50}]"#.parse()?;
///
/// #[derive(serde::Deserialize)]
/// struct Contact<'a> {
///     email: &'a str,
/// }
/// let contacts: Vec<Contact> = payload.read()?;
/// assert_eq!(contacts[0].email, "my@contact.com");
/// assert_eq!(payload.as_str(), r#"[{"email": "my@contact.com", "n": 1.50}]"#);
/// # Ok::<(), mateo_model::ValueError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RawJson(Box<str>);

/// A JSON value does not read as the type it was asked for, or a text is not JSON.
///
/// What does not fit is in its source.
///
/// ```
/// use std::error::Error as _;
///
/// let payload: mateo_model::RawJson = "[]".parse()?;
/// let error = payload.read::<u32>().unwrap_err();
/// assert!(error.source().unwrap().to_string().starts_with("invalid type: sequence, expected u32"));
/// # Ok::<(), mateo_model::ValueError>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the JSON value does not read as the type asked for")]
pub struct ValueError(#[source] pub(crate) serde_json::Error);

impl RawJson {
    pub(crate) fn of(value: Box<RawValue>) -> Self {
        Self(value.into())
    }

    /// The text, without whitespace around it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text on one line, as `ndjson` wants it. Line breaks in JSON text are never part of a string.
    pub fn one_line(&self) -> Cow<'_, str> {
        if self.as_str().contains(['\n', '\r']) {
            Cow::Owned(self.as_str().replace(['\n', '\r'], " "))
        } else {
            Cow::Borrowed(self.as_str())
        }
    }

    /// Reads the value as any type, which may borrow from the text.
    ///
    /// # Errors
    ///
    /// If the value doesn't fit the type; the source says where.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ValueError> {
        serde_json::from_str(self.as_str()).map_err(ValueError)
    }

    /// The top-level values of some keys of an object, in the order of `names`; `None` where it has no such key or is no
    /// object. Of a key that comes twice the last counts. The other values are passed over, not read.
    ///
    /// ```
    /// let row: mateo_model::RawJson = r#"{"id":"a","payload":[{"id":7}],"total_count":null}"#.parse()?;
    /// let values = row.fields(&["total_count", "id", "hints"]);
    /// assert_eq!(values, [Some("null"), Some("\"a\""), None]);
    /// # Ok::<(), mateo_model::ValueError>(())
    /// ```
    pub fn fields(&self, names: &[&str]) -> Vec<Option<&str>> {
        fields(self.as_str(), names)
    }
}

/// See [`RawJson::fields`].
pub(crate) fn fields<'a>(row: &'a str, names: &[&str]) -> Vec<Option<&'a str>> {
    let columns: HashMap<Text<'_>, &RawValue> = serde_json::from_str(row).unwrap_or_default();
    names
        .iter()
        .map(|name| columns.get(&Text((*name).into())).map(|value| value.get()))
        .collect()
}

/// The same, of a key that comes twice the first, without reading the row beyond the last of them.
pub(crate) fn first_fields<'a>(row: &'a str, names: &[&str]) -> Vec<Option<&'a str>> {
    let mut found = vec![None; names.len()];
    // A row that isn't an object has no keys.
    let _ = serde_json::Deserializer::from_str(row).deserialize_map(First {
        names,
        found: &mut found,
    });
    found
}

/// Sets `found[i]` to the value of `names[i]`.
struct First<'p, 'a> {
    names: &'p [&'p str],
    found: &'p mut [Option<&'a str>],
}

impl<'de> Visitor<'de> for First<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<(), A::Error> {
        while self.found.contains(&None)
            && let Some(Text(key)) = row.next_key()?
        {
            if !self.names.contains(&&*key) {
                row.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = row.next_value::<&RawValue>()?.get();
            for (name, found) in self.names.iter().zip(&mut *self.found) {
                if *name == key {
                    found.get_or_insert(value);
                }
            }
        }
        Ok(())
    }
}

/// A string, borrowed where it can be.
#[derive(PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Any JSON text; whitespace around it is dropped.
impl FromStr for RawJson {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        serde_json::from_str::<&RawValue>(text)
            .map(|raw| Self(raw.get().into()))
            .map_err(ValueError)
    }
}

impl fmt::Display for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Only the size: payloads are long, and hold people's names and addresses, which don't belong in logs.
impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawJson({} bytes)", self.as_str().len())
    }
}

/// As the text it is where the serializer is `serde_json`'s, as the value it stands for elsewhere.
impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Of a serializer that is any type, only its error tells whose it is.
        if typeid::of::<S::Error>() == typeid::of::<serde_json::Error>() {
            self.read::<&RawValue>()
                .map_err(S::Error::custom)?
                .serialize(serializer)
        } else {
            self.read::<Value>()
                .map_err(S::Error::custom)?
                .serialize(serializer)
        }
    }
}

/// The name by which `serde_json` is asked for the text of a value. Should it change, values are read as trees: the same,
/// but for their spacing. A test would tell.
const RAW: &str = "$serde_json::private::RawValue";

/// `serde_json`'s own `RawValue` is read from `serde_json` only; this is also read from other formats, and from what serde
/// buffers under `flatten` and in untagged enums.
impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyJson;

        impl<'de> Visitor<'de> for AnyJson {
            type Value = RawJson;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }

            /// The text, as `serde_json` hands it out: a map of one entry.
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawJson, A::Error> {
                Box::<RawValue>::deserialize(MapAccessDeserializer::new(map)).map(RawJson::of)
            }

            /// The value, as all others give it.
            fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<RawJson, D::Error> {
                let value = Value::deserialize(value)?;
                to_raw_value(&value).map(RawJson::of).map_err(de::Error::custom)
            }
        }

        deserializer.deserialize_newtype_struct(RAW, AnyJson)
    }
}

#[cfg(test)]
mod tests;
