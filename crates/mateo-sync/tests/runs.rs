//! Runs over SQLite: what they cost, what they prove, and what they refuse.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use chrono::TimeDelta;
use common::{assert_equal, client, endpoint, fill, id, row, start, update};
use mateo_sandbox::{Endpoint, Row};
use mateo_sync::{Error, Plan, SqliteStore, State, Store, Syncer};
use tempfile::TempDir;
use uuid::Uuid;

fn store(directory: &TempDir) -> SqliteStore {
    SqliteStore::open(directory.path().join("imports.db"), "").unwrap()
}

fn syncer(directory: &TempDir, endpoint: &Endpoint) -> Syncer<SqliteStore> {
    Syncer::new(client(endpoint), store(directory))
}

#[tokio::test(start_paused = true)]
async fn a_first_run_costs_a_request_for_fifty_rows_and_one_for_the_proof() {
    for rows in [0, 1, 49, 120, 1_230] {
        let (directory, endpoint) = (TempDir::new().unwrap(), endpoint(0..rows).build());
        let mut sync = syncer(&directory, &endpoint);
        let report = sync.run().await.unwrap();
        assert!(report.is_complete());
        assert_eq!((report.applied, report.copy), (rows, rows));
        let pages = rows.div_ceil(50).max(1);
        assert_eq!(endpoint.counters().requests, pages + 1, "{rows} rows");
        assert_eq!(report.requests, pages + 1);
        assert_equal(sync.store(), &endpoint, "after the first run").await;
    }
}

#[tokio::test(start_paused = true)]
async fn where_nothing_changed_a_run_takes_one_request_and_one_for_the_proof() {
    let (directory, endpoint) = (TempDir::new().unwrap(), endpoint(0..130).build());
    let mut sync = syncer(&directory, &endpoint);
    sync.run().await.unwrap();
    tokio::time::advance(std::time::Duration::from_secs(300)).await;
    endpoint.take_counters();
    let report = sync.run().await.unwrap();
    assert_eq!(endpoint.counters().requests, 2);
    assert_eq!(report.applied, 0);
    assert_eq!(report.to_string(), "130 imports, complete at 00:04:59Z");
}

#[tokio::test(start_paused = true)]
async fn what_changed_or_came_since_is_read_by_the_next_run_and_nothing_else() {
    let (directory, endpoint) = (TempDir::new().unwrap(), endpoint(0..130).build());
    syncer(&directory, &endpoint).run().await.unwrap();
    tokio::time::advance(std::time::Duration::from_secs(300)).await;
    update(&endpoint, 7, endpoint.now());
    endpoint
        .sandbox()
        .insert(Row::import(id(900), endpoint.now()))
        .unwrap();
    tokio::time::advance(std::time::Duration::from_secs(300)).await;
    let mut sync = syncer(&directory, &endpoint);
    let report = sync.run().await.unwrap();
    assert_eq!((report.applied, report.copy, report.requests), (2, 131, 2));
    assert_equal(sync.store(), &endpoint, "after the second run").await;
}

#[tokio::test(start_paused = true)]
async fn one_deletion_in_a_hundred_thousand_rows_costs_at_most_15_requests() {
    let (directory, endpoint) = (TempDir::new().unwrap(), endpoint(0..100_000).build());
    let mut sync = syncer(&directory, &endpoint);
    fill(sync.store(), &endpoint).await;
    endpoint.sandbox().delete(id(4_711));
    endpoint.take_counters();
    let report = sync.run().await.unwrap();
    assert!(report.is_complete(), "{report}");
    assert_eq!((report.deleted, report.mended, report.copy), (1, 0, 99_999));
    let requests = endpoint.counters().requests;
    assert!(requests <= 15, "{requests} requests");
    let after = Uuid::from_u128(id(4_711).as_u128() - 1);
    let stored = sync.store().rows(Some(after), 1).await.unwrap().remove(0);
    assert_eq!(stored.row.id, id(4_711));
    assert_eq!(stored.deleted_at, Some(report.at));
}

