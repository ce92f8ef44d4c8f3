//! Every recorded exchange of a real PostgREST on a real PostgreSQL, answered by the sandbox over the same rows.
#![allow(clippy::unwrap_used, reason = "a test that can't read its data has failed")]

#[path = "conformance/exchange.rs"]
mod exchange;

use exchange::{ask, exchanges, recorded};
use mateo_http::ReqwestTransport;
use mateo_sandbox::{Endpoint, Limits, Sandbox, Server};

#[test]
fn the_sandbox_answers_as_the_recorded_server() {
    let sandbox = recorded().unwrap();
    let exchanges = exchanges().unwrap();
    assert_eq!(exchanges.len(), 2416);
    let answer = |request| sandbox.handle(&request, chrono::DateTime::UNIX_EPOCH);
    let differ = exchanges.iter().filter_map(|exchange| {
        let request = exchange.request(Sandbox::PATH).unwrap();
        exchange.difference(&answer(request))
    });
    none(&differ.collect::<Vec<_>>());
}

#[tokio::test]
async fn the_server_answers_as_the_recorded_server_over_a_socket() {
    let sandbox = recorded().unwrap();
    let endpoint = Endpoint::builder(sandbox).limits(Limits::none()).build();
    let server = Server::bind(endpoint, "127.0.0.1:0").await.unwrap();
    let url = format!("{}{}", server.url(), Sandbox::PATH);
    let transport = ReqwestTransport::builder().build().unwrap();
    let mut differ = Vec::new();
    for exchange in exchanges().unwrap() {
        let request = exchange.request(&url).unwrap();
        differ.extend(exchange.difference(&ask(&transport, request, Some("a-key")).await.unwrap()));
    }
    none(&differ);
}

fn none(differ: &[String]) {
    assert!(
        differ.is_empty(),
        "{} differ:\n{}",
        differ.len(),
        differ.join("\n")
    );
}
