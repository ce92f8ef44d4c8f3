use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;

use super::SqliteStore;
use crate::columns::Columns;
use crate::conformance::{self, Stores};
use crate::row::{Row, Value};
use crate::store::{Batch, Store, StoreError, StoreErrorKind};
use mateo_imports::columns::ColumnKind;

const ID: &str = "d419c772-3226-4b94-bc3a-e353fb14628e";

struct Directory(TempDir);

impl Directory {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

impl Stores for Directory {
    type Store = SqliteStore;

    async fn open(&self, copy: &str) -> Result<SqliteStore, StoreError> {
        SqliteStore::open(self.file(copy), "")
    }
}

/// Several copies in one file.
struct Prefixes(Directory);

impl Stores for Prefixes {
    type Store = SqliteStore;

    async fn open(&self, copy: &str) -> Result<SqliteStore, StoreError> {
        SqliteStore::open(self.0.file("one.db"), &format!("{copy}_"))
    }
}

fn kind<T>(opened: Result<T, StoreError>) -> Option<StoreErrorKind> {
    opened.err().map(|error| error.kind())
}

fn row(columns: &Columns) -> Row {
    let json =
        format!(r#"{{"id":"{ID}","created_at":"2026-01-02T00:00:00Z","newer":["a"],"rank":7,"more":null}}"#);
    Row::read(&json, columns).unwrap()
}

async fn fill(mut store: SqliteStore) {
    let rows = vec![row(store.columns())];
    let batch = Batch {
        rows,
        ..Batch::default()
    };
    store.apply(batch).await.unwrap();
}

#[tokio::test]
async fn a_file_meets_the_contract() {
    conformance::check(&Directory::new()).await.unwrap();
}

#[tokio::test]
async fn copies_in_one_file_meet_the_contract() {
    conformance::check(&Prefixes(Directory::new())).await.unwrap();
}

#[tokio::test]
async fn a_column_that_became_known_is_added_and_filled_from_extra() {
    let directory = Directory::new();
    let file = directory.file("a.db");
    fill(SqliteStore::open_with(&file, "", Columns::known()).unwrap()).await;
    let known = Columns::known();
    let mut newer: Vec<_> = known.iter().map(|column| (column.name, column.kind)).collect();
    newer.extend([("newer", ColumnKind::Json), ("rank", ColumnKind::Text)]);
    let newer = Columns::of(&newer);
    let mut store = SqliteStore::open_with(&file, "", newer.clone()).unwrap();
    let stored = store.rows(None, 10).await.unwrap().remove(0);
    assert_eq!(
        stored.row.value(&newer, "newer"),
        Some(&Value::Json(r#"["a"]"#.to_owned()))
    );
    // Its value is no text, so it stays where it was.
    assert_eq!(stored.row.value(&newer, "rank"), Some(&Value::Null));
    assert_eq!(stored.row.extra.as_deref(), Some(r#"{"rank":7,"more":null}"#));
    drop(store);
    let older = SqliteStore::open(&file, "");
    assert_eq!(kind(older), Some(StoreErrorKind::Newer));
    assert_eq!(kind(SqliteStore::peek(&file, "")), Some(StoreErrorKind::Newer));
}

#[tokio::test]
async fn a_newer_version_of_the_tables_is_an_error() {
    let directory = Directory::new();
    let file = directory.file("a.db");
    fill(SqliteStore::open(&file, "").unwrap()).await;
    let connection = Connection::open(&file).unwrap();
    connection
        .execute("UPDATE sync_state SET version = version + 1", [])
        .unwrap();
    let error = SqliteStore::open(&file, "").unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Newer);
    assert!(error.to_string().contains("newer release of mateo"), "{error}");
}

#[test]
fn tables_that_others_made_are_left_as_they_are() {
    for table in ["imports (id)", "sync_state (a)", "sync_failed (id)"] {
        let directory = Directory::new();
        let file = directory.file("a.db");
        let connection = Connection::open(&file).unwrap();
        connection
            .execute_batch(&format!(
                "CREATE TABLE {table}; INSERT INTO {} VALUES (1);",
                table.split(' ').next().unwrap()
            ))
            .unwrap();
        drop(connection);
        let before = std::fs::read(&file).unwrap();
        let error = SqliteStore::open(&file, "").unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Foreign, "{error}");
        assert_eq!(kind(SqliteStore::peek(&file, "")), Some(StoreErrorKind::Foreign));
        assert_eq!(std::fs::read(&file).unwrap(), before);
        // With a prefix there is room for a copy beside them.
        assert!(SqliteStore::open(&file, "mateo_").is_ok());
    }
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    let directory = Directory::new();
    let file = directory.file("notes.txt");
    std::fs::write(
        &file,
        "these are notes, longer than the hundred bytes of a header".repeat(9),
    )
    .unwrap();
    let before = std::fs::read(&file).unwrap();
    let error = SqliteStore::open(&file, "").unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Foreign, "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_leaves_the_copy_as_it_was() {
    let directory = Directory::new();
    let mut store = SqliteStore::open(directory.file("a.db"), "").unwrap();
    let rows = |payload: &str| {
        let json = format!(r#"{{"id":"{ID}","payload":"{payload}"}}"#);
        vec![Row::read(&json, &Columns::known()).unwrap()]
    };
    let mut batch = Batch {
        rows: rows("small"),
        ..Batch::default()
    };
    store.apply(batch.clone()).await.unwrap();
    store
        .with(|db| {
            db.connection.pragma_update(None, "max_page_count", 20).unwrap();
            Ok(())
        })
        .await
        .unwrap();
    batch.rows = rows(&"large".repeat(100_000));
    let error = store.apply(batch).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
    let stored = store.rows(None, 10).await.unwrap();
    assert_eq!(stored[0].row, rows("small")[0]);
}

#[tokio::test]
async fn a_file_that_is_gone_is_an_error() {
    let directory = Directory::new();
    let file = directory.file("a.db");
    let mut store = SqliteStore::open(&file, "").unwrap();
    std::fs::remove_file(&file).unwrap();
    let error = store.apply(Batch::default()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
}

#[test]
fn a_directory_that_is_not_there_is_an_error() {
    let error = SqliteStore::open("/nowhere/at/all.db", "").unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn peeking_changes_nothing() {
    let directory = Directory::new();
    let file = directory.file("a.db");
    assert_eq!(SqliteStore::peek(&file, "").unwrap(), None);
    assert!(!file.exists());
    fill(SqliteStore::open(&file, "").unwrap()).await;
    let (state, rows) = SqliteStore::peek(&file, "").unwrap().unwrap();
    assert_eq!((state, rows), (crate::State::default(), 1));
    let names = std::fs::read_dir(directory.0.path()).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a.db", "a.db.lock"]);
}

#[tokio::test]
async fn a_query_reads_and_changes_nothing() {
    let directory = Directory::new();
    let file = directory.file("a.db");
    fill(SqliteStore::open(&file, "").unwrap()).await;
    let mut rows = Vec::new();
    let sql = "SELECT id, extra ->> '$.rank' AS rank, NULL AS none FROM imports";
    SqliteStore::query(&file, sql, |names, row| {
        assert_eq!(names, ["id", "rank", "none"]);
        rows.push(row);
        true
    })
    .unwrap();
    assert_eq!(rows, [format!(r#"{{"id":"{ID}","rank":7,"none":null}}"#)]);
    for sql in [
        "DELETE FROM imports",
        "SELECT",
        "SELECT nope FROM imports",
        "",
        "PRAGMA user_version = 7",
    ] {
        let error = SqliteStore::query(&file, sql, |_, _| true).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Usage, "{sql}: {error}");
    }
}
