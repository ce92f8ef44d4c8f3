//! The recorded exchanges against the sandbox, or against any server that holds the rows, as a table by group.
//!
//! ```text
//! cargo run -p mateo-sandbox --example conformance -- [--against URL]
//! ```
//!
//! `URL` is that of the table: `http://localhost:3000/import` of a PostgREST over `conformance/rows.jsonl`, with its
//! `db-max-rows` at 50. The key, where it wants one, is in `MATEO_API_KEY`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for a terminal"
)]

#[path = "../tests/conformance/exchange.rs"]
mod exchange;

use std::collections::BTreeMap;
use std::process::ExitCode;

use bytes::Bytes;
use exchange::{Exchange, ask, exchanges, recorded};
use http::Response;
use mateo_http::ReqwestTransport;
use mateo_sandbox::{Endpoint, Limits, Sandbox, Server};

type Failure = Box<dyn std::error::Error>;

/// Of one group: how many exchanges there are, and how many were answered alike, a column each.
#[derive(Default)]
struct Group {
    all: usize,
    alike: Vec<usize>,
}

/// What is printed in the end.
#[derive(Default)]
struct Report {
    groups: BTreeMap<String, Group>,
    differ: Vec<String>,
}

impl Report {
    fn add(&mut self, column: usize, exchange: &Exchange, response: &Response<Bytes>) {
        let group = self.groups.entry(exchange.group.clone()).or_default();
        group.alike.resize(group.alike.len().max(column + 1), 0);
        if column == 0 {
            group.all += 1;
        }
        match exchange.difference(response) {
            None => group.alike[column] += 1,
            Some(difference) => self.differ.push(difference),
        }
    }

    fn print(&self, columns: &[&str]) {
        println!("| {:<24} | recorded | {} |", "group", columns.join(" | "));
        println!(
            "| {:-<24} | -------- | {} |",
            "",
            columns
                .iter()
                .map(|column| "-".repeat(column.len()))
                .collect::<Vec<_>>()
                .join(" | ")
        );
        let mut all = Group {
            all: 0,
            alike: vec![0; columns.len()],
        };
        for (name, group) in &self.groups {
            line(name, group, columns);
            all.all += group.all;
            all.alike
                .iter_mut()
                .zip(&group.alike)
                .for_each(|(sum, alike)| *sum += alike);
        }
        line("all", &all, columns);
    }
}

fn line(name: &str, group: &Group, columns: &[&str]) {
    let cells = columns
        .iter()
        .zip(&group.alike)
        .map(|(column, alike)| format!("{alike:>width$}", width = column.len()));
    println!(
        "| {name:<24} | {:>8} | {} |",
        group.all,
        cells.collect::<Vec<_>>().join(" | ")
    );
}

async fn run(against: Option<&str>) -> Result<bool, Failure> {
    let transport = ReqwestTransport::builder().build()?;
    let exchanges = exchanges()?;
    let mut report = Report::default();
    let columns: &[&str] = if let Some(url) = against {
        let key = std::env::var("MATEO_API_KEY").ok();
        for exchange in &exchanges {
            report.add(
                0,
                exchange,
                &ask(&transport, exchange.request(url)?, key.as_deref()).await?,
            );
        }
        &["this server"]
    } else {
        let sandbox = recorded()?;
        let endpoint = Endpoint::builder(sandbox).limits(Limits::none()).build();
        let server = Server::bind(endpoint.clone(), "127.0.0.1:0").await?;
        let url = format!("{}{}", server.url(), Sandbox::PATH);
        for exchange in &exchanges {
            let request = exchange.request(Sandbox::PATH)?;
            report.add(0, exchange, &endpoint.sandbox().handle(&request, endpoint.now()));
            report.add(
                1,
                exchange,
                &ask(&transport, exchange.request(&url)?, Some("a-key")).await?,
            );
        }
        &["in process", "over a socket"]
    };
    report.print(columns);
    for difference in &report.differ {
        println!("{difference}");
    }
    Ok(report.differ.is_empty())
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let against = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => None,
        ["--against", url] => Some(url),
        _ => {
            eprintln!("usage: conformance [--against URL]");
            return ExitCode::from(2);
        }
    };
    match run(against).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
