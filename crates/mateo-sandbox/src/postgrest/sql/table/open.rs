//! Columns that rows bring along: the API's rows grow (API.md, "Response"), and so does the table.

use super::Table;
use crate::postgrest::sql::column::{Column, Origin, Values};
use crate::postgrest::sql::jsonb::Json;
use crate::postgrest::sql::types::Type;
use crate::postgrest::sql::value::Value;
use crate::row::Row;

impl Table {
    /// Adds the columns of `row` that the table doesn't have, and makes room for values of another type than before.
    pub(super) fn add_columns(&mut self, row: &Row) {
        let rows = self.live.len();
        for (nth, (name, json)) in row.columns().enumerate() {
            match self
                .index_near(nth, name)
                .and_then(|index| self.columns.get_mut(index))
            {
                None => {
                    let of = type_of(json).unwrap_or(Type::Text);
                    self.columns.push(Column::undocumented(name, of, rows));
                }
                Some(column) if column.origin == Origin::Documented => {}
                Some(column) => match type_of(json) {
                    None => {}
                    Some(of) if column.origin == Origin::Unknown => column.values = Values::nulls(of, rows),
                    Some(of) if of == column.column_type() => {}
                    Some(_) => column.values = as_json(column, rows),
                },
            }
        }
    }
}

/// The type that a value shows; `None` of null.
fn type_of(json: &str) -> Option<Type> {
    match Json::parse(json) {
        Ok(Json::Null) => None,
        Ok(Json::Bool(_)) => Some(Type::Bool),
        Ok(Json::Number(digits)) if digits.parse::<i64>().is_ok() => Some(Type::Int8),
        Ok(Json::String(_)) => Some(Type::Text),
        _ => Some(Type::Jsonb),
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
