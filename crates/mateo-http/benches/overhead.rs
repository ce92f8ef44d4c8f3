//! What the whole stack costs a request over a bare transport that answers at once: time and allocations.
//!
//! `cargo bench -p mateo-http --bench overhead` prints both, and fails beyond 10 µs or 40 allocations.

// A bench prints, and stops where something is wrong.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic)]

use std::alloc::System;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use mateo_http::{
    ApiKey, Body, BoxFuture, Pipeline, Request, Response, Transport, TransportError, budget::KeyBudget,
};
use mateo_model::{Count, ImportQuery, Prefer, columns};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const REQUESTS: u32 = 500;
const ROUNDS: u32 = 100;

/// Answers at once, with the headers that the API sends.
struct Instantly {
    headers: HeaderMap,
    body: Bytes,
}

impl Instantly {
    fn new() -> Self {
        let headers = [
            (header::CONTENT_TYPE.as_str(), "application/json; charset=utf-8"),
            (header::DATE.as_str(), "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("content-range", "0-49/240"),
            ("ratelimit", "\"second\";r=999999;t=1"),
            ("ratelimit-policy", "\"second\";q=1000000;w=1"),
            ("x-request-id", "0d9c1f6e"),
        ];
        let headers = headers
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
        Self {
            headers: headers.collect(),
            body: Bytes::from_static(b"[{\"id\":1}]"),
        }
    }
}

impl Transport for Instantly {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.headers_mut() = self.headers.clone();
        Box::pin(std::future::ready(Ok(response)))
    }
}

struct Cost {
    time: Duration,
    allocations: f64,
}

/// The cost of one of many: the fastest round, since everything that disturbs makes it slower.
async fn measure<F: Future<Output = ()>>(mut once: impl FnMut() -> F) -> Cost {
    once().await;
    let mut cost = Cost {
        time: Duration::MAX,
        allocations: f64::MAX,
    };
    for _ in 0..ROUNDS {
        let region = Region::new(ALLOCATOR);
        let start = Instant::now();
        for _ in 0..REQUESTS {
            once().await;
        }
        cost.time = cost.time.min(start.elapsed() / REQUESTS);
        let change = region.change();
        let allocations = u32::try_from(change.allocations + change.reallocations).unwrap();
        cost.allocations = cost.allocations.min(f64::from(allocations) / f64::from(REQUESTS));
    }
    cost
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let transport = Instantly::new();
    let query = ImportQuery::new().order(columns::ID.asc()).limit(50);
    let prefer = Prefer::new().count(Count::Exact);
    let pipeline = Pipeline::builder(ApiKey::new("hm_live_0123456789"))
        .transport(Instantly::new())
        // A budget that counts, spaces and reads headers, and never makes wait.
        .budget(KeyBudget::builder().per_second(1e9).per_day(u64::MAX).build())
        .build()
        .unwrap();

    let bare = runtime.block_on(measure(|| async {
        let request = pipeline.request(&query, &prefer).unwrap();
        let body = transport.send(request).await.unwrap().into_body();
        std::hint::black_box(body.collect(1 << 20).await.unwrap());
    }));
    let whole = runtime.block_on(measure(|| async {
        std::hint::black_box(pipeline.page(&query, &prefer, None).await.unwrap());
    }));

    let time = whole.time.saturating_sub(bare.time);
    let allocations = whole.allocations - bare.allocations;
    println!(
        "bare transport: {:?}, {:.1} allocations",
        bare.time, bare.allocations
    );
    println!(
        "whole stack:    {:?}, {:.1} allocations",
        whole.time, whole.allocations
    );
    println!("overhead:       {time:?}, {allocations:.1} allocations (at most 10 µs, 40)");
    if time < Duration::from_micros(10) && allocations <= 40.0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
