//! Casts of what is selected: `total_count::text`, `payload->n::int`, `created_at::date`.

use std::borrow::Cow;

use super::error::SqlError;
use super::instant::Instant;
use super::jsonb::{Json, canonical_number};
use super::literal::{self, is_blank};
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
    Json,
    Date,
    Timestamp,
}

impl Target {
    /// Finds the type `name` and whether values of type `from` can be cast to it.
    pub(crate) fn resolve(name: &str, from: Type) -> Result<Self, SqlError> {
        let lower = name.trim().to_ascii_lowercase();
        let target = match lower.as_str() {
            "text" | "varchar" | "character varying" => Self::Column(Type::Text),
            "int" | "integer" | "int4" => Self::Column(Type::Int4),
            "bigint" | "int8" => Self::Column(Type::Int8),
            "smallint" | "int2" => Self::SmallInt,
            "numeric" | "decimal" => Self::Numeric,
            "double precision" | "float8" | "float" | "real" | "float4" => Self::Float,
            "bool" | "boolean" => Self::Column(Type::Bool),
            "uuid" => Self::Column(Type::Uuid),
            "timestamptz" | "timestamp with time zone" => Self::Column(Type::Timestamptz),
            "timestamp" | "timestamp without time zone" => Self::Timestamp,
            "date" => Self::Date,
            "json" => Self::Json,
            "jsonb" => Self::Column(Type::Jsonb),
            "import_type" => Self::Column(Type::Enum),
            _ => return Err(SqlError::new("42704", format!("type \"{name}\" does not exist"))),
        };
        if target.takes(from) {
            Ok(target)
        } else {
            let message = format!("cannot cast type {} to {}", from.name(), target.name());
            Err(SqlError::new("42846", message))
        }
    }

    /// Whether PostgreSQL has a cast: any type to and from text, to itself, and those below.
    fn takes(self, from: Type) -> bool {
        match from {
            _ if self == Self::Column(Type::Text) || self == Self::Column(from) => true,
            Type::Text => true,
            Type::Int4 => self.is_number() || self == Self::Column(Type::Bool),
            Type::Int8 => self.is_number(),
            Type::Bool => self == Self::Column(Type::Int4),
            Type::Jsonb => self.is_number() || matches!(self, Self::Column(Type::Bool) | Self::Json),
            Type::Timestamptz => matches!(self, Self::Date | Self::Timestamp),
            Type::Uuid | Type::Enum => false,
        }
    }

    fn is_number(self) -> bool {
        self.is_integer() || matches!(self, Self::Numeric | Self::Float)
    }

    fn is_integer(self) -> bool {
        matches!(self, Self::Column(Type::Int4 | Type::Int8) | Self::SmallInt)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Column(of) => of.name(),
            Self::SmallInt => "smallint",
            Self::Numeric => "numeric",
            Self::Float => "double precision",
            Self::Json => "json",
            Self::Date => "date",
            Self::Timestamp => "timestamp without time zone",
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
            (target, Value::Integer(value)) => target.number(&value.to_string()),
            (target, Value::Text(text)) if target.is_integer() => {
                target.in_range(literal::integer(&text, Type::Int8)?, &text)
            }
            (target, Value::Text(text)) if target.is_number() => {
                let number = text.trim_matches(is_blank);
                let digits = match Json::parse(number) {
                    Ok(Json::Number(_)) => canonical_number(number)?,
                    _ => return Err(SqlError::invalid_text(target.name(), &text)),
                };
                target.number(&digits)
            }
            (Self::Column(of), Value::Text(text)) => {
                let value = literal::parse(|name| table.label(name), None, of, &text)?;
                Ok(match value {
                    Value::Label(position, _) => table.label_at(position),
                    value => value,
                })
            }
            (Self::Json, Value::Text(text)) => {
                Json::parse(&text)?;
                // As `json` it is kept as it was written.
                Ok(Value::Written(text.into_owned()))
            }
            (Self::Date | Self::Timestamp, Value::Text(text)) => {
                self.cast(table, Value::Instant(Instant::parse(&text, None)?))
            }
            (Self::Json | Self::Column(Type::Jsonb), value @ Value::Json(_)) => Ok(value),
            (target, Value::Json(json)) => match (target, Json::parse(&json)?) {
                (Self::Column(Type::Bool), Json::Bool(value)) => Ok(Value::Bool(value)),
                (target, Json::Number(digits)) if target.is_number() => target.number(&digits),
                (target, other) => Err(target.wrong_json(&other)),
            },
            (Self::Date, Value::Instant(time)) => Ok(Value::Written(format!("\"{}\"", time.to_date_text()))),
            (Self::Timestamp, Value::Instant(time)) => {
                Ok(Value::Written(format!("\"{}\"", time.to_local_text())))
            }
            (_, value) => Ok(value),
        }
    }

    /// A number without exponent, as a value of this type.
    fn number<'t>(self, digits: &str) -> Result<Value<'t>, SqlError> {
        match self {
            Self::Numeric => Ok(Value::Written(digits.to_owned())),
            Self::Float => {
                let value: f64 = digits.parse().unwrap_or_default();
                let is_common = value == 0.0 || (1e-4..1e15).contains(&value.abs());
                Ok(Value::Written(if is_common {
                    value.to_string()
                } else {
                    format!("{value:e}")
                }))
            }
            _ => self.in_range(rounded(digits).ok_or_else(|| self.out_of_range(digits))?, digits),
        }
    }

    fn in_range<'t>(self, value: i64, text: &str) -> Result<Value<'t>, SqlError> {
        let is_in_range = match self {
            Self::SmallInt => i16::try_from(value).is_ok(),
            Self::Column(Type::Int4) => i32::try_from(value).is_ok(),
            _ => true,
        };
        if is_in_range {
            Ok(Value::Integer(value))
        } else {
            Err(self.out_of_range(text))
        }
    }

    fn out_of_range(self, text: &str) -> SqlError {
        let message = format!("value \"{text}\" is out of range for type {}", self.name());
        SqlError::new("22003", message)
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
        let message = format!("cannot cast jsonb {kind} to type {}", self.name());
        SqlError::new("22023", message)
    }
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

/// The nearest whole number, halves away from zero.
fn rounded(digits: &str) -> Option<i64> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let up = i64::from(fraction.starts_with(|digit: char| digit >= '5'));
    let value: i64 = whole.parse().ok()?;
    if digits.starts_with('-') {
        value.checked_sub(up)
    } else {
        value.checked_add(up)
    }
}

#[cfg(test)]
mod tests;
