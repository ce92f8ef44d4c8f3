//! Where a copy is kept: the trait that a database implements, and its contract.

#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod schema;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;

use chrono::{DateTime, Utc};
use mateo_imports::ChangesCursor;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::columns::Columns;
use crate::row::Row;

/// A place for a copy. [`SqliteStore`](crate::SqliteStore) and [`PostgresStore`](crate::PostgresStore) are two.
///
/// # Contract
///
/// - A store is opened for one writer: while it lives, opening it again, by this process or another, is
///   [`StoreErrorKind::InUse`]. A process that is killed leaves nothing behind that keeps the next one out.
/// - [`apply`](Store::apply) writes all of a [`Batch`] or nothing of it, whenever the process or the machine stops.
///   What is lost to a power cut may be the last batches as a whole.
/// - A row that is applied replaces the row with its id, whichever is newer, and is no longer deleted.
/// - What is read is what was applied: [`state`](Store::state), [`rows`](Store::rows) and the counts. JSON may come back
///   as another text of the same value, and a value that the database can't hold in [`Row::extra`].
/// - Opening a store that was made by an older release brings it forward; one made by a newer release is
///   [`StoreErrorKind::Newer`], tables of these names that no release made are [`StoreErrorKind::Foreign`], and both
///   are left as they are.
/// - A future that is dropped leaves the batch applied or not, and the store usable or an error.
///
/// The feature `conformance` has the tests that hold this.
pub trait Store: Send {
    /// The columns that rows are kept in.
    fn columns(&self) -> &Columns;

    /// What was last applied with [`Batch::state`]; the default of a new copy.
    fn state(&mut self) -> impl Future<Output = Result<State, StoreError>> + Send;

    /// Applies a batch, all of it or nothing.
    fn apply(&mut self, batch: Batch) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// How many rows of the span there are that are not deleted, and were created before a time.
    fn count(
        &mut self,
        span: Span,
        created_before: DateTime<Utc>,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// An id with about half of the span's rows before it, whether they are deleted or not; `None` of fewer than two.
    fn middle(&mut self, span: Span) -> impl Future<Output = Result<Option<Uuid>, StoreError>> + Send;

    /// The ids of the rows that [`count`](Store::count) counts, ascending: the first `limit` of them.
    fn ids(
        &mut self,
        span: Span,
        created_before: DateTime<Utc>,
        limit: u64,
    ) -> impl Future<Output = Result<Vec<Uuid>, StoreError>> + Send;

    /// Rows by ascending id, deleted ones too: at most `limit`, from the first one after `after`.
    fn rows(
        &mut self,
        after: Option<Uuid>,
        limit: u64,
    ) -> impl Future<Output = Result<Vec<StoredRow>, StoreError>> + Send;

    /// At most `limit` rows that finished with failures and were not reported, in the order they were applied.
    fn unreported(&mut self, limit: u64) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;
}

/// Everything that changes in a copy at once.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Rows to insert or replace, each id once. Their columns are the store's.
    pub rows: Vec<Row>,
    /// Rows that the server no longer has.
    pub deleted: Vec<Uuid>,
    /// When this was so, by the server's clock: `synced_at` of the rows, `deleted_at` of those deleted.
    pub at: DateTime<Utc>,
    /// Rows that finished with failures: each is noted once, for good.
    pub failed: Vec<Uuid>,
    /// Whether those that are noted now are news, which [`unreported`](Store::unreported) gives until they are
    /// reported.
    pub failed_is_news: bool,
    /// Rows that were reported.
    pub reported: Vec<Uuid>,
    /// What to go on from; the state stays as it is where this is `None`.
    pub state: Option<State>,
}

/// What a copy knows of itself, apart from its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct State {
    /// Where reading changes goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<ChangesCursor>,
    /// The organisations whose rows it holds. They, and not the key, say what a copy is of: a key is replaced now
    /// and then, and two keys may see the same imports.
    #[serde(default)]
    pub organisations: BTreeSet<Uuid>,
    /// Whether everything was read once.
    #[serde(default)]
    pub filled: bool,
    /// The time, by the server's clock, before which it was last proven to hold every import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_at: Option<DateTime<Utc>>,
}

/// A row of a copy, with what the copy knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredRow {
    /// The import.
    pub row: Row,
    /// When it was last read, by the server's clock at the start of that run.
    pub synced_at: DateTime<Utc>,
    /// When it was found to be gone; `None` while it exists.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// A range of ids: from `from` on, up to and without `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The first id; `None` is the smallest there is.
    pub from: Option<Uuid>,
    /// The end, not included; `None` is after the largest.
    pub to: Option<Uuid>,
}

impl Span {
    /// All ids.
    pub const ALL: Self = Self { from: None, to: None };

    /// The two parts before and from an id on.
    pub(crate) fn split(self, at: Uuid) -> (Self, Self) {
        let left = Self {
            from: self.from,
            to: Some(at),
        };
        let right = Self {
            from: Some(at),
            to: self.to,
        };
        (left, right)
    }
}

/// Why a store could not do something. See [`kind`](StoreError::kind).
pub struct StoreError(Box<Inner>);

struct Inner {
    kind: StoreErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What kind of trouble a store has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// A setting that can't work: a name, a connection string, an option.
    Usage,
    /// Another process writes this copy.
    InUse,
    /// The database can't be reached or refuses the connection; it may work later.
    Unavailable,
    /// The user or the file may only be read.
    ReadOnly,
    /// There is no space left.
    Full,
    /// It holds tables of these names that no release of this crate made, or is no database at all.
    Foreign,
    /// A newer release made the copy.
    Newer,
    /// Anything else.
    Other,
}

impl StoreError {
    /// An error of a kind, in a sentence that names the database.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            source: None,
        }))
    }

    /// With the error it comes from.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> StoreErrorKind {
        self.0.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &dyn StdError)
    }
}
