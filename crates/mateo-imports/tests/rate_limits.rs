//! The request budget against the sandbox's limits, however it counts, in paused time: nothing is refused and hardly
//! any time is lost; two programs with one key both finish.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use std::time::Duration;

use mateo_http::{ApiKey, Pipeline, budget::KeyBudget};
use mateo_model::{ImportQuery, Prefer};
use mateo_sandbox::{Endpoint, Limits, Sandbox, SandboxTransport, Window};
use tokio::{task::JoinSet, time::Instant};

const REQUESTS: usize = 200;
const WINDOWS: [Window; 3] = [Window::Fixed, Window::Sliding, Window::Leaky];

/// Two in every second: the last pair of 200 after 99 s.
const IDEAL: Duration = Duration::from_secs(99);

fn endpoint(window: Window, seed: u64) -> Endpoint {
    Endpoint::builder(Sandbox::new())
        .api_key("key")
        .limits(
            Limits::default()
                .window(window)
                .retry_after(seed.is_multiple_of(2)),
        )
        .latency(Duration::from_millis(40), Duration::from_millis(30))
        .seed(seed)
        .build()
}

/// So many programs, each with a budget of its own, with so many callers each, send 200 requests in all.
async fn run(endpoint: &Endpoint, programs: usize, callers: usize) -> Duration {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..programs {
        let pipeline = Pipeline::builder(ApiKey::new("key"))
            .transport(SandboxTransport::new(endpoint.clone()))
            .budget(KeyBudget::default())
            .build()
            .unwrap();
        for _ in 0..callers {
            let pipeline = pipeline.clone();
            tasks.spawn(async move {
                for _ in 0..REQUESTS / programs / callers {
                    pipeline
                        .page(&ImportQuery::new(), &Prefer::new(), None)
                        .await
                        .unwrap();
                }
            });
        }
    }
    tasks.join_all().await;
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn one_program_is_never_refused_and_loses_hardly_any_time() {
    for window in WINDOWS {
        for seed in common::seeds(4) {
            let callers = if seed.is_multiple_of(2) { 1 } else { 50 };
            let endpoint = endpoint(window, seed);
            let took = run(&endpoint, 1, callers).await;
            let case = format!("{window:?}, {callers} callers, MATEO_SEED={seed}: {took:?}");
            assert_eq!(endpoint.counters().requests, 200, "{case}");
            assert!(took <= IDEAL.mul_f64(1.05), "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_programs_with_one_key_both_finish_without_a_storm() {
    for window in WINDOWS {
        for seed in common::seeds(4) {
            let endpoint = endpoint(window, seed);
            let took = run(&endpoint, 2, 1).await;
            let case = format!("{window:?}, MATEO_SEED={seed}: {took:?}");
            let refused = endpoint.counters().requests - 200;
            assert!(refused <= 40, "{case}: {refused} refused");
            assert!(took <= IDEAL.mul_f64(1.8), "{case}");
        }
    }
}
