//! Writing JSON text as PostgreSQL writes it.

use std::fmt::Display;
use std::io::Write as _;

/// Writes `text` as a JSON string: `"` and `\` escaped, control characters as `\n` or `\u001f`, all else as it is.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// Writes what a value displays.
pub(crate) fn write(value: impl Display, out: &mut Vec<u8>) {
    let _ = write!(out, "{value}");
}
