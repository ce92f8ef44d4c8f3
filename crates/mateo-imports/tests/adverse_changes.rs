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

/// Row `number` as of so many milliseconds after the start, visible so many later.
fn late(number: i64, at: i64, by: i64) -> Late {
    let at = start() + TimeDelta::milliseconds(at);
    Late {
        visible: at + TimeDelta::milliseconds(by),
        number: u64::try_from(number).unwrap(),
        at,
    }
}

/// An endpoint whose rows become visible as they are due.
fn endpoint(rows: Vec<Late>) -> Endpoint {
    limited(rows, Limits::none())
}

fn limited(mut rows: Vec<Late>, limits: Limits) -> Endpoint {
    rows.sort_by_key(|row| row.visible);
    let pending = Mutex::new(VecDeque::from(rows));
    Endpoint::builder(Sandbox::new())
        .limits(limits)
        .starting_at(start())
        .on_request(move |sandbox, _, now| {
            let mut pending = pending.lock().unwrap();
            while pending.front().is_some_and(|row| row.visible <= now) {
                let row = pending.pop_front().unwrap();
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

/// In milliseconds: every eighth row is 5 to 23 seconds late.
fn lateness(number: i64, random: &mut Random) -> i64 {
    if number % 8 == 0 {
        i64::try_from(5_000 + random.below(18_000)).unwrap()
    } else {
        0
    }
}

/// Three changes a second, some of them late, for a reader who takes 300 ms for each: each pass takes minutes.
#[tokio::test(start_paused = true)]
async fn a_reader_slower_than_the_overlap_gets_what_becomes_visible_late() {
    let mut random = Random::new(7);
    let rows: Vec<Late> = (0..1_200)
        .map(|number| late(number, number * 333, lateness(number, &mut random)))
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

/// Answers some requests with 429 and `Retry-After: 60`.
struct Hold<F> {
    inner: SandboxTransport,
    /// Which, by their number from 1.
    holds: F,
    requests: AtomicU64,
}

impl<F: Fn(u64) -> bool + Send + Sync> Transport for Hold<F> {
    fn send(
        &self,
        request: mateo_imports::net::Request,
    ) -> mateo_imports::net::BoxFuture<
        '_,
        Result<mateo_imports::net::Response, mateo_imports::net::TransportError>,
    > {
        if (self.holds)(self.requests.fetch_add(1, Ordering::Relaxed) + 1) {
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
        let seen = (0..240).map(|number| late(number, number * 40 - 10_000, 0));
        let meanwhile = (240..300).map(|number| {
            late(
                number,
                (number - 240) * 160 - 10_000,
                11_000 + number % 12 * 1_000,
            )
        });
        let afterwards = (300..310).map(|number| late(number, (number - 250) * 1_000, 0));
        let rows: Vec<Late> = seen.chain(meanwhile).chain(afterwards).collect();
        let endpoint = endpoint(rows.clone());
        let client = client_builder(&endpoint)
            .transport(Hold {
                inner: SandboxTransport::new(endpoint.clone()),
                holds: move |request| request == number,
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
    for count in [500_u64, 2_000] {
        let rows: Vec<Late> = (0..i64::try_from(count).unwrap())
            .map(|number| late(number, 5_000, 0))
            .collect();
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
    let rows: Vec<Late> = (0..1_000).map(|number| late(number, 0, 0)).collect();
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
        .map(|number| late(number, number / 60 * 1_000 - 20_000, 0))
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

const HOUR: i64 = 3_600_000;

/// A day as it may be: two hours of changes, some of them late; at three o'clock all rows updated at once, and again at six; and
/// nothing after that. The reader takes 300 ms for each change and is held for a minute every now and then.
#[tokio::test(start_paused = true)]
async fn a_day_with_holds_bulk_updates_and_a_slow_reader_misses_nothing_and_idles_cheaply() {
    let mut random = Random::new(11);
    let count = 1_800;
    let mut rows: Vec<Late> = (0..count)
        .map(|number| late(number, number * 4_000, lateness(number, &mut random)))
        .collect();
    for hour in [3, 6] {
        rows.extend((0..count).map(|number| late(number, hour * HOUR, 0)));
    }
    let endpoint = limited(rows.clone(), Limits::default());
    let client = client_builder(&endpoint)
        .transport(Hold {
            inner: SandboxTransport::new(endpoint.clone()),
            holds: |request| request % 97 == 50,
            requests: AtomicU64::new(0),
        })
        .budget(mateo_imports::KeyBudget::builder().build())
        .build()
        .unwrap();
    let began = Instant::now();
    let mut yielded: BTreeMap<_, u64> = BTreeMap::new();
    let mut changes = client.changes(ChangesCursor::beginning()).stream();
    let mut spent = 0;
    for (hours, expected_polls) in [(8, None), (24, Some(16 * 30))] {
        let until = began + Duration::from_hours(hours);
        while let Ok(change) = tokio::time::timeout_at(until, changes.try_next()).await {
            let (import, _) = change.unwrap().unwrap();
            *yielded.entry((import.id, import.updated_at)).or_default() += 1;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        let counters = endpoint.take_counters();
        assert_eq!(counters.too_many_requests(), 0);
        spent += counters.requests;
        if let Some(polls) = expected_polls {
            // Each minute of a hold comes on top of a poll's two.
            assert!(
                (polls - 5..=polls).contains(&counters.requests),
                "{}",
                counters.requests
            );
        }
    }
    assert_eq!(yielded, each_once(&rows));
    assert!(spent < 3_000, "{spent} requests");
}
