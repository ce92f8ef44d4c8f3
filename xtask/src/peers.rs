//! Other clients of PostgREST beside this one, on the same tasks against the sandbox, as one table.

use crate::workspace::Metadata;
use crate::{Result, shell};

pub(crate) fn run() -> Result {
    let work = Metadata::read()?.target_directory.join("peers");
    let mut command = shell::cargo([
        "run",
        "--quiet",
        "--release",
        "--manifest-path",
        "xtask/peers/Cargo.toml",
        "--",
    ]);
    // The clients in JavaScript and Python are installed there, by npm and pip where these are.
    command.arg(work.join("installed")).env("CARGO_TARGET_DIR", work);
    shell::run(&mut command)
}
