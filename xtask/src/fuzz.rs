//! Random and mutated input for the parts that read what others wrote: cargo-fuzz on a nightly toolchain.
//!
//! The targets and their seeds are in `xtask/fuzz`; what a run finds worth keeping goes to the target folder, so
//! the seeds in the repository stay few.

use std::fs;

use clap::Args;

use crate::shell::root;
use crate::workspace::Metadata;
use crate::{Result, shell};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The targets to run; all of them where none is named
    targets: Vec<String>,

    /// How many inputs each target is run on, at most
    #[arg(long, default_value_t = 10_000_000)]
    executions: u64,

    /// How many seconds each target runs, at most; 0 for no limit
    #[arg(long, default_value_t = 0)]
    seconds: u64,

    /// The sanitizer to build with. None is needed to find panics, and the workspace has no unsafe code
    #[arg(long, default_value = "none")]
    sanitizer: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    shell::read(&mut shell::program(
        "rustup",
        ["run", "nightly", "cargo", "fuzz", "--version"],
    ))
    .map_err(|error| {
        format!("fuzzing needs `rustup toolchain install nightly` and `cargo install cargo-fuzz`\n{error}")
    })?;
    let work = Metadata::read()?.target_directory.join("fuzz");
    for target in chosen(&arguments.targets)? {
        let found = work.join("corpus").join(&target);
        fs::create_dir_all(&found)?;
        let mut command = shell::program("rustup", ["run", "nightly", "cargo", "fuzz", "run", "--fuzz-dir"]);
        command
            .arg("xtask/fuzz")
            .arg("--sanitizer")
            .arg(&arguments.sanitizer);
        command.arg("--target-dir").arg(work.join("build")).arg(&target);
        command
            .arg(found)
            .arg(root().join("xtask/fuzz/corpus").join(&target))
            .arg("--");
        command.arg(format!("-runs={}", arguments.executions));
        command.arg(format!("-max_total_time={}", arguments.seconds));
        command.args([
            "-print_final_stats=1",
            "-verbosity=0",
            "-timeout=10",
            "-rss_limit_mb=2048",
        ]);
        shell::run(&mut command)?;
    }
    Ok(())
}

/// The named targets, checked against the ones there are; all where none is named.
fn chosen(named: &[String]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for file in fs::read_dir(root().join("xtask/fuzz/fuzz_targets"))? {
        let path = file?.path();
        all.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    all.sort();
    if let Some(unknown) = named.iter().find(|name| !all.contains(name)) {
        return Err(format!("there is no fuzz target {unknown}, only {}", all.join(", ")).into());
    }
    Ok(if named.is_empty() { all } else { named.to_vec() })
}
