//! Following changes against the grain: readers that are slower than the overlap, holds in the middle of a pass, bulk
//! updates, and the nights after.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::{Random, client, client_builder, id, start};
use mateo_imports::{ChangesCursor, Client, Transport};
use mateo_sandbox::{Endpoint, Limits, Row, Sandbox, SandboxTransport};
use tokio::time::Instant;
use uuid::Uuid;

/// A row that becomes visible some time after the `updated_at` that it has.
#[derive(Debug, Clone, Copy)]
struct Late {
    visible: DateTime<Utc>,
    number: u64,
    at: DateTime<Utc>,
}

fn late(number: u64, second: f64, by: f64) -> Late {
    let millis = |seconds: f64| TimeDelta::microseconds((seconds * 1e6) as i64);
    let at = start() + millis(second);
    Late {
        visible: at + millis(by),
        number,
        at,
    }
}

/// An endpoint whose rows become visible as they are due.
fn endpoint(mut rows: Vec<Late>) -> Endpoint {
    rows.sort_by_key(|row| row.visible);
    let pending = Mutex::new(VecDeque::from(rows));
    Endpoint::builder(Sandbox::new())
        .limits(Limits::none())
        .starting_at(start())
        .on_request(move |sandbox, _, now| {
            let mut pending = pending.lock().unwrap();
            while let Some(row) = pending.pop_front_if(|row| row.visible <= now) {
                let values = Row::new().set("updated_at", row.at);
                if !sandbox.update(id(row.number), values).unwrap() {
                    sandbox.insert(Row::import(id(row.number), row.at)).unwrap();
                }
            }
        })
        .build()
}

/// What a run yields until `end`, each change once, with a pause after each.
async fn follow(
    client: &Client,
    cursor: ChangesCursor,
    pause: Duration,
    end: Duration,
) -> BTreeMap<(Uuid, DateTime<Utc>), u64> {
    let end = Instant::now() + end;
    let mut yielded = BTreeMap::new();
    let mut changes = client.changes(cursor).stream();
    while let Ok(change) = tokio::time::timeout_at(end, changes.try_next()).await {
        let (import, _) = change.unwrap().unwrap();
        *yielded.entry((import.id, import.updated_at)).or_default() += 1;
        tokio::time::sleep(pause).await;
    }
    yielded
}

fn each_once(rows: &[Late]) -> BTreeMap<(Uuid, DateTime<Utc>), u64> {
    rows.iter().map(|row| ((id(row.number), row.at), 1)).collect()
}

/// Three changes a second, some of them late, for a reader who takes 300 ms for each: each pass takes minutes.
#[tokio::test(start_paused = true)]
async fn a_reader_slower_than_the_overlap_gets_what_becomes_visible_late() {
    let mut random = Random::new(7);
    let rows: Vec<Late> = (0..1_200_u64)
        .map(|number| {
            let by = if number % 8 == 0 { 5 + random.below(18) } else { 0 };
            late(number, number as f64 / 3.0, by as f64)
        })
        .collect();
    let endpoint = endpoint(rows.clone());
    let yielded = follow(
        &client(&endpoint),
        ChangesCursor::beginning(),
        Duration::from_millis(300),
        Duration::from_mins(40),
    )
    .await;
    assert_eq!(yielded, each_once(&rows));
}

/// Answers one request with 429 and `Retry-After: 60`.
struct Hold {
    inner: SandboxTransport,
    number: u64,
    requests: AtomicU64,
}

