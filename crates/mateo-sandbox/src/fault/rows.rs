//! What faults make of the rows of a page. Each function says whether it had an effect.

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::content::Content;
use crate::reply::Answer;
use crate::row::Row;

/// The payload of the large row, in bytes.
pub(super) const LARGE_ROW_BYTES: usize = 16 << 20;

pub(super) fn repeated_row(answer: &mut Answer) -> bool {
    change(answer, |rows| {
        let middle = rows.len() / 2;
        let row = rows.get(middle).cloned();
        row.map(|row| rows.insert(middle, row)).is_some()
    })
}

/// The row with a value that its column's type does not have. The id stays, so that the row can be named.
pub(super) fn bad_row(row: Row) -> Row {
    let columns = [
        "created_at",
        "updated_at",
        "total_count",
        "success_count",
        "failed_count",
    ];
    let has = |column: &&str| row.columns().any(|(name, _)| name == *column);
    let column = columns.into_iter().find(has);
    row.set(column.unwrap_or("created_at"), "yesterday")
}

pub(super) fn unknown_column(answer: &mut Answer) -> bool {
    change(answer, |rows| {
        let edited = rows
            .iter_mut()
            .map(|row| edit(row, |row| row.set("newer", ["a hint"])));
        edited.filter(|is_edited| *is_edited).count() > 0
    })
}

pub(super) fn middle_row(answer: &mut Answer, change_row: impl FnOnce(Row) -> Row) -> bool {
    change(answer, |rows| {
        let middle = rows.len() / 2;
        rows.get_mut(middle).is_some_and(|row| edit(row, change_row))
    })
}

/// Changes the rows of a successful response whose body is an array; the others' bytes stay as they are.
pub(super) fn change(answer: &mut Answer, change: impl FnOnce(&mut Vec<Box<RawValue>>) -> bool) -> bool {
    let changed = || {
        let body = answer.at_once().filter(|_| answer.head.status.is_success())?;
        let mut rows: Vec<Box<RawValue>> = serde_json::from_slice(&body).ok()?;
        change(&mut rows).then(|| serde_json::to_vec(&rows).ok())?
    };
    let Some(body) = changed() else { return false };
    answer.range = 0..body.len() as u64;
    answer.content = Content::Bytes(Bytes::from(body));
    true
}

fn edit(row: &mut Box<RawValue>, change: impl FnOnce(Row) -> Row) -> bool {
    let read = Row::from_json(row.get()).ok();
    let edited = read.and_then(|row| change(row).to_json().ok());
    edited.map(|edited| *row = edited).is_some()
}
