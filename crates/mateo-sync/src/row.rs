//! One import as a copy holds it: a value for each known column, everything else as JSON.

use std::fmt;

use chrono::{DateTime, Utc};
use mateo_imports::model::timestamp;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::columns::Columns;
use mateo_imports::columns::ColumnKind;

/// The value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// SQL's NULL, and JSON's `null`.
    Null,
    /// A UUID.
    Uuid(Uuid),
    /// A point in time, to the microsecond.
    Timestamp(DateTime<Utc>),
    /// JSON text, as the server wrote it.
    Json(String),
    /// Text without NUL characters.
    Text(String),
    /// A whole number.
    Integer(i32),
}

/// An import as a copy holds it.
///
/// A row is never lost for a value that doesn't fit: a column that this release doesn't know, and a value that is not
/// of its column's type, are kept in [`extra`](Row::extra) as JSON. Only the id must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The import's id.
    pub id: Uuid,
    /// A value for each of the copy's columns, in their order; the first is the id.
    pub values: Vec<Value>,
    /// A JSON object of what has no column; `None` where there is nothing.
    pub extra: Option<String>,
}

/// Why a text is not an import: it is no JSON object, or has no id.
#[derive(Debug, thiserror::Error)]
#[error("not an import: {0}")]
pub struct RowError(String);

impl Row {
    /// Reads a row as the server sent it.
    ///
    /// # Errors
    ///
    /// If it is no JSON object with an `id`.
    pub fn read(json: &str, columns: &Columns) -> Result<Self, RowError> {
        let fields = fields(json).map_err(|error| RowError(error.to_string()))?;
        let mut values = vec![Value::Null; columns.len()];
        let mut extra = Vec::new();
        for (name, json) in fields {
            match columns.position(&name) {
                Some((index, kind)) => match read_value(json, kind) {
                    Some(value) => values[index] = value,
                    None => extra.push((name, json)),
                },
                None => extra.push((name, json)),
            }
        }
        match values.first() {
            Some(&Value::Uuid(id)) => Ok(Self {
                id,
                values,
                extra: object(&extra),
            }),
            _ => Err(RowError("it has no id".to_owned())),
        }
    }

    /// The row as one line of JSON: the columns in their order, then those of [`extra`](Row::extra).
    pub fn to_json(&self, columns: &Columns) -> String {
        let extra = self.extra.as_deref().and_then(|extra| fields(extra).ok());
        let extra = extra.unwrap_or_default();
        let mut text = String::from("{");
        for (column, value) in columns.iter().zip(&self.values) {
            // What did not fit its column comes with the others.
            if extra.iter().any(|(name, _)| name == column.name) {
                continue;
            }
            member(&mut text, column.name, &value_json(value));
        }
        for (name, json) in extra {
            member(&mut text, &name, json.get());
        }
        text.push('}');
        text
    }

    /// The time in a column of that name; `None` where there is none.
    pub fn time(&self, columns: &Columns, name: &str) -> Option<DateTime<Utc>> {
        match self.value(columns, name)? {
            Value::Timestamp(time) => Some(*time),
            _ => None,
        }
    }

    /// The value of a column of that name.
    pub fn value(&self, columns: &Columns, name: &str) -> Option<&Value> {
        let (index, _) = columns.position(name)?;
        self.values.get(index)
    }

    /// Moves a column's value into [`extra`](Row::extra), for a database that can't hold it.
    pub fn set_aside(&mut self, columns: &Columns, index: usize) {
        let (Some(column), Some(value)) = (columns.get(index), self.values.get_mut(index)) else {
            return;
        };
        let json = value_json(&std::mem::replace(value, Value::Null));
        let mut text = match self.extra.take() {
            Some(mut extra) => {
                extra.pop();
                extra
            }
            None => String::from("{"),
        };
        member(&mut text, column.name, &json);
        text.push('}');
        self.extra = Some(text);
    }
}

#[cfg(any(test, feature = "postgres", feature = "sqlite"))]
/// Takes the values of columns that have become known out of an `extra`: the values that fit, by their columns'
/// places in `wanted`, and what remains. `holds` says which JSON the database can hold.
pub(crate) fn promote(
    extra: &str,
    wanted: &[(&str, ColumnKind)],
    holds: impl Fn(&str) -> bool,
) -> (Vec<Value>, Option<String>) {
    let mut values = vec![Value::Null; wanted.len()];
    let mut rest = Vec::new();
    for (name, json) in fields(extra).unwrap_or_default() {
        let place = wanted.iter().position(|(column, _)| *column == name);
        let value = place.and_then(|place| Some((place, read_value(json, wanted.get(place)?.1)?)));
        match value {
            Some((_, Value::Json(json_text))) if !holds(&json_text) => rest.push((name, json)),
            Some((place, value)) => {
                if let Some(kept) = values.get_mut(place) {
                    *kept = value;
                }
            }
            None => rest.push((name, json)),
        }
    }
    (values, object(&rest))
}

/// The value, where it is of the column's kind.
fn read_value(json: &RawValue, kind: ColumnKind) -> Option<Value> {
    let text = json.get();
    if text == "null" {
        return Some(Value::Null);
    }
    match kind {
        ColumnKind::Json => Some(Value::Json(text.to_owned())),
        ColumnKind::Integer => text.parse().ok().map(Value::Integer),
        ColumnKind::Uuid => {
            let text: &str = serde_json::from_str(text).ok()?;
            Uuid::parse_str(text).ok().map(Value::Uuid)
        }
        ColumnKind::Timestamp => {
            let text: &str = serde_json::from_str(text).ok()?;
            timestamp::parse(text).ok().map(Value::Timestamp)
        }
        ColumnKind::Text | ColumnKind::ImportType => {
            let text: String = serde_json::from_str(text).ok()?;
            // No database holds it in a text, and SQLite's own functions end there.
            (!text.contains('\0')).then_some(Value::Text(text))
        }
    }
}

