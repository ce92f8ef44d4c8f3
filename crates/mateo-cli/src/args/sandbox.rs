//! `mateo sandbox`: what the endpoint on this machine serves, and how it misbehaves.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::duration::Span;

#[derive(Debug, Args)]
pub(crate) struct SandboxArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,

    /// Serve these rows: one JSON object a line [default: a small built-in set]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["generate", "seed"], value_hint = clap::ValueHint::FilePath)]
    pub(crate) rows: Option<PathBuf>,

    /// Serve this many made-up rows
    #[arg(long, value_name = "N")]
    pub(crate) generate: Option<usize>,

    /// Make up the same rows for the same number
    #[arg(long, value_name = "S", requires = "generate")]
    pub(crate) seed: Option<u64>,

    /// At most this many rows a response
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) max_rows: u64,

    /// Requests a second before 429, or none
    #[arg(long, value_name = "N|none", default_value = "2")]
    pub(crate) rate: String,

    /// Delay each response by this much
    #[arg(long, value_name = "DURATION")]
    pub(crate) latency: Option<Span>,

    /// The key that clients must send
    #[arg(long, value_name = "KEY", default_value = "sandbox-key")]
    pub(crate) api_key: String,

    /// Let imports start, progress, finish and fail while it serves
    #[arg(long)]
    pub(crate) life: bool,

    /// Misbehave: NAME or NAME:WHEN, for example 500, 429:every-10, truncated-body:3 (`--fault list` shows all)
    #[arg(long, value_name = "NAME[:WHEN]")]
    pub(crate) fault: Vec<String>,
}
