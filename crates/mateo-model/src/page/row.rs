//! A row that is read by itself: so that what is wrong with it has a column's name, and columns can be hidden.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use serde_path_to_error::Segment;
use uuid::Uuid;

use super::BadRow;
use crate::import::Extra;
use crate::raw::{self, RawJson};

/// Reads a row that has columns to hide, or can't be read.
pub(super) fn read<T: DeserializeOwned>(
    index: usize,
    row: &RawValue,
    hidden: &[String],
) -> Result<T, BadRow> {
    let row = without(row, hidden);
    let mut json = serde_json::Deserializer::from_str(row.get());
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (column, message) = fault(&error);
        BadRow {
            index,
            id: id_of(&row),
            column,
            message,
            raw: RawJson::of(row.into_owned()),
        }
    })
}

/// The column at fault, and what is wrong with it.
fn fault(error: &serde_path_to_error::Error<serde_json::Error>) -> (Option<String>, String) {
    // The position is within one row: of no use to anyone.
    let inner = error.inner();
    let message = inner.to_string();
    let position = format!(" at line {} column {}", inner.line(), inner.column());
    let message = message.strip_suffix(&position).unwrap_or(&message);
    let column = match error.path().iter().next() {
        Some(Segment::Map { key }) => Some(key.as_str()),
        _ => None,
    };
    // serde's own words for a column as such.
    let faults = [
        ("missing field `", "the column is missing"),
        ("duplicate field `", "the column came twice"),
        ("unknown field `", "the column is unknown"),
    ];
    for (start, fault) in faults {
        let named = message.strip_prefix(start).and_then(|rest| rest.split_once('`'));
        if let Some((named, _)) = named
            && column.is_none_or(|column| column == named)
        {
            return (Some(named.to_owned()), fault.to_owned());
        }
    }
    (column.map(str::to_owned), message.to_owned())
}

fn id_of(row: &RawValue) -> Option<Uuid> {
    let [id] = raw::fields(row.get(), &["id"]).try_into().ok()?;
    serde_json::from_str(id?).ok()
}

/// The row without some of its columns, the others in their order and as they were written. What is no object has none.
fn without<'r>(row: &'r RawValue, hidden: &[String]) -> Cow<'r, RawValue> {
    if hidden.is_empty() {
        return Cow::Borrowed(row);
    }
    let shown = serde_json::from_str(row.get()).and_then(|mut columns: Extra| {
        columns.columns.retain(|(name, _)| !hidden.contains(name));
        to_raw_value(&columns)
    });
    shown.map_or(Cow::Borrowed(row), Cow::Owned)
}
