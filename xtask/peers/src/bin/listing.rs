//! What a listing costs beside a bare loop: time over the same pages, and memory by the number of rows.
//!
//! The sandbox runs in a process of its own, without limits; so does each reader, in turn with the other. The bare loop is
//! reqwest and a plain `#[derive(Deserialize)]`, asks for the same pages, and keeps nothing either.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use mateo_imports::{ApiKey, Client, KeyBudget};
use mateo_sandbox::{Endpoint, Limits, Sandbox, Server};
use serde_json::Value;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const PAIRS: usize = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["serve", rows] => serve(rows.parse()?).await,
        ["ours", url] => told(ours(url).await?),
        ["bare", url] => told(bare(url).await?),
        [] => compare(),
        _ => Err("usage: listing".into()),
    }
}

fn compare() -> Result {
    let mut peaks = Vec::new();
    for rows in [1_000, 100_000] {
        let (mut server, url) = server(rows)?;
        let mut pairs = Vec::new();
        for _ in 0..PAIRS {
            pairs.push((reader("ours", &url)?, reader("bare", &url)?));
        }
        server.kill()?;
        server.wait()?;
        let ratio = median(pairs.iter().map(|(ours, bare)| ours.seconds / bare.seconds));
        let ours = median(pairs.iter().map(|(ours, _)| ours.seconds));
        let bare = median(pairs.iter().map(|(_, bare)| bare.seconds));
        let peak = median(pairs.iter().map(|(ours, _)| ours.peak_kib));
        println!(
            "{rows:>7} rows: mateo-imports {ours:.3} s, bare loop {bare:.3} s, ratio {ratio:.2}, peak {peak} KiB"
        );
        peaks.push(peak);
    }
    println!("100,000 rows take {:+} KiB more than 1,000", peaks[1] - peaks[0]);
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

struct Told {
    seconds: f64,
    peak_kib: f64,
}

fn server(rows: u64) -> Result<(Child, String)> {
    let mut child = again(&["serve", &rows.to_string()])?;
    let mut url = String::new();
    BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut url)?;
    Ok((child, url.trim().to_owned()))
}

fn reader(who: &str, url: &str) -> Result<Told> {
    let output = again(&[who, url])?.wait_with_output()?;
    let text = String::from_utf8(output.stdout)?;
    let numbers: Vec<f64> = text
        .split_whitespace()
        .map(str::parse)
        .collect::<std::result::Result<_, _>>()?;
    match numbers.as_slice() {
        [seconds, peak_kib] => Ok(Told {
            seconds: *seconds,
            peak_kib: *peak_kib,
        }),
        _ => Err(format!("{who} said {text:?}").into()),
    }
}

fn again(arguments: &[&str]) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    Ok(command.args(arguments).stdout(Stdio::piped()).spawn()?)
}

async fn serve(rows: u64) -> Result {
    let sandbox = Sandbox::generate(rows, 1);
    let endpoint = Endpoint::builder(sandbox).limits(Limits::none()).build();
    let server = Server::bind(endpoint, "127.0.0.1:0").await?;
    println!("{}", server.url());
    std::io::stdout().flush()?;
    std::future::pending::<()>().await;
    Ok(())
}

/// How long it took and the most memory this process ever had, for whoever started it.
fn told((rows, seconds): (u64, f64)) -> Result {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .ok_or("no peak")?;
    let peak = peak.trim().trim_end_matches(" kB");
    if rows == 0 {
        return Err("no rows came".into());
    }
    println!("{seconds} {peak}");
    Ok(())
}

async fn ours(url: &str) -> Result<(u64, f64)> {
    let client = Client::builder(ApiKey::new("a-key"))
        .base_url(url)
        .budget(KeyBudget::unlimited())
        .build()?;
    let start = Instant::now();
    let mut rows = client.list().stream();
    let mut count = 0;
    while rows.try_next().await?.is_some() {
        count += 1;
    }
    Ok((count, start.elapsed().as_secs_f64()))
}

#[derive(serde::Deserialize)]
#[allow(dead_code)]
struct Plain {
    id: String,
    created_at: String,
    updated_at: String,
    organisation_id: String,
    r#type: String,
    payload: Option<Value>,
    contact_list_id: Option<String>,
    failed_url: Option<String>,
    payload_url: Option<String>,
    total_count: Option<i32>,
    success_count: Option<i32>,
    failed_count: Option<i32>,
    reference_id: Option<String>,
}

async fn bare(url: &str) -> Result<(u64, f64)> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    let start = Instant::now();
    let (mut count, mut after) = (0, String::new());
    loop {
        let page = format!("{url}/api/v1/import?{after}order=id&limit=50");
        let body = http
            .get(page)
            .bearer_auth("a-key")
            .send()
            .await?
            .error_for_status()?
            .bytes()
            .await?;
        let rows: Vec<Plain> = serde_json::from_slice(&body)?;
        count += rows.len() as u64;
        match rows.last() {
            Some(last) if rows.len() == 50 => after = format!("id=gt.{}&", last.id),
            _ => return Ok((count, start.elapsed().as_secs_f64())),
        }
    }
}
