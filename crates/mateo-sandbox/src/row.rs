//! One import, or changes to one, as the sandbox is given it: values by column.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
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
pub struct Row {
    /// Names, each once, and where their values are in `json`.
    columns: Vec<(Cow<'static, str>, Range<usize>)>,
    /// The values as JSON, one after the other.
    json: Vec<u8>,
}

/// Why a row, or a line that should hold one, was rejected.
#[derive(Debug, thiserror::Error)]
#[error("{}{reason}", line.map_or_else(String::new, |line| format!("line {line} is no row of imports: ")))]
pub struct RowError {
    line: Option<usize>,
    reason: String,
}

impl RowError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self {
            line: None,
            reason: reason.into(),
        }
    }

    pub(crate) fn at_line(self, line: usize) -> Self {
        Self {
            line: Some(line),
            ..self
        }
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

    /// Reads a JSON object.
    pub(crate) fn from_json(text: &str) -> Result<Self, RowError> {
        serde_json::from_str(text)
            .map(|Object(row)| row)
            .map_err(|error| {
                // A row is one line: the column says where in it.
                let reason = error.to_string().replace(" at line 1 column ", " at column ");
                RowError::new(format!("not a JSON object: {reason}"))
            })
    }

    /// The same with `column` set to `value`, or to NULL where that is null or cannot be JSON. In a column that isn't
    /// JSON a text is read as PostgreSQL reads the column's type.
    #[must_use]
    pub fn set(mut self, column: impl Into<Cow<'static, str>>, value: impl Serialize) -> Self {
        let start = self.json.len();
        if serde_json::to_writer(&mut self.json, &value).is_err() {
            self.json.truncate(start);
            self.json.extend_from_slice(b"null");
        }
        let (column, written) = (column.into(), start..self.json.len());
        match self.columns.iter_mut().find(|(name, _)| *name == column) {
            Some((_, before)) => *before = written,
            None => self.columns.push((column, written)),
        }
        self
    }

    /// The JSON object.
    pub(crate) fn to_json(&self) -> String {
        let members = self.columns().map(|(name, json)| {
            let name = serde_json::to_string(name).unwrap_or_default();
            format!("{name}:{json}")
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }

    /// The names and the values as JSON.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.columns.iter().map(|(name, written)| {
            let json = self
                .json
                .get(written.clone())
                .and_then(|json| str::from_utf8(json).ok());
            (&**name, json.unwrap_or("null"))
        })
    }
}

/// A JSON object as a row; of a member that is repeated the last counts.
struct Object(Row);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members).map(Self)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the columns of an import")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        let mut row = Row::new();
        while let Some((column, value)) = map.next_entry::<String, &RawValue>()? {
            row = row.set(column, value);
        }
        Ok(row)
    }
}
