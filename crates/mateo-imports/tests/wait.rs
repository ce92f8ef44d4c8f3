//! Waiting for imports that finish while they are watched.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{client, endpoint, id, start};
use mateo_imports::{Progress, WaitEvent};
use mateo_sandbox::{Endpoint, Fault, Row, Sandbox, When};
use tokio::time::Instant;
use uuid::Uuid;

/// An endpoint with imports that finish evenly over ten minutes.
fn finishing(count: u64) -> Endpoint {
    let sandbox = Sandbox::new();
    for number in 0..count {
        let row = Row::import(id(number), start())
            .set("total_count", 10)
            .set("success_count", 0);
        sandbox.insert(row.set("failed_count", 0)).unwrap();
    }
    Endpoint::builder(sandbox)
        .limits(mateo_sandbox::Limits::none())
        .starting_at(start())
        .on_request(move |sandbox, _, now| {
            let passed = u64::try_from((now - start()).num_milliseconds()).unwrap();
            for number in 0..count {
                if finishes_at(number, count) <= passed {
                    let done = Row::new().set("success_count", 9).set("failed_count", 1);
                    sandbox.update(id(number), done).unwrap();
                }
            }
        })
        .build()
}

/// In milliseconds from the start.
fn finishes_at(number: u64, count: u64) -> u64 {
    number * 600_000 / count
}