#[tokio::test(start_paused = true)]
async fn a_row_that_the_copy_lacks_is_read_and_one_that_came_back_is_no_longer_deleted() {
    let (directory, endpoint) = (TempDir::new().unwrap(), endpoint(0..1_000).build());
    let mut sync = syncer(&directory, &endpoint);
    fill(sync.store(), &endpoint).await;
    // Both became visible later than the overlap allows for.
    endpoint.sandbox().insert(row(5_000)).unwrap();
    endpoint.sandbox().insert(row(5_001)).unwrap();
    let report = sync.run().await.unwrap();
    assert!(report.is_complete(), "{report}");
    assert_eq!((report.mended, report.deleted), (2, 0));
    assert_equal(sync.store(), &endpoint, "after mending").await;
    endpoint.sandbox().delete(id(5));
    let report = sync.run().await.unwrap();
    assert_eq!((report.mended, report.deleted), (0, 1));
    assert_equal(sync.store(), &endpoint, "after it vanished").await;
    endpoint.sandbox().insert(row(5)).unwrap();
    let report = sync.run().await.unwrap();
    assert_eq!((report.mended, report.copy), (1, 1_002));
    assert_equal(sync.store(), &endpoint, "after it came back").await;
}

#[tokio::test(start_paused = true)]
async fn columns_that_are_newer_than_this_release_are_kept() {
    let directory = TempDir::new().unwrap();
    let endpoint = endpoint(0..0).build();
    for number in 0..120 {
        let row = row(number)
            .set("newer", serde_json::json!([number, null]))
            .set("rank", 7);
        endpoint.sandbox().insert(row).unwrap();
    }
    let mut sync = syncer(&directory, &endpoint);
    sync.run().await.unwrap();
    assert_equal(sync.store(), &endpoint, "with a new column").await;
}

