//! Following changes: late rows, faults, restarts, and a whole day within the budget.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::{Random, client, endpoint, id, seeds, size, start};
use mateo_imports::{ApiKey, ChangesCursor, Client, KeyBudget, columns::*};
use mateo_sandbox::{Endpoint, Fault, Limits, Row, Sandbox, SandboxTransport, When};
use tokio::time::Instant;
use uuid::Uuid;

#[tokio::test(start_paused = true)]
async fn a_single_pass_gives_what_there_is_and_the_next_what_is_new() {
    let endpoint = endpoint(0..120, 50)
        .starting_at(start() + TimeDelta::hours(1))
        .build();
    let client = client(&endpoint);
    let mut changes = client.changes(ChangesCursor::beginning()).once().stream();
    let mut times = Vec::new();
    while let Some((import, _cursor)) = changes.try_next().await.unwrap() {
        times.push(import.updated_at);
    }
    assert!(times.is_sorted());
    assert_eq!(times.len(), 120);
    let cursor = changes.cursor().clone();
    let mut again = client.changes(cursor.clone()).once().stream();
    assert!(again.try_next().await.unwrap().is_none());

    let late = start() + TimeDelta::hours(1) - TimeDelta::seconds(20);
    endpoint.sandbox().insert(Row::import(id(500), late)).unwrap();
    let mut again = client.changes(cursor).once().stream();
    assert_eq!(again.try_next().await.unwrap().unwrap().0.id, id(500));
    assert!(again.try_next().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_filter_belongs_to_the_cursor() {
    let endpoint = endpoint(0..120, 50).build();
    let client = client(&endpoint);
    let mut changes = client
        .changes(ChangesCursor::beginning())
        .filter(FAILED_COUNT.eq(0))
        .once()
        .stream();
    let mut count = 0;
    while changes.try_next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 24);
    let error = client
        .changes(changes.cursor().clone())
        .once()
        .stream()
        .try_next()
        .await
        .unwrap_err();
    assert!(error.is_usage(), "{error}");
}

/// A row's change, seen some time after the `updated_at` that it carries.
#[derive(Debug, Clone, Copy)]
struct Change {
    number: u64,
    at: DateTime<Utc>,
}

/// Changes over a day, to rows that become visible late by up to `overlap`.
fn day(random: &mut Random, rows: u64, changes: u64, overlap: TimeDelta) -> Vec<(DateTime<Utc>, Change)> {
    let mut all: Vec<(DateTime<Utc>, Change)> = (0..changes)
        .map(|_| {
            let at = start() + TimeDelta::microseconds(i64::try_from(random.below(86_000_000_000)).unwrap());
            let late = TimeDelta::milliseconds(
                i64::try_from(random.below(u64::try_from(overlap.num_milliseconds()).unwrap())).unwrap(),
            );
            (
                at + late,
                Change {
                    number: random.below(rows),
                    at,
                },
            )
        })
        .collect();
    all.sort_by_key(|(visible, _)| *visible);
    all
}

/// When it became visible, which row, and its `updated_at`.
type Applied = (DateTime<Utc>, Uuid, DateTime<Utc>);

struct World {
    endpoint: Endpoint,
    /// When each row's `updated_at`s became visible.
    applied: Arc<Mutex<Vec<Applied>>>,
}

fn world(seed: u64, rows: u64, changes: u64, overlap: TimeDelta) -> World {
    let mut random = Random::new(seed);
    let mut pending: VecDeque<_> = day(&mut random, rows, changes, overlap).into();
    let applied = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&applied);
    let state = Mutex::new((
        std::mem::take(&mut pending),
        BTreeMap::<u64, DateTime<Utc>>::new(),
    ));
    let endpoint = Endpoint::builder(Sandbox::new())
        .limits(Limits::default())
        .latency(Duration::from_millis(40), Duration::from_millis(30))
        .starting_at(start())
        .fault(Fault::BadGateway.on(When::Chance(0.01)))
        .fault(Fault::ResetInBody.on(When::Chance(0.01)))
        .fault(Fault::Unavailable.on(When::Chance(0.005)))
        .seed(seed)
        .on_request(move |sandbox, _, now| {
            let (pending, rows) = &mut *state.lock().unwrap();
            while pending.front().is_some_and(|(visible, _)| *visible <= now) {
                let Some((visible, change)) = pending.pop_front() else {
                    break;
                };
                let id = id(change.number);
                match rows.insert(change.number, change.at) {
                    None => sandbox.insert(Row::import(id, change.at)).unwrap(),
                    // A transaction that began earlier and commits later overwrites what it hasn't seen.
                    Some(_) => {
                        sandbox
                            .update(id, Row::new().set("updated_at", change.at))
                            .unwrap();
                    }
                }
                log.lock().unwrap().push((visible, id, change.at));
            }
        })
        .build();
    World { endpoint, applied }
}

