//! `mateo imports …`: the commands that read.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use super::Format;
use super::complete;
use super::duration::Span;
use super::filters::Filters;
use super::help;
use super::names::Names;
use super::sync;
use crate::failure::Failure;
use crate::render::csv::Dialect;

#[derive(Debug, Subcommand)]
pub(crate) enum Imports {
    /// List imports: the newest 50 unless --limit or --all says otherwise
    #[command(visible_alias = "ls", after_help = help::LIST, after_long_help = help::LIST_LONG)]
    List(ListArgs),

    /// Show one import as a page, with its payload and every column the server has
    #[command(after_help = help::GET)]
    Get(GetArgs),

    /// Count imports by type and state, and failures by day
    #[command(after_help = help::SUMMARY)]
    Summary(SummaryArgs),

    /// Wait until imports are finished
    #[command(after_help = help::WAIT)]
    Wait(WaitArgs),

    /// Show what runs, finishes and fails, as it happens
    #[command(after_help = help::WATCH)]
    Watch(WatchArgs),

    /// Follow what is inserted or changed, each change once
    #[command(after_help = help::CHANGES)]
    Changes(ChangesArgs),

    /// Say why records of imports failed: reasons counted, with examples
    #[command(after_help = help::FAILURES)]
    Failures(FailuresArgs),

    /// Download the failed contacts or the payload of an import
    #[command(after_help = help::DOWNLOAD)]
    Download(DownloadArgs),

    /// Keep a copy in your own SQLite or PostgreSQL database, exact and proven
    #[command(after_help = sync::SYNC_HELP, after_long_help = sync::SYNC_LONG_HELP)]
    Sync(sync::SyncArgs),

    /// Query a copy in SQLite; nothing can be changed
    #[command(after_help = sync::QUERY_HELP)]
    Query(sync::QueryArgs),
}

#[derive(Debug, Args)]
// Flags are independent of each other.
#[allow(clippy::struct_excessive_bools)]
pub(crate) struct ListArgs {
    /// Only these columns, comma-separated: id,type,payload->0->>email
    #[arg(long, value_name = "COLUMNS", add = ArgValueCompleter::new(complete::selections))]
    pub(crate) select: Option<String>,

    /// Sort by these columns: failed_count.desc,created_at (.nullsfirst and .nullslast may follow)
    #[arg(long, value_name = "COLUMNS", default_value = "created_at.desc", add = ArgValueCompleter::new(complete::orders))]
    pub(crate) order: String,

    /// At most this many imports
    #[arg(long, short = 'n', value_name = "N", conflicts_with = "all")]
    pub(crate) limit: Option<u64>,

    /// All imports
    #[arg(long, short)]
    pub(crate) all: bool,

    /// How to print them [default: table]
    #[arg(long, short, value_name = "FORMAT")]
    output: Option<Format>,

    /// Write them to this file, which appears when it is complete; all imports unless --limit says otherwise
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,

    /// Go on where an earlier run with the same --out broke off
    #[arg(long, requires = "out")]
    pub(crate) resume: bool,

    /// Replace a file that exists
    #[arg(long, short, requires = "out")]
    pub(crate) force: bool,

    /// Exit with 10 if an import matches and 0 if none does, for monitoring
    #[arg(long)]
    pub(crate) exit_code: bool,

    /// Print CSV for this reader: raw for programs, excel for a spreadsheet [default: raw]
    #[arg(long, value_name = "DIALECT")]
    pub(crate) csv: Option<Dialect>,

    /// Show times exactly, not as ages
    #[arg(long, short = 'x')]
    pub(crate) exact_times: bool,

    /// Show ids in full
    #[arg(long)]
    pub(crate) full_ids: bool,

    /// How wide the table may be [default: the terminal's width, unlimited in a pipe]
    #[arg(long, value_name = "COLUMNS")]
    pub(crate) width: Option<u16>,

    /// Print the first request as a curl command and send nothing
    #[arg(long)]
    pub(crate) print_request: bool,

    #[command(flatten)]
    pub(crate) filters: Filters,
}

impl ListArgs {
    /// How to print the imports: as --output says, else as a dialect of CSV or the file's name implies.
    pub(crate) fn output(&self) -> Result<Format, Failure> {
        if let Some(format) = self.output {
            return Ok(format);
        }
        if self.csv.is_some() {
            return Ok(Format::Csv);
        }
        let file = self.out.as_deref().filter(|path| *path != Path::new("-"));
        let Some(path) = file else {
            return Ok(Format::Table);
        };
        match path.extension().and_then(OsStr::to_str) {
            Some("ndjson" | "jsonl") => Ok(Format::Ndjson),
            Some("json") => Ok(Format::Json),
            Some("csv") => Ok(Format::Csv),
            _ => Err(Failure::usage(format!(
                "--out {} doesn't say which format to write",
                path.display()
            ))
            .advice("add --output ndjson, csv or json")),
        }
    }

