//! `Extra`: the columns of a row that this crate doesn't know.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::raw::{self, Text, ValueError};

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
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Extra {
    /// Names and values, one after the other: two allocations a row, however many columns it has.
    text: String,
    columns: Vec<Ends>,
}

/// Where in the text a column's name ends, and its value; the name begins where the column before it ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Ends {
    name: usize,
    value: usize,
}

impl Extra {
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
        let mut begin = 0;
        self.columns.iter().filter_map(move |ends| {
            let column = (
                self.text.get(begin..ends.name)?,
                self.text.get(ends.name..ends.value)?,
            );
            begin = ends.value;
            Some(column)
        })
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Adds a column whose value is JSON text.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        if self.columns.is_empty() {
            self.text.reserve(128);
        }
        self.text.push_str(name);
        let name = self.text.len();
        self.text.push_str(value);
        self.columns.push(Ends {
            name,
            value: self.text.len(),
        });
    }

    /// Of the columns with the same name, keeps the last.
    pub(super) fn drop_repeated(&mut self) {
        if !self.has_repeated() {
            return;
        }
        let mut kept = Self::default();
        let mut seen = BTreeSet::new();
        let mut columns: Vec<_> = self.iter().collect();
        columns.reverse();
        columns.retain(|(name, _)| seen.insert(*name));
        for (name, value) in columns.into_iter().rev() {
            kept.push(name, value);
        }
        *self = kept;
    }

    /// Whether a name comes twice. A row has a handful of columns, which are compared fastest by each with each; a hostile
    /// one may have very many.
    fn has_repeated(&self) -> bool {
        match self.columns.len() {
            0 | 1 => false,
            2..16 => self
                .names()
                .enumerate()
                .any(|(index, name)| self.names().skip(index + 1).any(|other| other == name)),
            many => self.names().collect::<BTreeSet<_>>().len() < many,
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }
}

/// A map, each value as for [`RawJson`](crate::RawJson).
impl Serialize for Extra {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(name, value)| (name, Raw(value))))
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
                let mut extra = Extra::default();
                while let Some(name) = map.next_key::<String>()? {
                    map.next_value_seed(Text(|json: &str| extra.push(&name, json)))?;
                }
                extra.drop_repeated();
                Ok(extra)
            }
        }

        deserializer.deserialize_map(Columns)
    }
}

/// JSON text.
pub(super) struct Raw<'a>(pub(super) &'a str);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw::write(self.0, serializer)
    }
}

/// Names and sizes, as for [`RawJson`](crate::RawJson).
impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes = self
            .iter()
            .map(|(name, value)| (name, format!("{} bytes", value.len())));
        f.debug_map().entries(sizes).finish()
    }
}
