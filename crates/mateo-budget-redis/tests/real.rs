//! A real server: what it costs, and what becomes of a budget whose server goes away.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod server;

use std::error::Error;
use std::time::Duration;

use http::StatusCode;
use mateo_budget_redis::{Fallback, RedisStore};
use mateo_http::{
    ApiKey, Budget,
    budget::{BudgetError, KeyBudget, Priority},
    headers::ResponseFacts,
};
use server::Server;
use tokio::time::{Instant, sleep};

const API: &str = "https://api.test";

fn store(url: &str) -> RedisStore {
    RedisStore::open(url, API, &ApiKey::new("s3cret")).unwrap()
}

/// A budget whose rate is in nobody's way.
fn budget(url: &str) -> KeyBudget {
    KeyBudget::builder()
        .per_second(1e9)
        .per_day(1000)
        .store(store(url))
        .build()
}

async fn request(budget: &impl Budget) {
    let mut permit = budget.acquire(Priority::default(), None).await.unwrap();
    permit.sent();
    permit
        .answered(&ResponseFacts::read(
            StatusCode::OK,
            &http::HeaderMap::new(),
            std::time::UNIX_EPOCH,
        ))
        .await;
}

async fn left(budget: &impl Budget) -> Option<u64> {
    budget.state(1).await.unwrap().left_today
}

/// Why the budget could not be asked.
async fn failure(budget: &impl Budget) -> String {
    let error = budget.acquire(Priority::default(), None).await.unwrap_err();
    assert!(matches!(error, BudgetError::Unavailable(_)), "{error}");
    let source = error.source().unwrap();
    match source.source() {
        Some(cause) => format!("{source}: {cause}"),
        None => source.to_string(),
    }
}

#[tokio::test]
async fn a_request_takes_two_round_trips_and_one_that_waits_a_third() {
    let Some(server) = Server::start(&["--save", ""]) else {
        return;
    };
    let free = budget(&server.url());
    request(&free).await;
    let before = server.scripts();
    for _ in 0..20 {
        request(&free).await;
    }
    assert_eq!(server.scripts() - before, 40);
    // Two processes that wait for each other.
    let (one, other) = (
        KeyBudget::builder()
            .per_second(10.0)
            .store(store(&server.url()))
            .build(),
        KeyBudget::builder()
            .per_second(10.0)
            .store(store(&server.url()))
            .build(),
    );
    let before = server.scripts();
    let run = async |budget: &KeyBudget| {
        for _ in 0..20 {
            request(budget).await;
        }
    };
    tokio::join!(run(&one), run(&other));
    let scripts = server.scripts() - before;
    assert!(scripts <= 40 * 3, "{scripts} for 40 requests");
}

#[tokio::test]
async fn machines_share_the_day_under_a_name_that_does_not_show_the_key_and_expires() {
    let Some(server) = Server::start(&["--save", ""]) else {
        return;
    };
    let (one, other) = (budget(&server.url()), budget(&server.url()));
    request(&one).await;
    request(&other).await;
    assert_eq!((left(&one).await, left(&other).await), (Some(998), Some(998)));
    let names = server.command("KEYS *");
    let name = names
        .lines()
        .find(|line| line.starts_with("{mateo-budget:"))
        .unwrap();
    assert!(!names.contains("s3cret"));
    let expiry = server.command(&format!("PTTL {name}"));
    let millis: u64 = expiry
        .lines()
        .next()
        .unwrap()
        .trim_start_matches(':')
        .trim()
        .parse()
        .unwrap();
    assert!((25 * 3_600_000..=26 * 3_600_000).contains(&millis), "{millis}");
}

#[tokio::test]
async fn a_server_that_is_emptied_gets_back_the_day_and_a_pause() {
    let Some(server) = Server::start(&["--save", ""]) else {
        return;
    };
    let (one, other) = (
        KeyBudget::builder().store(store(&server.url())).build(),
        KeyBudget::builder().store(store(&server.url())).build(),
    );
    request(&one).await;
    request(&other).await;
    server.command("FLUSHALL");
    assert_eq!(left(&other).await, Some(9_998));
    let wait = one.state(1).await.unwrap().wait;
    assert!(
        wait > Duration::from_secs(5) && wait <= Duration::from_millis(6001),
        "{wait:?}"
    );
    assert_eq!(left(&one).await, Some(9_998));
}

