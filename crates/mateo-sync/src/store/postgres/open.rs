//! Opening a schema: the lock, the tables, and bringing them forward.

use std::time::Duration;

use mateo_imports::columns::ColumnKind;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, GenericClient, Transaction};
use uuid::Uuid;

use super::connect::Postgres;
use super::{Names, PostgresStore, failed, get, jsonb, read_state, sql_type};
use crate::columns::{Column, Columns};
use crate::row::{Row, promote};
use crate::store::schema::{self, Made, foreign};
use crate::store::{State, StoreError, StoreErrorKind};

/// How often the lock is tried, and how long in between: the session of a process that was killed takes a moment to
/// end.
const LOCK_ATTEMPTS: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// What is set for the session. A power cut of the server can cost the last batches, rows and cursor alike, and no
/// more; the last batch of a run waits for the disk. A lost client is noticed within two minutes, so that its lock
/// does not stay.
const SETTINGS: &str =
    "SET synchronous_commit = off; SET tcp_keepalives_idle = 60; SET tcp_keepalives_interval = 10;
    SET tcp_keepalives_count = 6; SET search_path = pg_catalog; SET client_min_messages = warning";

impl Postgres {
    /// Opens the copy, or makes one.
    ///
    /// # Errors
    ///
    /// See [`StoreErrorKind`].
    pub async fn open(&self) -> Result<PostgresStore, StoreError> {
        self.open_with(Columns::known()).await
    }

    pub(super) async fn open_with(&self, columns: Columns) -> Result<PostgresStore, StoreError> {
        schema::check_name(&self.schema)?;
        let (mut client, place) = self.connect().await?;
        let names = Names::new(&self.schema, &columns);
        let of_postgres = |error| failed(error, &place);
        client.batch_execute(SETTINGS).await.map_err(of_postgres)?;
        lock(&client, &names, &place).await?;
        let transaction = client.transaction().await.map_err(of_postgres)?;
        match made(&transaction, &names, &place).await? {
            None => create(&transaction, &names, &columns)
                .await
                .map_err(of_postgres)?,
            Some(made) => {
                let missing = made.missing(&columns, &place)?;
                if !missing.is_empty() || made.version < schema::VERSION {
                    bring_forward(&transaction, &names, &columns, &missing, &place).await?;
                }
            }
        }
        transaction.commit().await.map_err(of_postgres)?;
        let (sql, types) = upsert(&names, &columns);
        let upsert = client.prepare_typed(&sql, &types).await.map_err(of_postgres)?;
        Ok(PostgresStore {
            client,
            columns,
            names,
            place,
            upsert,
        })
    }

    /// What a copy knows of itself and how many imports it holds, without a change to it; `None` where there is none.
    ///
    /// # Errors
    ///
    /// See [`StoreErrorKind`].
    pub async fn peek(&self) -> Result<Option<(State, u64)>, StoreError> {
        schema::check_name(&self.schema)?;
        let (client, place) = self.connect().await?;
        let columns = Columns::known();
        let names = Names::new(&self.schema, &columns);
        let of_postgres = |error| failed(error, &place);
        let Some(made) = made(&client, &names, &place).await? else {
            return Ok(None);
        };
        made.missing(&columns, &place)?;
        let sql = format!(
            "SELECT state::text, (SELECT count(*) FROM {} WHERE deleted_at IS NULL) FROM {}",
            names.imports, names.state
        );
        let row = client.query_one(&sql, &[]).await.map_err(of_postgres)?;
        let rows: i64 = get(&row, 1)?;
        Ok(Some((read_state(&get::<String>(&row, 0)?)?, rows.unsigned_abs())))
    }
}

/// Keeps other writers of the schema out, until the session ends.
async fn lock(client: &Client, names: &Names, place: &str) -> Result<(), StoreError> {
    let sql = "SELECT pg_try_advisory_lock(hashtextextended('mateo-sync ' || $1, 0))";
    for attempt in 1.. {
        let row = client
            .query_one(sql, &[&names.schema])
            .await
            .map_err(|error| failed(error, place))?;
        if get(&row, 0)? {
            break;
        }
        if attempt == LOCK_ATTEMPTS {
            return Err(StoreError::new(
                StoreErrorKind::InUse,
                format!(
                    "another process writes the copy in schema {} of {place}",
                    names.schema
                ),
            ));
        }
        tokio::time::sleep(LOCK_PAUSE).await;
    }
    Ok(())
}

