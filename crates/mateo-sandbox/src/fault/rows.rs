//! What faults make of the rows of a page. Each function says whether it had an effect.

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::{content::Content, reply::Answer};

/// The payload of the large row, in bytes.
pub(super) const LARGE_ROW_BYTES: usize = 16 << 20;

type Row = Box<RawValue>;

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
        let has = |column: &str| row.0.iter().any(|(name, _)| name == column);
        let columns = [
            "created_at",
            "updated_at",
            "total_count",
            "success_count",
            "failed_count",
        ];
        let column = columns.into_iter().find(|column| has(column));
        set(row, column.unwrap_or("created_at"), "\"yesterday\"")
    })
}

pub(super) fn unknown_type(answer: &mut Answer) -> bool {
    middle_row(answer, |row| set(row, "type", "\"note_details\""))
}

pub(super) fn large_row(answer: &mut Answer) -> bool {
    let payload = format!("[\"{}\"]", "x".repeat(LARGE_ROW_BYTES));
    middle_row(answer, |row| set(row, "payload", &payload))
}

pub(super) fn unknown_column(answer: &mut Answer) -> bool {
    change(answer, |rows| {
        let mut is_changed = false;
        for row in rows {
            is_changed |= edit(row, &|row| set(row, "hints", "[\"a hint\"]"));
        }
        is_changed
    })
}

fn middle_row(answer: &mut Answer, column: impl Fn(&mut columns::Object) -> bool) -> bool {
    change(answer, |rows| {
        let middle = rows.len() / 2;
        rows.get_mut(middle).is_some_and(|row| edit(row, &column))
    })
}

/// Changes the rows of a successful response whose body is an array; the others' bytes stay as they are.
fn change(answer: &mut Answer, change: impl FnOnce(&mut Vec<Row>) -> bool) -> bool {
    let is_changed = || {
        let body = answer.at_once().filter(|_| answer.head.status.is_success())?;
        let mut rows: Vec<Row> = serde_json::from_slice(&body).ok()?;
        let is_changed = change(&mut rows);
        is_changed.then(|| serde_json::to_vec(&rows).ok())?
    };
    let Some(body) = is_changed() else { return false };
    answer.range = 0..body.len() as u64;
    answer.content = Content::Bytes(Bytes::from(body));
    true
}

fn edit(row: &mut Row, change: &impl Fn(&mut columns::Object) -> bool) -> bool {
    let edited = || {
        let mut columns: columns::Object = serde_json::from_str(row.get()).ok()?;
        if !change(&mut columns) {
            return None;
        }
        RawValue::from_string(serde_json::to_string(&columns).ok()?).ok()
    };
    let Some(edited) = edited() else { return false };
    *row = edited;
    true
}

/// Sets `column` to a JSON text.
fn set(row: &mut columns::Object, column: &str, json: &str) -> bool {
    let Ok(value) = RawValue::from_string(json.to_owned()) else {
        return false;
    };
    match row.0.iter_mut().find(|(name, _)| name == column) {
        Some((_, cell)) => *cell = value,
        None => row.0.push((column.to_owned(), value)),
    }
    true
}

/// An object whose members keep their order.
mod columns {
    use std::fmt;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
    use serde_json::value::RawValue;

    pub(super) struct Object(pub(super) Vec<(String, Box<RawValue>)>);

    impl<'de> Deserialize<'de> for Object {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Members)
        }
    }

    struct Members;

    impl<'de> de::Visitor<'de> for Members {
        type Value = Object;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(Object(members))
        }
    }

    impl Serialize for Object {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
        }
    }
}
