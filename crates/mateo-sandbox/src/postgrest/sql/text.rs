//! Text as C and JSON have it.

/// What C's `isspace` holds for.
pub(crate) fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t'..='\r')
}

/// Writes what JSON has as it is: of a text only `"`, `\` and control characters are escaped, as PostgreSQL does it.
pub(crate) fn write_json(value: &(impl serde::Serialize + ?Sized), out: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    let _ = serde_json::to_writer(out, value);
}
