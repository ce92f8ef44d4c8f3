//! A copy in a SQLite file.

mod open;
mod query;
mod write;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SecondsFormat, Utc};
use mateo_imports::model::timestamp;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OptionalExtension, ToSql, params};
use uuid::Uuid;

use crate::columns::Columns;
use crate::row::{Row, Value};
use crate::store::{Batch, Span, State, Store, StoreError, StoreErrorKind, StoredRow};
use mateo_imports::columns::ColumnKind;

/// A copy in a SQLite file.
///
/// Its tables are `imports`, `sync_state` and `sync_failed`, with a [prefix](SqliteStore::open) if one is wanted. A new
/// file is in WAL mode, so others can read while it is written. Two writers are kept apart by a lock on the file
/// `FILE.lock` beside it, which stays there; put neither on a network file system.
///
/// ```no_run
/// # async fn example(client: mateo_imports::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use mateo_sync::{SqliteStore, Syncer};
///
/// let store = SqliteStore::open("imports.db", "")?;
/// let report = Syncer::new(client, store).run().await?;
/// println!("{report}"); // 30,000 imports, complete at 10:00:03Z
/// # Ok(())
/// # }
/// ```
pub struct SqliteStore {
    columns: Arc<Columns>,
    db: Arc<Mutex<Db>>,
}

/// The open file, used by one blocking task at a time.
struct Db {
    connection: Connection,
    names: Names,
    columns: Arc<Columns>,
    path: PathBuf,
    /// Held for as long as the store lives; the system releases it with the process.
    _lock: File,
}

/// The tables' names, and statements that follow from them and from the columns.
#[derive(Debug)]
struct Names {
    imports: String,
    live: String,
    state: String,
    failed: String,
    upsert: String,
    select: String,
}

impl Names {
    fn new(prefix: &str, columns: &Columns) -> Self {
        let imports = format!("{prefix}imports");
        let names: Vec<&str> = columns
            .names()
            .chain(["extra", "synced_at", "deleted_at"])
            .collect();
        let list = names.join("\", \"");
        let places = vec!["?"; names.len()].join(", ");
        let updates: Vec<String> = names
            .iter()
            .map(|name| format!("\"{name}\" = excluded.\"{name}\""))
            .collect();
        Self {
            upsert: format!(
                "INSERT INTO {imports} (\"{list}\") VALUES ({places}) ON CONFLICT (id) DO UPDATE SET {}",
                updates.join(", ")
            ),
            select: format!("SELECT \"{list}\" FROM {imports}"),
            live: format!("{prefix}imports_live"),
            state: format!("{prefix}sync_state"),
            failed: format!("{prefix}sync_failed"),
            imports,
        }
    }
}

impl SqliteStore {
    /// Runs the work on a thread that may block.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Db) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let db = Arc::clone(&self.db);
        // A panic can't leave the connection half changed: its transaction is rolled back.
        let task = move || work(&mut db.lock().unwrap_or_else(PoisonError::into_inner));
        match tokio::task::spawn_blocking(task).await {
            Ok(done) => done,
            Err(error) => {
                let text = "the database's thread ended early";
                Err(StoreError::new(StoreErrorKind::Other, text).caused_by(error))
            }
        }
    }
}

impl Store for SqliteStore {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    async fn state(&mut self) -> Result<State, StoreError> {
        self.with(|db| db.state()).await
    }

    async fn apply(&mut self, batch: Batch) -> Result<(), StoreError> {
        self.with(move |db| db.apply(&batch)).await
    }

    async fn count(&mut self, span: Span, created_before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.with(move |db| {
            let sql = format!("SELECT count(*) {}", db.live_rows());
            let (from, to) = ends(span);
            let count = db
                .connection
                .prepare_cached(&sql)
                .and_then(|mut statement| {
                    statement.query_row(params![from, to, time_text(created_before)], |row| {
                        row.get::<_, i64>(0)
                    })
                })
                .map_err(|error| failed(error, &db.path))?;
            Ok(count.unsigned_abs())
        })
        .await
    }

