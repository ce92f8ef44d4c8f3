//! The endpoint as a value: rows that tests change while it answers.

use std::fmt;
use std::io::BufRead;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, Response};
use mateo_model::columns::{self, ColumnInfo};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::postgrest::{self, Table};
use crate::row::{Row, RowError};

/// hellomateo's imports endpoint over rows in memory. A clone is another handle to the same rows.
///
/// See the [crate's page](crate) for an example.
#[derive(Clone)]
pub struct Sandbox {
    table: Arc<RwLock<Table>>,
    max_rows: u64,
}

impl Sandbox {
    /// The path of the endpoint.
    pub const PATH: &str = postgrest::PATH;

    /// No rows, and every column that this release knows.
    pub fn new() -> Self {
        Self::with_columns(columns::ALL)
    }

    /// No rows, and no more than these columns: those of an older server, for example. A row that has others adds them.
    pub fn with_columns(columns: &[ColumnInfo]) -> Self {
        Self {
            table: Arc::new(RwLock::new(Table::new(columns))),
            // The real endpoint's cap (API.md, "Limits").
            max_rows: 50,
        }
    }

    /// The rows of a file that holds one JSON object a line.
    ///
    /// # Errors
    ///
    /// As for [`insert_jsonl`](Self::insert_jsonl).
    ///
    /// ```
    /// use mateo_sandbox::Sandbox;
    ///
    /// let error = Sandbox::from_jsonl("\n{\"id\": 5}\n".as_bytes()).unwrap_err();
    /// assert!(error.to_string().starts_with("line 2 is no row of imports: "));
    /// ```
    pub fn from_jsonl(reader: impl BufRead) -> Result<Self, RowError> {
        let sandbox = Self::new();
        sandbox.insert_jsonl(reader)?;
        Ok(sandbox)
    }

    /// The same rows under another cap: the most rows of a response, 50 unless set, as on the real endpoint. Other
    /// handles keep theirs.
    #[must_use]
    pub fn max_rows(mut self, rows: u64) -> Self {
        self.max_rows = rows;
        self
    }

    /// Adds the rows of a file that holds one JSON object a line; blank lines are passed over.
    ///
    /// # Errors
    ///
    /// The first line that cannot be read, or is no row of imports, by its number. The rows before it are there.
    pub fn insert_jsonl(&self, reader: impl BufRead) -> Result<(), RowError> {
        for (line, text) in (1..).zip(reader.lines()) {
            let taken = text
                .map_err(|error| RowError::new(error.to_string()))
                .and_then(|text| match text.trim() {
                    "" => Ok(()),
                    json => self.insert(Row::from_json(json)?),
                });
            taken.map_err(|error| error.at_line(line))?;
        }
        Ok(())
    }

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// If a value is not of its column's type, one is missing that every import has, or another row has the id.
    #[expect(clippy::needless_pass_by_value, reason = "a row is made to be given away")]
    pub fn insert(&self, row: Row) -> Result<(), RowError> {
        self.write().insert(&row)
    }

    /// Changes the columns of one row that `changes` names; `false` where there is no such row. Nothing else changes,
    /// `updated_at` neither.
    ///
    /// # Errors
    ///
    /// If a value is not of its column's type, or the row would lack one that every import has.
    ///
    /// ```
    /// use mateo_sandbox::{Row, Sandbox};
    ///
    /// let (sandbox, id) = (Sandbox::new(), uuid::Uuid::from_u128(1));
    /// sandbox.insert(Row::import(id, chrono::DateTime::UNIX_EPOCH))?;
    /// assert!(sandbox.update(id, Row::new().set("success_count", 5))?);
    /// assert!(sandbox.delete(id));
    /// # Ok::<(), mateo_sandbox::RowError>(())
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "a row is made to be given away")]
    pub fn update(&self, id: Uuid, changes: Row) -> Result<bool, RowError> {
        self.write().update(id, &changes)
    }

    /// Removes one row; `false` where there is no such row.
    pub fn delete(&self, id: Uuid) -> bool {
        self.write().delete(id)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One row with all its columns, as the endpoint sends it.
    pub fn row(&self, id: Uuid) -> Option<Map<String, Value>> {
        let text = self.read().row_text(id)?;
        serde_json::from_str(&text).ok()
    }

    /// All rows with all their columns, in the sequence they were added.
    pub fn rows(&self) -> Vec<Map<String, Value>> {
        let table = self.read();
        let read = |text: String| serde_json::from_str(&text).ok();
        table.row_texts().filter_map(read).collect()
    }

    /// Answers a request: a pure function of the rows, the request and `now`.
    pub fn handle(&self, request: &Request<Bytes>, now: DateTime<Utc>) -> Response<Bytes> {
        self.handle_capped(request, now, u64::MAX)
    }

    /// The same under a cap that may be lower than usual.
    pub(crate) fn handle_capped(
        &self,
        request: &Request<Bytes>,
        now: DateTime<Utc>,
        max_rows: u64,
    ) -> Response<Bytes> {
        postgrest::answer(&self.read(), self.max_rows.min(max_rows), request, now)
    }

    /// Sets the `updated_at` of so many rows, from a random one on; rows that are newer keep theirs. How many it set.
    pub(crate) fn touch(&self, pick: u64, rows: usize, updated_at: DateTime<Utc>) -> usize {
        self.write().touch(pick, rows, updated_at)
    }

    /// A random row's id.
    pub(crate) fn pick(&self, pick: u64) -> Option<Uuid> {
        self.read().ids_from(pick).next()
    }

    // A panic while the lock was held can't leave the rows half changed: every change is checked before it is made.
    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("rows", &self.len())
            .field("max_rows", &self.max_rows)
            .finish_non_exhaustive()
    }
}
