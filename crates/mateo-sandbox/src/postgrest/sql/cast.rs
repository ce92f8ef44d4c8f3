//! Casts of what is selected: `total_count::text`, `payload->n::int`, `created_at::date`.

use std::sync::Arc;

use super::jsonb::Json;
use super::literal;
use super::types::Type;
use super::value::Value;
use crate::postgrest::error::Error;

/// Finds the type `name`, to which values of type `from` can be cast.
pub(crate) fn target(name: &str, from: Type) -> Result<Type, Error> {
    let Some(to) = Type::named(name) else {
        return Err(Error::new("42704", format!("type \"{name}\" does not exist")));
    };
    if exists(from, to) {
        return Ok(to);
    }
    let message = format!("cannot cast type {} to {}", from.name(), to.name());
    Err(Error::new("42846", message))
}

/// Whether PostgreSQL has a cast: any type to and from text, to itself, and those below.
fn exists(from: Type, to: Type) -> bool {
    match from {
        _ if to == Type::Text || to == from => true,
        Type::Text => true,
        Type::Int4 | Type::Jsonb => to.is_number() || to == Type::Bool,
        Type::Int8 => to.is_number(),
        Type::Bool => to == Type::Int4,
        Type::Timestamptz => to == Type::Date,
        _ => false,
    }
}

/// Casts a value that isn't NULL to a type that [`target`] found; `labels` are those of the enum.
pub(crate) fn cast(value: &Value, to: Type, labels: &[Arc<str>]) -> Result<Value, Error> {
    Ok(match (to, value) {
        (Type::Text, value) => Value::Text(value.to_text()),
        (to, Value::Text(text)) => literal::parse(to, text, labels, None)?,
        (Type::Int4, Value::Bool(value)) => Value::Integer(i64::from(*value)),
        (Type::Bool, Value::Integer(value)) => Value::Bool(*value != 0),
        (to, Value::Integer(value)) => number(to, &value.to_string())?,
        (Type::Date, Value::Instant(time)) => Value::Text(time.to_date_text().into()),
        (to, Value::Json(text)) if to != Type::Jsonb => match Json::parse(text)? {
            Json::Bool(value) if to == Type::Bool => Value::Bool(value),
            Json::Number(digits) if to.is_number() => number(to, digits.as_str())?,
            other => {
                let message = format!("cannot cast jsonb {} to type {}", other.kind(), to.name());
                return Err(Error::new("22023", message));
            }
        },
        (_, value) => value.clone(),
    })
}

/// A number without exponent; as an integer it is the nearest, halves away from zero.
fn number(to: Type, digits: &str) -> Result<Value, Error> {
    if to == Type::Numeric {
        return Ok(Value::Json(digits.into()));
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let away = match fraction.starts_with(['5', '6', '7', '8', '9']) {
        false => 0,
        true if digits.starts_with('-') => -1,
        true => 1,
    };
    let nearest = whole
        .parse::<i64>()
        .ok()
        .and_then(|whole| whole.checked_add(away));
    let nearest = nearest.ok_or_else(|| Error::out_of_range(digits, to.name()))?;
    literal::integer(&nearest.to_string(), to).map(Value::Integer)
}

#[cfg(test)]
mod tests;
