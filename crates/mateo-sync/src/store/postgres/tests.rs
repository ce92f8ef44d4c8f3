use mateo_imports::columns::ColumnKind;

use super::{Postgres, PostgresStore};
use crate::columns::Columns;
use crate::conformance::{self, Stores};
use crate::row::{Row, Value};
use crate::store::{Batch, State, Store, StoreError, StoreErrorKind};

#[path = "../../../tests/common/server.rs"]
mod server;

use server::{Server, server};

const ID: &str = "d419c772-3226-4b94-bc3a-e353fb14628e";

struct Schemas(String);

impl Stores for Schemas {
    type Store = PostgresStore;

    async fn open(&self, copy: &str) -> Result<PostgresStore, StoreError> {
        Postgres::new(&self.0).schema(copy).open().await
    }
}

fn kind<T>(opened: Result<T, StoreError>) -> Option<StoreErrorKind> {
    opened.err().map(|error| error.kind())
}

fn copy(server: &Server, database: &str) -> Postgres {
    Postgres::new(server.database(database))
}

fn batch(json: &str) -> Batch {
    Batch {
        rows: vec![Row::read(json, &Columns::known()).unwrap()],
        ..Batch::default()
    }
}

#[tokio::test]
async fn a_schema_meets_the_contract() {
    let Some(server) = server() else { return };
    conformance::check(&Schemas(server.database("contract")))
        .await
        .unwrap();
}

#[tokio::test]
async fn the_columns_have_their_own_types() {
    let Some(server) = server() else { return };
    copy(server, "types").open().await.unwrap();
    let types = server.sql(
        "types",
        "SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position) FROM information_schema.columns
         WHERE table_schema = 'mateo' AND table_name = 'imports'",
    );
    let first = "id uuid, created_at timestamp with time zone, updated_at timestamp with time zone, organisation_id uuid, \
         type text, payload jsonb, contact_list_id uuid, failed_url text, payload_url text, total_count integer, \
         success_count integer, failed_count integer, reference_id text, ";
    let last = "extra json, synced_at timestamp with time zone, deleted_at timestamp with time zone";
    assert!(types.starts_with(first) && types.ends_with(last), "{types}");
}

