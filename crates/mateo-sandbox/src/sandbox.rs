//! The endpoint as a value: rows that tests change while it answers.

use std::fmt;
use std::io::BufRead;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, Response};
use uuid::Uuid;

use crate::postgrest::{self, Table};
use crate::row::{Row, RowError};
use crate::rows::Rows;

/// hellomateo's imports endpoint over rows in memory. A clone is another handle to the same endpoint.
///
/// See the [crate's page](crate) for an example.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

struct Shared {
    table: RwLock<Table>,
    max_rows: u64,
}

/// The settings of a [`Sandbox`].
///
/// ```
/// use mateo_sandbox::Sandbox;
///
/// let sandbox = Sandbox::builder().max_rows(10).build();
/// assert!(sandbox.is_empty());
/// ```
#[derive(Debug)]
pub struct Builder {
    rows: Rows,
    max_rows: u64,
}

impl Sandbox {
    /// The most rows of a response unless set: the real endpoint's cap (API.md, "Limits").
    pub(crate) const MAX_ROWS: u64 = 50;

    /// The path of the endpoint.
    pub const PATH: &str = postgrest::PATH;

    /// The real endpoint's settings, and no rows.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// To set more than the rows.
    pub fn builder() -> Builder {
        Builder {
            rows: Rows::new(),
            max_rows: Self::MAX_ROWS,
        }
    }

    /// A sandbox with the rows of a file that holds one JSON object a line.
    ///
    /// # Errors
    ///
    /// The first line that is no row of imports, by its number.
    pub fn from_jsonl(reader: impl BufRead) -> Result<Self, RowError> {
        Ok(Self::builder().rows(Rows::from_jsonl(reader)?).build())
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
    pub fn row(&self, id: Uuid) -> Option<serde_json::Map<String, serde_json::Value>> {
        let text = self.read().row_text(id)?;
        serde_json::from_str(&text).ok()
    }

    /// All rows with all their columns, in the sequence they were added.
    pub fn rows(&self) -> Vec<serde_json::Map<String, serde_json::Value>> {
        let table = self.read();
        let texts = table.row_texts();
        texts
            .filter_map(|text| serde_json::from_str(&text).ok())
            .collect()
    }

    /// Answers a request: a pure function of the rows, the request and `now`.
    pub fn handle(&self, request: &Request<Bytes>, now: DateTime<Utc>) -> Response<Bytes> {
        postgrest::answer(&self.read(), self.shared.max_rows, request, now)
    }

    /// The same under a cap that may be lower than usual.
    pub(crate) fn handle_capped(
        &self,
        request: &Request<Bytes>,
        now: DateTime<Utc>,
        max_rows: u64,
    ) -> Response<Bytes> {
        postgrest::answer(&self.read(), self.shared.max_rows.min(max_rows), request, now)
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
        self.shared.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.shared.table.write().unwrap_or_else(PoisonError::into_inner)
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
            .field("max_rows", &self.shared.max_rows)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// The rows to begin with.
    #[must_use]
    pub fn rows(mut self, rows: Rows) -> Self {
        self.rows = rows;
        self
    }

    /// The most rows of a response; 50 unless set, as on the real endpoint.
    #[must_use]
    pub fn max_rows(mut self, rows: u64) -> Self {
        self.max_rows = rows;
        self
    }

    /// The endpoint.
    pub fn build(self) -> Sandbox {
        Sandbox {
            shared: Arc::new(Shared {
                table: RwLock::new(self.rows.into_table()),
                max_rows: self.max_rows,
            }),
        }
    }
}
