//! Real processes on a real server, at the sandbox over real sockets; see `mateo-budget-file/tests/processes.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test may"
)]

#[path = "../../mateo-budget-file/tests/fleet/mod.rs"]
mod fleet;
mod server;

use mateo_budget_redis::RedisStore;
use mateo_http::{ApiKey, budget::KeyBudget};
use mateo_sandbox::Window;
use server::Server;

/// Not a test of its own: the processes of the others.
#[test]
fn worker() {
    fleet::work(|url, server| {
        KeyBudget::builder()
            .store(RedisStore::open(url, server, &ApiKey::new(fleet::KEY)).unwrap())
            .build()
    });
}

fn eight_processes(window: Window) {
    if let Some(server) = Server::start(&["--save", ""]) {
        fleet::eight_processes("Redis", &server.url(), window);
    }
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
    let Some(server) = Server::start(&["--save", ""]) else {
        return;
    };
    fleet::killed("Redis", &server.url());
}
