//! `mateo imports sync` and `mateo imports query`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::Format;
use super::duration::Span;

#[derive(Debug, Args)]
// Flags are independent of each other.
#[allow(clippy::struct_excessive_bools)]
pub(crate) struct SyncArgs {
    /// Where the copy is: a SQLite file, or postgres://USER@HOST/DATABASE (a password comes from PGPASSWORD)
    #[arg(value_name = "COPY", value_hint = clap::ValueHint::FilePath)]
    pub(crate) copy: String,

    /// The PostgreSQL schema that holds the copy, or in SQLite what its tables' names begin with [default: mateo, or
    /// nothing]
    #[arg(long, value_name = "NAME")]
    pub(crate) schema: Option<String>,

    /// Stay, and run again after this long: 5m, 1h
    #[arg(long, value_name = "DURATION", conflicts_with_all = ["once", "dry_run"])]
    pub(crate) every: Option<Span>,

    /// Run once, which is the default
    #[arg(long)]
    pub(crate) once: bool,

    /// Say what a run would read, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Run this for each import that finished with failures since the copy was first filled, its row as JSON on stdin;
    /// again with the next run where it fails
    #[arg(long, value_name = "COMMAND", value_hint = clap::ValueHint::CommandString)]
    pub(crate) on_failed: Option<String>,

    /// Serve metrics for Prometheus here: 127.0.0.1:9187
    #[arg(long, value_name = "ADDRESS", requires = "every")]
    pub(crate) metrics: Option<SocketAddr>,

    /// Believe a server that shows no import at all, and mark all of the copy as deleted
    #[arg(long)]
    pub(crate) allow_empty: bool,

    /// Write the copy to this Parquet file too, after the run
    #[cfg(feature = "parquet")]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) parquet: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// The SQLite file of the copy
    #[arg(value_name = "COPY", value_hint = clap::ValueHint::FilePath)]
    pub(crate) copy: PathBuf,

    /// One SELECT; nothing can be changed
    pub(crate) sql: String,

    /// How to print its rows
    #[arg(long, short, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

pub(crate) const SYNC_HELP: &str = "\
Examples:
  mateo imports sync imports.db                        a SQLite file; the first run reads everything
  mateo imports sync postgres://me@db.example.com/crm  a schema `mateo` in PostgreSQL
  mateo imports sync imports.db --every 5m --metrics 127.0.0.1:9187
  mateo imports sync imports.db --on-failed 'mail -s \"import failed\" me@example.com'";

pub(crate) const SYNC_LONG_HELP: &str = "\
Each page of rows is written with the place to go on from in one transaction: stopped or killed at any moment, the next
run goes on from there. After a run the copy's count is compared with the server's. Where they differ, what vanished is
found and marked with deleted_at, and what the copy lacks is read. A run where nothing changed takes two requests.

Tables: imports (the API's columns, extra, synced_at, deleted_at), sync_state, sync_failed. Imports of one organisation
are one copy: keep another's under another --schema.

Exit codes: 0 when the copy is complete; 1 when its count still differs, or a row could not be read; 9 when the database
can't do its part. See `mateo exit-codes` for the others.

Examples:
  mateo imports sync imports.db                        a SQLite file; the first run reads everything
  mateo imports sync postgres://me@db.example.com/crm  a schema `mateo` in PostgreSQL
  mateo imports sync imports.db --every 5m --metrics 127.0.0.1:9187
  mateo imports sync imports.db --on-failed 'mail -s \"import failed\" me@example.com'";

pub(crate) const QUERY_HELP: &str = "\
Examples:
  mateo imports query imports.db 'SELECT type, count(*), sum(failed_count) FROM imports WHERE deleted_at IS NULL GROUP BY type'
  mateo imports query imports.db \"SELECT id, payload ->> '$[0].email' AS email FROM imports\" --output ndjson";
