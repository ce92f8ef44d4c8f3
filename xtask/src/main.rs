//! The project's own chores as one program: `cargo xtask --help`.
//!
//! Everything that keeps the project in shape is a subcommand here, one file each, and runs the same on a
//! person's machine, in `.ci/run` and in `.github/workflows`: those two call `cargo xtask` and hold no logic.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for a terminal, not a library"
)]

mod bench;
mod ci;
mod conformance;
mod dependencies;
mod dist;
mod documents;
mod features;
mod fuzz;
mod layers;
mod minimal_versions;
mod modules;
mod package;
mod peers;
mod public_api;
mod release;
mod shell;
mod sizes;
mod soak;
mod source;
mod suite;
mod table;
mod workflows;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What every chore gives back: nothing, or one sentence that says what is wrong.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    about = "The project's own chores",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Everything a change must pass, in order, with the time each step took
    Ci(ci::Arguments),
    /// The arrows between the crates, and what each crate may pull in
    Layers,
    /// Every crate with no, with each, with default and with all its features
    Features(features::Arguments),
    /// What each dependency needs and may be: its Rust version, licence, source and advisories
    Dependencies,
    /// How the modules of each crate depend on each other
    Modules,
    /// The public items of every library against docs/api, so that a breaking change is seen in review
    PublicApi(public_api::Arguments),
    /// The workspace with the oldest dependencies its manifests allow
    MinimalVersions,
    /// The crates as they would go to crates.io
    Package(package::Arguments),
    /// The recorded exchanges of a real server against the sandbox, or against another server
    Conformance(conformance::Arguments),
    /// Every bench, with what it is compared with, as one document
    Bench(bench::Arguments),
    /// Other clients of PostgREST on the same tasks, for docs/COMPARISON.md
    Peers,
    /// The simulations of the test suite with more seeds
    Soak(soak::Arguments),
    /// Random and mutated input for the parser, the row reader and the sandbox
    Fuzz(fuzz::Arguments),
    /// The program's completions and manual pages, for packages
    Dist(dist::Arguments),
    /// What a release is made of besides the archives
    #[command(subcommand)]
    Release(release::Part),
    /// The links of the Markdown files, and the source files that they name
    Documents,
    /// The files that only GitHub reads
    Workflows,
    /// The length of every source file, and the lines of code of each crate
    Sizes,
    /// The tests, as the README says, and how many there were
    Test,
}

fn main() -> ExitCode {
    if let Some(code) = public_api::as_rustdoc() {
        return code;
    }
    let result = match Arguments::parse().chore {
        Chore::Ci(arguments) => ci::run(&arguments),
        Chore::Layers => layers::run(),
        Chore::Features(arguments) => features::run(&arguments),
        Chore::Dependencies => dependencies::run(),
        Chore::Modules => modules::run(),
        Chore::PublicApi(arguments) => public_api::run(&arguments),
        Chore::MinimalVersions => minimal_versions::run(),
        Chore::Package(arguments) => package::run(&arguments),
        Chore::Conformance(arguments) => conformance::run(&arguments),
        Chore::Bench(arguments) => bench::run(&arguments),
        Chore::Peers => peers::run(),
        Chore::Soak(arguments) => soak::run(&arguments),
        Chore::Fuzz(arguments) => fuzz::run(&arguments),
        Chore::Dist(arguments) => dist::run(&arguments),
        Chore::Release(part) => release::run(&part),
        Chore::Documents => documents::run(),
        Chore::Workflows => workflows::run(),
        Chore::Sizes => sizes::run(),
        Chore::Test => suite::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