/// What the tables were made with; `None` where there are none. Tables that are not ours are an error.
async fn made(client: &impl GenericClient, names: &Names, place: &str) -> Result<Option<Made>, StoreError> {
    let of_postgres = |error| failed(error, place);
    let place = format!("schema {} of {place}", names.schema);
    let sql = "SELECT relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
        WHERE nspname = $1 AND relname IN ('imports', 'sync_state', 'sync_failed')";
    let found = client.query(sql, &[&names.schema]).await.map_err(of_postgres)?;
    let found: Vec<String> = found.iter().map(|row| get(row, 0)).collect::<Result<_, _>>()?;
    let Some(first) = found.first() else {
        return Ok(None);
    };
    let has_state = found.iter().any(|name| name == "sync_state");
    if !has_state || found.len() < 3 {
        return Err(foreign(&place, first));
    }
    let sql = "SELECT count(*) FROM pg_catalog.pg_attribute WHERE attrelid = $1::text::regclass
        AND attname IN ('version', 'columns', 'state') AND NOT attisdropped";
    let row = client
        .query_one(sql, &[&names.state])
        .await
        .map_err(of_postgres)?;
    if get::<i64>(&row, 0)? != 3 {
        return Err(foreign(&place, "sync_state"));
    }
    let sql = format!("SELECT version::integer, columns::text FROM {}", names.state);
    let row = client.query_opt(&sql, &[]).await.map_err(of_postgres)?;
    let row = row.ok_or_else(|| foreign(&place, "sync_state"))?;
    Made::read(get(&row, 0)?, &get::<String>(&row, 1)?, &place).map(Some)
}

async fn create(
    transaction: &Transaction<'_>,
    names: &Names,
    columns: &Columns,
) -> Result<(), tokio_postgres::Error> {
    // Making a schema "if not exists" takes a right that its owner may have withheld.
    let sql = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1";
    if transaction.query_opt(sql, &[&names.schema]).await?.is_none() {
        transaction
            .batch_execute(&format!("CREATE SCHEMA \"{}\"", names.schema))
            .await?;
    }
    let columns_sql: Vec<String> = columns.iter().map(column_sql).collect();
    let sql = format!(
        "CREATE TABLE {imports} ({columns}, extra json, synced_at timestamptz NOT NULL, deleted_at timestamptz,
             PRIMARY KEY (id));
         CREATE INDEX imports_live ON {imports} (created_at, id) WHERE deleted_at IS NULL;
         CREATE TABLE {state} (version integer NOT NULL, columns json NOT NULL, state json NOT NULL);
         CREATE TABLE {failed} (seq bigint GENERATED ALWAYS AS IDENTITY, id uuid PRIMARY KEY,
             noted_at timestamptz NOT NULL, reported_at timestamptz);",
        imports = names.imports,
        columns = columns_sql.join(", "),
        state = names.state,
        failed = names.failed,
    );
    transaction.batch_execute(&sql).await?;
    let made = Made::now(columns);
    let sql = format!(
        "INSERT INTO {} (version, columns, state) VALUES ($1, $2::text::json, '{{}}')",
        names.state
    );
    transaction
        .execute(&sql, &[&made.version, &made.columns_json()])
        .await?;
    Ok(())
}

fn column_sql(column: &Column) -> String {
    let constraint = if column.name == "id" { " NOT NULL" } else { "" };
    format!("\"{}\" {}{constraint}", column.name, sql_type(column.kind))
}

