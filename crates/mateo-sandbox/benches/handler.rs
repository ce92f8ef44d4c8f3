//! How long responses take in process, and how much memory a million rows take.
//!
//! `cargo bench -p mateo-sandbox --bench handler`: medians over many calls of one thread, in time on the processor where
//! the system tells that, so that a busy machine matters less.

#![allow(clippy::print_stdout, reason = "the table is what a bench is for")]

use std::hint::black_box;
use std::io::BufReader;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::Request;
use mateo_sandbox::Sandbox;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/conformance/rows.jsonl");
    let recorded = Sandbox::from_jsonl(BufReader::new(std::fs::File::open(path)?))?;
    println!("240 rows");
    for query in [
        "order=created_at,id&limit=50",
        "limit=50",
        "select=id,total_count&order=created_at,id&limit=50",
        "id=eq.b972e776-f1a3-4d32-a834-0c65d27cb238",
        "reference_id=ilike.*erp*&order=created_at.desc&limit=50",
    ] {
        measure(&recorded, query, 2_000)?;
    }

    println!("10,000 rows, queries that mean harm");
    let harmed = Sandbox::generate(10_000, 1);
    for query in [
        format!("total_count=in.({}1)", "1,".repeat(8_000)),
        format!("reference_id=like(all).{{{}}}", vec!["*"; 8_000].join(",")),
        format!("reference_id=not.like(any).{{{}}}", vec!["*_z"; 4_000].join(",")),
        format!("failed_url=like.*{}", "e*".repeat(8_000)),
        format!("failed_url=ilike.{}", "*_e".repeat(5_000)),
        format!("failed_url=match.{}", "(.*e)*".repeat(2_500)),
        format!("or=({}id.is.null)", "total_count.gt.2147483647,".repeat(600)),
        format!("order={},id", paths(1_000)),
        format!("select={}&order=id", paths(1_000)),
        format!("select={}id&order=id", "id::text,".repeat(1_600)),
        format!("select={}id&order=id", "total_count::int2,".repeat(900)),
        format!("payload=cs.{}1{}", "[".repeat(300), "]".repeat(300)),
        "order=payload,id".to_owned(),
    ] {
        measure(&harmed, &query, 3)?;
    }

    let before = resident();
    let start = Instant::now();
    let million = Sandbox::generate(1_000_000, 1);
    println!("1,000,000 rows, made in {:.1?}", start.elapsed());
    if let (Some(before), Some(after)) = (before, resident()) {
        println!("{:>10} bytes a row", after.saturating_sub(before) / 1_000_000);
    }
    for query in [
        "failed_count=gt.0&order=created_at.desc&limit=50",
        "order=created_at,id&limit=50",
        "order=reference_id.desc,id&limit=50&offset=1000",
        "payload->0->>email=eq.nobody@example.com",
    ] {
        measure(&million, query, 11)?;
    }
    Ok(())
}

/// So many different places in the payload.
fn paths(count: usize) -> String {
    let paths: Vec<String> = (0..count).map(|n| format!("payload->a{n}")).collect();
    paths.join(",")
}

fn measure(sandbox: &Sandbox, query: &str, times: usize) -> Result<(), http::Error> {
    let uri = format!("{}?{}", Sandbox::PATH, query.replace('>', "%3E"));
    let request = Request::get(uri).body(Bytes::new())?;
    let mut took: Vec<Duration> = (0..times)
        .map(|_| {
            let (start, on_processor) = (Instant::now(), processor_time());
            black_box(sandbox.handle(black_box(&request), DateTime::<Utc>::UNIX_EPOCH));
            let elapsed = start.elapsed();
            // Asking for it takes too long to measure a short call with it.
            match on_processor.zip(processor_time()) {
                Some((before, after)) if elapsed > Duration::from_millis(1) => after.saturating_sub(before),
                _ => elapsed,
            }
        })
        .collect();
    took.sort_unstable();
    let median = took.get(times / 2).copied().unwrap_or_default();
    let answer = sandbox.handle(&request, DateTime::<Utc>::UNIX_EPOCH).status();
    println!("{median:>10.1?}  {}  {query:.80}", answer.as_u16());
    Ok(())
}

/// How long this thread has been on a processor, where the system tells.
fn processor_time() -> Option<Duration> {
    let status = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = status.split_ascii_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// The bytes of memory this process holds, where the system tells.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: usize = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
