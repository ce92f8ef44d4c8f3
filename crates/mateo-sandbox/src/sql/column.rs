//! One column: its name, its type, and the values of all rows.

use std::borrow::Cow;

use uuid::Uuid;

use super::SqlError;
use super::instant::Instant;
use super::jsonb::Json;
use super::literal;
use super::types::Type;
use super::value::Value;
use crate::row::Cell;

/// One column of the table.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: Box<str>,
    /// Whether every row has a value here.
    pub(crate) required: bool,
    pub(super) origin: Origin,
    pub(crate) values: Values,
}

/// Where a column's type comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// It is documented, and every value has to be of it.
    Documented,
    /// Nowhere yet: rows brought the column along, all with NULL.
    Unknown,
    /// The first value that isn't NULL; it gives way to JSON when another value is of another type.
    Shown,
}

/// The values of one column, by row.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    Uuid(Vec<Option<Uuid>>),
    Timestamptz(Vec<Option<Instant>>),
    /// The positions of values among the labels, in their declared order.
    Enum(Vec<Box<str>>, Vec<Option<u8>>),
    /// In PostgreSQL's text form of `jsonb`.
    Jsonb(Vec<Option<Box<str>>>),
    Text(Vec<Option<Box<str>>>),
    Int4(Vec<Option<i32>>),
    Int8(Vec<Option<i64>>),
    Bool(Vec<Option<bool>>),
}

/// A value ready to be put into a column of its type.
#[derive(Clone, Debug)]
pub(super) enum Ready {
    Null,
    Uuid(Uuid),
    Instant(Instant),
    Label(u8),
    NewLabel(Box<str>),
    Text(Box<str>),
    Int4(i32),
    Int8(i64),
    Bool(bool),
}

macro_rules! each_vec {
    ($values:expr, $rows:ident => $do:expr) => {
        match $values {
            Values::Uuid($rows) => $do,
            Values::Timestamptz($rows) => $do,
            Values::Enum(_, $rows) => $do,
            Values::Jsonb($rows) | Values::Text($rows) => $do,
            Values::Int4($rows) => $do,
            Values::Int8($rows) => $do,
            Values::Bool($rows) => $do,
        }
    };
}

impl Column {
    pub(super) fn new(name: &str, required: bool, values: Values) -> Self {
        Self {
            name: name.into(),
            required,
            origin: Origin::Documented,
            values,
        }
    }

    /// A column that rows brought along, whose type a first value has yet to show.
    pub(super) fn undocumented(name: &str, values: Values) -> Self {
        Self {
            origin: Origin::Unknown,
            ..Self::new(name, false, values)
        }
    }

    pub(crate) fn column_type(&self) -> Type {
        match self.values {
            Values::Uuid(_) => Type::Uuid,
            Values::Timestamptz(_) => Type::Timestamptz,
            Values::Enum(..) => Type::Enum,
            Values::Jsonb(_) => Type::Jsonb,
            Values::Text(_) => Type::Text,
            Values::Int4(_) => Type::Int4,
            Values::Int8(_) => Type::Int8,
            Values::Bool(_) => Type::Bool,
        }
    }

    pub(super) fn push_null(&mut self) {
        each_vec!(&mut self.values, rows => rows.push(None));
    }

