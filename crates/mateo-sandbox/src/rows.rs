//! A set of rows to begin a sandbox with, read from JSON lines or built one by one.

use std::io::BufRead;

use mateo_model::columns::{self, ColumnInfo};

use crate::postgrest::Table;
use crate::row::{Row, RowError};

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
#[derive(Debug)]
pub struct Rows {
    table: Table,
}

impl Rows {
    /// No rows, and every column that this release knows.
    pub fn new() -> Self {
        Self::with_columns(columns::ALL)
    }

    /// No rows, and no more than these columns: those of an older server, for example. A row that has others adds them.
    pub fn with_columns(columns: &[ColumnInfo]) -> Self {
        Self {
            table: Table::new(columns),
        }
    }

    /// Reads one JSON object a line; blank lines are passed over.
    ///
    /// # Errors
    ///
    /// The first line that cannot be read, or is no row of imports, by its number.
    ///
    /// ```
    /// use mateo_sandbox::Rows;
    ///
    /// let error = Rows::from_jsonl("\n{\"id\": 5}\n".as_bytes()).unwrap_err();
    /// assert!(error.to_string().starts_with("line 2 is no row of imports: "));
    /// ```
    pub fn from_jsonl(reader: impl BufRead) -> Result<Self, RowError> {
        Self::new().and_jsonl(reader)
    }

    /// These rows, and those that [`from_jsonl`](Self::from_jsonl) reads.
    ///
    /// # Errors
    ///
    /// As for [`from_jsonl`](Self::from_jsonl).
    pub fn and_jsonl(mut self, reader: impl BufRead) -> Result<Self, RowError> {
        for (line, text) in (1..).zip(reader.lines()) {
            let taken = text
                .map_err(|error| RowError::new(error.to_string()))
                .and_then(|text| match text.trim() {
                    "" => Ok(()),
                    json => self.push(Row::from_json(json)?),
                });
            taken.map_err(|error| error.at_line(line))?;
        }
        Ok(self)
    }

    /// One more row.
    ///
    /// # Errors
    ///
    /// If a value is not of its column's type, one is missing that every import has, or another row has the id.
    #[expect(clippy::needless_pass_by_value, reason = "a row is made to be given away")]
    pub fn push(&mut self, row: Row) -> Result<(), RowError> {
        self.table.insert(&row)
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
