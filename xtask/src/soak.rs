//! The simulations of the test suite (churn, faults, a day of following) with more seeds than the suite runs.
//!
//! The tests read two variables: `MATEO_SEEDS` is how many seeds each runs, `MATEO_SEED` the one to run alone. A
//! failure names its seed, and `cargo xtask soak --seed N` repeats it.

use clap::Args;

use crate::{Result, shell};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many seeds each simulation runs
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,

    /// Run this seed alone, as a failure named it
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,

    /// Only the tests whose name contains this
    test: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    // With optimisation, as there is much to compute, and with the checks of a debug build, as they find things.
    let mut command = shell::cargo(["test", "--profile", "soak", "--tests"]);
    command.args(["--package", "mateo-http", "--package", "mateo-imports"]);
    match arguments.seed {
        Some(seed) => command.env("MATEO_SEED", seed.to_string()),
        None => command.env("MATEO_SEEDS", arguments.seeds.to_string()),
    };
    command.arg("--").args(&arguments.test).arg("--nocapture");
    shell::run(&mut command)
}
