//! Other clients of PostgREST beside this one, on the same tasks against the sandbox, as one table.
//!
//! Each client is used as its own documentation shows. What is counted is what comes back, against the rows
//! themselves: how many of the texts in `reference_id` a filter finds wrongly, how many rows a plain "all of them"
//! gives, what happens at two requests a second, and how long 10,000 rows take without a limit.

mod external;
mod here;
mod task;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use mateo_sandbox::{Endpoint, Limits, Sandbox, Server};
use serde_json::Value;
use task::{Answer, Client, Form, Task};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const ROWS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../crates/mateo-sandbox/conformance/rows.jsonl"
);

const HEAD: [&str; 7] = [
    "client",
    "eq wrong",
    "in wrong",
    "or wrong",
    "\"all\" gives",
    "at 2 a second",
    "10,000 rows",
];

const WIDTHS: [usize; 7] = [20, 9, 9, 9, 11, 32, 11];

#[tokio::main]
async fn main() -> Result {
    // For the plain loop: reqwest is built here without a provider of its own.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let expected = expected()?;
    let recorded = Endpoint::builder(Sandbox::from_jsonl(BufReader::new(File::open(ROWS)?))?);
    let free = Server::bind(recorded.limits(Limits::none()).build(), "127.0.0.1:0").await?;
    let limited = Endpoint::new(Sandbox::from_jsonl(BufReader::new(File::open(ROWS)?))?);
    let limited = Server::bind(limited, "127.0.0.1:0").await?;
    let many = Sandbox::generate(10_000, 1);
    let many = Server::bind(
        Endpoint::builder(many).limits(Limits::none()).build(),
        "127.0.0.1:0",
    )
    .await?;

    let work = work_folder()?;
    println!(
        "{} texts in 240 rows; 10,000 generated rows; 50 rows a page\n",
        expected.len()
    );
    line(HEAD);
    line(WIDTHS.map(|width| "-".repeat(width)));
    for client in Client::ALL {
        if let Err(why) = external::prepare(client, &work) {
            println!("| {} | not run: {why} |", client.name());
            continue;
        }
        let mut cells = vec![client.name().to_owned()];
        for form in [Form::Eq, Form::In, Form::Or] {
            cells.push(wrong(client, &work, &free, form, &expected).await?);
        }
        let all = ask(client, &work, &Task::all(free.url(), false)).await?;
        cells.push(told(&all));
        // A second's silence, so that no client pays for the one before it.
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        let _ = limited.endpoint().take_counters();
        let all = ask(client, &work, &Task::all(limited.url(), true).limited()).await?;
        cells.push(format!(
            "{}, {} × 429",
            told(&all),
            limited.endpoint().take_counters().too_many_requests()
        ));
        // The best of three, so that what else the machine does counts less.
        let mut best = f64::MAX;
        for _ in 0..3 {
            let all = ask(client, &work, &Task::all(many.url(), true)).await?;
            assert_eq!((all.rows, &all.error), (10_000, &None), "{}", client.name());
            best = best.min(all.seconds.unwrap_or(f64::MAX));
        }
        cells.push(format!("{best:.2} s"));
        line(cells);
    }
    Ok(())
}

/// Prints a line of the table.
fn line(cells: impl IntoIterator<Item = impl AsRef<str>>) {
    let padded = cells
        .into_iter()
        .zip(WIDTHS)
        .map(|(cell, width)| format!("{:<width$}", cell.as_ref()));
    println!("| {} |", padded.collect::<Vec<_>>().join(" | "));
}

async fn ask(client: Client, work: &Path, task: &Task) -> Result<Answer> {
    if client.is_external() {
        external::ask(client, work, task).await
    } else {
        here::ask(client, task).await
    }
}

/// How many of the texts the client finds wrongly: other rows than those that hold it, or an error.
async fn wrong(
    client: Client,
    work: &Path,
    server: &Server,
    form: Form,
    expected: &BTreeMap<String, BTreeSet<String>>,
) -> Result<String> {
    let values: Vec<String> = expected.keys().cloned().collect();
    let answer = ask(client, work, &Task::find(server.url(), form, values)).await?;
    let found = answer.found.unwrap_or_default();
    assert_eq!(
        found.len(),
        expected.len(),
        "{} answered for other texts than it was asked",
        client.name()
    );
    let right = expected
        .values()
        .zip(&found)
        .filter(|(ids, found)| found.as_ref() == Some(*ids))
        .count();
    Ok(format!("{} of {}", expected.len() - right, expected.len()))
}

fn told(answer: &Answer) -> String {
    match &answer.error {
        Some(_) => format!("{} rows, then an error", answer.rows),
        None => format!("{} rows", answer.rows),
    }
}

/// Which rows hold which text.
fn expected() -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in BufReader::new(File::open(ROWS)?).lines() {
        let row: Value = serde_json::from_str(&line?)?;
        if let (Some(text), Some(id)) = (row["reference_id"].as_str(), row["id"].as_str()) {
            expected.entry(text.to_owned()).or_default().insert(id.to_owned());
        }
    }
    Ok(expected)
}

/// Where the clients that are not Rust are installed.
fn work_folder() -> Result<PathBuf> {
    let folder = std::env::args()
        .nth(1)
        .map_or_else(|| std::env::temp_dir().join("mateo-peers"), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
