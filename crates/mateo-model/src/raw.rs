//! `RawJson`: JSON as the server wrote it, read when and as what the caller likes.

mod format;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

pub(crate) use format::{Text, write};

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
#[derive(Clone, PartialEq, Eq, Hash)]
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
    pub(crate) fn null() -> Self {
        Self("null".into())
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
    let mut found = vec![None; names.len()];
    pick(row, names, &mut found);
    found
}

/// The same, of a key that comes twice the first, without reading the row beyond the last of them.
pub(crate) fn first_fields<'a>(row: &'a str, names: &[&str]) -> Vec<Option<&'a str>> {
    let mut found = vec![None; names.len()];
    let different = names.iter().enumerate();
    let different =
        different.filter(|(index, name)| names.iter().position(|other| other == *name) == Some(*index));
    let missing = different.count();
    let _ = serde_json::Deserializer::from_str(row).deserialize_map(Pick {
        names,
        found: &mut found,
        missing: Some(missing),
    });
    found
}

/// Sets `found[i]` to the value of `names[i]`.
fn pick<'a>(row: &'a str, names: &[&str], found: &mut [Option<&'a str>]) {
    let mut json = serde_json::Deserializer::from_str(row);
    // A row that isn't an object has no keys: what was found until then stands.
    let _ = json.deserialize_map(Pick {
        names,
        found,
        missing: None,
    });
}

struct Pick<'p, 'a> {
    names: &'p [&'p str],
    found: &'p mut [Option<&'a str>],
    /// How many are still to be found, where reading ends with the last.
    missing: Option<usize>,
}

impl<'de> Visitor<'de> for Pick<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while self.missing != Some(0)
            && let Some(index) = map.next_key_seed(IndexIn(self.names))?
        {
            match index.and_then(|index| self.found.get_mut(index)) {
                Some(Some(_)) if self.missing.is_some() => map.next_value::<IgnoredAny>().map(drop)?,
                Some(found) => {
                    *found = Some(map.next_value::<&RawValue>()?.get());
                    self.missing = self.missing.map(|missing| missing - 1);
                }
                None => map.next_value::<IgnoredAny>().map(drop)?,
            }
        }
        // A name that was asked for twice is found once: give it to all.
        for (index, name) in self.names.iter().enumerate() {
            let first = self.names.iter().position(|other| other == name).unwrap_or(index);
            let value = self.found.get(first).copied().flatten();
            if let Some(found) = self.found.get_mut(index) {
                *found = value;
            }
        }
        Ok(())
    }
}

/// Reads a key as its place in a list of names.
struct IndexIn<'p>(&'p [&'p str]);

impl<'de> DeserializeSeed<'de> for IndexIn<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Self::Value, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for IndexIn<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|name| *name == key))
    }
}

impl From<Box<RawValue>> for RawJson {
    fn from(value: Box<RawValue>) -> Self {
        Self(value.into())
    }
}

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

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text(|json: &str| Self(json.into())).deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests;
