//! Casts to the types of numbers.

use super::Target;
use crate::sql::SqlError;
use crate::sql::jsonb::{self, Json};
use crate::sql::literal::{self, is_blank};
use crate::sql::types::Type;
use crate::sql::value::Value;

impl Target {
    /// Casts an integer, text or JSON to this type of number.
    pub(super) fn number(self, value: Value<'_>) -> Result<Value<'_>, SqlError> {
        match value {
            Value::Integer(value) if self.is_integer() && self.holds(value) => Ok(Value::Integer(value)),
            Value::Integer(value) => self.of_digits(&value.to_string()),
            Value::Json(json) => match Json::parse(&json)? {
                Json::Number(digits) => self.of_digits(&digits),
                other => Err(self.wrong_json(&other)),
            },
            Value::Text(text) => self.of_text(&text),
            value => Ok(value),
        }
    }

    /// Of a number without exponent.
    fn of_digits(self, digits: &str) -> Result<Value<'static>, SqlError> {
        match self {
            Self::Numeric => Ok(Value::Written(digits.to_owned())),
            Self::Float | Self::Real => self.float(digits),
            _ => {
                let value = rounded(digits).filter(|value| self.holds(*value));
                value
                    .map(Value::Integer)
                    .ok_or_else(|| SqlError::new("22003", format!("{} out of range", self.name())))
            }
        }
    }

    fn of_text(self, text: &str) -> Result<Value<'static>, SqlError> {
        match self {
            Self::Column(of) => literal::integer(text, of).map(Value::Integer),
            Self::SmallInt => {
                let out_of_range = || {
                    SqlError::new(
                        "22003",
                        format!("value \"{text}\" is out of range for type smallint"),
                    )
                };
                let value = literal::integer(text, Type::Int8)?;
                if self.holds(value) {
                    Ok(Value::Integer(value))
                } else {
                    Err(out_of_range())
                }
            }
            Self::Numeric => {
                let trimmed = text.trim_matches(is_blank);
                let unsigned = trimmed.strip_prefix('+').unwrap_or(trimmed);
                if matches!(
                    unsigned.to_ascii_lowercase().as_str(),
                    "nan" | "infinity" | "-infinity" | "inf" | "-inf"
                ) {
                    return self.float(unsigned);
                }
                // `.5` and `5.` are numbers to PostgreSQL, not to JSON.
                let digits = if unsigned.len() < trimmed.len() {
                    unsigned
                } else {
                    unsigned.strip_prefix('-').unwrap_or(unsigned)
                };
                let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
                    && unsigned.parse::<f64>().is_ok();
                if !is_number {
                    return Err(SqlError::invalid_text("numeric", text));
                }
                jsonb::canonical_number(unsigned).map(|digits| Value::Written(in_json(&digits)))
            }
            _ => self.float(text),
        }
    }

    fn is_integer(self) -> bool {
        matches!(self, Self::Column(_) | Self::SmallInt)
    }

    fn holds(self, value: i64) -> bool {
        match self {
            Self::Column(Type::Int4) => i32::try_from(value).is_ok(),
            Self::SmallInt => i16::try_from(value).is_ok(),
            _ => true,
        }
    }

    fn float(self, text: &str) -> Result<Value<'static>, SqlError> {
        let invalid = || SqlError::invalid_text(self.name(), text);
        let trimmed = text.trim_matches(is_blank);
        // A real is written with the digits that a real has.
        let (value, written) = if self == Self::Real {
            let value: f32 = trimmed.parse().map_err(|_| invalid())?;
            (f64::from(value), format!("{value:e}"))
        } else {
            let value: f64 = trimmed.parse().map_err(|_| invalid())?;
            (value, format!("{value:e}"))
        };
        let unsigned = trimmed.trim_start_matches(['+', '-']).to_ascii_lowercase();
        if value.is_infinite() && !unsigned.starts_with("inf") {
            let message = format!("\"{text}\" is out of range for type {}", self.name());
            return Err(SqlError::new("22003", message));
        }
        Ok(Value::Written(if value.is_nan() {
            "\"NaN\"".to_owned()
        } else if value.is_infinite() {
            if value > 0.0 {
                "\"Infinity\""
            } else {
                "\"-Infinity\""
            }
            .to_owned()
        } else if value == 0.0 || (1e-4..1e15).contains(&value.abs()) {
            // Without an exponent, as PostgreSQL writes numbers of a common size.
            written
                .parse::<f64>()
                .map(|value| value.to_string())
                .unwrap_or(written)
        } else {
            written
        }))
    }
}

/// A number as JSON needs it: a digit before the point, and one behind it.
fn in_json(digits: &str) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
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
