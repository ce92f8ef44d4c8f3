//! A copy in a PostgreSQL schema.

mod connect;
mod jsonb;
mod open;
mod write;

use std::fmt;

use chrono::{DateTime, Utc};
use mateo_imports::columns::ColumnKind;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, ToSql};
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

pub use connect::Postgres;

use crate::columns::Columns;
use crate::row::{Row, Value};
use crate::store::{Batch, Span, State, Store, StoreError, StoreErrorKind, StoredRow};

/// A copy in a PostgreSQL schema; [`Postgres`] opens one.
///
/// Its tables are `imports`, `sync_state` and `sync_failed`. Two writers are kept apart by an advisory lock of the
/// session, so a pooler must not share the connection between transactions.
pub struct PostgresStore {
    client: Client,
    columns: Columns,
    names: Names,
    place: String,
    upsert: Statement,
}

/// The tables' names, and what is selected of a row.
#[derive(Debug)]
struct Names {
    schema: String,
    imports: String,
    state: String,
    failed: String,
    select: String,
}

impl Names {
    fn new(schema: &str, columns: &Columns) -> Self {
        let imports = format!("\"{schema}\".imports");
        let selected: Vec<String> = columns
            .iter()
            .map(|column| match column.kind {
                ColumnKind::Json => format!("i.\"{}\"::text", column.name),
                _ => format!("i.\"{}\"", column.name),
            })
            .collect();
        Self {
            select: format!(
                "SELECT {}, i.extra::text, i.synced_at, i.deleted_at FROM {imports} i",
                selected.join(", ")
            ),
            state: format!("\"{schema}\".sync_state"),
            failed: format!("\"{schema}\".sync_failed"),
            schema: schema.to_owned(),
            imports,
        }
    }
}

/// The type of a column.
fn sql_type(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Uuid => "uuid",
        ColumnKind::Timestamp => "timestamptz",
        ColumnKind::Json => "jsonb",
        ColumnKind::Text | ColumnKind::ImportType => "text",
        ColumnKind::Integer => "integer",
    }
}

impl Store for PostgresStore {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    async fn state(&mut self) -> Result<State, StoreError> {
        let sql = format!("SELECT state::text FROM {}", self.names.state);
        let row = self
            .client
            .query_one(&sql, &[])
            .await
            .map_err(|error| self.failed(error))?;
        read_state(&get::<String>(&row, 0)?)
    }

    async fn apply(&mut self, batch: Batch) -> Result<(), StoreError> {
        self.write(batch).await
    }

    async fn count(&mut self, span: Span, created_before: DateTime<Utc>) -> Result<u64, StoreError> {
        let sql = format!("SELECT count(*) {}", self.live_rows());
        let (from, to) = ends(span);
        let row = self.client.query_one(&sql, &[&from, &to, &created_before]).await;
        let count: i64 = get(&row.map_err(|error| self.failed(error))?, 0)?;
        Ok(count.unsigned_abs())
    }

    async fn middle(&mut self, span: Span) -> Result<Option<Uuid>, StoreError> {
        let rows = format!(
            "FROM {} WHERE id >= $1 AND ($2::uuid IS NULL OR id < $2)",
            self.names.imports
        );
        let sql =
            format!("SELECT id {rows} ORDER BY id LIMIT 1 OFFSET greatest(1, (SELECT count(*) / 2 {rows}))");
        let (from, to) = ends(span);
        let row = self
            .client
            .query_opt(&sql, &[&from, &to])
            .await
            .map_err(|error| self.failed(error))?;
        row.map(|row| get(&row, 0)).transpose()
    }

    async fn ids(
        &mut self,
        span: Span,
        created_before: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<Uuid>, StoreError> {
        let sql = format!("SELECT id {} ORDER BY id LIMIT $4", self.live_rows());
        let (from, to) = ends(span);
        let limit = whole(limit);
        let parameters: [&(dyn ToSql + Sync); 4] = [&from, &to, &created_before, &limit];
        let rows = self
            .client
            .query(&sql, &parameters)
            .await
            .map_err(|error| self.failed(error))?;
        rows.iter().map(|row| get(row, 0)).collect()
    }

    async fn rows(&mut self, after: Option<Uuid>, limit: u64) -> Result<Vec<StoredRow>, StoreError> {
        let sql = format!(
            "{} WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2",
            self.names.select
        );
        self.read_rows(&sql, &[&after, &whole(limit)]).await
    }

    async fn unreported(&mut self, limit: u64) -> Result<Vec<Row>, StoreError> {
        let sql = format!(
            "{} JOIN {} f ON f.id = i.id WHERE f.reported_at IS NULL ORDER BY f.seq LIMIT $1",
            self.names.select, self.names.failed
        );
        let rows = self.read_rows(&sql, &[&whole(limit)]).await?;
        Ok(rows.into_iter().map(|stored| stored.row).collect())
    }
}

impl PostgresStore {
    /// The rows that a count is of: `$1` and `$2` bound their ids, `$3` their creation.
    fn live_rows(&self) -> String {
        format!(
            "FROM {} WHERE deleted_at IS NULL AND id >= $1 AND ($2::uuid IS NULL OR id < $2) AND created_at < $3",
            self.names.imports
        )
    }

