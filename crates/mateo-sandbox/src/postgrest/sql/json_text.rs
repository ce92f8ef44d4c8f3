//! Writing JSON text as PostgreSQL writes it.

use uuid::Uuid;

/// Writes `text` as a JSON string: `"` and `\` escaped, control characters as `\n` or `\u001f`, all else as it is.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// Writes a whole number.
pub(crate) fn write_integer(value: i64, out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(out, &value);
}

/// Writes a uuid without quotes.
pub(crate) fn write_uuid(uuid: Uuid, out: &mut Vec<u8>) {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    out.extend_from_slice(uuid.hyphenated().encode_lower(&mut text).as_bytes());
}
