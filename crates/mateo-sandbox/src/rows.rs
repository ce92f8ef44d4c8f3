//! A set of rows to begin a sandbox with, read from JSON lines or built one by one.

use std::io::BufRead;

use crate::row::{Row, RowError};
use crate::sql::Table;

/// Rows to begin a sandbox with.
///
/// ```
/// use mateo_sandbox::{Row, Rows, Sandbox};
///
/// let mut rows = Rows::new();
/// rows.push(Row::import(uuid::Uuid::from_u128(1), chrono::DateTime::UNIX_EPOCH))?;
/// assert_eq!(Sandbox::builder().rows(rows).build().len(), 1);
/// # Ok::<(), mateo_sandbox::RowError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rows {
    table: Table,
}

/// A line can't be taken for a row.
///
/// ```
/// use mateo_sandbox::Rows;
///
/// let error = Rows::from_jsonl("\n{\"id\": 5}\n".as_bytes()).unwrap_err();
/// assert_eq!(error.line(), 2);
/// assert_eq!(error.to_string(), "line 2 is no row of imports");
/// ```
#[derive(Debug, thiserror::Error)]
#[error("line {line} {}", match reason { Reason::Read(_) => "can't be read", Reason::Row(_) => "is no row of imports" })]
pub struct RowsError {
    line: usize,
    #[source]
    reason: Reason,
}

#[derive(Debug, thiserror::Error)]
enum Reason {
    #[error(transparent)]
    Read(std::io::Error),
    #[error(transparent)]
    Row(RowError),
}

impl RowsError {
    /// The number of the line, the first being 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// What is wrong with the row, unless the line couldn't be read at all.
    pub fn row_error(&self) -> Option<&RowError> {
        match &self.reason {
            Reason::Row(error) => Some(error),
            Reason::Read(_) => None,
        }
    }
}

impl Rows {
    /// No rows.
    pub fn new() -> Self {
        Self {
            table: Table::imports(),
        }
    }

    /// Reads one JSON object a line; blank lines are passed over.
    ///
    /// # Errors
    ///
    /// The first line that is no row of imports, by its number.
    ///
    /// ```
    /// let line = r#"{"id": "d419c772-3226-4b94-bc3a-e353fb14628e", "created_at": "2025-01-01T00:00:00+00:00",
    ///     "updated_at": "2025-01-01T00:00:00+00:00", "organisation_id": "f6fadfa7-e5c1-4b62-9362-da5cc13da58a",
    ///     "type": "deal_details"}"#.replace('\n', "");
    /// assert_eq!(mateo_sandbox::Rows::from_jsonl(line.as_bytes())?.len(), 1);
    /// # Ok::<(), mateo_sandbox::RowsError>(())
    /// ```
    pub fn from_jsonl(mut reader: impl BufRead) -> Result<Self, RowsError> {
        let mut rows = Self::new();
        let mut text = String::new();
        for line in 1.. {
            text.clear();
            let failed = |reason| RowsError { line, reason };
            if reader
                .read_line(&mut text)
                .map_err(|error| failed(Reason::Read(error)))?
                == 0
            {
                break;
            }
            if text.trim().is_empty() {
                continue;
            }
            Row::from_json(&text)
                .and_then(|row| rows.push(row))
                .map_err(|error| failed(Reason::Row(error)))?;
        }
        Ok(rows)
    }

    /// One more row.
    ///
    /// # Errors
    ///
    /// If a value is not of its column's type, one is missing that every import has, or the id is taken.
    pub fn push(&mut self, row: Row) -> Result<(), RowError> {
        self.table.insert(row)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn into_table(self) -> Table {
        self.table
    }
}

impl Default for Rows {
    fn default() -> Self {
        Self::new()
    }
}