#[tokio::test(start_paused = true)]
async fn the_key_of_another_organisation_changes_nothing() {
    let (directory, ours) = (TempDir::new().unwrap(), endpoint(0..130).build());
    syncer(&directory, &ours).run().await.unwrap();
    let theirs = endpoint(0..0).build();
    // Nothing that is newer than the copy: only the count tells.
    for number in 0..130 {
        let row = row(1_000 + number).set("organisation_id", Uuid::max());
        theirs.sandbox().insert(row).unwrap();
    }
    let error = syncer(&directory, &theirs).run().await.unwrap_err();
    assert!(
        matches!(error, Error::NothingVisible { rows: 130, .. }),
        "{error}"
    );
    let newer = Row::import(id(5_000), theirs.now()).set("organisation_id", Uuid::max());
    theirs.sandbox().insert(newer).unwrap();
    let error = syncer(&directory, &theirs).run().await.unwrap_err();
    assert!(matches!(error, Error::OtherOrganisation { .. }), "{error}");

    // What changed meanwhile was not passed over.
    tokio::time::advance(std::time::Duration::from_secs(300)).await;
    update(&ours, 3, ours.now());
    let mut sync = syncer(&directory, &ours);
    let report = sync.run().await.unwrap();
    assert_eq!((report.applied, report.deleted), (1, 0));
    assert_equal(sync.store(), &ours, "after the other key").await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_sees_several_organisations_fills_one_copy() {
    let (directory, endpoint) = (TempDir::new().unwrap(), endpoint(0..130).build());
    syncer(&directory, &endpoint).run().await.unwrap();
    tokio::time::advance(std::time::Duration::from_secs(300)).await;
    let other = Row::import(id(5_000), endpoint.now()).set("organisation_id", Uuid::max());
    endpoint.sandbox().insert(other).unwrap();
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    let mut sync = syncer(&directory, &endpoint);
    let report = sync.run().await.unwrap();
    assert_eq!((report.applied, report.copy), (1, 131));
    assert!(report.is_complete());
}

#[tokio::test(start_paused = true)]
async fn an_empty_server_is_believed_only_where_that_is_allowed() {
    let (directory, endpoint) = (TempDir::new().unwrap(), endpoint(0..130).build());
    syncer(&directory, &endpoint).run().await.unwrap();
    for number in 0..130 {
        endpoint.sandbox().delete(id(number));
    }
    let error = syncer(&directory, &endpoint).run().await.unwrap_err();
    assert!(
        matches!(error, Error::NothingVisible { rows: 130, .. }),
        "{error}"
    );
    let mut sync = syncer(&directory, &endpoint).allow_empty(true);
    let report = sync.run().await.unwrap();
    assert_eq!((report.deleted, report.copy), (130, 0));
}

#[tokio::test(start_paused = true)]
async fn an_import_that_finishes_with_failures_is_reported_once_and_not_again_by_another_run() {
    let failing = |row: Row| {
        row.set("total_count", 5)
            .set("success_count", 3)
            .set("failed_count", 2)
    };
    let (directory, endpoint) = (TempDir::new().unwrap(), endpoint(0..130).build());
    endpoint.sandbox().insert(failing(row(500))).unwrap();
    let mut sync = syncer(&directory, &endpoint).report_failures(true);
    sync.run().await.unwrap();
    assert_eq!(
        sync.unreported(10).await.unwrap(),
        [],
        "what had failed before is no news"
    );
    tokio::time::advance(std::time::Duration::from_secs(300)).await;
    for number in [500, 3] {
        let changes = failing(Row::new()).set("updated_at", endpoint.now());
        endpoint.sandbox().update(id(number), changes).unwrap();
    }
    sync.run().await.unwrap();
    drop(sync);
    let mut sync = syncer(&directory, &endpoint).report_failures(true);
    let news = sync.unreported(10).await.unwrap();
    assert_eq!(news.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [id(3)]);
    assert!(news[0].1.contains(r#""failed_count":2"#), "{}", news[0].1);
    sync.reported(id(3), endpoint.now()).await.unwrap();
    update(&endpoint, 3, endpoint.now() + TimeDelta::seconds(1));
    sync.run().await.unwrap();
    assert_eq!(sync.unreported(10).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_plan_says_what_a_run_would_read_and_writes_nothing() {
    let (directory, endpoint) = (TempDir::new().unwrap(), endpoint(0..130).build());
    let client = client(&endpoint);
    let plan = Plan::of(&client, &State::default(), 0).await.unwrap();
    assert_eq!((plan.rows, plan.requests, plan.server), (130, 4, 130));
    let mut sync = syncer(&directory, &endpoint);
    sync.run().await.unwrap();
    tokio::time::advance(std::time::Duration::from_secs(300)).await;
    update(&endpoint, 3, endpoint.now());
    let state = sync.store().state().await.unwrap();
    let plan = Plan::of(&client, &state, 130).await.unwrap();
    assert_eq!((plan.rows, plan.requests, plan.server), (1, 2, 130));
}

#[tokio::test(start_paused = true)]
async fn what_is_created_while_it_is_compared_is_left_to_the_next_run() {
    let directory = TempDir::new().unwrap();
    let next = std::sync::atomic::AtomicU64::new(10_000);
    let endpoint = endpoint(0..1_000)
        .on_request(move |sandbox, _, now| {
            let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            sandbox.insert(Row::import(id(number), now)).unwrap();
        })
        .build();
    let mut sync = syncer(&directory, &endpoint);
    fill(sync.store(), &endpoint).await;
    endpoint.sandbox().delete(id(7));
    let report = sync.run().await.unwrap();
    assert!(report.is_complete(), "{report}");
    assert_eq!((report.copy, report.deleted), (999, 1));
    assert!(start() < report.at);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_in_parquet_has_every_row_and_its_types() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    let (directory, endpoint) = (TempDir::new().unwrap(), endpoint(0..130).build());
    let mut sync = syncer(&directory, &endpoint);
    sync.run().await.unwrap();
    endpoint.sandbox().delete(id(7));
    sync.run().await.unwrap();
    let path = directory.path().join("imports.parquet");
    std::fs::write(&path, "an older snapshot").unwrap();
    assert_eq!(
        mateo_sync::parquet::write(sync.store(), &path).await.unwrap(),
        130
    );
    let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
    let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    let stored = sync.store().rows(None, 1_000).await.unwrap();
    assert_eq!(rows.len(), stored.len());
    for (row, stored) in rows.iter().zip(&stored) {
        let field = |name: &str| {
            row.get_column_iter()
                .find(|(column, _)| *column == name)
                .unwrap()
                .1
        };
        assert_eq!(field("id").to_string(), format!("{:?}", stored.row.id.as_bytes()));
        let deleted = stored.deleted_at.map(|time| time.timestamp_micros());
        assert_eq!(matches!(field("deleted_at"), Field::Null), deleted.is_none());
        let columns = sync.store().columns().clone();
        let created = stored.row.time(&columns, "created_at").unwrap();
        assert_eq!(
            field("created_at"),
            &Field::TimestampMicros(created.timestamp_micros())
        );
    }
    let left: Vec<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        !left.iter().any(|name| name.to_string_lossy().ends_with(".part")),
        "{left:?}"
    );
}
