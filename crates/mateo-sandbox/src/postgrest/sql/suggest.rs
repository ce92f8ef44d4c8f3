//! PostgreSQL's error for an unknown column: the error, and the name that was perhaps meant.

use super::table::Table;
use crate::postgrest::error::Error;

/// How far a name may be from a column's to be a slip of it.
const MAX_DISTANCE: usize = 3;

/// 42703, with the columns that `name` is nearest to as a hint.
pub(super) fn unknown_column(table: &Table, name: &str) -> Error {
    let error = Error::new("42703", format!("column import.{name} does not exist"));
    // A longer name is near to none of ours.
    if name.len() > 64 {
        return error;
    }
    let mut nearest = MAX_DISTANCE;
    let mut candidates: Vec<&str> = Vec::new();
    for column in table.columns() {
        let distance = strsim::levenshtein(&column.name, name);
        // With more than half the characters different it would be a ridiculous suggestion.
        if distance > nearest || distance > name.len() / 2 {
            continue;
        }
        if distance < nearest {
            candidates.clear();
            nearest = distance;
        }
        candidates.push(&column.name);
    }
    match candidates.as_slice() {
        [one] => error.with_hint(format!(
            "Perhaps you meant to reference the column \"import.{one}\"."
        )),
        [one, other] => error.with_hint(format!(
            "Perhaps you meant to reference the column \"import.{one}\" or the column \"import.{other}\"."
        )),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_is_the_one_postgresql_gives() {
        let hint = |name| {
            unknown_column(&Table::new(mateo_model::columns::ALL), name)
                .0
                .hint
        };
        let one = |column| {
            Some(format!(
                "Perhaps you meant to reference the column \"import.{column}\"."
            ))
        };
        assert_eq!(hint("nope"), one("type"));
        assert_eq!(hint("ortotal_count"), one("total_count"));
        assert_eq!(hint("ID"), None);
        assert_eq!(hint("something"), None);
    }
}
