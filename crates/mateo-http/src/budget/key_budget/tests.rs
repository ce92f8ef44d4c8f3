//! The budget against servers that count in every way, in paused time.

mod windows;

use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use http::StatusCode;
use tokio::{
    task::JoinSet,
    time::{Instant, advance},
};

use super::*;
use crate::headers::ResponseFacts;

const SECOND: Duration = Duration::from_secs(1);

/// The least distance of two requests at two a second.
const SPREAD: Duration = Duration::from_millis(150);

fn facts(status: u16, headers: &[(&'static str, &str)]) -> ResponseFacts {
    let map = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect();
    ResponseFacts::read(
        StatusCode::from_u16(status).unwrap(),
        &map,
        std::time::SystemTime::UNIX_EPOCH,
    )
}

async fn state(budget: &KeyBudget, requests: u64) -> BudgetState {
    budget.state(requests).await.unwrap()
}

/// One request that is answered at once.
async fn request(budget: &KeyBudget, facts: &ResponseFacts) {
    let mut permit = budget.acquire(Priority::default(), None).await.unwrap();
    permit.sent();
    permit.answered(facts).await;
}

fn wait_of(error: &BudgetError) -> Duration {
    match error {
        BudgetError::Deadline { wait } | BudgetError::DaySpent { wait } => *wait,
        BudgetError::Unavailable(_) | BudgetError::Denied(_) => panic!("{error}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_request_does_not_wait_and_the_second_is_spread() {
    let (budget, start) = (KeyBudget::default(), Instant::now());
    request(&budget, &facts(200, &[])).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    request(&budget, &facts(200, &[])).await;
    assert_eq!(start.elapsed(), SPREAD);
}

#[tokio::test(start_paused = true)]
async fn callers_are_served_in_the_order_they_came() {
    let budget = KeyBudget::builder().per_second(10.0).build();
    let served = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    for caller in 0..50 {
        let (budget, served) = (budget.clone(), Arc::clone(&served));
        tasks.spawn(async move {
            request(&budget, &facts(200, &[])).await;
            served.lock().unwrap().push(caller);
        });
        tokio::task::yield_now().await;
    }
    tasks.join_all().await;
    assert_eq!(*served.lock().unwrap(), (0..50).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_dropped_gives_its_place_back() {
    let (budget, start) = (KeyBudget::default(), Instant::now());
    request(&budget, &facts(200, &[])).await;
    // Ten callers queue and give up; the eleventh is served as if they had never been.
    let mut callers: Vec<_> = (0..10)
        .map(|_| budget.acquire(Priority::default(), None))
        .collect();
    for caller in &mut callers {
        assert!(caller.as_mut().now_or_never().is_none());
    }
    drop(callers);
    request(&budget, &facts(200, &[])).await;
    assert_eq!(start.elapsed(), SPREAD);
    assert_eq!(state(&budget, 1).await.left_today, Some(9_998));
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_was_not_sent_gives_its_request_back() {
    let (budget, start) = (KeyBudget::default(), Instant::now());
    for _ in 0..100 {
        drop(budget.acquire(Priority::default(), None).await.unwrap());
    }
    request(&budget, &facts(200, &[])).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(state(&budget, 1).await.left_today, Some(9_999));
}

#[tokio::test(start_paused = true)]
async fn a_permit_given_back_wakes_who_waits() {
    let (budget, start) = (KeyBudget::default(), Instant::now());
    let held = budget.acquire(Priority::default(), None).await.unwrap();
    let mut next = budget.acquire(Priority::default(), None);
    assert!(next.as_mut().now_or_never().is_none());
    drop(held);
    next.await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_crosses_the_deadline_is_refused_at_once() {
    let (budget, start) = (KeyBudget::default(), Instant::now());
    request(&budget, &facts(200, &[])).await;
    let error = budget
        .acquire(Priority::default(), Some(start + SECOND / 10))
        .await
        .unwrap_err();
    assert!(matches!(error, BudgetError::Deadline { wait: SPREAD }), "{error}");
    assert_eq!(start.elapsed(), Duration::ZERO);
    // It left no trace in the queue.
    assert_eq!(state(&budget, 1).await.wait, SPREAD);
}

#[tokio::test(start_paused = true)]
async fn a_caller_far_back_in_the_queue_is_refused_at_once_too() {
    let (budget, start) = (KeyBudget::default(), Instant::now());
    let _held = budget.acquire(Priority::default(), None).await.unwrap();
    let mut callers: Vec<_> = (0..20)
        .map(|_| budget.acquire(Priority::default(), None))
        .collect();
    for caller in &mut callers {
        let _ = caller.as_mut().now_or_never();
    }
    let error = budget
        .acquire(Priority::default(), Some(start + 5 * SECOND))
        .await
        .unwrap_err();
    assert!(
        wait_of(&error) > 9 * SECOND && wait_of(&error) < 13 * SECOND,
        "{error}"
    );
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_the_server_turns_away_all_who_cannot_wait_for_it() {
    let (budget, start) = (KeyBudget::default(), Instant::now());
    let mut permit = budget.acquire(Priority::default(), None).await.unwrap();
    permit.sent();
    let waiting = [5, 5, 100].map(|seconds| {
        let budget = budget.clone();
        tokio::spawn(async move {
            let deadline = start + seconds * SECOND;
            (
                budget
                    .acquire(Priority::default(), Some(deadline))
                    .await
                    .map(drop)
                    .map_err(|error| wait_of(&error)),
                start.elapsed(),
            )
        })
    });
    tokio::task::yield_now().await;
    permit.answered(&facts(429, &[("retry-after", "60")])).await;
    let [first, second, third] = waiting;
    let ((first, at_first), (second, at_second)) = (first.await.unwrap(), second.await.unwrap());
    assert!(first.unwrap_err() >= 60 * SECOND && second.unwrap_err() >= 60 * SECOND);
    assert_eq!((at_first, at_second), (Duration::ZERO, Duration::ZERO));
    let (third, at_third) = third.await.unwrap();
    third.unwrap();
    assert_eq!(at_third, 60 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_spent_day_is_refused_at_once_and_comes_back_after_a_day() {
    let budget = KeyBudget::builder().per_second(100.0).per_day(3).build();
    for _ in 0..3 {
        request(&budget, &facts(200, &[])).await;
    }
    let before = Instant::now();
    let error = budget.acquire(Priority::default(), None).await.unwrap_err();
    assert!(matches!(error, BudgetError::DaySpent { .. }), "{error}");
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert!(wait_of(&error) >= 86_400 * SECOND, "{error}");
    advance(wait_of(&error)).await;
    request(&budget, &facts(200, &[])).await;
}

#[tokio::test(start_paused = true)]
async fn a_callers_wait_is_what_was_estimated() {
    let (budget, start) = (KeyBudget::default(), Instant::now());
    assert_eq!(state(&budget, 1).await.wait, Duration::ZERO);
    let estimate = state(&budget, 101).await.wait;
    for _ in 0..101 {
        request(&budget, &facts(200, &[])).await;
    }
    let off = start.elapsed().abs_diff(estimate);
    assert!(off < SECOND, "{estimate:?} was {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_servers_headers_lower_the_rate_and_raise_only_a_rate_that_was_not_set() {
    let stated = |limit: u32| {
        facts(
            200,
            &[
                ("ratelimit", &format!("\"s\";r={limit};t=1")),
                ("ratelimit-policy", &format!("\"s\";q={limit};w=1")),
            ],
        )
    };
    let of = |builder: KeyBudgetBuilder, limit| {
        let budget = builder.build();
        async move {
            request(&budget, &stated(limit)).await;
            let start = Instant::now();
            request(&budget, &stated(limit)).await;
            start.elapsed()
        }
    };
    let tick = Duration::from_millis(1);
    assert_eq!(of(KeyBudget::builder(), 1).await, SECOND + tick);
    assert_eq!(of(KeyBudget::builder(), 2).await, SPREAD);
    assert_eq!(of(KeyBudget::builder(), 10).await, SPREAD / 5);
    assert_eq!(of(KeyBudget::builder().per_second(2.0), 10).await, SPREAD);
    assert_eq!(of(KeyBudget::builder().per_second(2.0), 1).await, SECOND + tick);
}

/// So many requests a second, of which none is left.
fn used_up(limit: &'static str) -> ResponseFacts {
    facts(
        200,
        &[
            ("ratelimit-limit", limit),
            ("ratelimit-remaining", "0"),
            ("ratelimit-reset", "1"),
        ],
    )
}

#[tokio::test(start_paused = true)]
async fn three_headers_lower_the_rate() {
    let stated = used_up("1");
    let (budget, start) = (KeyBudget::default(), Instant::now());
    request(&budget, &stated).await;
    request(&budget, &stated).await;
    assert!(start.elapsed() >= SECOND, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_window_that_others_used_up_is_waited_out() {
    let spent = used_up("2");
    let (budget, start) = (KeyBudget::default(), Instant::now());
    // This program sent one, two are counted: the other is somebody else's.
    request(&budget, &spent).await;
    request(&budget, &facts(200, &[])).await;
    assert_eq!(start.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_day_the_server_says_is_spent_is_spent() {
    let budget = KeyBudget::default();
    request(
        &budget,
        &facts(
            200,
            &[
                ("ratelimit", "\"d\";r=1;t=7200"),
                ("ratelimit-policy", "\"d\";q=10000;w=86400"),
            ],
        ),
    )
    .await;
    assert_eq!(state(&budget, 1).await.left_today, Some(1));
    request(&budget, &facts(200, &[])).await;
    let error = budget.acquire(Priority::default(), None).await.unwrap_err();
    assert!(matches!(error, BudgetError::DaySpent { .. }), "{error}");
    advance(wait_of(&error)).await;
    request(&budget, &facts(200, &[])).await;
}

#[tokio::test(start_paused = true)]
async fn unlimited_sends_at_once_but_heeds_a_refusal() {
    let (budget, start) = (KeyBudget::unlimited(), Instant::now());
    for _ in 0..1000 {
        request(&budget, &facts(200, &[])).await;
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    request(&budget, &facts(429, &[("retry-after", "3")])).await;
    request(&budget, &facts(200, &[])).await;
    assert_eq!(start.elapsed(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn interactive_requests_go_before_bulk_requests_and_do_not_stop_them() {
    let budget = KeyBudget::default();
    let served = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    let mut ask = |name: &'static str, priority| {
        let (budget, served) = (budget.clone(), Arc::clone(&served));
        tasks.spawn(async move {
            let mut permit = budget.acquire(priority, None).await.unwrap();
            permit.sent();
            permit.answered(&facts(200, &[])).await;
            served.lock().unwrap().push(name);
        });
    };
    ask("first", Priority::Bulk);
    for _ in 0..3 {
        ask("bulk", Priority::Bulk);
    }
    tokio::task::yield_now().await;
    // Two a second come for 20 s: as many as the budget has room for.
    for _ in 0..40 {
        ask("interactive", Priority::Interactive);
        tokio::time::sleep(SECOND / 2).await;
    }
    tasks.join_all().await;
    let served = served.lock().unwrap();
    let last = served.iter().rposition(|name| *name == "bulk").unwrap();
    let before = served[..last]
        .iter()
        .filter(|name| **name == "interactive")
        .count();
    assert!((15..=30).contains(&before), "{served:?}");
    assert_eq!(served.iter().filter(|name| **name == "bulk").count(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_interactive_request_takes_over_a_bulk_requests_turn_that_is_still_to_come() {
    let (budget, start) = (KeyBudget::default(), Instant::now());
    for _ in 0..2 {
        request(&budget, &facts(200, &[])).await;
    }
    let run = |priority| {
        let budget = budget.clone();
        tokio::spawn(async move {
            let mut permit = budget.acquire(priority, None).await.unwrap();
            permit.sent();
            permit.answered(&facts(200, &[])).await;
            start.elapsed()
        })
    };
    let bulk = run(Priority::Bulk);
    tokio::time::sleep(SECOND / 2).await;
    let interactive = run(Priority::Interactive).await.unwrap();
    let window = SECOND + Duration::from_millis(1);
    assert_eq!((interactive, bulk.await.unwrap()), (window, window + SPREAD));
}

/// One store for several budgets, as for several processes.
#[derive(Debug, Clone)]
struct Shared(Arc<Memory>);

impl BudgetStore for Shared {
    fn apply<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, BudgetError>> {
        self.0.apply(operation)
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_counted_until_it_is_served_or_gives_up() {
    let store = Shared(Arc::new(Memory::new()));
    let [one, other] = [(); 2].map(|()| KeyBudget::builder().store(store.clone()).build());
    let _held = [
        one.acquire(Priority::default(), None).await.unwrap(),
        one.acquire(Priority::default(), None).await.unwrap(),
    ];
    let mut callers: Vec<_> = (0..4).map(|_| one.acquire(Priority::default(), None)).collect();
    for caller in &mut callers {
        assert!(caller.as_mut().now_or_never().is_none());
    }
    // Four callers of this process, and one ticket of another.
    let window = |requests: u32| requests * (SECOND + Duration::from_millis(1)) / 2;
    let waits = (state(&one, 1).await.wait, state(&other, 1).await.wait);
    assert!(waits.0 >= window(4) && waits.1 < window(4), "{waits:?}");
    let before = state(&other, 1).await.wait;
    drop(callers);
    let after = state(&other, 1).await.wait;
    assert!(after < before, "{after:?} {before:?}");
    assert!(state(&one, 1).await.wait < window(4));
}
