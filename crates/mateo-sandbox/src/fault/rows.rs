//! What faults make of the rows of a page. Each function says whether it had an effect.

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::{content::Content, reply::Answer, row::Row};

/// The payload of the large row, in bytes.
pub(super) const LARGE_ROW_BYTES: usize = 16 << 20;

pub(super) fn backwards(answer: &mut Answer) -> bool {
    change(answer, |rows| {
        rows.reverse();
        rows.len() > 1
    })
}

pub(super) fn repeated_row(answer: &mut Answer) -> bool {
    change(answer, |rows| {
        let middle = rows.len() / 2;
        match rows.get(middle).cloned() {
            Some(row) => rows.insert(middle, row),
            None => return false,
        }
        true
    })
}

/// A value that its column's type does not have. The id stays, so that the row can be named.
pub(super) fn bad_row(answer: &mut Answer) -> bool {
    middle_row(answer, |row| {
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
    })
}

pub(super) fn unknown_type(answer: &mut Answer) -> bool {
    middle_row(answer, |row| row.set("type", "note_details"))
}

pub(super) fn large_row(answer: &mut Answer) -> bool {
    middle_row(answer, |row| row.set("payload", ["x".repeat(LARGE_ROW_BYTES)]))
}

pub(super) fn unknown_column(answer: &mut Answer) -> bool {
    change(answer, |rows| {
        let edited = rows
            .iter_mut()
            .map(|row| edit(row, |row| row.set("newer", ["a hint"])));
        edited.filter(|is_edited| *is_edited).count() > 0
    })
}

fn middle_row(answer: &mut Answer, change_row: impl FnOnce(Row) -> Row) -> bool {
    change(answer, |rows| {
        let middle = rows.len() / 2;
        rows.get_mut(middle).is_some_and(|row| edit(row, change_row))
    })
}

/// Changes the rows of a successful response whose body is an array; the others' bytes stay as they are.
fn change(answer: &mut Answer, change: impl FnOnce(&mut Vec<Box<RawValue>>) -> bool) -> bool {
    let is_changed = || {
        let body = answer.at_once().filter(|_| answer.head.status.is_success())?;
        let mut rows: Vec<Box<RawValue>> = serde_json::from_slice(&body).ok()?;
        let is_changed = change(&mut rows);
        is_changed.then(|| serde_json::to_vec(&rows).ok())?
    };
    let Some(body) = is_changed() else { return false };
    answer.range = 0..body.len() as u64;
    answer.content = Content::Bytes(Bytes::from(body));
    true
}

fn edit(row: &mut Box<RawValue>, change: impl FnOnce(Row) -> Row) -> bool {
    let read = Row::from_json(row.get()).ok();
    let edited = read.and_then(|row| change(row).to_json().ok());
    edited.map(|edited| *row = edited).is_some()
}
