//! What a permit costs that need not wait: its turn and its answer, each a step of the file under its lock.
//!
//! `cargo run --release -p mateo-budget-file --example overhead [FOLDER]`

#![allow(clippy::print_stdout, reason = "it is what an example is for")]

use std::error::Error;
use std::time::Instant;

use mateo_budget_file::FileStore;
use mateo_http::{
    ApiKey, Budget, Pipeline,
    budget::{KeyBudget, Priority},
    headers::ResponseFacts,
};

const PERMITS: usize = 5000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args()
        .nth(1)
        .map_or_else(std::env::temp_dir, Into::into);
    let store = FileStore::open(folder, Pipeline::BASE_URL, &ApiKey::new("overhead"))?;
    let path = store.path().to_owned();
    // A rate that makes nobody wait.
    let budget = KeyBudget::builder()
        .per_second(1e9)
        .per_day(u64::MAX)
        .store(store)
        .build();
    let facts = ResponseFacts::read(
        http::StatusCode::OK,
        &http::HeaderMap::new(),
        std::time::UNIX_EPOCH,
    );
    let mut times = Vec::with_capacity(PERMITS);
    for _ in 0..PERMITS {
        let begin = Instant::now();
        let mut permit = budget.acquire(Priority::default(), None).await?;
        permit.sent();
        permit.answered(&facts).await;
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    println!(
        "{PERMITS} permits: median {:.1?}, 99th of 100 {:.1?}",
        times[PERMITS / 2],
        times[PERMITS * 99 / 100]
    );
    std::fs::remove_file(path)?;
    Ok(())
}