#[tokio::test]
async fn json_that_jsonb_can_not_hold_is_kept_in_extra() {
    let Some(server) = server() else { return };
    let mut store = copy(server, "odd_json").open().await.unwrap();
    let payloads = [
        r#"["\u0000"]"#,
        r#"{"a":"\ud800"}"#,
        "[1e999999]",
        r#"["\u0000","fits"]"#,
    ];
    for payload in payloads {
        let json = format!(r#"{{"id":"{ID}","payload":{payload},"newer":["\u0000"]}}"#);
        store.apply(batch(&json)).await.unwrap();
        let stored = store.rows(None, 10).await.unwrap().remove(0);
        let expected = format!(r#"{{"newer":["\u0000"],"payload":{payload}}}"#);
        assert_eq!(stored.row.extra.as_deref(), Some(expected.as_str()));
        assert_eq!(stored.row.value(&Columns::known(), "payload"), Some(&Value::Null));
    }
}

#[tokio::test]
async fn a_column_that_became_known_is_added_and_filled_from_extra() {
    let Some(server) = server() else { return };
    let place = copy(server, "columns");
    let mut store = place.open().await.unwrap();
    for (id, newer) in [
        (ID, r#"["a"]"#),
        ("00000000-0000-0000-0000-000000000000", r#"["\u0000"]"#),
    ] {
        let json = format!(r#"{{"id":"{id}","newer":{newer},"rank":7,"more":null}}"#);
        store.apply(batch(&json)).await.unwrap();
    }
    drop(store);
    let known = Columns::known();
    let mut newer: Vec<_> = known.iter().map(|column| (column.name, column.kind)).collect();
    newer.extend([("newer", ColumnKind::Json), ("rank", ColumnKind::Text)]);
    let newer = Columns::of(&newer);
    let mut store = place.open_with(newer.clone()).await.unwrap();
    let rows = store.rows(None, 10).await.unwrap();
    assert_eq!(rows[0].row.value(&newer, "newer"), Some(&Value::Null));
    assert_eq!(
        rows[0].row.extra.as_deref(),
        Some(r#"{"newer":["\u0000"],"rank":7,"more":null}"#)
    );
    assert_eq!(
        rows[1].row.value(&newer, "newer"),
        Some(&Value::Json(r#"["a"]"#.to_owned()))
    );
    assert_eq!(rows[1].row.extra.as_deref(), Some(r#"{"rank":7,"more":null}"#));
    drop(store);
    assert_eq!(kind(place.open().await), Some(StoreErrorKind::Newer));
    assert_eq!(kind(place.peek().await), Some(StoreErrorKind::Newer));
}

#[tokio::test]
async fn a_newer_version_of_the_tables_is_an_error() {
    let Some(server) = server() else { return };
    let place = copy(server, "newer");
    drop(place.open().await.unwrap());
    server.sql("newer", "UPDATE mateo.sync_state SET version = version + 1");
    let error = place.open().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Newer);
    assert!(error.to_string().contains("newer release of mateo"), "{error}");
}

#[tokio::test]
async fn tables_that_others_made_are_left_as_they_are() {
    let Some(server) = server() else { return };
    let place = copy(server, "foreign");
    for table in ["imports (id)", "sync_state (version)", "sync_failed (id)"] {
        let name = table.split(' ').next().unwrap();
        let table = table.replace(')', " integer)");
        server.sql(
            "foreign",
            &format!("CREATE SCHEMA mateo; CREATE TABLE mateo.{table}; INSERT INTO mateo.{name} VALUES (1)"),
        );
        let error = place.open().await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Foreign, "{error}");
        let left = "SELECT string_agg(relname, ',') FROM pg_class WHERE relnamespace = 'mateo'::regnamespace";
        assert_eq!(server.sql("foreign", left), name);
        server.sql("foreign", "DROP SCHEMA mateo CASCADE");
    }
}

#[tokio::test]
async fn a_user_who_may_not_write_is_told_so() {
    let Some(server) = server() else { return };
    drop(copy(server, "rights").open().await.unwrap());
    server.sql("rights", "CREATE USER reader; GRANT USAGE ON SCHEMA mateo TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA mateo TO reader");
    let url = server.url("rights").replace("user=postgres", "user=reader");
    let mut store = Postgres::new(&url).open().await.unwrap();
    let error = store
        .apply(batch(&format!(r#"{{"id":"{ID}"}}"#)))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::ReadOnly, "{error}");
    let error = Postgres::new(&url).schema("mine").open().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::ReadOnly, "{error}");
    server.sql(
        "rights",
        "ALTER DATABASE rights SET default_transaction_read_only = on",
    );
    let error = Postgres::new(server.url("rights"))
        .schema("other")
        .open()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::ReadOnly, "{error}");
}

#[tokio::test]
async fn a_session_that_ends_is_an_error_that_may_pass() {
    let Some(server) = server() else { return };
    let place = copy(server, "ends");
    let mut store = place.open().await.unwrap();
    server.sql(
        "postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'ends'",
    );
    let error = store
        .apply(batch(&format!(r#"{{"id":"{ID}"}}"#)))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    let mut store = place.open().await.unwrap();
    assert_eq!(store.rows(None, 1).await.unwrap(), []);
    assert_eq!(place.peek().await.unwrap(), Some((State::default(), 0)));
}

#[tokio::test]
async fn what_can_not_be_reached_is_named_without_its_password() {
    for (url, expected) in [
        (
            "postgres://sync:secret@127.0.0.1:1/crm",
            StoreErrorKind::Unavailable,
        ),
        (
            "postgres://sync:secret@127.0.0.1:1/crm?sslmode=verify-full",
            StoreErrorKind::Unavailable,
        ),
        ("postgres://sync:secret@[::1", StoreErrorKind::Usage),
        ("host=/nowhere password=secret", StoreErrorKind::Unavailable),
    ] {
        let place = Postgres::new(url);
        let error = place.open().await.unwrap_err();
        assert_eq!(error.kind(), expected, "{error}");
        assert!(
            !format!("{error} {error:?} {place:?}").contains("secret"),
            "{error:?}"
        );
    }
}
