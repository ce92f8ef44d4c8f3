//! The commands.

mod changes;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
mod failures;

mod download;
mod find;
mod get;
mod list;
pub(crate) mod login;
pub(crate) mod man;
pub(crate) mod sandbox;
mod summary;
mod sync;
mod wait;
mod watch;

use mateo_imports::{Progress, RawJson};

use crate::app::App;
use crate::args::imports::Imports;
use crate::failure::{CODES, Result};
use crate::output::Output;

/// `mateo imports …`.
pub(crate) async fn imports(command: Imports, app: &App) -> Result {
    match command {
        Imports::List(args) => list::run(&args, app).await,
        Imports::Get(args) => get::run(&args, app).await,
        Imports::Summary(args) => summary::run(&args, app).await,
        Imports::Wait(args) => wait::run(&args, app).await,

        Imports::Watch(args) => watch::run(&args, app).await,
        Imports::Changes(args) => changes::run(&args, app).await,
        Imports::Download(args) => download::run(&args, app).await,
        Imports::Failures(args) => failures::run(&args, app).await,
        Imports::Sync(args) => sync::run(&args, app).await,
        Imports::Query(args) => sync::query::run(&args, app),
    }
}

/// `mateo exit-codes`.
pub(crate) fn exit_codes() -> Result {
    let mut out = Output::stdout();
    out.text(CODES)?;
    out.flush()
}

/// The columns that say how far an import is.
const COUNTS: [&str; 3] = ["total_count", "success_count", "failed_count"];

/// How far the import is, by the row as the server sent it.
fn progress(row: &RawJson) -> Progress {
    let counts = row.fields(&COUNTS);
    let count = |index: usize| serde_json::from_str(counts.get(index).copied()??).ok();
    Progress::from_counts(count(0), count(1), count(2))
}
