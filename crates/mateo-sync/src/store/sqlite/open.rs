//! Opening a file: the lock, the tables, and bringing them forward.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, Transaction, TransactionBehavior, params};

use super::{Db, Names, SqliteStore, failed, read_state};
use crate::columns::{Column, Columns};
use crate::row::{Value, promote};
use crate::store::schema::{self, Made, foreign};
use crate::store::{State, StoreError, StoreErrorKind};
use mateo_imports::columns::ColumnKind;

/// How long another program that writes to the file is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The part of the file that is kept in memory, in KiB: the indexes of a million rows are written at random.
const CACHE: i64 = 32 * 1024;

/// The pages of the WAL before they go to the database, 40 MB: ids lie anywhere, so a page is changed again and again
/// before that.
const CHECKPOINT: i64 = 10_000;

impl SqliteStore {
    /// Opens a copy, or makes one. `prefix` is put before the tables' names, so that one file can hold several copies;
    /// empty for none.
    ///
    /// # Errors
    ///
    /// See [`StoreErrorKind`].
    pub fn open(path: impl AsRef<Path>, prefix: &str) -> Result<Self, StoreError> {
        Self::open_with(path.as_ref(), prefix, Columns::known())
    }

    pub(super) fn open_with(path: &Path, prefix: &str, columns: Columns) -> Result<Self, StoreError> {
        schema::check_name(prefix)?;
        let lock = lock(path, prefix)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let columns = Arc::new(columns);
        let mut db = Db {
            connection: connect(path, flags)?,
            names: Names::new(prefix, &columns),
            columns: Arc::clone(&columns),
            path: path.to_owned(),
            _lock: lock,
        };
        db.prepare().map_err(|wrong| wrong.with(path))?;
        Ok(Self {
            columns,
            db: Arc::new(Mutex::new(db)),
        })
    }

    /// What a copy knows of itself and how many imports it holds, without a change to it; `None` where there is none.
    ///
    /// # Errors
    ///
    /// See [`StoreErrorKind`].
    pub fn peek(path: impl AsRef<Path>, prefix: &str) -> Result<Option<(State, u64)>, StoreError> {
        let path = path.as_ref();
        schema::check_name(prefix)?;
        if !path.exists() {
            return Ok(None);
        }
        // As one that may write, so that it clears up the files beside the database when it closes.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = connect(path, flags)?;
        let columns = Columns::known();
        peek(&connection, &Names::new(prefix, &columns), &columns, path).map_err(|wrong| wrong.with(path))
    }
}

/// An error of either kind, on its way to one that names the file.
enum Wrong {
    Store(StoreError),
    Sqlite(rusqlite::Error),
}

impl Wrong {
    fn with(self, path: &Path) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Sqlite(error) => failed(error, path),
        }
    }
}

impl From<StoreError> for Wrong {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for Wrong {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    Connection::open_with_flags(path, flags)
        .and_then(|connection| {
            connection.busy_timeout(PATIENCE)?;
            Ok(connection)
        })
        .map_err(|error| failed(error, path))
}

fn peek(
    connection: &Connection,
    names: &Names,
    columns: &Columns,
    path: &Path,
) -> Result<Option<(State, u64)>, Wrong> {
    let Some(made) = made(connection, names, path)? else {
        return Ok(None);
    };
    made.missing(columns, &path.display().to_string())?;
    let sql = format!("SELECT state FROM {}", names.state);
    let state: String = connection.query_row(&sql, [], |row| row.get(0))?;
    let sql = format!("SELECT count(*) FROM {} WHERE deleted_at IS NULL", names.imports);
    let rows: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
    Ok(Some((read_state(&state)?, rows.unsigned_abs())))
}

/// Keeps other writers of the same tables out. Not SQLite's own locks: those are held for a transaction, and this one
/// for as long as the copy is followed. The system releases it with the process, however that ends.
fn lock(path: &Path, prefix: &str) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{prefix}lock"));
    let name = PathBuf::from(name);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name);
    let file = file.map_err(|error| {
        let kind = match error.kind() {
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => StoreErrorKind::ReadOnly,
            io::ErrorKind::StorageFull => StoreErrorKind::Full,
            _ => StoreErrorKind::Unavailable,
        };
        let text = format!("{} can't be made: {}", name.display(), reason(&error));
        StoreError::new(kind, text).caused_by(error)
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::new(
            StoreErrorKind::InUse,
            format!("another process writes the copy in {}", path.display()),
        )),
        Err(TryLockError::Error(error)) => {
            let text = format!("{} can't be locked: {}", name.display(), reason(&error));
            Err(StoreError::new(StoreErrorKind::Other, text).caused_by(error))
        }
    }
}