    /// Keeps the rows for which `keep` holds.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        let mut kept = keep.iter().copied();
        each_vec!(&mut self.values, rows => rows.retain(|_| kept.next().unwrap_or(true)));
    }

    /// Reads `cell` as this column's type.
    pub(super) fn ready(&self, cell: Cell) -> Result<Ready, SqlError> {
        let of = self.column_type();
        match (cell, of) {
            (Cell::Null, _) => Ok(Ready::Null),
            (Cell::Uuid(uuid), Type::Uuid) => Ok(Ready::Uuid(uuid)),
            (Cell::Time(time), Type::Timestamptz) => Ok(Ready::Instant(Instant::from_chrono(time))),
            (Cell::Bool(value), Type::Bool) => Ok(Ready::Bool(value)),
            (Cell::Integer(value), Type::Int8) => Ok(Ready::Int8(value)),
            (Cell::Text(text), Type::Text) => Ok(Ready::Text(text.into())),
            (Cell::Text(text), Type::Jsonb) => {
                Ok(Ready::Text(Json::String(Cow::Owned(text)).to_text().into()))
            }
            (Cell::Json(text), _) => match Json::parse(&text)? {
                // As PostgreSQL's `json_populate_record` has it: JSON's null is the column's.
                Json::Null => Ok(Ready::Null),
                json if of == Type::Jsonb => Ok(Ready::Text(json.to_text().into())),
                Json::String(text) => self.ready_text(&text),
                json => self.ready_text(&json.to_text()),
            },
            (Cell::Text(text), _) => self.ready_text(&text),
            (Cell::Bool(value), _) => self.ready_text(if value { "true" } else { "false" }),
            (Cell::Integer(value), _) => self.ready_text(&value.to_string()),
            (Cell::Uuid(uuid), Type::Jsonb) => self.ready_text(&format!("\"{uuid}\"")),
            (Cell::Uuid(uuid), _) => self.ready_text(&uuid.to_string()),
            (Cell::Time(time), Type::Jsonb) => {
                let mut text = vec![b'"'];
                Instant::from_chrono(time).write_json(&mut text);
                text.push(b'"');
                Ok(Ready::Text(String::from_utf8(text).unwrap_or_default().into()))
            }
            (Cell::Time(time), _) => self.ready_text(&Instant::from_chrono(time).to_text()),
        }
    }

    fn ready_text(&self, text: &str) -> Result<Ready, SqlError> {
        Ok(match &self.values {
            Values::Uuid(_) => Ready::Uuid(literal::uuid(text)?),
            Values::Timestamptz(_) => Ready::Instant(Instant::parse(text, None)?),
            Values::Enum(labels, _) => {
                let known = labels.iter().position(|label| **label == *text);
                match known.map(u8::try_from) {
                    Some(Ok(position)) => Ready::Label(position),
                    _ if labels.len() > usize::from(u8::MAX) => {
                        return Err(SqlError::new("22P02", "too many types of import"));
                    }
                    // A type that is newer than this release, as the server will have one day.
                    _ => Ready::NewLabel(text.into()),
                }
            }
            Values::Jsonb(_) => Ready::Text(Json::parse(text)?.to_text().into()),
            Values::Text(_) => Ready::Text(text.into()),
            Values::Int4(_) => {
                let value = literal::integer(text, Type::Int4)?;
                Ready::Int4(i32::try_from(value).map_err(|_| SqlError::out_of_range(text, Type::Int4))?)
            }
            Values::Int8(_) => Ready::Int8(literal::integer(text, Type::Int8)?),
            Values::Bool(_) => Ready::Bool(literal::boolean(text)?),
        })
    }

    /// Puts a value of this column's type into row `at`, which is there.
    pub(super) fn put(&mut self, at: usize, value: Ready) {
        fn set<T>(rows: &mut [Option<T>], at: usize, value: Option<T>) {
            if let Some(row) = rows.get_mut(at) {
                *row = value;
            }
        }
        if self.origin == Origin::Unknown && !matches!(value, Ready::Null) {
            self.origin = Origin::Shown;
        }
        match (&mut self.values, value) {
            (values, Ready::Null) => each_vec!(values, rows => set(rows, at, None)),
            (Values::Uuid(rows), Ready::Uuid(value)) => set(rows, at, Some(value)),
            (Values::Timestamptz(rows), Ready::Instant(value)) => set(rows, at, Some(value)),
            (Values::Enum(_, rows), Ready::Label(value)) => set(rows, at, Some(value)),
            (Values::Enum(labels, rows), Ready::NewLabel(label)) => {
                let position = u8::try_from(labels.len()).ok();
                labels.push(label);
                set(rows, at, position);
            }
            (Values::Jsonb(rows) | Values::Text(rows), Ready::Text(value)) => set(rows, at, Some(value)),
            (Values::Int4(rows), Ready::Int4(value)) => set(rows, at, Some(value)),
            (Values::Int8(rows), Ready::Int8(value)) => set(rows, at, Some(value)),
            (Values::Bool(rows), Ready::Bool(value)) => set(rows, at, Some(value)),
            // `ready` makes values of the column's own type only.
            _ => {}
        }
    }

    /// The value of row `at`; NULL where there is none.
    pub(crate) fn value(&self, at: usize) -> Value<'_> {
        fn value<T>(rows: &[Option<T>], at: usize) -> Option<&T> {
            rows.get(at).and_then(Option::as_ref)
        }
        match &self.values {
            Values::Uuid(rows) => value(rows, at).map(|value| Value::Uuid(*value)),
            Values::Timestamptz(rows) => value(rows, at).map(|value| Value::Instant(*value)),
            Values::Enum(labels, rows) => value(rows, at).and_then(|position| {
                let label = labels.get(usize::from(*position))?;
                Some(Value::Label(*position, label))
            }),
            Values::Jsonb(rows) => value(rows, at).map(|value| Value::Json(Cow::Borrowed(value))),
            Values::Text(rows) => value(rows, at).map(|value| Value::Text(Cow::Borrowed(value))),
            Values::Int4(rows) => value(rows, at).map(|value| Value::Integer(i64::from(*value))),
            Values::Int8(rows) => value(rows, at).map(|value| Value::Integer(*value)),
            Values::Bool(rows) => value(rows, at).map(|value| Value::Bool(*value)),
        }
        .unwrap_or(Value::Null)
    }
}
