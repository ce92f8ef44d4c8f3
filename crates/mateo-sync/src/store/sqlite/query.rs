//! Questions about a copy, from a connection that can change nothing.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::{SqliteStore, failed};
use crate::store::{StoreError, StoreErrorKind};

impl SqliteStore {
    /// Runs one `SELECT` over a copy, read only, also while a run writes to it. Each row goes to `row` as the names of its
    /// columns and a JSON object, until that says `false`.
    ///
    /// # Errors
    ///
    /// SQL that can't be run or is no query is [`StoreErrorKind::Usage`].
    pub fn query(
        path: impl AsRef<Path>,
        sql: &str,
        mut row: impl FnMut(&[String], String) -> bool,
    ) -> Result<(), StoreError> {
        let path = path.as_ref();
        if !path.exists() {
            let text = format!("there is no copy at {}", path.display());
            return Err(StoreError::new(StoreErrorKind::Unavailable, text));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| failed(error, path))?;
        let usage =
            |what: &str| StoreError::new(StoreErrorKind::Usage, format!("the query can't be run: {what}"));
        let mut statement = connection.prepare(sql).map_err(|error| match error {
            rusqlite::Error::SqliteFailure(_, Some(what)) => usage(&what),
            rusqlite::Error::SqlInputError { msg, .. } => usage(&msg),
            error if error.sqlite_error_code().is_none() => usage(&error.to_string()),
            error => failed(error, path),
        })?;
        if !statement.readonly() || statement.column_count() == 0 {
            return Err(usage("it is no SELECT, and the copy is not to be changed"));
        }
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([]).map_err(|error| usage(&error.to_string()))?;
        while let Some(found) = rows.next().map_err(|error| failed(error, path))? {
            let mut text = String::from("{");
            for (index, name) in names.iter().enumerate() {
                let value = found.get_ref(index).map_err(|error| failed(error, path))?;
                let comma = if index > 0 { "," } else { "" };
                text.push_str(&[comma, &Value::from(name.as_str()).to_string(), ":", &json(value)].concat());
            }
            text.push('}');
            if !row(&names, text) {
                break;
            }
        }
        Ok(())
    }
}

fn json(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(bytes) => hex(bytes).into(),
    }
    .to_string()
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