    async fn middle(&mut self, span: Span) -> Result<Option<Uuid>, StoreError> {
        self.with(move |db| {
            let rows = format!("FROM {} WHERE id >= ?1 AND id < ?2", db.names.imports);
            let sql =
                format!("SELECT id {rows} ORDER BY id LIMIT 1 OFFSET max(1, (SELECT count(*) / 2 {rows}))");
            let (from, to) = ends(span);
            let text = db
                .connection
                .prepare_cached(&sql)
                .and_then(|mut statement| {
                    statement
                        .query_row(params![from, to], |row| row.get::<_, String>(0))
                        .optional()
                })
                .map_err(|error| failed(error, &db.path))?;
            text.as_deref().map(read_id).transpose()
        })
        .await
    }

    async fn ids(
        &mut self,
        span: Span,
        created_before: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<Uuid>, StoreError> {
        self.with(move |db| {
            let sql = format!(
                "SELECT id FROM {imports} INDEXED BY sqlite_autoindex_{imports}_1
                 WHERE deleted_at IS NULL AND id >= ?1 AND id < ?2 AND created_at < ?3 ORDER BY id LIMIT ?4",
                imports = db.names.imports
            );
            let (from, to) = ends(span);
            let parameters = params![from, to, time_text(created_before), whole(limit)];
            let texts = db
                .connection
                .prepare_cached(&sql)
                .and_then(|mut statement| {
                    statement
                        .query_map(parameters, |row| row.get::<_, String>(0))?
                        .collect::<Result<Vec<_>, _>>()
                })
                .map_err(|error| failed(error, &db.path))?;
            texts.iter().map(|text| read_id(text)).collect()
        })
        .await
    }

    async fn rows(&mut self, after: Option<Uuid>, limit: u64) -> Result<Vec<StoredRow>, StoreError> {
        self.with(move |db| {
            let sql = format!("{} WHERE id > ?1 ORDER BY id LIMIT ?2", db.names.select);
            let after = after.map(|id| id.to_string()).unwrap_or_default();
            db.read_rows(&sql, params![after, whole(limit)])
        })
        .await
    }

    async fn unreported(&mut self, limit: u64) -> Result<Vec<Row>, StoreError> {
        self.with(move |db| {
            let sql = format!(
                "{} JOIN (SELECT id AS failed_id, seq FROM {} WHERE reported_at IS NULL) ON id = failed_id ORDER BY seq LIMIT ?1",
                db.names.select, db.names.failed
            );
            let rows = db.read_rows(&sql, params![whole(limit)])?;
            Ok(rows.into_iter().map(|stored| stored.row).collect())
        })
        .await
    }
}

impl Db {
    /// The rows that a count is of: `?1` and `?2` bound their ids, `?3` their creation.
    fn live_rows(&self) -> String {
        let Names { imports, live, .. } = &self.names;
        format!(
            "FROM {imports} INDEXED BY {live} WHERE deleted_at IS NULL AND id >= ?1 AND id < ?2 AND created_at < ?3"
        )
    }

    fn state(&self) -> Result<State, StoreError> {
        let sql = format!("SELECT state FROM {}", self.names.state);
        let text: String = self
            .connection
            .query_row(&sql, [], |row| row.get(0))
            .map_err(|error| failed(error, &self.path))?;
        read_state(&text)
    }

