//! `--verbose`: what happens to requests, on stderr.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Begins to write traces, of this project's crates only: those of others may show more than is good.
pub(crate) fn begin(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let ours = ["mateo_http", "mateo_imports", "mateo_model", "mateo_sandbox"];
    let to_stderr = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false);
    // A second subscriber can't be: this is the only place that sets one.
    let _ = tracing_subscriber::registry()
        .with(Targets::new().with_targets(ours.map(|target| (target, level))))
        .with(to_stderr)
        .try_init();
}