/// A day in paused time: five restarts from the saved cursor, faults at random, late rows.
async fn follow_a_day(seed: u64, rows: u64, changes: u64) {
    let overlap = TimeDelta::seconds(20);
    let world = world(seed, rows, changes, overlap);
    let mut random = Random::new(seed ^ 0xDA7);
    let client = Client::builder(ApiKey::new("a-key"))
        .base_url(SandboxTransport::BASE_URL)
        .transport(SandboxTransport::new(world.endpoint.clone()))
        .budget(KeyBudget::builder().build())
        .build()
        .unwrap();
    let began = Instant::now();
    let end = began + Duration::from_secs(24 * 60 * 60);
    let mut saved = serde_json::to_string(&ChangesCursor::beginning()).unwrap();
    let mut given: BTreeSet<(Uuid, DateTime<Utc>)> = BTreeSet::new();
    for run in 1..=6_u64 {
        let stop = if run == 6 {
            end
        } else {
            began + Duration::from_secs(run * 14_000 + random.below(400))
        };
        let cursor = serde_json::from_str(&saved).unwrap();
        let mut in_run: BTreeSet<(Uuid, DateTime<Utc>)> = BTreeSet::new();
        let mut stream = client.changes(cursor).overlap(overlap.to_std().unwrap()).stream();
        while let Ok(item) = tokio::time::timeout_at(stop, stream.try_next()).await {
            let Ok(item) = item else { continue };
            let (import, cursor) = item.unwrap();
            let change = (import.id, import.updated_at);
            assert!(
                in_run.insert(change),
                "{change:?} came twice in a run, MATEO_SEED={seed}"
            );
            given.insert(change);
            // A cursor may be older than the last change dealt with, never newer.
            if random.below(4) > 0 {
                saved = serde_json::to_string(&cursor).unwrap();
            }
        }
    }
    let counters = world.endpoint.counters();
    assert!(
        counters.requests <= 10_000,
        "{} requests, MATEO_SEED={seed}",
        counters.requests
    );
    assert_eq!(counters.too_many_requests(), 0, "MATEO_SEED={seed}");
    // What was visible for long enough to be seen between two passes, and was not overwritten before, was given.
    let applied = world.applied.lock().unwrap();
    let mut last: BTreeMap<Uuid, (DateTime<Utc>, DateTime<Utc>)> = BTreeMap::new();
    let mut due = Vec::new();
    let seen_within = TimeDelta::minutes(5);
    for &(visible, id, at) in applied.iter() {
        if let Some((was_visible, was)) = last.insert(id, (visible, at))
            && visible - was_visible > seen_within
        {
            due.push((id, was));
        }
    }
    let day_end = start() + TimeDelta::seconds(86_400);
    due.extend(
        last.iter()
            .filter(|(_, (visible, _))| day_end - *visible > seen_within)
            .map(|(id, (_, at))| (*id, *at)),
    );
    assert!(due.len() as u64 > rows / 2);
    let missed: Vec<_> = due
        .iter()
        .filter(|change| !given.contains(change))
        .take(3)
        .collect();
    assert!(missed.is_empty(), "{missed:?} never came, MATEO_SEED={seed}");
}

#[tokio::test(start_paused = true)]
async fn a_day_of_changes_is_followed_within_the_budget_and_nothing_is_missed() {
    for seed in seeds(1) {
        follow_a_day(seed, size(5_000), 2 * size(5_000)).await;
    }
}
