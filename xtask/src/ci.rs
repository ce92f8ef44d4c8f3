//! Everything a change must pass, in order: the quick checks first, the tests last, and a table of the times.

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::table::Table;
use crate::{
    Result, dependencies, documents, features, layers, minimal_versions, modules, package, public_api, shell,
    sizes, suite, workflows,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only these steps; all of them where none is named
    steps: Vec<Step>,
}

/// One step of the way. Their order here is the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    Format,
    Sizes,
    Documents,
    Workflows,
    Modules,
    Layers,
    Dependencies,
    Clippy,
    Docs,
    PublicApi,
    Package,
    MinimalVersions,
    Features,
    Test,
}

impl Step {
    fn run(self) -> Result {
        match self {
            Self::Format => {
                shell::run(&mut shell::cargo(["fmt", "--all", "--check"]))?;
                // Workspaces of their own, so `--all` does not reach them.
                for apart in ["xtask/fuzz/Cargo.toml", "xtask/peers/Cargo.toml"] {
                    shell::run(&mut shell::cargo(["fmt", "--check", "--manifest-path", apart]))?;
                }
                Ok(())
            }
            Self::Sizes => sizes::run(),
            Self::Documents => documents::run(),
            Self::Workflows => workflows::run(),
            Self::Modules => modules::run(),
            Self::Layers => layers::run(),
            Self::Dependencies => dependencies::run(),
            Self::Clippy => {
                let mut command = shell::cargo(["clippy", "--workspace", "--all-targets"]);
                shell::run(command.args(features::all()).args(["--", "-D", "warnings"]))
            }
            Self::Docs => {
                let mut command = shell::cargo(["doc", "--workspace", "--no-deps"]);
                shell::run(command.args(features::all()).env("RUSTDOCFLAGS", "-D warnings"))
            }
            Self::PublicApi => public_api::run(&public_api::Arguments::default()),
            Self::Package => package::run(&package::Arguments::default()),
            Self::MinimalVersions => minimal_versions::run(),
            Self::Features => features::run(&features::Arguments::default()),
            Self::Test => suite::run(),
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    let all = Step::value_variants().iter().copied();
    let chosen: Vec<Step> = all
        .filter(|step| arguments.steps.is_empty() || arguments.steps.contains(step))
        .collect();
    let mut table = Table::new(["step", "result", "seconds"]);
    let start = Instant::now();
    let mut result = Ok(());
    for step in chosen {
        let name = step
            .to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned());
        println!("\n== {name}");
        let start = Instant::now();
        result = step.run().map_err(|error| format!("{name}: {error}").into());
        table.row([
            name,
            if result.is_ok() { "passed" } else { "FAILED" }.to_owned(),
            seconds(start.elapsed()),
        ]);
        if result.is_err() {
            break;
        }
    }
    table.row(["all".to_owned(), String::new(), seconds(start.elapsed())]);
    println!("\n{}", table.markdown());
    result
}

fn seconds(time: Duration) -> String {
    format!("{:>7.1}", time.as_secs_f64())
}