/// An error of the system without its number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string().to_lowercase();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// What the tables were made with; `None` where there are none. Tables that are not ours are an error.
fn made(connection: &Connection, names: &Names, path: &Path) -> Result<Option<Made>, Wrong> {
    let place = path.display().to_string();
    let mut found = connection.prepare("SELECT name FROM sqlite_schema WHERE name IN (?1, ?2, ?3)")?;
    let found: Vec<String> = found
        .query_map([&names.state, &names.imports, &names.failed], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let Some(first) = found.first() else {
        return Ok(None);
    };
    if !found.contains(&names.state) {
        return Err(foreign(&place, first).into());
    }
    let sql = format!("SELECT version, columns FROM {}", names.state);
    let read = connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)));
    match read {
        Ok((version, columns)) => Ok(Some(Made::read(version, &columns, &place)?)),
        // A table of that name with other columns, or without its row.
        Err(error)
            if error
                .sqlite_error_code()
                .is_none_or(|code| code == ErrorCode::Unknown) =>
        {
            Err(foreign(&place, &names.state).caused_by(error).into())
        }
        Err(error) => Err(error.into()),
    }
}

impl Db {
    /// Makes the tables or brings them forward, all at once or not at all.
    fn prepare(&mut self) -> Result<(), Wrong> {
        let tables: i64 = self
            .connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        // A file that others made keeps its mode.
        if tables == 0 {
            self.connection.pragma_update(None, "journal_mode", "wal")?;
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        match made(&transaction, &self.names, &self.path)? {
            None => create(&transaction, &self.names, &self.columns)?,
            Some(made) => {
                let missing = made.missing(&self.columns, &self.path.display().to_string())?;
                if !missing.is_empty() || made.version < schema::VERSION {
                    bring_forward(&transaction, &self.names, &self.columns, &missing)?;
                }
            }
        }
        transaction.commit()?;
        let mode: String = self
            .connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        if mode == "wal" {
            // A power cut can cost the last batches, rows and cursor alike, and no more.
            self.connection.pragma_update(None, "synchronous", "normal")?;
        }
        self.connection.pragma_update(None, "cache_size", -CACHE)?;
        self.connection
            .pragma_update(None, "wal_autocheckpoint", CHECKPOINT)?;
        Ok(())
    }
}

fn create(transaction: &Transaction<'_>, names: &Names, columns: &Columns) -> rusqlite::Result<()> {
    let columns_sql: Vec<String> = columns.iter().map(column_sql).collect();
    transaction.execute_batch(&format!(
        "CREATE TABLE {imports} ({columns}, extra TEXT, synced_at TEXT NOT NULL, deleted_at TEXT, PRIMARY KEY (id));
         CREATE INDEX {live} ON {imports} (created_at, id) WHERE deleted_at IS NULL;
         CREATE TABLE {state} (version INTEGER NOT NULL, columns TEXT NOT NULL, state TEXT NOT NULL);
         CREATE TABLE {failed}
             (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, noted_at TEXT NOT NULL, reported_at TEXT);",
        imports = names.imports,
        columns = columns_sql.join(", "),
        live = names.live,
        state = names.state,
        failed = names.failed,
    ))?;
    let made = Made::now(columns);
    let sql = format!(
        "INSERT INTO {} (version, columns, state) VALUES (?1, ?2, '{{}}')",
        names.state
    );
    transaction.execute(&sql, params![made.version, made.columns_json()])?;
    Ok(())
}

fn column_sql(column: &Column) -> String {
    let kind = match column.kind {
        ColumnKind::Integer => "INTEGER",
        _ => "TEXT",
    };
    let constraint = if column.name == "id" { " NOT NULL" } else { "" };
    format!("\"{}\" {kind}{constraint}", column.name)
}

/// Adds the columns that have become known, and moves their values out of `extra`.
fn bring_forward(
    transaction: &Transaction<'_>,
    names: &Names,
    columns: &Columns,
    missing: &[Column],
) -> Result<(), Wrong> {
    let imports = &names.imports;
    for column in missing {
        let sql = format!("ALTER TABLE {imports} ADD COLUMN {}", column_sql(column));
        transaction.execute_batch(&sql)?;
    }
    if !missing.is_empty() {
        let wanted: Vec<(&str, ColumnKind)> =
            missing.iter().map(|column| (column.name, column.kind)).collect();
        let sets: Vec<String> = wanted.iter().map(|(name, _)| format!("\"{name}\" = ?")).collect();
        let sql = format!(
            "UPDATE {imports} SET {}, extra = ? WHERE rowid = ?",
            sets.join(", ")
        );
        let mut update = transaction.prepare(&sql)?;
        // In parts, so that no row is changed while it is read, and not all are held at once.
        let mut select = transaction.prepare(&format!(
            "SELECT rowid, extra FROM {imports} WHERE rowid > ?1 AND extra IS NOT NULL ORDER BY rowid LIMIT 1000"
        ))?;
        let mut after = i64::MIN;
        loop {
            let part: Vec<(i64, String)> = select
                .query_map([after], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            let Some((last, _)) = part.last() else { break };
            after = *last;
            for (rowid, extra) in &part {
                let (mut values, rest) = promote(extra, &wanted, |_| true);
                values.push(rest.map_or(Value::Null, Value::Json));
                let values = values.iter().map(|value| value as &dyn ToSql);
                let parameters: Vec<_> = values.chain([rowid as &dyn ToSql]).collect();
                update.execute(parameters.as_slice())?;
            }
        }
    }
    let made = Made::now(columns);
    let sql = format!("UPDATE {} SET version = ?1, columns = ?2", names.state);
    transaction.execute(&sql, params![made.version, made.columns_json()])?;
    Ok(())
}