impl Transport for Hold {
    fn send(
        &self,
        request: mateo_imports::net::Request,
    ) -> mateo_imports::net::BoxFuture<
        '_,
        Result<mateo_imports::net::Response, mateo_imports::net::TransportError>,
    > {
        if self.requests.fetch_add(1, Ordering::Relaxed) + 1 == self.number {
            let held = ::http::Response::builder()
                .status(429)
                .header("retry-after", "60");
            let held = held.body(mateo_imports::net::Body::default()).unwrap();
            return Box::pin(async move { Ok(held) });
        }
        self.inner.send(request)
    }
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_is_held_up_hides_nothing_that_became_visible_meanwhile() {
    for number in 1..=5 {
        let seen = (0..240).map(|number| late(number, number as f64 / 24.0 - 10.0, 0.0));
        let meanwhile = (240..300).map(|number| {
            late(
                number,
                (number - 240) as f64 / 6.0 - 10.0,
                11.0 + (number % 12) as f64,
            )
        });
        let afterwards = (300..310).map(|number| late(number, (number - 250) as f64, 0.0));
        let rows: Vec<Late> = seen.chain(meanwhile).chain(afterwards).collect();
        let endpoint = endpoint(rows.clone());
        let client = client_builder(&endpoint)
            .transport(Hold {
                inner: SandboxTransport::new(endpoint.clone()),
                number,
                requests: AtomicU64::new(0),
            })
            .build()
            .unwrap();
        let yielded = follow(
            &client,
            ChangesCursor::beginning(),
            Duration::ZERO,
            Duration::from_mins(10),
        )
        .await;
        assert_eq!(yielded, each_once(&rows), "held up at request {number}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_hours_after_a_bulk_update_cost_the_polls_alone() {
    for count in [500, 2_000] {
        let rows: Vec<Late> = (0..count).map(|number| late(number, 5.0, 0.0)).collect();
        let endpoint = endpoint(rows.clone());
        let client = client(&endpoint);
        let poll = Duration::from_mins(2);
        let mut changes = client
            .changes(ChangesCursor::beginning())
            .interval(poll, poll)
            .stream();
        let mut yielded = 0;
        let hour = Instant::now() + Duration::from_hours(1);
        while let Ok(change) = tokio::time::timeout_at(hour, changes.try_next()).await {
            change.unwrap().unwrap();
            yielded += 1;
        }
        assert_eq!(yielded, count);
        assert!(endpoint.take_counters().requests <= count / 50 * 2 + 30);
        let day = hour + Duration::from_hours(24);
        assert!(tokio::time::timeout_at(day, changes.try_next()).await.is_err());
        assert_eq!(endpoint.counters().requests, 24 * 30, "{count} rows");
    }
}

#[tokio::test(start_paused = true)]
async fn the_nights_after_a_bulk_update_repeat_nothing() {
    let rows: Vec<Late> = (0..1_000).map(|number| late(number, 0.0, 0.0)).collect();
    let endpoint = endpoint(rows);
    let client = client(&endpoint);
    let mut saved = serde_json::to_string(&ChangesCursor::beginning()).unwrap();
    let mut nights = Vec::new();
    for _ in 0..4 {
        let cursor = serde_json::from_str(&saved).unwrap();
        let mut changes = client.changes(cursor).once().stream();
        let mut count = 0;
        while changes.try_next().await.unwrap().is_some() {
            count += 1;
        }
        saved = serde_json::to_string(changes.cursor()).unwrap();
        nights.push((count, endpoint.take_counters().requests));
        tokio::time::sleep(Duration::from_hours(24)).await;
    }
    // The second night still reads from half a minute before the first began, and the bulk update was within that.
    assert_eq!(nights, [(1_000, 20), (0, 20), (0, 1), (0, 1)]);
    assert!(saved.len() < 200, "{saved}");
}

#[tokio::test(start_paused = true)]
async fn pages_and_their_cursors_hold_each_change_once_wherever_a_run_ends() {
    let rows: Vec<Late> = (0..240)
        .map(|number| late(number, -20.0 + (number / 60) as f64, 0.0))
        .collect();
    let endpoint = endpoint(rows.clone());
    let client = client(&endpoint);
    let mut kept = BTreeMap::new();
    let mut saved = serde_json::to_string(&ChangesCursor::beginning()).unwrap();
    let mut completed = 0;
    // Each run ends after one page.
    for run in 0..8 {
        let mut pages = client
            .changes(serde_json::from_str(&saved).unwrap())
            .once()
            .pages();
        let page = pages.try_next().await.unwrap().unwrap();
        for import in &page.rows {
            *kept.entry((import.id, import.updated_at)).or_default() += 1;
        }
        assert_eq!(page.watermark, Some(start() - TimeDelta::seconds(1)));
        assert_eq!(
            page.cursor.watermark(),
            (run >= 4).then(|| start() - TimeDelta::seconds(1))
        );
        assert!(page.bad_rows.is_empty() && page.expected.is_some());
        completed += u64::from(page.completes_pass);
        saved = serde_json::to_string(&page.cursor).unwrap();
    }
    assert_eq!(kept, each_once(&rows));
    assert_eq!(
        completed, 1,
        "five pages make a pass, and three of the next follow"
    );
}

#[tokio::test(start_paused = true)]
async fn an_idle_pass_has_a_page_too() {
    let endpoint = endpoint(Vec::new());
    let mut pages = client(&endpoint)
        .changes(ChangesCursor::beginning())
        .once()
        .pages();
    let page = pages.try_next().await.unwrap().unwrap();
    assert!(page.completes_pass && page.rows.is_empty() && page.expected == Some(0));
    assert!(page.cursor.watermark().is_some());
    assert!(pages.try_next().await.unwrap().is_none());
    assert_eq!(endpoint.counters().requests, 1);
}
