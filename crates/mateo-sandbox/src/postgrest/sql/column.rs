//! One column: its name, its type, and the values of all rows.

use std::borrow::Cow;

use mateo_model::ImportType;
use uuid::Uuid;

use super::error::SqlError;
use super::instant::Instant;
use super::jsonb::Json;
use super::literal;
use super::types::Type;
use super::value::Value;

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

impl Values {
    pub(super) fn nulls(of: Type, rows: usize) -> Self {
        match of {
            Type::Uuid => Self::Uuid(vec![None; rows]),
            Type::Timestamptz => Self::Timestamptz(vec![None; rows]),
            Type::Enum => {
                let known = ImportType::KNOWN.iter();
                Self::Enum(
                    known.map(|known| known.as_str().into()).collect(),
                    vec![None; rows],
                )
            }
            Type::Jsonb => Self::Jsonb(vec![None; rows]),
            Type::Text => Self::Text(vec![None; rows]),
            Type::Int4 => Self::Int4(vec![None; rows]),
            Type::Int8 => Self::Int8(vec![None; rows]),
            Type::Bool => Self::Bool(vec![None; rows]),
        }
    }
}

impl Column {
    pub(super) fn new(name: &str, required: bool, of: Type) -> Self {
        Self {
            name: name.into(),
            required,
            origin: Origin::Documented,
            values: Values::nulls(of, 0),
        }
    }

    /// A column that rows brought along, whose type a first value has yet to show.
    pub(super) fn undocumented(name: &str, of: Type, rows: usize) -> Self {
        Self {
            name: name.into(),
            required: false,
            origin: Origin::Unknown,
            values: Values::nulls(of, rows),
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

    /// Reads a JSON text as this column's type. A type of import that is newer than this release is added, as the
    /// server will have it one day.
    pub(super) fn read(&mut self, json: &str) -> Result<Value<'static>, SqlError> {
        let of = self.column_type();
        // Most values are a plain word or number, or a string without escapes: their text is what is written.
        let string = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let plain = string.or_else(|| json.bytes().all(|byte| byte.is_ascii_digit()).then_some(json));
        if let Some(text) = plain.filter(|text| of != Type::Jsonb && !text.contains('\\')) {
            return self.read_text(of, text);
        }
        match Json::parse(json)? {
            // As PostgreSQL's `json_populate_record` has it: JSON's null is the column's.
            Json::Null => Ok(Value::Null),
            json if of == Type::Jsonb => Ok(Value::Json(Cow::Owned(json.to_text()))),
            Json::String(text) => self.read_text(of, &text),
            json => self.read_text(of, &json.to_text()),
        }
    }

    fn read_text(&mut self, of: Type, text: &str) -> Result<Value<'static>, SqlError> {
        if let Values::Enum(labels, _) = &mut self.values
            && !labels.iter().any(|label| **label == *text)
            && u8::try_from(labels.len()).is_ok()
        {
            labels.push(text.into());
        }
        literal::parse(|label| self.label(label), None, of, text)
    }

    /// The position of a type of import among those in use.
    pub(super) fn label(&self, text: &str) -> Option<u8> {
        let Values::Enum(labels, _) = &self.values else {
            return None;
        };
        let position = labels.iter().position(|label| **label == *text)?;
        u8::try_from(position).ok()
    }

    /// Puts a value of this column's type into row `at`, which is there.
    pub(super) fn put(&mut self, at: usize, value: Value<'_>) {
        fn set<T>(rows: &mut [Option<T>], at: usize, value: Option<T>) {
            if let Some(row) = rows.get_mut(at) {
                *row = value;
            }
        }
        if self.origin == Origin::Unknown && !value.is_null() {
            self.origin = Origin::Shown;
        }
        match (&mut self.values, value) {
            (values, Value::Null) => each_vec!(values, rows => set(rows, at, None)),
            (Values::Uuid(rows), Value::Uuid(value)) => set(rows, at, Some(value)),
            (Values::Timestamptz(rows), Value::Instant(value)) => set(rows, at, Some(value)),
            (Values::Enum(_, rows), Value::Label(value, _)) => set(rows, at, Some(value)),
            (Values::Jsonb(rows), Value::Json(value)) | (Values::Text(rows), Value::Text(value)) => {
                set(rows, at, Some(value.into()));
            }
            (Values::Int4(rows), Value::Integer(value)) => set(rows, at, i32::try_from(value).ok()),
            (Values::Int8(rows), Value::Integer(value)) => set(rows, at, Some(value)),
            (Values::Bool(rows), Value::Bool(value)) => set(rows, at, Some(value)),
            // `read` makes values of the column's own type only.
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
