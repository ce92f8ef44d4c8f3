//! What goes wrong while a copy is brought up to date: rows that change meanwhile, servers that fail or lie, runs that
//! end anywhere. After the next quiet run the copy is the server's table, row by row.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;
#[path = "common/server.rs"]
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::Poll;

use chrono::{DateTime, TimeDelta, Utc};
use common::{Random, assert_equal, client, endpoint, id, live, row, seeds, served};
use mateo_sandbox::{Endpoint, Fault, Row, Sandbox, When};
use mateo_sync::{Postgres, SqliteStore, Store, StoreError, Syncer};
use tempfile::TempDir;

/// How many rows there are at first.
const ROWS: u64 = 400;

/// How often a run that meets faults may be begun again.
const RUNS: u32 = 200;

/// Changes some rows: new ones, changed ones, gone ones. They become visible up to 13 seconds after their times, of
/// which no two are the same.
fn change(sandbox: &Sandbox, random: &mut Random, next: &mut u64, now: DateTime<Utc>) {
    for _ in 0..random.below(4) {
        let number = random.below(*next);
        let late = 3_000_000 + random.below(10_000_000);
        let now = now - TimeDelta::microseconds(i64::try_from(late).unwrap());
        match random.below(3) {
            0 => {
                let row = row(*next).set("created_at", now).set("updated_at", now);
                sandbox.insert(row).unwrap();
                *next += 1;
            }
            1 => {
                let changes = Row::new().set("updated_at", now).set("failed_count", 7);
                sandbox.update(id(number), changes).unwrap();
            }
            _ => {
                sandbox.delete(id(number));
            }
        }
    }
}

/// An endpoint whose rows change with every request for as long as that is on.
fn churning(seed: u64) -> (Endpoint, Arc<AtomicBool>) {
    let is_on = Arc::new(AtomicBool::new(true));
    let on = Arc::clone(&is_on);
    let state = std::sync::Mutex::new((Random::new(seed), ROWS));
    let endpoint = endpoint(0..ROWS).on_request(move |sandbox, _, now| {
        if on.load(Relaxed) {
            let (random, next) = &mut *state.lock().unwrap();
            change(sandbox, random, next, now);
        }
    });
    (endpoint.build(), is_on)
}

/// Runs, each ended somewhere, while rows change; then quietly to the end.
async fn survives_churn<S: Store>(open: impl AsyncFn() -> Result<S, StoreError>, seed: u64, context: &str) {
    let (endpoint, is_on) = churning(seed);
    let client = client(&endpoint);
    let mut random = Random::new(seed ^ 0xC0_FFEE);
    for _ in 0..6 {
        let mut sync = Syncer::new(client.clone(), open().await.unwrap());
        let mut left = random.below(400);
        let mut run = std::pin::pin!(sync.run());
        // Dropped after so many polls, or at its end.
        let ended = std::future::poll_fn(|cx| match run.as_mut().poll(cx) {
            Poll::Pending if left > 0 => {
                left -= 1;
                Poll::Pending
            }
            Poll::Pending => Poll::Ready(None),
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
        });
        if let Some(Err(error)) = ended.await {
            unreachable!("{context}: {error}");
        }
    }
    is_on.store(false, Relaxed);
    let mut sync = Syncer::new(client, open().await.unwrap());
    let report = sync.run().await.unwrap();
    assert!(report.is_complete(), "{context}: {report}");
    assert_equal(sync.store(), &endpoint, context).await;
}

/// Runs again and again while requests fail or are answered wrongly, then quietly.
async fn survives_fault<S: Store>(store: S, fault: Fault, seed: u64) {
    let context = format!("{fault:?}, MATEO_SEED={seed}");
    let (next, is_on) = (AtomicU64::new(0), Arc::new(AtomicBool::new(true)));
    let on = Arc::clone(&is_on);
    let endpoint = endpoint(0..ROWS)
        .seed(seed)
        .fault(fault.on(When::Chance(0.2)))
        .on_request(move |sandbox, _, _| {
            // A deletion now and then, so that there is something to find.
            let number = next.fetch_add(1, Relaxed);
            if on.load(Relaxed) && number.is_multiple_of(3) && number < 60 {
                sandbox.delete(id(number));
            }
        })
        .build();
    let client = client(&endpoint);
    let mut sync = Syncer::new(client, store);
    let mut runs = 0;
    while !matches!(sync.run().await, Ok(report) if report.is_complete()) {
        runs += 1;
        if runs == RUNS {
            break;
        }
    }
    endpoint.clear_faults();
    is_on.store(false, Relaxed);
    let report = sync.run().await.unwrap();
    assert!(report.is_complete(), "{context}: {report}");
    if matches!(
        fault,
        Fault::UnknownColumn | Fault::UnknownType | Fault::LargeRow | Fault::BadRow
    ) {
        // The copy holds what it was told of a row; the ids must be the server's.
        let columns = sync.store().columns().clone();
        let (copy, server) = (live(sync.store()).await, served(&endpoint, &columns));
        assert!(copy.keys().eq(server.keys()), "{context}");
    } else {
        assert_equal(sync.store(), &endpoint, &context).await;
    }
}

fn sqlite(directory: &TempDir) -> impl AsyncFn() -> Result<SqliteStore, StoreError> {
    let path = directory.path().join("imports.db");
    async move || SqliteStore::open(&path, "")
}

/// A store that was dropped in mid-transaction frees its lock once the work in flight ends.
async fn patiently<S>(open: impl AsyncFn() -> Result<S, StoreError>) -> Result<S, StoreError> {
    loop {
        match open().await {
            Err(error) if error.kind() == mateo_sync::StoreErrorKind::InUse => tokio::task::yield_now().await,
            opened => return opened,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_in_sqlite_survives_churn_and_runs_that_end_anywhere() {
    for seed in seeds(25) {
        let directory = TempDir::new().unwrap();
        let open = sqlite(&directory);
        survives_churn(
            async || patiently(&open).await,
            seed,
            &format!("MATEO_SEED={seed}"),
        )
        .await;
    }
}

#[tokio::test]
async fn a_copy_in_postgresql_survives_churn_and_runs_that_end_anywhere() {
    let Some(server) = server::server() else { return };
    let url = server.database("churn");
    for seed in seeds(8) {
        let postgres = Postgres::new(&url).schema(format!("seed_{seed}"));
        survives_churn(
            async || postgres.open().await,
            seed,
            &format!("MATEO_SEED={seed}"),
        )
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_in_sqlite_survives_every_fault_of_the_sandbox() {
    for fault in Fault::ALL {
        for seed in seeds(1) {
            let directory = TempDir::new().unwrap();
            survives_fault(sqlite(&directory)().await.unwrap(), *fault, seed).await;
        }
    }
}

#[tokio::test]
async fn a_copy_in_postgresql_survives_every_fault_of_the_sandbox() {
    let Some(server) = server::server() else { return };
    let url = server.database("faults");
    for (number, fault) in Fault::ALL.iter().enumerate() {
        for seed in seeds(1) {
            let schema = format!("fault_{number}_{seed}");
            let store = Postgres::new(&url).schema(schema).open().await.unwrap();
            // Connecting has a time limit, which must not run out by itself.
            tokio::time::pause();
            survives_fault(store, *fault, seed).await;
            tokio::time::resume();
        }
    }
}
