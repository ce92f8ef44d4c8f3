//! One import, or changes to one, as the sandbox is given it: values by column.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

/// One import, or changes to one: values by column.
///
/// A column that the sandbox doesn't have yet is added to it, with the type of its first value.
///
/// ```
/// use mateo_sandbox::Row;
///
/// let row = Row::import(uuid::Uuid::from_u128(1), chrono::DateTime::UNIX_EPOCH)
///     .set("type", "deal_details")
///     .set("total_count", 120)
///     .set("payload", serde_json::json!([{"email": "a@example.com"}]));
/// # assert!(mateo_sandbox::Sandbox::new().insert(row).is_ok());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Row(IndexMap<Cow<'static, str>, Box<RawValue>>);

/// Why a row, or a line that should hold one, was rejected.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RowError(String);

impl RowError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    pub(crate) fn at_line(&self, line: usize) -> Self {
        Self(format!("line {line} is no row of imports: {self}"))
    }
}

impl Row {
    /// No values: to begin a row or changes from.
    pub fn new() -> Self {
        Self::default()
    }

    /// An import of contacts with the columns that every import has: created and updated `at` one time, in an
    /// organisation whose id is nil.
    pub fn import(id: Uuid, at: DateTime<Utc>) -> Self {
        Self::new()
            .set("id", id)
            .set("created_at", at)
            .set("updated_at", at)
            .set("organisation_id", Uuid::nil())
            .set("type", "contact_details")
    }

    /// Reads a JSON object; of a member that is repeated the last counts.
    pub(crate) fn from_json(text: &str) -> Result<Self, RowError> {
        serde_json::from_str(text).map(Self).map_err(|error| {
            // A row is one line: the column says where in it.
            let reason = error.to_string().replace(" at line 1 column ", " at column ");
            RowError(format!("not a JSON object: {reason}"))
        })
    }

    /// The same with `column` set to `value`, or to NULL where that is null or cannot be JSON. In a column that isn't
    /// JSON a text is read as PostgreSQL reads the column's type.
    #[must_use]
    pub fn set(mut self, column: impl Into<Cow<'static, str>>, value: impl Serialize) -> Self {
        let json = to_raw_value(&value).unwrap_or_else(|_| RawValue::NULL.to_owned());
        self.0.insert(column.into(), json);
        self
    }

    /// The JSON object.
    pub(crate) fn to_json(&self) -> serde_json::Result<Box<RawValue>> {
        to_raw_value(&self.0)
    }

    /// The names and the values as JSON.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, json)| (&**name, json.get()))
    }
}
