//! Other clients of PostgREST beside this one, on the same tasks against the sandbox, as one table.

use std::path::PathBuf;
use std::process::Command;

use crate::workspace::Metadata;
use crate::{Result, shell};

pub(crate) fn run() -> Result {
    // The clients in JavaScript and Python are installed there, by npm and pip where these are.
    let installed = work()?.join("installed");
    let mut command = program("mateo-peers")?;
    shell::run(command.arg("--").arg(installed))
}

/// The listing beside a bare loop over the same pages, in time and memory.
pub(crate) fn listing() -> Result<Command> {
    program("listing")
}

fn program(name: &str) -> Result<Command> {
    let manifest = "xtask/peers/Cargo.toml";
    let mut command = shell::cargo([
        "run",
        "--quiet",
        "--release",
        "--manifest-path",
        manifest,
        "--bin",
        name,
    ]);
    command.env("CARGO_TARGET_DIR", work()?);
    Ok(command)
}

fn work() -> Result<PathBuf> {
    Ok(Metadata::read()?.target_directory.join("peers"))
}