/// Adds the columns that have become known, and moves their values out of `extra`.
async fn bring_forward(
    transaction: &Transaction<'_>,
    names: &Names,
    columns: &Columns,
    missing: &[Column],
    place: &str,
) -> Result<(), StoreError> {
    let of_postgres = |error| failed(error, place);
    let imports = &names.imports;
    for column in missing {
        let sql = format!("ALTER TABLE {imports} ADD COLUMN {}", column_sql(column));
        transaction.batch_execute(&sql).await.map_err(of_postgres)?;
    }
    let wanted: Vec<(&str, ColumnKind)> = missing.iter().map(|column| (column.name, column.kind)).collect();
    if !wanted.is_empty() {
        let sql = format!(
            "SELECT id, extra::text FROM {imports} WHERE ($1::uuid IS NULL OR id > $1) AND extra IS NOT NULL
                 ORDER BY id LIMIT 1000"
        );
        let select = transaction.prepare(&sql).await.map_err(of_postgres)?;
        let (sql, types) = set(imports, missing);
        let update = transaction
            .prepare_typed(&sql, &types)
            .await
            .map_err(of_postgres)?;
        let mut after: Option<Uuid> = None;
        loop {
            let part = transaction.query(&select, &[&after]).await.map_err(of_postgres)?;
            let mut rows = Vec::with_capacity(part.len());
            for row in &part {
                let id: Uuid = get(row, 0)?;
                let (values, extra) = promote(&get::<String>(row, 1)?, &wanted, jsonb::fits);
                rows.push(Row { id, values, extra });
            }
            let Some(last) = rows.last() else { break };
            after = Some(last.id);
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let mut parameters = super::write::Parameters::of(&mut rows, missing);
            parameters.push_ids(ids);
            transaction
                .execute(&update, &parameters.as_refs())
                .await
                .map_err(of_postgres)?;
        }
    }
    let made = Made::now(columns);
    let sql = format!(
        "UPDATE {} SET version = $1, columns = $2::text::json",
        names.state
    );
    transaction
        .execute(&sql, &[&made.version, &made.columns_json()])
        .await
        .map_err(of_postgres)?;
    Ok(())
}

/// The statement that inserts or replaces rows, an array a column, and its parameters' types.
fn upsert(names: &Names, columns: &Columns) -> (String, Vec<Type>) {
    let all: Vec<Column> = columns.iter().copied().collect();
    let (arrays, selected, mut types) = arrays(&all);
    let list: Vec<String> = columns.names().map(|name| format!("\"{name}\"")).collect();
    let updates: Vec<String> = list
        .iter()
        .map(|name| format!("{name} = excluded.{name}"))
        .collect();
    let sql = format!(
        "INSERT INTO {imports} ({list}, extra, synced_at) SELECT {selected}, ${at} FROM {arrays}
         ON CONFLICT (id) DO UPDATE SET {updates}, extra = excluded.extra, synced_at = excluded.synced_at, deleted_at = NULL",
        imports = names.imports,
        list = list.join(", "),
        at = types.len() + 1,
        updates = updates.join(", "),
    );
    types.push(Type::TIMESTAMPTZ);
    (sql, types)
}

/// The statement that sets columns and `extra` of rows by their ids, an array a column.
fn set(imports: &str, columns: &[Column]) -> (String, Vec<Type>) {
    let (arrays, _, mut types) = arrays(columns);
    let updates: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| format!("\"{}\" = v.c{index}::{}", column.name, sql_type(column.kind)))
        .collect();
    let ids = types.len() + 1;
    types.push(Type::UUID_ARRAY);
    let arrays = arrays.replacen(") AS v(", &format!(", ${ids}::uuid[]) AS v("), 1);
    let arrays = arrays.replacen("extra)", "extra, id)", 1);
    let sql = format!(
        "UPDATE {imports} i SET {}, extra = v.extra::json FROM {arrays} WHERE i.id = v.id",
        updates.join(", ")
    );
    (sql, types)
}

/// Rows as arrays: the table of them, what is selected of it, and the arrays' types. JSON comes as text.
fn arrays(columns: &[Column]) -> (String, String, Vec<Type>) {
    let mut types = Vec::new();
    let (mut arrays, mut aliases, mut selected) = (Vec::new(), Vec::new(), Vec::new());
    for (index, column) in columns.iter().enumerate() {
        let (sql, kind) = match column.kind {
            ColumnKind::Uuid => ("uuid", Type::UUID_ARRAY),
            ColumnKind::Timestamp => ("timestamptz", Type::TIMESTAMPTZ_ARRAY),
            ColumnKind::Json | ColumnKind::Text | ColumnKind::ImportType => ("text", Type::TEXT_ARRAY),
            ColumnKind::Integer => ("integer", Type::INT4_ARRAY),
        };
        types.push(kind);
        arrays.push(format!("${}::{sql}[]", index + 1));
        aliases.push(format!("c{index}"));
        selected.push(format!("c{index}::{}", sql_type(column.kind)));
    }
    types.push(Type::TEXT_ARRAY);
    arrays.push(format!("${}::text[]", types.len()));
    aliases.push("extra".to_owned());
    selected.push("extra::json".to_owned());
    let table = format!("unnest({}) AS v({})", arrays.join(", "), aliases.join(", "));
    (table, selected.join(", "), types)
}
