//! The recorded exchanges of a real PostgREST against the sandbox, or against any server that holds the rows.

use clap::Args;

use crate::{Result, shell};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The URL of the table on a server that holds the rows of crates/mateo-sandbox/conformance, such as
    /// <http://localhost:3000/import>; the key, where it wants one, is in `MATEO_API_KEY`
    #[arg(long, value_name = "URL")]
    against: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    let mut command = shell::cargo([
        "run",
        "--quiet",
        "--package",
        "mateo-sandbox",
        "--example",
        "conformance",
        "--",
    ]);
    command.args(arguments.against.iter().flat_map(|url| ["--against", url]));
    shell::run(&mut command)
}
