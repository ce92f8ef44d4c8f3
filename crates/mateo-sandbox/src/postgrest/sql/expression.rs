//! A field of a query on a table: a column, or a place inside its JSON.

use std::borrow::Cow;

use mateo_model::ast::{Arrow, Field, PathKey};

use super::instant::Instant;
use super::jsonb::path::{self, Step};
use super::literal;
use super::suggest;
use super::table::{Table, Tuple};
use super::types::Type;
use super::value::Value;
use crate::postgrest::error::Error;

/// Finds the fields of a query and reads its values. PostgreSQL looks at the types of a whole query before it reads any
/// value, so the first unreadable value is kept until everything else was found in order.
pub(crate) struct Compiler<'t> {
    pub(crate) table: &'t Table,
    pub(crate) now: Instant,
    pub(crate) deferred: Option<Error>,
}

/// A field, found in a table.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    column: usize,
    steps: Vec<Step>,
    /// Whether the last step is `->>`.
    text: bool,
    /// The type of its values.
    pub(crate) of: Type,
}

impl Compiler<'_> {
    /// Notes an error that PostgreSQL would report only if there was no other.
    pub(crate) fn defer<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.deferred.get_or_insert(error)).ok()
    }

    /// Reads a value of type `of`; NULL where it can't be read.
    pub(crate) fn value(&mut self, of: Type, text: &str) -> Value {
        let value = literal::parse(of, text, self.table.labels(), Some(self.now));
        self.defer(value).map_or(Value::Null, |value| value.comparable())
    }

    /// Finds `field`; a column that isn't JSON is taken as `to_jsonb` would turn it.
    pub(crate) fn expression(&mut self, field: &Field) -> Result<Expression, Error> {
        let name = until_nul(field.name());
        let Some(mut found) = Expression::of_column(self.table, name) else {
            return Err(suggest::unknown_column(self.table, name));
        };
        for (arrow, key) in field.path() {
            if found.text {
                return Err(Error::no_operator(Type::Text.name(), "->"));
            }
            found.text = *arrow == Arrow::Text;
            found.of = if found.text { Type::Text } else { Type::Jsonb };
            found.steps.push(match key {
                PathKey::Key(key) => Step::member(until_nul(key)),
                PathKey::Index(index) => {
                    self.defer(literal::integer(&index.to_string(), Type::Int4));
                    Step::Element(*index)
                }
            });
        }
        Ok(found)
    }
}

impl Expression {
    /// A whole column.
    pub(crate) fn of_column(table: &Table, name: &str) -> Option<Self> {
        let column = table.index_of(name)?;
        Some(Self {
            column,
            steps: Vec::new(),
            text: false,
            of: table.columns().get(column)?.of(),
        })
    }

    /// Whether it is a column whose values are compared as they are held.
    pub(crate) fn is_plain(&self) -> bool {
        self.steps.is_empty() && self.of != Type::Jsonb
    }

    /// Whether it is the primary key.
    pub(crate) fn is_id(&self, table: &Table) -> bool {
        self.steps.is_empty() && table.index_of("id") == Some(self.column)
    }

    /// The column's value in a row.
    pub(crate) fn column<'r>(&self, row: Tuple<'r>) -> &'r Value {
        row.value(self.column)
    }

    /// Its value in a row.
    pub(crate) fn evaluate<'r>(&self, row: Tuple<'r>) -> Cow<'r, Value> {
        let value = self.column(row);
        if self.steps.is_empty() || value.is_null() {
            return Cow::Borrowed(value);
        }
        let json = match value {
            Value::Json(text) => Cow::Borrowed(&**text),
            // A scalar that `to_jsonb` makes: it has no members, and one element, itself.
            scalar => Cow::Owned(scalar.to_json()),
        };
        Cow::Owned(match path::walk(&json, &self.steps) {
            None => Value::Null,
            Some(found) if self.text => Value::text_of(found),
            Some(found) => Value::Json(found.into()),
        })
    }

    /// The same, to be compared with others.
    pub(crate) fn comparable<'r>(&self, row: Tuple<'r>) -> Cow<'r, Value> {
        if self.is_plain() {
            return Cow::Borrowed(self.column(row));
        }
        match self.evaluate(row) {
            json if self.of == Type::Jsonb => Cow::Owned(json.comparable()),
            text => text,
        }
    }
}

/// PostgREST and PostgreSQL's client library both end a text at a NUL.
pub(crate) fn until_nul(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}