    async fn read_rows(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<StoredRow>, StoreError> {
        let rows = self
            .client
            .query(sql, parameters)
            .await
            .map_err(|error| self.failed(error))?;
        rows.iter().map(|row| read_row(row, &self.columns)).collect()
    }

    fn failed(&self, error: tokio_postgres::Error) -> StoreError {
        failed(error, &self.place)
    }
}

fn read_row(row: &tokio_postgres::Row, columns: &Columns) -> Result<StoredRow, StoreError> {
    let mut values = Vec::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        let value = match column.kind {
            ColumnKind::Uuid => get::<Option<_>>(row, index)?.map(Value::Uuid),
            ColumnKind::Timestamp => get::<Option<_>>(row, index)?.map(Value::Timestamp),
            ColumnKind::Json => get::<Option<_>>(row, index)?.map(Value::Json),
            ColumnKind::Text | ColumnKind::ImportType => get::<Option<_>>(row, index)?.map(Value::Text),
            ColumnKind::Integer => get::<Option<_>>(row, index)?.map(Value::Integer),
        };
        values.push(value.unwrap_or(Value::Null));
    }
    Ok(StoredRow {
        row: Row {
            id: get(row, 0)?,
            values,
            extra: get(row, columns.len())?,
        },
        synced_at: get(row, columns.len() + 1)?,
        deleted_at: get(row, columns.len() + 2)?,
    })
}

fn get<'a, T: FromSql<'a>>(row: &'a tokio_postgres::Row, index: usize) -> Result<T, StoreError> {
    row.try_get(index).map_err(|error| unreadable(&error.to_string()))
}

fn read_state(text: &str) -> Result<State, StoreError> {
    serde_json::from_str(text).map_err(|error| unreadable(&error.to_string()))
}

/// The ends of a span.
fn ends(span: Span) -> (Uuid, Option<Uuid>) {
    (span.from.unwrap_or(Uuid::nil()), span.to)
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unreadable(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Other, format!("the copy can't be read: {what}"))
}

/// What PostgreSQL says, as a sentence with the database's place.
fn failed(error: tokio_postgres::Error, place: &str) -> StoreError {
    let Some(said) = error.as_db_error() else {
        return StoreError::new(
            StoreErrorKind::Unavailable,
            format!("{place} can't be reached: {}", innermost(&error)),
        )
        .caused_by(error);
    };
    let message = said.message();
    let (kind, text) = match said.code() {
        &SqlState::DISK_FULL | &SqlState::OUT_OF_MEMORY => (
            StoreErrorKind::Full,
            format!("there is no space left in {place}: {message}"),
        ),
        &SqlState::READ_ONLY_SQL_TRANSACTION => (
            StoreErrorKind::ReadOnly,
            format!("{place} may only be read: {message}"),
        ),
        &SqlState::INSUFFICIENT_PRIVILEGE => (
            StoreErrorKind::ReadOnly,
            format!("the user may not write in {place}: {message}"),
        ),
        code if code.code().starts_with("28") || code == &SqlState::INVALID_CATALOG_NAME => (
            StoreErrorKind::Usage,
            format!("{place} refuses the connection: {message}"),
        ),
        code if ["08", "53", "57"]
            .iter()
            .any(|class| code.code().starts_with(class)) =>
        {
            (
                StoreErrorKind::Unavailable,
                format!("{place} is not available: {message}"),
            )
        }
        _ => (StoreErrorKind::Other, format!("{place}: {message}")),
    };
    StoreError::new(kind, text).caused_by(error)
}

/// The cause that says something.
fn innermost(error: &tokio_postgres::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let text = cause.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
