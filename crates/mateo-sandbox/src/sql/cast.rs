//! Casts of what is selected: `total_count::text`, `payload->n::int`, `created_at::date`.

mod number;

use std::borrow::Cow;

use super::SqlError;
use super::instant::Instant;
use super::jsonb::Json;
use super::literal;
use super::table::Table;
use super::types::Type;
use super::value::Value;

/// What a value is cast to, from a type that can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// One of the types that columns have.
    Column(Type),
    SmallInt,
    Numeric,
    Float,
    Real,
    Json,
    Date,
    Timestamp,
}

/// Names of types that PostgreSQL has and nothing here can be cast to, except from text, which this doesn't do.
const OTHER_TYPES: [&str; 22] = [
    "bit",
    "box",
    "bytea",
    "cidr",
    "circle",
    "inet",
    "interval",
    "int4range",
    "lseg",
    "macaddr",
    "money",
    "oid",
    "path",
    "point",
    "polygon",
    "regclass",
    "time",
    "timetz",
    "tsquery",
    "tsvector",
    "varbit",
    "xml",
];

impl Target {
    /// Finds the type `name` and whether values of type `from` can be cast to it.
    pub(crate) fn resolve(name: &str, from: Type) -> Result<Self, SqlError> {
        let lower = name.trim().to_ascii_lowercase();
        let words: Vec<&str> = lower.split_ascii_whitespace().collect();
        let plain = words.join(" ");
        let plain = plain.strip_prefix("pg_catalog.").unwrap_or(&plain);
        let target = match plain {
            "text" | "varchar" | "character varying" | "name" | "char" | "character" | "bpchar" => {
                Self::Column(Type::Text)
            }
            "int" | "integer" | "int4" => Self::Column(Type::Int4),
            "bigint" | "int8" => Self::Column(Type::Int8),
            "smallint" | "int2" => Self::SmallInt,
            "numeric" | "decimal" | "dec" => Self::Numeric,
            "double precision" | "float8" | "float" => Self::Float,
            "real" | "float4" => Self::Real,
            "bool" | "boolean" => Self::Column(Type::Bool),
            "uuid" => Self::Column(Type::Uuid),
            "timestamptz" | "timestamp with time zone" => Self::Column(Type::Timestamptz),
            "timestamp" | "timestamp without time zone" => Self::Timestamp,
            "date" => Self::Date,
            "json" => Self::Json,
            "jsonb" => Self::Column(Type::Jsonb),
            "import_type" | "public.import_type" => Self::Column(Type::Enum),
            other if OTHER_TYPES.contains(&other) => return Err(cannot_cast(from, other)),
            _ => {
                return Err(SqlError::new("42704", format!("type \"{plain}\" does not exist")));
            }
        };
        if target.takes(from) {
            Ok(target)
        } else {
            Err(cannot_cast(from, plain))
        }
    }

    /// Whether PostgreSQL has a cast: any type to and from text, to itself, and those below.
    fn takes(self, from: Type) -> bool {
        if from == Type::Text || self == Self::Column(Type::Text) || self == Self::Column(from) {
            return true;
        }
        let is_number = matches!(
            self,
            Self::Column(Type::Int4 | Type::Int8) | Self::SmallInt | Self::Numeric | Self::Float | Self::Real
        );
        match from {
            Type::Int4 => is_number || self == Self::Column(Type::Bool),
            Type::Int8 => is_number,
            Type::Bool => self == Self::Column(Type::Int4),
            Type::Jsonb => is_number || matches!(self, Self::Column(Type::Bool) | Self::Json),
            Type::Timestamptz => matches!(self, Self::Date | Self::Timestamp),
            Type::Uuid | Type::Enum | Type::Text => false,
        }
    }

    /// Whether a value may turn out not to be of the type.
    pub(crate) fn can_fail(self) -> bool {
        self != Self::Column(Type::Text)
    }

    /// Casts a value that isn't NULL.
    pub(crate) fn cast<'t>(self, table: &'t Table, value: Value<'t>) -> Result<Value<'t>, SqlError> {
        match (self, value) {
            (Self::Column(Type::Text), value) => Ok(Value::Text(text_of(value))),
            (Self::Column(Type::Int4), Value::Bool(value)) => Ok(Value::Integer(i64::from(value))),
            (Self::Column(Type::Bool), Value::Integer(value)) => Ok(Value::Bool(value != 0)),
            (Self::Column(of), Value::Text(text)) => {
                literal::parse(|name| table.label(name), None, of, &text).map(|value| match value {
                    Value::Label(position, _) => table.label_at(position),
                    value => value,
                })
            }
            (Self::Column(Type::Bool), Value::Json(json)) => match Json::parse(&json)? {
                Json::Bool(value) => Ok(Value::Bool(value)),
                other => Err(self.wrong_json(&other)),
            },
            (Self::Json, Value::Text(text)) => {
                Json::parse(&text)?;
                // As `json` it is kept as it was written.
                Ok(Value::Written(text.into_owned()))
            }
            (Self::Json | Self::Column(Type::Jsonb), value @ Value::Json(_)) => Ok(value),
            (Self::Date, Value::Instant(time)) => Ok(Value::Written(format!("\"{}\"", time.to_date_text()))),
            (Self::Timestamp, Value::Instant(time)) => {
                Ok(Value::Written(format!("\"{}\"", time.to_local_text())))
            }
            (Self::Date | Self::Timestamp, Value::Text(text)) => {
                self.cast(table, Value::Instant(Instant::parse(&text, None)?))
            }
            (target, value) if target.is_number() => target.number(value),
            (_, value) => Ok(value),
        }
    }

    fn is_number(self) -> bool {
        matches!(
            self,
            Self::Column(Type::Int4 | Type::Int8) | Self::SmallInt | Self::Numeric | Self::Float | Self::Real
        )
    }

    fn name(self) -> &'static str {
        match self {
            Self::Column(of) => of.name(),
            Self::SmallInt => "smallint",
            Self::Numeric => "numeric",
            Self::Float => "double precision",
            Self::Real => "real",
            Self::Json => "json",
            Self::Date => "date",
            Self::Timestamp => "timestamp without time zone",
        }
    }

    fn wrong_json(self, json: &Json<'_>) -> SqlError {
        let kind = match json {
            Json::Null => "null",
            Json::String(_) => "string",
            Json::Number(_) => "numeric",
            Json::Bool(_) => "boolean",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        };
        SqlError::new(
            "22023",
            format!("cannot cast jsonb {kind} to type {}", self.name()),
        )
    }
}

fn cannot_cast(from: Type, to: &str) -> SqlError {
    SqlError::new("42846", format!("cannot cast type {} to {to}", from.name()))
}

/// What a value's type writes.
fn text_of(value: Value<'_>) -> Cow<'_, str> {
    match value {
        Value::Text(text) | Value::Json(text) => text,
        Value::Label(_, label) => Cow::Borrowed(label),
        Value::Instant(time) => Cow::Owned(time.to_text()),
        Value::Integer(value) => Cow::Owned(value.to_string()),
        Value::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        Value::Uuid(value) => Cow::Owned(value.to_string()),
        Value::Written(text) => Cow::Owned(text),
        Value::Null => Cow::Borrowed(""),
    }
}

#[cfg(test)]
mod tests;
