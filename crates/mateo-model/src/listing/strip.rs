//! Taking the columns out of a row that only the listing asked for.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::ListingError;

/// The row without `members`, the others in their order and as they were written.
pub(super) fn row<'r>(row: &'r str, members: &[String]) -> Result<Cow<'r, str>, ListingError> {
    if members.is_empty() {
        return Ok(Cow::Borrowed(row));
    }
    let mut json = serde_json::Deserializer::from_str(row);
    let entries = json
        .deserialize_map(Entries)
        .map_err(|_| ListingError::NotAnObject)?;
    let mut text = String::with_capacity(row.len());
    text.push('{');
    for (name, value) in entries {
        if members.iter().any(|member| member.as_str() == name) {
            continue;
        }
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&serde_json::Value::from(name).to_string());
        text.push(':');
        text.push_str(value.get());
    }
    text.push('}');
    Ok(Cow::Owned(text))
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}