#[tokio::test(start_paused = true)]
async fn each_is_told_within_one_round_of_finishing() {
    let count = 200;
    let endpoint = finishing(count);
    let began = Instant::now();
    let longest = Duration::from_secs(30);
    let request = client(&endpoint)
        .wait((0..count).map(id))
        .interval(Duration::from_secs(2), longest);
    let mut events = request.stream();
    let mut told: BTreeMap<Uuid, Duration> = BTreeMap::new();
    while let Some(event) = events.try_next().await.unwrap() {
        if let WaitEvent::Finished { id, progress } = event {
            assert_eq!(progress, Progress::Finished { total: 10, failed: 1 });
            assert!(told.insert(id, began.elapsed()).is_none());
        }
    }
    assert_eq!(told.len() as u64, count);
    for number in 0..count {
        let late = told[&id(number)].saturating_sub(Duration::from_millis(finishes_at(number, count)));
        assert!(
            late <= longest,
            "import {number} was told {late:?} after it finished"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_round_takes_one_request_for_fifty() {
    let endpoint = finishing(1_000);
    let mut events = client(&endpoint).wait((0..1_000).map(id)).stream();
    // The first to finish has finished at the start, so the first round is over with the second's first event.
    while endpoint.counters().requests < 21 {
        events.try_next().await.unwrap().unwrap();
    }
    let times = endpoint.counters().requests;
    assert_eq!(times, 21, "20 requests a round");
}

#[tokio::test(start_paused = true)]
async fn an_id_that_does_not_exist_is_told_for_itself() {
    let endpoint = endpoint(0..120, 17).build();
    let mut missing = Vec::new();
    let mut finished = 0;
    let ids = (0..120)
        .filter(|number| number % 5 > 1)
        .chain([7_000, 7_001])
        .map(id);
    let mut events = client(&endpoint)
        .wait(ids)
        .timeout(Duration::from_secs(5))
        .stream();
    loop {
        match events.try_next().await {
            Ok(Some(WaitEvent::Missing { id })) => missing.push(id),
            Ok(Some(WaitEvent::Finished { .. })) => finished += 1,
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => {
                assert!(error.is_timeout() && !error.ids().is_empty());
                break;
            }
        }
    }
    assert_eq!(missing, [id(7_000), id(7_001)]);
    assert!(finished > 0, "those with a total of 0 are finished");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_time_says_which_are_unfinished() {
    let endpoint = finishing(10);
    let error = client(&endpoint)
        .wait((0..10).map(id))
        .timeout(Duration::from_secs(5 * 60))
        .all()
        .await
        .unwrap_err();
    assert!(error.is_timeout());
    assert!((4..=5).contains(&error.ids().len()), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_told_and_the_waiting_goes_on() {
    let endpoint = finishing(5);
    // The first of them is taken for the count's failure: the page is asked for once more, without it.
    for request in [2, 3] {
        endpoint.inject(Fault::ServerError.on(When::Nth(request)));
    }
    let mut events = client(&endpoint).wait((0..5).map(id)).stream();
    let (mut errors, mut finished) = (0, 0);
    loop {
        match events.try_next().await {
            Ok(Some(WaitEvent::Finished { .. })) => finished += 1,
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(_) => errors += 1,
        }
    }
    assert_eq!((errors, finished), (1, 5));
}

/// What a stream gives of imports of which the middle one of each page can't be read: finished ones, and bad rows.
async fn with_bad_rows(when: When) -> (Vec<Uuid>, Vec<Option<Uuid>>, u64) {
    let endpoint = finishing(5);
    endpoint.inject(Fault::BadRow.on(when));
    let mut events = client(&endpoint).wait((0..5).map(id)).stream();
    let (mut finished, mut bad) = (Vec::new(), Vec::new());
    loop {
        match events.try_next().await {
            Ok(Some(WaitEvent::Finished { id, .. })) => finished.push(id),
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => bad.push(error.bad_row().unwrap().id),
        }
    }
    (finished, bad, endpoint.counters().requests)
}

#[tokio::test(start_paused = true)]
async fn a_bad_row_is_reported_once_and_every_import_around_it_is_waited_for() {
    let (finished, bad, _) = with_bad_rows(When::Nth(1)).await;
    assert_eq!((finished.len(), bad.len()), (5, 1));
    assert!(bad[0].is_some());
}

#[tokio::test(start_paused = true)]
async fn imports_that_stay_unreadable_keep_no_others_from_being_reported() {
    let (finished, bad, _) = with_bad_rows(When::Every(1)).await;
    let all: std::collections::BTreeSet<Uuid> = finished
        .iter()
        .copied()
        .chain(bad.iter().flatten().copied())
        .collect();
    assert_eq!(all.len(), 5, "{finished:?} {bad:?}");
    let reported: std::collections::BTreeSet<_> = bad.iter().collect();
    assert_eq!(reported.len(), bad.len(), "each once: {bad:?}");
}

#[tokio::test(start_paused = true)]
async fn who_takes_bad_rows_gets_all_others_at_once() {
    let endpoint = finishing(5);
    endpoint.inject(Fault::BadRow.on(When::Nth(1)));
    let waited = client(&endpoint).wait((0..5).map(id)).all().await;
    assert!(waited.unwrap_err().bad_row().is_some());

    let endpoint = finishing(5);
    endpoint.inject(Fault::BadRow.on(When::Nth(1)));
    let bad = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = std::sync::Arc::clone(&bad);
    let waited = client(&endpoint)
        .wait((0..5).map(id))
        .on_bad_row(move |row| kept.lock().unwrap().push(row))
        .await
        .unwrap();
    assert_eq!((waited.len(), bad.lock().unwrap().len()), (5, 1));
}

#[tokio::test(start_paused = true)]
async fn an_outage_ends_no_waiting_that_has_time_left() {
    let endpoint = finishing(5);
    // 503 for fifteen seconds and more, whatever is tried again.
    for request in 2..40 {
        endpoint.inject(Fault::Unavailable.on(When::Nth(request)));
    }
    let began = Instant::now();
    let waited = client(&endpoint)
        .wait((0..5).map(id))
        .timeout(Duration::from_mins(10))
        .all()
        .await
        .unwrap();
    assert_eq!(waited.len(), 5);
    assert!(endpoint.counters().by_status[&503] >= 5);
    assert!(began.elapsed() > Duration::from_secs(15));

    let endpoint = finishing(5);
    endpoint.inject(Fault::Unavailable.on(When::Every(1)));
    let error = client(&endpoint)
        .wait((0..5).map(id))
        .timeout(Duration::from_mins(10))
        .all()
        .await
        .unwrap_err();
    assert!(error.is_timeout() && error.ids().len() == 5);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("503"), "{source}");
}

#[tokio::test(start_paused = true)]
async fn what_no_wait_can_mend_ends_it_at_once() {
    let endpoint = Endpoint::builder(Sandbox::new()).api_key("another-key").build();
    let client = client(&endpoint);
    let error = client.wait((0..5).map(id)).all().await.unwrap_err();
    assert!(error.is_auth(), "{error}");
    assert_eq!(endpoint.counters().requests, 1);
}

#[tokio::test(start_paused = true)]
async fn ids_may_be_text_and_text_that_is_none_is_an_error_before_anything_is_sent() {
    let endpoint = finishing(1);
    let client = client(&endpoint);
    let text = id(0).to_string();
    assert_eq!(client.get(text.as_str()).await.unwrap().unwrap().id, id(0));
    assert_eq!(client.get_many([&text]).await.unwrap().len(), 1);
    assert_eq!(client.wait([text]).await.unwrap().len(), 1);

    endpoint.take_counters();
    let mut events = client.wait(["38d889d2", "b47a"]).stream();
    let error = events.try_next().await.unwrap_err();
    assert!(error.is_usage(), "{error}");
    assert_eq!(
        error.to_string(),
        r#""38d889d2" is not the id of an import, which is a UUID"#
    );
    assert!(events.try_next().await.unwrap().is_none());
    assert!(client.get("").await.unwrap_err().is_usage());
    assert_eq!(endpoint.counters().requests, 0);
}

#[tokio::test(start_paused = true)]
async fn an_interval_of_nothing_backs_off_while_nothing_moves() {
    let sandbox = Sandbox::new();
    sandbox.insert(Row::import(id(0), start())).unwrap();
    let endpoint = Endpoint::builder(sandbox)
        .limits(mateo_sandbox::Limits::none())
        .build();
    let waited = client(&endpoint)
        .wait([id(0)])
        .interval(Duration::ZERO, Duration::from_secs(30))
        .timeout(Duration::from_mins(5))
        .all()
        .await;
    assert!(waited.unwrap_err().is_timeout());
    let requests = endpoint.counters().requests;
    assert!(requests < 30, "{requests} requests in five minutes");
}
