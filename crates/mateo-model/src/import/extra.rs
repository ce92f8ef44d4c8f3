//! `Extra`: the columns of a row that this crate doesn't know.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{RawJson, ValueError};

/// The columns of a row that this crate doesn't know, in the order they came, each as raw JSON.
///
/// ```
/// # let json = r#"{"id":"d419c772-3226-4b94-bc3a-e353fb14628e","created_at":"2025-01-01T00:00:00+00:00","updated_at":"2025-01-01T00:00:00+00:00","organisation_id":"f6fadfa7-e5c1-4b62-9362-da5cc13da58a","type":"contact_details","hints":["a"],"allow_deal_reassignment":null}"#;
/// # let import: mateo_model::Import = serde_json::from_str(json)?;
/// // A row with the columns "hints":["a"] and "allow_deal_reassignment":null
/// assert!(import.extra.iter().map(|(name, _)| name).eq(["hints", "allow_deal_reassignment"]));
/// assert_eq!(import.extra.get::<Vec<&str>>("hints")?, Some(vec!["a"]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Extra(Vec<(Box<str>, RawJson)>);

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
        self.raw(name).map_or(Ok(None), RawJson::read)
    }

    /// The value of a column as raw JSON, `None` if it is not there.
    ///
    /// ```
    /// # let json = r#"{"id":"d419c772-3226-4b94-bc3a-e353fb14628e","created_at":"2025-01-01T00:00:00+00:00","updated_at":"2025-01-01T00:00:00+00:00","organisation_id":"f6fadfa7-e5c1-4b62-9362-da5cc13da58a","type":"contact_details","hints":null}"#;
    /// # let import: mateo_model::Import = serde_json::from_str(json)?;
    /// assert_eq!(import.extra.raw("hints").map(|value| value.as_str()), Some("null"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn raw(&self, name: &str) -> Option<&RawJson> {
        self.0
            .iter()
            .find(|(key, _)| &**key == name)
            .map(|(_, value)| value)
    }

    /// Whether the column came, null or not.
    ///
    /// ```
    /// assert!(!mateo_model::Extra::default().contains("hints"));
    /// ```
    pub fn contains(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// Each column's name and value.
    ///
    /// ```
    /// assert_eq!(mateo_model::Extra::default().iter().count(), 0);
    /// ```
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &RawJson)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// How many columns there are.
    ///
    /// ```
    /// assert_eq!(mateo_model::Extra::default().len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    ///
    /// ```
    /// assert!(mateo_model::Extra::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push(&mut self, name: Box<str>, value: Box<RawValue>) {
        self.0.push((name, value.into()));
    }

    /// Keeps the last of the columns with the same name.
    pub(super) fn drop_repeated(&mut self) {
        if self.0.len() < 2 {
            return;
        }
        let mut seen = BTreeSet::new();
        let kept: Vec<bool> = self
            .0
            .iter()
            .rev()
            .map(|(name, _)| seen.insert(name.clone()))
            .collect();
        let mut kept = kept.into_iter().rev();
        self.0.retain(|_| kept.next().unwrap_or(true));
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
