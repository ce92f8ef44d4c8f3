//! A field of a query on a table: a column, or a place inside its JSON.

use std::borrow::Cow;

use mateo_model::ast::{Arrow, Field, PathKey};

use super::column::Column;
use super::error::SqlError;
use super::jsonb::path::{self, Step};
use super::suggest;
use super::table::Table;
use super::types::Type;
use super::value::Value;

/// A field, found in a table.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    pub(crate) column: usize,
    pub(crate) column_type: Type,
    steps: Vec<Step>,
    /// Whether the last step is `->>`.
    text: bool,
    /// An index that is no integer, which PostgreSQL finds out after it has looked at all types.
    pub(crate) deferred: Option<SqlError>,
}

impl Expression {
    /// Finds `field`; a column that isn't JSON is taken as `to_jsonb` would turn it.
    pub(crate) fn resolve(table: &Table, field: &Field) -> Result<Self, SqlError> {
        let name = until_nul(field.name());
        let Some(column) = table.index_of(name) else {
            return Err(suggest::unknown_column(table, name));
        };
        let column_type = table
            .columns()
            .get(column)
            .map_or(Type::Text, Column::column_type);
        let mut found = Self {
            column,
            column_type,
            steps: Vec::with_capacity(field.path().len()),
            text: false,
            deferred: None,
        };
        for step in field.path() {
            if found.text {
                return Err(SqlError::no_operator(Type::Text, "->"));
            }
            found.text = step.arrow == Arrow::Text;
            found.steps.push(match &step.key {
                PathKey::Key(key) => Step::member(until_nul(key)),
                PathKey::Index(index) => {
                    if i32::try_from(*index).is_err() && found.deferred.is_none() {
                        found.deferred = Some(SqlError::out_of_range(&index.to_string(), Type::Int4));
                    }
                    Step::Element(*index)
                }
            });
        }
        Ok(found)
    }

    /// A whole column.
    pub(crate) fn of_column(index: usize, column: &Column) -> Self {
        Self {
            column: index,
            column_type: column.column_type(),
            steps: Vec::new(),
            text: false,
            deferred: None,
        }
    }

    /// The type of its values.
    pub(crate) fn result_type(&self) -> Type {
        if self.steps.is_empty() {
            self.column_type
        } else if self.text {
            Type::Text
        } else {
            Type::Jsonb
        }
    }

    /// Whether it is a whole column.
    pub(crate) fn is_column(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether it is the primary key.
    pub(crate) fn is_id(&self, table: &Table) -> bool {
        self.is_column()
            && table
                .columns()
                .get(self.column)
                .is_some_and(|column| &*column.name == "id")
    }

    /// Its value in row `at`.
    pub(crate) fn evaluate<'t>(&self, table: &'t Table, at: usize) -> Value<'t> {
        let value = table.value(self.column, at);
        if self.steps.is_empty() || value.is_null() {
            return value;
        }
        match Self::json_of(value) {
            Cow::Borrowed(json) => match path::walk(json, &self.steps) {
                Some(found) if self.text => path::as_text(found),
                Some(found) => Value::Json(Cow::Borrowed(found)),
                None => Value::Null,
            },
            // A scalar that `to_jsonb` made: it has no members, and one element, itself.
            Cow::Owned(json) => match path::walk(&json, &self.steps) {
                Some(found) if self.text => path::as_text(found).into_owned(),
                Some(found) => Value::Json(Cow::Owned(found.to_owned())),
                None => Value::Null,
            },
        }
    }

    fn json_of(value: Value<'_>) -> Cow<'_, str> {
        match value {
            Value::Json(text) => text,
            value => {
                let mut out = Vec::new();
                value.write_json(&mut out);
                Cow::Owned(String::from_utf8(out).unwrap_or_default())
            }
        }
    }
}

/// PostgREST and PostgreSQL's client library both end a text at a NUL.
pub(crate) fn until_nul(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}
