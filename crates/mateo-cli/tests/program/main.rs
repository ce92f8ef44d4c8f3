//! The program as a person and a script see it: whole transcripts, against the sandbox over a real socket.

// Helpers of tests fail by panicking; transcripts are written by snapbox, which always puts hashes.
#![allow(
    clippy::unwrap_used,
    clippy::needless_raw_string_hashes,
    clippy::too_many_lines,
    clippy::print_stderr
)]

mod budget;
mod changes;
mod conditions;
mod cookbook;
mod errors;
mod export;
mod failures;
mod help;
mod list;
mod one;
mod pipes;
mod proxy;
mod sandbox;
mod security;
mod support;
mod sync;
mod time;
mod tools;
