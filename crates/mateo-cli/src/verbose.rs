//! `--verbose`: what happens to requests, on stderr.

use tracing_subscriber::EnvFilter;

/// Begins to write traces, of this project's crates only: those of others may show more than is good.
pub(crate) fn begin(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let directives = ["mateo_http", "mateo_imports", "mateo_model", "mateo_sandbox"]
        .map(|target| format!("{target}={level}"))
        .join(",");
    // A second subscriber can't be: this is the only place that sets one.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(directives))
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .try_init();
}