fn value_json(value: &Value) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    match value {
        Value::Null => "null".to_owned(),
        Value::Uuid(id) => quoted(&id.to_string()),
        Value::Timestamp(time) => quoted(&timestamp::display(*time).to_string()),
        Value::Json(json) => json.clone(),
        Value::Text(text) => quoted(text),
        Value::Integer(number) => number.to_string(),
    }
}

fn object(fields: &[(String, &RawValue)]) -> Option<String> {
    if fields.is_empty() {
        return None;
    }
    let mut text = String::from("{");
    for (name, json) in fields {
        member(&mut text, name, json.get());
    }
    text.push('}');
    Some(text)
}

fn member(text: &mut String, name: &str, json: &str) {
    if text.len() > 1 {
        text.push(',');
    }
    text.push_str(&serde_json::Value::from(name).to_string());
    text.push(':');
    text.push_str(json);
}

/// The members of an object, in their order; of one that comes twice the last counts.
fn fields(json: &str) -> Result<Vec<(String, &RawValue)>, serde_json::Error> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a row")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members: Self::Value = Vec::with_capacity(16);
            while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                match members.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => *known = value,
                    None => members.push((name, value)),
                }
            }
            Ok(members)
        }
    }

    let mut reader = serde_json::Deserializer::from_str(json);
    let members = reader.deserialize_map(Members)?;
    reader.end()?;
    Ok(members)
}

#[cfg(test)]
mod tests {
    use mateo_imports::columns::ColumnKind;

    use super::{Row, Value, promote};
    use crate::columns::Columns;

    const ROW: &str = r#"{"id":"d419c772-3226-4b94-bc3a-e353fb14628e","created_at":"2025-01-01T00:00:00+00:00","updated_at":"2025-01-01T00:00:00.00001+00:00","organisation_id":"f6fadfa7-e5c1-4b62-9362-da5cc13da58a","type":"contact_details","payload":[{"n": 1.0}],"contact_list_id":null,"failed_url":null,"payload_url":null,"total_count":100,"success_count":33,"failed_count":0,"reference_id":"a \"b\"","newer":["x"],"nothing":null}"#;

    /// The columns of [`ROW`], however many the model knows.
    fn columns() -> Columns {
        let known = &mateo_imports::columns::ALL[..13];
        Columns::of(
            &known
                .iter()
                .map(|column| (column.name, column.kind))
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn a_row_is_written_back_as_it_came() {
        let columns = columns();
        let row = Row::read(ROW, &columns).unwrap();
        assert_eq!(row.to_json(&columns), ROW);
        assert_eq!(row.extra.as_deref(), Some(r#"{"newer":["x"],"nothing":null}"#));
    }

    #[test]
    fn a_value_that_is_not_of_its_columns_type_is_kept_in_extra() {
        let columns = columns();
        let odd = ROW
            .replace(":100,", ":\"many\",")
            .replace("\"2025-01-01T00:00:00+00:00\"", "\"infinity\"")
            .replace(r#""a \"b\"""#, r#""nul \u0000""#);
        let row = Row::read(&odd, &columns).unwrap();
        assert_eq!(row.value(&columns, "total_count"), Some(&Value::Null));
        assert_eq!(row.time(&columns, "created_at"), None);
        let back: serde_json::Value = serde_json::from_str(&row.to_json(&columns)).unwrap();
        assert_eq!(back, serde_json::from_str::<serde_json::Value>(&odd).unwrap());
    }

    #[test]
    fn what_a_database_can_not_hold_is_set_aside_and_not_lost() {
        let columns = columns();
        for json in [ROW, &ROW.replace(r#","newer":["x"],"nothing":null"#, "")] {
            let mut row = Row::read(json, &columns).unwrap();
            row.set_aside(&columns, 5);
            assert_eq!(row.values[5], Value::Null);
            let back: serde_json::Value = serde_json::from_str(&row.to_json(&columns)).unwrap();
            assert_eq!(back, serde_json::from_str::<serde_json::Value>(json).unwrap());
        }
    }

    #[test]
    fn a_text_without_an_id_is_no_row() {
        let columns = Columns::known();
        for text in ["", "[]", "{}", r#"{"id":7}"#, r#"{"id":null}"#, "{} {}"] {
            assert!(Row::read(text, &columns).is_err(), "{text}");
        }
    }

    #[test]
    fn columns_that_become_known_move_out_of_extra_where_their_values_fit() {
        let extra = r#"{"newer":["x"],"rank":7,"other":null}"#;
        let (values, rest) = promote(
            extra,
            &[("newer", ColumnKind::Json), ("rank", ColumnKind::Text)],
            |_| true,
        );
        assert_eq!(values, [Value::Json(r#"["x"]"#.to_owned()), Value::Null]);
        assert_eq!(rest.as_deref(), Some(r#"{"rank":7,"other":null}"#));
        assert_eq!(
            promote(r#"{"newer":null}"#, &[("newer", ColumnKind::Json)], |_| true).1,
            None
        );
    }
}