    /// The flags that decide what an export has in it, as one text.
    pub(crate) fn asked(&self) -> String {
        format!(
            "{:?}",
            (
                &self.filters,
                &self.select,
                &self.order,
                self.limit,
                self.output,
                self.csv,
            )
        )
    }
}

#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    #[command(flatten)]
    pub(crate) names: Names,

    /// How to print it
    #[arg(long, short, value_name = "FORMAT", default_value = "page")]
    pub(crate) output: PageFormat,
}

/// How to print one import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PageFormat {
    /// For a person
    Page,
    /// The row as the server sent it
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct SummaryArgs {
    /// How to print it
    #[arg(long, short, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: super::TableOrJson,

    /// Write it as one HTML page to this file too; - writes the page to stdout instead
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) html: Option<PathBuf>,

    /// Replace a file that isn't such a page
    #[arg(long, short, requires = "html")]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) filters: Filters,
}

#[derive(Debug, Args)]
pub(crate) struct FailuresArgs {
    #[command(flatten)]
    pub(crate) names: Names,

    /// How to print them [default: table]
    #[arg(long, short, value_name = "FORMAT")]
    output: Option<FailuresFormat>,

    /// Print CSV for this reader: raw for programs, excel for a spreadsheet [default: raw]
    #[arg(long, value_name = "DIALECT")]
    pub(crate) csv: Option<Dialect>,
}

impl FailuresArgs {
    /// How to print the failures; a dialect of CSV asks for CSV.
    pub(crate) fn output(&self) -> FailuresFormat {
        let default = if self.csv.is_some() {
            FailuresFormat::Csv
        } else {
            FailuresFormat::Table
        };
        self.output.unwrap_or(default)
    }
}

/// How to print failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailuresFormat {
    /// Reasons counted, with examples
    Table,
    /// Every record with its reason, one a line
    Ndjson,
    /// A header and every record with its reason
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct WaitArgs {
    #[command(flatten)]
    pub(crate) names: Names,

    /// All imports that aren't finished now
    #[arg(long, group = "names")]
    pub(crate) unfinished: bool,

    /// Give up after this long: 90s, 10m, 2h [default: never]
    #[arg(long, value_name = "DURATION")]
    pub(crate) timeout: Option<Span>,
}

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// How often to ask, at most: each time costs a request of the day's 10,000
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub(crate) interval: Span,

    #[command(flatten)]
    pub(crate) conditions: super::filters::Conditions,
}

#[derive(Debug, Args)]
pub(crate) struct ChangesArgs {
    /// Begin here where there is no cursor yet: 2d, 2026-01-02 or RFC 3339 [default: the very beginning]
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,

    /// Go on from the cursor in this file, and keep it there
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) cursor_file: Option<PathBuf>,

    /// End when there is nothing new
    #[arg(long)]
    pub(crate) once: bool,

    /// How to print them [default: ndjson]
    #[arg(long, short, value_name = "FORMAT")]
    output: Option<ChangesFormat>,

    /// Print CSV for this reader: raw for programs, excel for a spreadsheet [default: raw]
    #[arg(long, value_name = "DIALECT")]
    pub(crate) csv: Option<Dialect>,

    /// Print CSV without a header, to append to what an earlier run wrote
    #[arg(long)]
    pub(crate) no_header: bool,

    /// How often to ask, at most
    #[arg(long, value_name = "DURATION", default_value = "10s", conflicts_with = "once")]
    pub(crate) interval: Span,

    #[command(flatten)]
    pub(crate) conditions: super::filters::Conditions,
}

impl ChangesArgs {
    /// How to print the changes; a dialect of CSV asks for CSV.
    pub(crate) fn output(&self) -> ChangesFormat {
        let default = if self.csv.is_some() {
            ChangesFormat::Csv
        } else {
            ChangesFormat::Ndjson
        };
        self.output.unwrap_or(default)
    }
}

/// How to print changed imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChangesFormat {
    /// One row a line, as the server sent it
    Ndjson,
    /// A header and a line a row
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct DownloadArgs {
    /// The import's id, its beginning, or its reference
    #[arg(value_name = "ID|REFERENCE", add = ArgValueCompleter::new(complete::ids))]
    pub(crate) id: String,

    /// Which of its files
    #[arg(long, value_name = "FILE")]
    pub(crate) what: What,

    /// Where to write it; - is stdout [default: ID-failed.json or the like, in this directory]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,

    /// Replace a file that exists
    #[arg(long, short)]
    pub(crate) force: bool,

    /// Refuse a file that is larger: 500K, 2M, 1G
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_bytes: Option<super::duration::Bytes>,
}

/// The files of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// The contacts that could not be imported, with the reasons
    Failed,
    /// The payload of a large import
    Payload,
}