#[tokio::test]
async fn a_server_that_is_restarted_or_paused_is_waited_for() {
    let Some(mut server) = Server::start(&["--save", "", "--appendonly", "no"]) else {
        return;
    };
    let budget = budget(&server.url());
    request(&budget).await;
    server.stop();
    let (restarted, ()) = tokio::join!(request_and_time(&budget), async {
        sleep(Duration::from_millis(700)).await;
        server.run();
    });
    assert!(restarted < Duration::from_secs(5), "{restarted:?}");
    assert_eq!(left(&budget).await, Some(998));
    server.signal("-STOP");
    let (paused, ()) = tokio::join!(request_and_time(&budget), async {
        sleep(Duration::from_secs(2)).await;
        server.signal("-CONT");
    });
    assert!(paused < Duration::from_secs(5), "{paused:?}");
    // What was asked twice was counted once.
    assert_eq!(left(&budget).await, Some(997));
}

async fn request_and_time(budget: &KeyBudget) -> Duration {
    let start = Instant::now();
    request(budget).await;
    start.elapsed()
}

#[tokio::test]
async fn a_server_that_is_away_is_a_typed_error_after_five_seconds_and_then_at_once() {
    let Some(mut server) = Server::start(&["--save", "", "--requirepass", "s3cret"]) else {
        return;
    };
    let url = format!("redis://:s3cret@127.0.0.1:{}", server.port);
    server.stop();
    let budget = budget(&url);
    let start = Instant::now();
    let error = failure(&budget).await;
    assert!(
        error.contains("127.0.0.1") && error.contains("cannot be reached"),
        "{error}"
    );
    assert!(!error.contains("s3cret"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(7), "{:?}", start.elapsed());
    let start = Instant::now();
    failure(&budget).await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    // Whoever chose to goes on with a small share.
    let alone = KeyBudget::builder().per_day(7).build();
    let fallback = Fallback {
        shared: budget,
        alone,
    };
    request(&fallback).await;
    assert_eq!(left(&fallback).await, Some(6));
    server.run();
    assert_eq!(left(&fallback).await, Some(1000));
}

#[tokio::test]
async fn a_server_that_wants_another_password_is_an_error_at_once() {
    let Some(server) = Server::start(&["--save", "", "--requirepass", "open"]) else {
        return;
    };
    let start = Instant::now();
    let error = failure(&budget(&format!("redis://:s3cret@127.0.0.1:{}", server.port))).await;
    assert!(
        error.to_lowercase().contains("password") && !error.contains("s3cret"),
        "{error}"
    );
    let error = failure(&budget(&server.url())).await;
    assert!(error.to_lowercase().contains("auth"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    request(&budget(&format!("redis://:open@127.0.0.1:{}", server.port))).await;
}

#[tokio::test]
async fn a_cluster_keeps_a_budget() {
    let Some(server) = Server::start(&["--save", "", "--cluster-enabled", "yes"]) else {
        return;
    };
    let reply = server.command("CLUSTER ADDSLOTSRANGE 0 16383");
    assert!(reply.starts_with("+OK"), "{reply}");
    while !server.command("CLUSTER INFO").contains("cluster_state:ok") {
        tokio::task::yield_now().await;
    }
    let url = format!("redis-cluster://127.0.0.1:{}", server.port);
    let (one, other) = (budget(&url), budget(&url));
    request(&one).await;
    request(&other).await;
    assert_eq!(left(&one).await, Some(998));
}

#[tokio::test]
async fn the_primary_that_sentinel_names_keeps_a_budget() {
    let Some(server) = Server::start(&["--save", ""]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("sentinel.conf");
    std::fs::write(
        &settings,
        format!("sentinel monitor main 127.0.0.1 {} 1\n", server.port),
    )
    .unwrap();
    let sentinel = Server::start(&[settings.to_str().unwrap(), "--sentinel"]).unwrap();
    let budget = budget(&format!("redis-sentinel://127.0.0.1:{}/main", sentinel.port));
    request(&budget).await;
    assert_eq!(left(&budget).await, Some(999));
    assert!(server.scripts() > 0);
}
