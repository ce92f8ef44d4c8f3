//! Columns that rows bring along: the API's rows grow (API.md, "Response"), and so does the table.

use super::Table;
use crate::row::{Cell, Row};
use crate::sql::column::{Column, Origin, Values};
use crate::sql::jsonb::Json;
use crate::sql::types::Type;
use crate::sql::value::Value;

impl Table {
    /// Adds the columns of `row` that the table doesn't have, and makes room for values of another type than before.
    pub(super) fn add_columns(&mut self, row: &Row) {
        let rows = self.live.len();
        for (name, cell) in row.cells() {
            match self.index_of(name).and_then(|index| self.columns.get_mut(index)) {
                None => {
                    let of = type_of(cell).unwrap_or(Type::Text);
                    self.columns.push(Column::undocumented(name, nulls(of, rows)));
                }
                Some(column) => match (column.origin, type_of(cell)) {
                    (Origin::Documented, _) | (_, None) => {}
                    (Origin::Unknown, Some(of)) => column.values = nulls(of, rows),
                    (Origin::Shown, Some(of)) if of == column.column_type() => {}
                    (Origin::Shown, Some(_)) => column.values = as_json(column, rows),
                },
            }
        }
    }
}

/// The type that a value shows; `None` of NULL.
fn type_of(cell: &Cell) -> Option<Type> {
    Some(match cell {
        Cell::Null => return None,
        Cell::Bool(_) => Type::Bool,
        Cell::Integer(_) => Type::Int8,
        Cell::Uuid(_) => Type::Uuid,
        Cell::Time(_) => Type::Timestamptz,
        Cell::Text(_) => Type::Text,
        Cell::Json(text) => match Json::parse(text) {
            Ok(Json::Null) => return None,
            Ok(Json::Bool(_)) => Type::Bool,
            Ok(Json::Number(digits)) if digits.parse::<i64>().is_ok() => Type::Int8,
            Ok(Json::String(_)) => Type::Text,
            _ => Type::Jsonb,
        },
    })
}

fn nulls(of: Type, rows: usize) -> Values {
    match of {
        Type::Bool => Values::Bool(vec![None; rows]),
        Type::Int4 | Type::Int8 => Values::Int8(vec![None; rows]),
        Type::Uuid => Values::Uuid(vec![None; rows]),
        Type::Timestamptz => Values::Timestamptz(vec![None; rows]),
        Type::Text | Type::Enum => Values::Text(vec![None; rows]),
        Type::Jsonb => Values::Jsonb(vec![None; rows]),
    }
}

/// The values of a column as JSON, which holds values of any type.
fn as_json(column: &Column, rows: usize) -> Values {
    let json = |at| match column.value(at) {
        Value::Null => None,
        value => {
            let mut text = Vec::new();
            value.write_json(&mut text);
            String::from_utf8(text).ok().map(Into::into)
        }
    };
    Values::Jsonb((0..rows).map(json).collect())
}