    fn read_rows(&self, sql: &str, parameters: &[&dyn ToSql]) -> Result<Vec<StoredRow>, StoreError> {
        let of_sqlite = |error| failed(error, &self.path);
        let mut statement = self.connection.prepare_cached(sql).map_err(of_sqlite)?;
        let mut rows = statement.query(parameters).map_err(of_sqlite)?;
        let mut read = Vec::new();
        while let Some(row) = rows.next().map_err(of_sqlite)? {
            read.push(read_row(row, &self.columns)?);
        }
        Ok(read)
    }
}

fn read_row(row: &rusqlite::Row<'_>, columns: &Columns) -> Result<StoredRow, StoreError> {
    let text = |index: usize| -> Result<Option<String>, StoreError> {
        row.get(index).map_err(|error| unreadable(&error.to_string()))
    };
    let mut values = Vec::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        values.push(match column.kind {
            ColumnKind::Integer => match row.get(index).map_err(|error| unreadable(&error.to_string()))? {
                Some(number) => Value::Integer(number),
                None => Value::Null,
            },
            kind => match (text(index)?, kind) {
                (None, _) => Value::Null,
                (Some(text), ColumnKind::Uuid) => Value::Uuid(read_id(&text)?),
                (Some(text), ColumnKind::Timestamp) => Value::Timestamp(read_time(&text)?),
                (Some(text), ColumnKind::Json) => Value::Json(text),
                (Some(text), _) => Value::Text(text),
            },
        });
    }
    let Some(&Value::Uuid(id)) = values.first() else {
        return Err(unreadable("a row has no id"));
    };
    let time = |index| text(index)?.as_deref().map(read_time).transpose();
    Ok(StoredRow {
        row: Row {
            id,
            values,
            extra: text(columns.len())?,
        },
        synced_at: time(columns.len() + 1)?.unwrap_or_default(),
        deleted_at: time(columns.len() + 2)?,
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Uuid(id) => ToSqlOutput::from(id.to_string()),
            Self::Timestamp(time) => ToSqlOutput::from(time_text(*time)),
            Self::Json(text) | Self::Text(text) => ToSqlOutput::from(text.as_str()),
            Self::Integer(number) => ToSqlOutput::from(*number),
        })
    }
}

/// A time as SQLite's own functions read it; the texts sort as the times do.
fn time_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn read_time(text: &str) -> Result<DateTime<Utc>, StoreError> {
    timestamp::parse(text).map_err(|error| unreadable(&error.to_string()))
}

fn read_id(text: &str) -> Result<Uuid, StoreError> {
    Uuid::parse_str(text).map_err(|error| unreadable(&format!("'{text}' is no id: {error}")))
}

fn read_state(text: &str) -> Result<State, StoreError> {
    serde_json::from_str(text).map_err(|error| unreadable(&error.to_string()))
}

/// The ends of a span as texts, between which the texts of its ids lie.
fn ends(span: Span) -> (String, String) {
    let text = |id: Option<Uuid>, end: &str| id.map_or_else(|| end.to_owned(), |id| id.to_string());
    (text(span.from, ""), text(span.to, "~"))
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unreadable(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Other, format!("the copy can't be read: {what}"))
}

/// What SQLite says, as a sentence with the file's name.
fn failed(error: rusqlite::Error, path: &Path) -> StoreError {
    let path = path.display();
    let (kind, text) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => (StoreErrorKind::Full, format!("there is no space left for {path}")),
        Some(ErrorCode::ReadOnly) => (StoreErrorKind::ReadOnly, format!("{path} may only be read")),
        Some(ErrorCode::CannotOpen) => (StoreErrorKind::Unavailable, format!("{path} can't be opened")),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            StoreErrorKind::InUse,
            format!("another program keeps {path} locked"),
        ),
        Some(ErrorCode::NotADatabase) => (StoreErrorKind::Foreign, format!("{path} is no SQLite database")),
        Some(ErrorCode::DatabaseCorrupt) => (StoreErrorKind::Other, format!("{path} is damaged")),
        Some(ErrorCode::SystemIoFailure) => (
            StoreErrorKind::Unavailable,
            format!("{path} could not be read or written"),
        ),
        _ => (StoreErrorKind::Other, format!("{path}: {error}")),
    };
    StoreError::new(kind, text).caused_by(error)
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
