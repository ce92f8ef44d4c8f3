//! One import, or changes to one, as the sandbox is given it: values by column.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
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
/// # assert_eq!(mateo_sandbox::Sandbox::new().insert(row), Ok(()));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    cells: Vec<(Cow<'static, str>, Cell)>,
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cell {
    /// No value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Text; in a column of another type it is read as PostgreSQL reads that type.
    Text(String),
    /// A uuid.
    Uuid(Uuid),
    /// A point in time, kept to the microsecond.
    Time(DateTime<Utc>),
    /// Any value as JSON text. In a column that isn't JSON, a JSON string stands for its text.
    Json(String),
}

/// Why a row can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// A value is not of its column's type.
    #[error("column {column:?} can't hold the value: {reason}")]
    Value {
        /// The column.
        column: String,
        /// What PostgreSQL would say about the value.
        reason: String,
    },
    /// A column that every import has is missing or null.
    #[error("column {column:?} must have a value")]
    Missing {
        /// The column.
        column: String,
    },
    /// Another row has the same id.
    #[error("a row with the id {id} is already there")]
    Duplicate {
        /// The id.
        id: Uuid,
    },
    /// The text is not a JSON object.
    #[error("not a JSON object: {reason}")]
    NotAnObject {
        /// What the JSON reader says.
        reason: String,
    },
}

impl Row {
    /// No values: to begin a row or changes from.
    pub fn new() -> Self {
        Self::default()
    }

    /// An import of contacts with the columns that every import has: created and updated `at` one time, in an
    /// organisation whose id is nil.
    ///
    /// ```
    /// let row = mateo_sandbox::Row::import(uuid::Uuid::from_u128(1), chrono::DateTime::UNIX_EPOCH);
    /// assert_eq!(row.get("type"), Some(&"contact_details".into()));
    /// ```
    pub fn import(id: Uuid, at: DateTime<Utc>) -> Self {
        Self::new()
            .set("id", id)
            .set("created_at", at)
            .set("updated_at", at)
            .set("organisation_id", Uuid::nil())
            .set("type", "contact_details")
    }

    /// Reads a JSON object, such as the server answers and [`Sandbox::rows`](crate::Sandbox::rows) gives.
    ///
    /// # Errors
    ///
    /// [`RowError::NotAnObject`].
    ///
    /// ```
    /// let row = mateo_sandbox::Row::from_json(r#"{"total_count": 3}"#)?;
    /// assert_eq!(row.get("total_count"), Some(&mateo_sandbox::Cell::Json("3".into())));
    /// # Ok::<(), mateo_sandbox::RowError>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self, RowError> {
        serde_json::from_str(text).map_err(|error| RowError::NotAnObject {
            reason: error.to_string(),
        })
    }

    /// The same with `column` set to `value`.
    #[must_use]
    pub fn set(mut self, column: impl Into<Cow<'static, str>>, value: impl Into<Cell>) -> Self {
        let (column, value) = (column.into(), value.into());
        match self.cells.iter_mut().find(|(name, _)| *name == column) {
            Some((_, cell)) => *cell = value,
            None => self.cells.push((column, value)),
        }
        self
    }

    /// The value of `column`, as it was given.
    pub fn get(&self, column: &str) -> Option<&Cell> {
        self.cells
            .iter()
            .find_map(|(name, cell)| (name == column).then_some(cell))
    }

    pub(crate) fn cells(&self) -> &[(Cow<'static, str>, Cell)] {
        &self.cells
    }

    pub(crate) fn into_cells(self) -> Vec<(Cow<'static, str>, Cell)> {
        self.cells
    }
}

impl From<serde_json::Map<String, serde_json::Value>> for Row {
    fn from(object: serde_json::Map<String, serde_json::Value>) -> Self {
        object
            .into_iter()
            .fold(Self::new(), |row, (column, value)| row.set(column, value))
    }
}

/// A JSON object; of a member that is repeated the last counts.
impl<'de> serde::Deserialize<'de> for Row {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> serde::de::Visitor<'de> for Members {
    type Value = Row;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object with the columns of an import")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        let mut row = Row {
            cells: Vec::with_capacity(13),
        };
        while let Some((column, value)) = map.next_entry::<String, Box<serde_json::value::RawValue>>()? {
            row = row.set(column, Cell::Json(String::from(Box::<str>::from(value))));
        }
        Ok(row)
    }
}

macro_rules! cell_from {
    ($($from:ty => $make:expr,)+) => {
        $(impl From<$from> for Cell {
            fn from(value: $from) -> Self {
                $make(value)
            }
        })+
    };
}

cell_from! {
    bool => Cell::Bool,
    i32 => |value| Cell::Integer(i64::from(value)),
    u32 => |value| Cell::Integer(i64::from(value)),
    i64 => Cell::Integer,
    String => Cell::Text,
    &str => |value: &str| Cell::Text(value.to_owned()),
    Uuid => Cell::Uuid,
    DateTime<Utc> => Cell::Time,
    serde_json::Value => |value: serde_json::Value| Cell::Json(value.to_string()),
}

/// `None` is NULL.
impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
