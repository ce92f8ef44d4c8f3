//! Real processes on one file, at the sandbox over real sockets. `MATEO_FLEET_REQUESTS=200` for a run that is long enough
//! to judge the time by; `cargo test --test processes -- --nocapture --test-threads=1` prints the figures.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test may"
)]

mod fleet;

use mateo_budget_file::FileStore;
use mateo_http::{ApiKey, budget::KeyBudget};
use mateo_sandbox::Window;

/// Not a test of its own: the processes of the others.
#[test]
fn worker() {
    fleet::work(|folder, server| {
        KeyBudget::builder()
            .store(FileStore::open(folder, server, &ApiKey::new(fleet::KEY)).unwrap())
            .build()
    });
}

fn eight_processes(window: Window) {
    let folder = tempfile::tempdir().unwrap();
    fleet::eight_processes("file", folder.path().to_str().unwrap(), window);
}

#[test]
fn eight_processes_share_a_fixed_window() {
    eight_processes(Window::Fixed);
}

#[test]
fn eight_processes_share_a_sliding_window() {
    eight_processes(Window::Sliding);
}

#[test]
fn eight_processes_share_a_leaky_bucket() {
    eight_processes(Window::Leaky);
}

#[test]
fn processes_that_are_killed_cost_the_others_a_lease_at_most() {
    let folder = tempfile::tempdir().unwrap();
    fleet::killed("file", folder.path().to_str().unwrap());
}
