//! `Extra`: the columns of a row that this crate doesn't know.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::raw::{RawJson, ValueError};

/// The columns of a row that this crate doesn't know, in the order they came, each as raw JSON.
///
/// ```
/// # let json = r#"{"id":"d419c772-3226-4b94-bc3a-e353fb14628e","created_at":"2025-01-01T00:00:00+00:00","updated_at":"2025-01-01T00:00:00+00:00","organisation_id":"f6fadfa7-e5c1-4b62-9362-da5cc13da58a","type":"contact_details","newer":["a"],"allow_deal_reassignment":null}"#;
/// # let import: mateo_model::Import = serde_json::from_str(json)?;
/// // A row with the columns "newer":["a"] and "allow_deal_reassignment":null
/// assert!(import.extra.iter().map(|(name, _)| name).eq(["newer", "allow_deal_reassignment"]));
/// assert_eq!(import.extra.get::<Vec<&str>>("newer")?, Some(vec!["a"]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Extra {
    pub(crate) columns: Vec<(String, RawJson)>,
}

impl Extra {
    /// Of the columns with the same name, the last counts.
    pub(super) fn new(mut columns: Vec<(String, RawJson)>) -> Self {
        let mut seen = HashSet::new();
        let names = columns.iter().map(|(name, _)| name.as_str());
        // From the last to the first, so that `pop` gives them in the order of the columns.
        let mut is_last: Vec<bool> = names.rev().map(|name| seen.insert(name)).collect();
        columns.retain(|_| is_last.pop() == Some(true));
        Self { columns }
    }

    /// The value of a column as any type, `None` if it is null or not there. [`raw`](Self::raw) tells the two apart.
    ///
    /// # Errors
    ///
    /// If the value doesn't fit the type.
    ///
    /// ```
    /// # let json = r#"{"id":"d419c772-3226-4b94-bc3a-e353fb14628e","created_at":"2025-01-01T00:00:00+00:00","updated_at":"2025-01-01T00:00:00+00:00","organisation_id":"f6fadfa7-e5c1-4b62-9362-da5cc13da58a","type":"contact_details","allow_deal_reassignment":true}"#;
    /// # let import: mateo_model::Import = serde_json::from_str(json)?;
    /// assert_eq!(import.extra.get("allow_deal_reassignment")?, Some(true));
    /// assert_eq!(import.extra.get::<bool>("nope")?, None);
    /// assert!(import.extra.get::<u8>("allow_deal_reassignment").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get<'a, T: Deserialize<'a>>(&'a self, name: &str) -> Result<Option<T>, ValueError> {
        match self.raw(name) {
            Some(value) => serde_json::from_str(value).map_err(ValueError),
            None => Ok(None),
        }
    }

    /// The value of a column as JSON text, `None` if it is not there.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Whether the column came, null or not.
    pub fn contains(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// Each column's name, and its value as JSON text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let columns = self.columns.iter();
        columns.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }
}

/// A map, each value as for [`RawJson`](crate::RawJson).
impl Serialize for Extra {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.columns.iter().map(|(name, value)| (name, value)))
    }
}

/// A map, each value as for [`RawJson`](crate::RawJson). Of a name that comes twice the last counts.
impl<'de> Deserialize<'de> for Extra {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Columns;

        impl<'de> Visitor<'de> for Columns {
            type Value = Extra;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of columns")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Extra, A::Error> {
                let mut columns = Vec::new();
                while let Some(column) = map.next_entry()? {
                    columns.push(column);
                }
                Ok(Extra::new(columns))
            }
        }

        deserializer.deserialize_map(Columns)
    }
}

/// Names and sizes, as for [`RawJson`](crate::RawJson).
impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.columns.iter().map(|(name, value)| (name, value)))
            .finish()
    }
}
