//! Every bench of the workspace in one run, kept in `docs/benchmarks.md` as it was printed.
//!
//! A bench is a program that prints its own table (`harness = false`) and runs what it is compared with beside it,
//! so that a figure is a ratio within one run and not a promise about a machine.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use clap::Args;

use crate::shell::root;
use crate::workspace::Metadata;
use crate::{Result, peers, shell};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only the benches of this name
    names: Vec<String>,

    /// Keep what was printed in docs/benchmarks.md; only where all benches ran
    #[arg(long, conflicts_with = "names")]
    keep: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    let metadata = Metadata::read()?;
    let mut document = format!(
        "# Benchmarks\n\nAs `cargo xtask bench --keep` printed it. Every table compares within its own run; how each is \
         measured stands at\nthe head of the bench's source.\n\n{}",
        machine()?
    );
    for package in metadata.published() {
        for target in package
            .targets
            .iter()
            .filter(|target| target.kind.iter().any(|kind| kind == "bench"))
        {
            if !arguments.names.is_empty() && !arguments.names.contains(&target.name) {
                continue;
            }
            let mut command = shell::cargo([
                "bench",
                "--quiet",
                "--package",
                &package.name,
                "--bench",
                &target.name,
            ]);
            section(
                &mut document,
                &format!("{}: {}", package.name, target.name),
                &mut command,
            )?;
        }
    }
    // It has the library beside it that it is compared with, so it is no bench of the workspace's.
    if arguments.names.is_empty() || arguments.names.iter().any(|name| name == "listing") {
        section(&mut document, "mateo-imports: listing", &mut peers::listing()?)?;
    }
    if arguments.keep {
        fs::write(root().join("docs/benchmarks.md"), document)?;
    }
    Ok(())
}

/// Runs a bench and writes down what it prints.
fn section(document: &mut String, title: &str, command: &mut Command) -> Result {
    println!("$ {}", shell::line(command));
    let printed = shell::read(command)?;
    println!("{printed}");
    write!(document, "\n## {title}\n\n```text\n{}\n```\n", printed.trim())?;
    Ok(())
}

/// What it ran on and when.
fn machine() -> Result<String> {
    let date = shell::read(&mut shell::program("date", ["-u", "+%Y-%m-%d"]))?;
    let compiler = shell::read(&mut shell::program("rustc", ["--version"]))?;
    let processor =
        proc_line("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = proc_line("/proc/meminfo", "MemTotal").unwrap_or_else(|| "unknown".to_owned());
    let cores = available_parallelism().map_or(0, usize::from);
    Ok(format!(
        "- date: {}\n- machine: {processor}, {cores} cores, memory {memory}, {}\n- compiler: {}, profile `bench` \
         (thin LTO, one codegen unit)\n",
        date.trim(),
        std::env::consts::OS,
        compiler.trim()
    ))
}

/// The value of the first line `name : value`, where the system tells such things in files.
fn proc_line(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
