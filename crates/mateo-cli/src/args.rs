//! The command line: what can be typed, and the help that teaches it.

// What is documented here is printed as help, where backticks would be noise.
#![allow(clippy::doc_markdown)]

pub(crate) mod columns;
mod complete;
pub(crate) mod condition;
pub(crate) mod duration;
pub(crate) mod filters;
mod help;
pub(crate) mod imports;
pub(crate) mod keys;
pub(crate) mod names;
pub(crate) mod sandbox;
pub(crate) mod state;
pub(crate) mod sync;
pub(crate) mod when;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::args::duration::Span;
use crate::terminal::When;

/// Lists, watches, follows and downloads hellomateo's imports.
#[derive(Debug, Parser)]
#[command(name = "mateo", version, max_term_width = 100, propagate_version = true)]
#[command(after_help = help::SHORT_EXAMPLES, after_long_help = help::MAIN)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes. Each but `--sandbox`, `--utc`, `--config` and `--verbose` can be set by the environment and in the
/// settings file too.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Global {
    /// Answer from a sandbox inside this program: made-up imports, no key, no network
    #[arg(long, global = true)]
    pub(crate) sandbox: bool,

    /// Where the API is; http only to this machine [env: MATEO_BASE_URL] [default: hellomateo's API]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub(crate) base_url: Option<String>,

    /// Read the API key from this file, which only you may read [env: MATEO_API_KEY_FILE]
    ///
    /// The key itself comes from MATEO_API_KEY; there is no flag for it, because other users of a machine can see flags.
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath, hide_short_help = true)]
    pub(crate) api_key_file: Option<PathBuf>,

    /// At most this many requests a second [env: MATEO_MAX_RPS] [default: 2]
    #[arg(long, global = true, value_name = "N", value_parser = rate, hide_short_help = true)]
    pub(crate) max_rps: Option<f64>,

    /// At most this many requests a day [env: MATEO_MAX_PER_DAY] [default: 10000]
    #[arg(long, global = true, value_name = "N", hide_short_help = true)]
    pub(crate) max_per_day: Option<u64>,

    /// Where programs with the same key share their limits: file (of this user), none, or a URL of Valkey or Redis [env: MATEO_BUDGET] [default: file]
    #[arg(long, global = true, value_name = "WHERE", hide_short_help = true)]
    pub(crate) budget: Option<String>,

    /// Keep the limits in this process alone; the same as --budget none
    #[arg(long, global = true, conflicts_with = "budget", hide_short_help = true)]
    pub(crate) no_shared_budget: bool,

    /// Give up a request after this long, its repetitions included [env: MATEO_REQUEST_TIMEOUT] [default: 2m]
    #[arg(long, global = true, value_name = "DURATION", hide_short_help = true)]
    pub(crate) request_timeout: Option<Span>,

    /// Try a request this often before it counts as failed; 1 is once [env: MATEO_ATTEMPTS] [default: 5]
    #[arg(long, global = true, value_name = "N", hide_short_help = true)]
    pub(crate) attempts: Option<u32>,

    /// Show and read times in UTC, not in this machine's zone [env: TZ]
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) utc: bool,

    /// When to use colour [env: MATEO_COLOR, NO_COLOR, CLICOLOR, CLICOLOR_FORCE] [default: auto]
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        hide_possible_values = false,
        hide_short_help = true
    )]
    pub(crate) color: Option<When>,

    /// Read settings from this file [env: MATEO_CONFIG] [default: the platform's place, see `mateo config`]
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath, hide_short_help = true)]
    pub(crate) config: Option<PathBuf>,

    /// Say more on stderr: -v the causes of errors and each request, -vv everything
    #[arg(long, short, global = true, action = clap::ArgAction::Count, hide_short_help = true)]
    pub(crate) verbose: u8,

    /// Say less on stderr: only errors
    #[arg(
        long,
        short,
        global = true,
        conflicts_with = "verbose",
        hide_short_help = true
    )]
    pub(crate) quiet: bool,
}

/// Reads a number of requests a second; whether it makes sense is for the settings to say.
fn rate(text: &str) -> Result<f64, String> {
    text.parse()
        .map_err(|_| "expected a number of requests a second, such as 2 or 0.5".to_owned())
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read, follow and download imports
    #[command(subcommand, after_help = help::IMPORTS)]
    Imports(imports::Imports),

    /// Serve the imports API on this machine, over rows of your own or made-up ones
    #[command(after_help = help::SANDBOX)]
    Sandbox(sandbox::SandboxArgs),

    /// Check the key, the connection, the clock, the limits and the server's rows, and say what to do
    #[command(after_help = help::DOCTOR)]
    Doctor,

    /// Show every setting and where it comes from, never the key
    #[command(after_help = help::CONFIG)]
    Config(ConfigArgs),

    /// Keep an API key, read from stdin, in a file that only you may read
    #[command(after_help = help::LOGIN)]
    Login,

    /// Remove the API key that login keeps
    #[command(after_help = help::LOGOUT)]
    Logout,

    /// Explain the exit codes
    #[command(after_help = crate::failure::CODES)]
    ExitCodes,

    /// Print the completions of a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },

    /// Write the manual pages
    #[command(after_help = help::MAN)]
    Man {
        /// Where to write them; without it the page of `mateo` itself goes to stdout
        #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// How to print the settings
    #[arg(long, short, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: TableOrJson,
}

/// How to print imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a person
    Table,
    /// One array
    Json,
    /// One row a line, as the server sent it
    Ndjson,
    /// A header and a line a row, see --csv
    Csv,
}

/// The formats of the commands that print one small table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableOrJson {
    /// For a person
    Table,
    /// For a program
    Json,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples_in_its_help() {
        fn check(command: &clap::Command) {
            let leaf = command.get_subcommands().next().is_none();
            if leaf && !matches!(command.get_name(), "exit-codes" | "help") {
                let help = command
                    .get_after_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                assert!(help.contains("mateo "), "{} has no examples", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        check(&super::Cli::command());
    }
}
