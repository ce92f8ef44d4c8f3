//! Listings over a whole endpoint: how many requests they take, and what they give while rows change.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use common::{Random, client, endpoint, id, row, seeds, size, start};
use mateo_imports::model::SelectItem;
use mateo_imports::model::driver::{Completion, Consistency, Listing};
use mateo_imports::{Column, Import, ImportQuery, Order, RawJson, Select, columns::*};
use mateo_sandbox::{Endpoint, Fault, Row, Sandbox, When};
use uuid::Uuid;

#[tokio::test(start_paused = true)]
async fn a_listing_takes_as_many_requests_as_its_rows_fill_pages() {
    for cap in [50, 17] {
        for rows in [0, 1, 49, 50, 51, 240, 1_000, 12_345] {
            let endpoint = endpoint(0..rows, cap).build();
            let imports = client(&endpoint).list().all().await.unwrap();
            let different: HashSet<Uuid> = imports.iter().map(|import| import.id).collect();
            assert_eq!((imports.len() as u64, different.len() as u64), (rows, rows));
            let requests = endpoint.counters().requests;
            assert_eq!(
                requests,
                rows.div_ceil(cap).max(1),
                "{rows} rows under a cap of {cap}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_default_budget_is_kept_and_no_slower_than_it_must_be() {
    let endpoint = endpoint(0..240, 50)
        .limits(mateo_sandbox::Limits::default())
        .build();
    let client = common::client_builder(&endpoint)
        .budget(mateo_imports::KeyBudget::builder().build())
        .build()
        .unwrap();
    let before = tokio::time::Instant::now();
    assert_eq!(client.list().all().await.unwrap().len(), 240);
    let took = before.elapsed().as_secs_f64();
    assert_eq!(endpoint.counters().too_many_requests(), 0);
    assert!(took <= 2.0 * 1.3, "5 requests at 2 a second took {took} s");
}

/// The orders over every column, in both directions, with NULLs first and last.
fn orders() -> Vec<Order> {
    let mut orders = Vec::new();
    for name in NAMES {
        let column = Column::<String>::named(name);
        orders.extend([
            column.asc(),
            column.desc(),
            column.asc().nulls_first(),
            column.desc().nulls_last(),
        ]);
    }
    orders.push(PAYLOAD.text("n").desc());
    orders.push(PAYLOAD.json("s").asc());
    orders
}

#[tokio::test(start_paused = true)]
async fn every_order_gives_the_server_s_own_order_once() {
    let endpoint = endpoint(0..240, 17).build();
    let client = client(&endpoint);
    for order in orders() {
        let query = ImportQuery::new().order(order.clone()).order(ID.asc());
        let mut expected = Vec::new();
        for offset in (0..240).step_by(17) {
            let page = client
                .list()
                .query(query.clone().offset(offset).limit(17))
                .deserialize_as::<Row1>()
                .page();
            expected.extend(page.await.unwrap().rows.into_iter().map(|row| row.id));
        }
        let listed: Vec<Uuid> = client
            .list()
            .order(order.clone())
            .select::<Row1>()
            .all()
            .await
            .unwrap()
            .into_iter()
            .map(|row| row.id)
            .collect();
        assert_eq!(listed, expected, "{order:?}");
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct OnlyId {
    id: Uuid,
}

#[derive(serde::Deserialize)]
struct Row1 {
    id: Uuid,
}

#[tokio::test(start_paused = true)]
async fn columns_that_only_the_listing_needs_do_not_reach_the_user() {
    let endpoint = endpoint(0..120, 50).build();
    let client = client(&endpoint);
    let typed = client
        .list()
        .order(PAYLOAD.asc())
        .order(CREATED_AT.desc())
        .select::<OnlyId>();
    let ids: Vec<Uuid> = typed.all().await.unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), 120);
    let raw = client
        .list()
        .order(PAYLOAD.asc())
        .deserialize_as::<RawJson>()
        .all()
        .await
        .unwrap();
    assert!(raw.iter().all(|row| !row.as_str().contains("key_0")));
    let import: Import = raw[0].read().unwrap();
    assert!(import.extra.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_listing_resumes_from_the_cursor_behind_any_row() {
    let endpoint = endpoint(0..120, 50).build();
    let client = client(&endpoint);
    let request = || {
        client
            .list()
            .order(TOTAL_COUNT.desc())
            .filter(SUCCESS_COUNT.gte(1))
    };
    let whole: Vec<Uuid> = request()
        .all()
        .await
        .unwrap()
        .into_iter()
        .map(|import| import.id)
        .collect();
    for stop in 0..whole.len() {
        let mut rows = request().stream();
        let mut seen = Vec::new();
        while seen.len() < stop {
            seen.push(rows.try_next().await.unwrap().unwrap().id);
        }
        assert_eq!(rows.taken(), stop as u64);
        let saved = serde_json::to_string(&rows.cursor().unwrap()).unwrap();
        drop(rows);
        let rest = request()
            .resume(serde_json::from_str(&saved).unwrap())
            .all()
            .await
            .unwrap();
        seen.extend(rest.into_iter().map(|import| import.id));
        assert_eq!(seen, whole, "stopped behind row {stop}");
    }
    let cursor = request().stream().cursor().unwrap();
    assert!(client.list().resume(cursor).all().await.unwrap_err().is_usage());
}

#[tokio::test(start_paused = true)]
async fn a_bad_row_is_one_error_and_the_rows_behind_it_come() {
    let endpoint = endpoint(0..60, 50).fault(Fault::BadRow.on(When::Nth(1))).build();
    let mut rows = client(&endpoint).list().stream();
    let (mut good, mut bad) = (0, 0);
    loop {
        match rows.try_next().await {
            Ok(Some(_)) => good += 1,
            Ok(None) => break,
            Err(error) => {
                assert!(
                    error.is_decode() && error.bad_row().is_some_and(|row| row.id.is_some()),
                    "{error}"
                );
                bad += 1;
            }
        }
    }
    assert_eq!(
        (good, bad, rows.listing().completion()),
        (59, 1, Some(Completion::Counted))
    );
}

#[tokio::test(start_paused = true)]
async fn where_the_count_takes_too_long_the_rows_come_without_it() {
    let endpoint = endpoint(0..120, 50)
        .fault(Fault::SlowCount.on(When::Every(1)))
        .build();
    let mut rows = client(&endpoint).list().stream();
    let mut count = 0;
    while rows.try_next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(
        (count, rows.listing().completion(), rows.listing().counted()),
        (120, Some(Completion::Empty), None)
    );
}

#[tokio::test(start_paused = true)]
async fn one_page_is_fetched_ahead_and_none_without_being_asked_for_a_second_row() {
    let endpoint = endpoint(0..240, 50).build();
    let client = client(&endpoint);
    let mut rows = client.list().stream();
    rows.try_next().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(endpoint.take_counters().requests, 1);
    rows.try_next().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(endpoint.take_counters().requests, 1);
    drop(rows);
    let mut rows = client.list().prefetch(false).stream();
    for _ in 0..50 {
        rows.try_next().await.unwrap();
    }
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(endpoint.counters().requests, 1);
}

#[tokio::test(start_paused = true)]
async fn limit_offset_and_the_total_are_the_listing_s() {
    let endpoint = endpoint(0..240, 50).build();
    let client = client(&endpoint);
    let mut rows = client.list().limit(60).offset(200).stream();
    let mut count = 0;
    while rows.try_next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(
        (count, rows.listing().expected(), rows.listing().counted()),
        (40, Some(40), Some(240))
    );
    assert_eq!(client.list().offset(500).all().await.unwrap().len(), 0);
    assert_eq!(
        client.list().filter(TOTAL_COUNT.is_null()).count().await.unwrap(),
        48
    );
    assert_eq!(client.list().limit(0).all().await.unwrap().len(), 0);
}

/// Every text that a row can hold, and some that none does, is found as that text.
#[tokio::test(start_paused = true)]
async fn get_and_get_many_keep_the_order_of_the_ids() {
    let endpoint = endpoint(0..120, 17).build();
    let client = client(&endpoint);
    assert_eq!(client.get(id(7)).await.unwrap().unwrap().id, id(7));
    assert_eq!(client.get(id(7_000)).await.unwrap(), None);
    let asked: Vec<Uuid> = (0..130).rev().chain([5, 5]).map(id).collect();
    let got = client.get_many(asked.clone()).await.unwrap();
    let expected: Vec<Option<Uuid>> = asked
        .iter()
        .map(|asked| (0..120).any(|number| id(number) == *asked).then_some(*asked))
        .collect();
    assert_eq!(
        got.iter()
            .map(|import| import.as_ref().map(|import| import.id))
            .collect::<Vec<_>>(),
        expected
    );
}

/// Changes rows between two requests, never those whose number is a multiple of 3.
fn churn(sandbox: &Sandbox, random: &mut Random, newest: &mut u64) {
    for _ in 0..40 {
        let number = random.below(*newest);
        let stays = number.is_multiple_of(3);
        match random.below(3) {
            0 => {
                *newest += 1;
                sandbox.insert(row(*newest * 3 + 1)).ok();
            }
            1 if !stays => {
                sandbox.delete(id(number));
            }
            _ if !stays => {
                let value = i32::try_from(random.below(100)).unwrap();
                let at = start() + chrono::TimeDelta::seconds(i64::from(value) * 17);
                let changes = Row::new()
                    .set("updated_at", at)
                    .set("created_at", at)
                    .set("total_count", value)
                    .set("failed_count", value)
                    .set("reference_id", format!("changed {value}"));
                sandbox.update(id(number), changes).unwrap();
            }
            _ => {}
        }
    }
}

fn churning(rows: u64, seed: u64) -> Endpoint {
    let state = Arc::new(Mutex::new((Random::new(seed), rows)));
    endpoint(0..rows, 50)
        .on_request(move |sandbox, _, _| {
            let mut state = state.lock().unwrap();
            let (random, newest) = &mut *state;
            churn(sandbox, random, newest);
        })
        .build()
}

/// How often each row came that existed unchanged throughout.
fn unchanged(ids: impl Iterator<Item = Uuid>, rows: u64) -> BTreeMap<u64, u64> {
    let mut times: BTreeMap<Uuid, u64> = BTreeMap::new();
    for id in ids {
        *times.entry(id).or_default() += 1;
    }
    (0..rows)
        .step_by(3)
        .map(|number| (number, times.get(&id(number)).copied().unwrap_or(0)))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn rows_that_stay_come_exactly_once_while_others_come_change_and_go() {
    let orders = orders();
    for seed in seeds(4) {
        let rows = size(600);
        for order in orders.iter().skip(usize::try_from(seed).unwrap() % 4).step_by(4) {
            let endpoint = churning(rows, seed);
            let listed = client(&endpoint)
                .list()
                .order(order.clone())
                .select::<Row1>()
                .all()
                .await
                .unwrap();
            for (number, times) in unchanged(listed.into_iter().map(|row| row.id), rows) {
                assert_eq!(times, 1, "row {number}, {order:?}, MATEO_SEED={seed}");
            }
        }
    }
}

/// The same by offset, as every peer pages: it loses rows, or the churn above would prove nothing.
#[tokio::test(start_paused = true)]
async fn paging_by_offset_under_the_same_churn_misses_and_repeats_rows() {
    let rows = 600;
    let endpoint = churning(rows, 1);
    let client = client(&endpoint);
    let mut listed = Vec::new();
    loop {
        let query = ImportQuery::new()
            .order(CREATED_AT.asc())
            .limit(50)
            .offset(listed.len() as u64);
        let request = Listing::new(query).next_page().unwrap().query;
        let page = client
            .list()
            .query(request)
            .counted(false)
            .deserialize_as::<Row1>()
            .page()
            .await
            .unwrap();
        if page.is_empty() {
            break;
        }
        listed.extend(page.rows.into_iter().map(|row| row.id));
    }
    let times = unchanged(listed.into_iter(), rows);
    let missed = times.values().filter(|times| **times == 0).count();
    let repeated = times.values().filter(|times| **times > 1).count();
    assert!(missed + repeated > 0);
}

#[tokio::test(start_paused = true)]
async fn who_takes_bad_rows_gets_all_others() {
    let endpoint = endpoint(0..120, 50)
        .fault(Fault::BadRow.on(When::Every(1)))
        .build();
    let client = client(&endpoint);
    assert!(client.list().all().await.unwrap_err().bad_row().is_some());
    let bad = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&bad);
    let request = client
        .list()
        .on_bad_row(move |row| kept.lock().unwrap().push(row.id));
    let good = request.all().await.unwrap();
    let bad: HashSet<_> = bad.lock().unwrap().iter().copied().collect();
    assert_eq!((good.len(), bad.len()), (117, 3));
}

/// A server that contradicts itself on every page, in orders that this side can judge and in one that only the database can.
#[tokio::test(start_paused = true)]
async fn a_server_that_contradicts_itself_is_found_out_soon() {
    for order in [ID.asc(), CREATED_AT.desc(), REFERENCE_ID.asc()] {
        for fault in [Fault::ShiftedPage, Fault::RepeatedRow, Fault::Backwards] {
            // Of text in reverse only ties can be judged.
            let endpoint = endpoint(0..240, 50).fault(fault.on(When::Every(1))).build();
            let listed = client(&endpoint).list().order(order.clone()).all().await;
            let error = listed.unwrap_err();
            assert!(
                error.is_decode() && !error.is_retryable(),
                "{fault}, {order:?}: {error}"
            );
            let requests = endpoint.counters().requests;
            assert!(requests <= 6, "{fault}, {order:?}: {requests} requests");
        }
        for fault in [Fault::TotalZero, Fault::TotalTooSmall, Fault::WrongSpan] {
            let endpoint = endpoint(0..240, 50).fault(fault.on(When::Every(1))).build();
            let listed = client(&endpoint).list().order(order.clone()).all().await.unwrap();
            assert_eq!(listed.len(), 240, "{fault}, {order:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_count_that_fails_is_left_out_and_neither_first_nor_one_row_asks_for_one() {
    for fault in [
        Fault::SlowCount,
        Fault::CountGatewayTimeout,
        Fault::CountRequestTimeout,
        Fault::CountHangs,
    ] {
        let endpoint = endpoint(0..120, 50).fault(fault.on(When::Every(1))).build();
        let client = client(&endpoint);
        assert_eq!(client.list().all().await.unwrap().len(), 120, "{fault}");
        assert_eq!(
            endpoint.take_counters().requests,
            5,
            "{fault}: one more without the count, and one for the end"
        );
        assert!(client.list().first().await.unwrap().is_some());
        assert_eq!(client.list().limit(1).all().await.unwrap().len(), 1);
        assert_eq!(endpoint.counters().requests, 2, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_under_the_name_of_a_key_column_misleads_no_listing() {
    let sandbox = Sandbox::new();
    for number in 0..200_u64 {
        let at = |seconds: u64| start() + chrono::TimeDelta::seconds(i64::try_from(seconds).unwrap());
        let row = Row::import(id(number), at(number)).set("updated_at", at(10_000 - number * 7 % 900));
        sandbox.insert(row).unwrap();
    }
    let endpoint = Endpoint::builder(sandbox)
        .limits(mateo_sandbox::Limits::none())
        .build();
    let columns = Select::all()
        .and(SelectItem::star())
        .and(UPDATED_AT.alias("created_at"));
    let listed: Vec<Row1> = client(&endpoint)
        .list()
        .columns(columns)
        .order(CREATED_AT.asc())
        .deserialize_as()
        .all()
        .await
        .unwrap();
    let ids: Vec<Uuid> = listed.into_iter().map(|row| row.id).collect();
    assert_eq!(ids, (0..200).map(id).collect::<Vec<_>>());
}

/// References so long that no server takes them in a URL: 8 KiB, as most allow.
#[tokio::test(start_paused = true)]
async fn keys_too_long_for_a_url_are_gone_past_by_offset() {
    for letters in [100, 500, 1_950] {
        let sandbox = Sandbox::new();
        for number in 0..160_u64 {
            let reference = format!("{}{number:03}", "ü".repeat(letters));
            let row = Row::import(id(number), start()).set("reference_id", reference);
            sandbox.insert(row).unwrap();
        }
        let endpoint = Endpoint::builder(sandbox)
            .limits(mateo_sandbox::Limits::none())
            .on_request(|_, request, _| {
                let length = request.uri().to_string().len();
                assert!(length < 6_000, "{length} bytes");
            })
            .build();
        let mut rows = client(&endpoint).list().order(REFERENCE_ID.asc()).stream();
        let mut ids = Vec::new();
        while let Some(import) = rows.try_next().await.unwrap() {
            ids.push(import.id);
        }
        assert_eq!(ids, (0..160).map(id).collect::<Vec<_>>());
        let exact = rows.listing().consistency() == Consistency::ExactlyOnce;
        assert_eq!(exact, letters == 100, "{letters} letters");
    }
}

#[tokio::test(start_paused = true)]
async fn no_time_limit_is_too_long_and_each_retry_has_the_whole_of_it() {
    let endpoint = endpoint(0..120, 50).build();
    let client = client(&endpoint);
    let forever = std::time::Duration::MAX;
    assert_eq!(client.list().timeout(forever).all().await.unwrap().len(), 120);
    assert_eq!(client.list().timeout(forever).count().await.unwrap(), 120);
    assert_eq!(
        client.list().first().await.unwrap().unwrap().id,
        client.list().all().await.unwrap()[0].id
    );

    endpoint.inject(Fault::NoAnswer.on(When::From(1)));
    let mut rows = client.list().timeout(std::time::Duration::from_secs(20)).stream();
    for _ in 0..2 {
        let began = tokio::time::Instant::now();
        assert!(rows.try_next().await.unwrap_err().is_timeout());
        assert!(
            began.elapsed() > std::time::Duration::from_secs(15),
            "{:?}",
            began.elapsed()
        );
        rows.retry();
    }
}
