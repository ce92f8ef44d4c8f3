//! Values as the text that PostgreSQL reads, and the escapers for arrays and patterns.

use std::collections::HashSet;
use std::hash::RandomState;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, TimeZone, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::import_type::ImportType;

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that stands for a PostgreSQL column type. See [`Column`](crate::Column).
///
/// `bool`, `i16`, `i32`, `i64`, `f64`, `String` (text), [`Uuid`], `DateTime<Utc>` (timestamp with time
/// zone), [`NaiveDate`], [`ImportType`], [`serde_json::Value`] (jsonb), and `Vec` of them (arrays).
///
/// ```
/// use mateo_model::Column;
///
/// let dates = Column::<Vec<chrono::NaiveDate>>::named("dates"); // date[]
/// assert_eq!(dates.is_null().to_string(), "dates.is.null");
/// ```
pub trait ColumnType: sealed::Sealed {}

/// A [`ColumnType`] that arrays may have as their element.
///
/// ```
/// use mateo_model::Column;
///
/// let numbers = Column::<Vec<i32>>::named("numbers");
/// assert_eq!(numbers.contains([1, 2]).to_string(), r#"numbers.cs."{1,2}""#);
/// ```
pub trait Element: ColumnType {}

/// A value that may be compared with a column of type `T`.
///
/// It is written as PostgreSQL reads it, so a value whose type fits can't be rejected for its form.
///
/// ```
/// use mateo_model::literal::Literal;
///
/// assert_eq!(Literal::<i32>::to_literal(&7), "7");
/// assert_eq!(Literal::<String>::to_literal(&"a,b"), "a,b");
/// ```
#[diagnostic::on_unimplemented(
    message = "a column of `{T}` can't be compared with `{Self}`",
    label = "the server would reject this value for a column of `{T}`"
)]
pub trait Literal<T: ColumnType> {
    /// The text that PostgreSQL reads back as this value.
    fn to_literal(&self) -> String;
}

macro_rules! column_types {
    ($($type:ty),+ $(,)?) => {
        $(
            impl sealed::Sealed for $type {}
            impl ColumnType for $type {}
            impl Element for $type {}
        )+
    };
}

column_types!(
    bool,
    i16,
    i32,
    i64,
    f64,
    String,
    Uuid,
    DateTime<Utc>,
    NaiveDate,
    ImportType,
    Value
);

impl<E: Element> sealed::Sealed for Vec<E> {}
impl<E: Element> ColumnType for Vec<E> {}

macro_rules! printed {
    ($($type:ty),+ $(,)?) => {
        $(
            impl Literal<$type> for $type {
                fn to_literal(&self) -> String {
                    self.to_string()
                }
            }
        )+
    };
}

printed!(bool, i16, i32, i64, Uuid, Value);

/// A reference serves as well as the value.
impl<T: ColumnType, V: Literal<T> + ?Sized> Literal<T> for &V {
    fn to_literal(&self) -> String {
        (**self).to_literal()
    }
}

impl Literal<String> for str {
    fn to_literal(&self) -> String {
        self.to_owned()
    }
}

impl Literal<String> for String {
    fn to_literal(&self) -> String {
        self.clone()
    }
}

impl Literal<ImportType> for ImportType {
    fn to_literal(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Literal<f64> for f64 {
    fn to_literal(&self) -> String {
        match *self {
            f64::INFINITY => "Infinity".to_owned(),
            f64::NEG_INFINITY => "-Infinity".to_owned(),
            value => value.to_string(),
        }
    }
}

/// An instant is written in UTC with all its digits; PostgreSQL keeps microseconds and rounds the rest.
impl<Z: TimeZone> Literal<DateTime<Utc>> for DateTime<Z> {
    fn to_literal(&self) -> String {
        let utc = self.with_timezone(&Utc);
        if (0..=9999).contains(&utc.year()) && utc.year() > 0 {
            return utc.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        }
        let rest = utc.format("%m-%dT%H:%M:%S%.fZ");
        dated(utc.year(), &rest.to_string())
    }
}

impl Literal<NaiveDate> for NaiveDate {
    fn to_literal(&self) -> String {
        dated(self.year(), &self.format("%m-%d").to_string())
    }
}

/// PostgreSQL counts no year 0 and writes years before it with `BC`, RFC 3339 knows neither.
fn dated(year: i32, rest: &str) -> String {
    if year > 0 {
        format!("{year:04}-{rest}")
    } else {
        format!("{:04}-{rest} BC", 1 - i64::from(year))
    }
}

impl<E: Element, V: Literal<E>> Literal<Vec<E>> for [V] {
    fn to_literal(&self) -> String {
        array(self.iter().map(Literal::to_literal))
    }
}

impl<E: Element, V: Literal<E>> Literal<Vec<E>> for Vec<V> {
    fn to_literal(&self) -> String {
        self.as_slice().to_literal()
    }
}

/// PostgreSQL's array literal `{…}`: elements are quoted where they would be misread (GRAMMAR.md, "Three
/// different escapers").
pub(crate) fn array(elements: impl Iterator<Item = String>) -> String {
    let mut text = String::from("{");
    for (index, element) in elements.enumerate() {
        if index > 0 {
            text.push(',');
        }
        let misread = |c: char| matches!(c, '{' | '}' | ',' | '"' | '\\') || c.is_whitespace();
        if element.is_empty() || element.eq_ignore_ascii_case("null") || element.contains(misread) {
            text.push('"');
            for c in element.chars() {
                if matches!(c, '"' | '\\') {
                    text.push('\\');
                }
                text.push(c);
            }
            text.push('"');
        } else {
            text.push_str(&element);
        }
    }
    text.push('}');
    text
}

/// The pattern of a user, in which `*` stands for any text, as SQL's. A `\*` stays: it asks for a literal
/// star, which the encoder rejects because the server can't match one.
pub(crate) fn sql_pattern(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut escaped = false;
    for c in pattern.chars() {
        text.push(if c == '*' && !escaped { '%' } else { c });
        escaped = c == '\\' && !escaped;
    }
    text
}

/// Text as a SQL pattern that matches it and nothing else.
pub(crate) fn escaped_pattern(literal: &str) -> String {
    let mut text = String::with_capacity(literal.len() + 8);
    for c in literal.chars() {
        if matches!(c, '%' | '_' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// `values` in their order, each once, in lists of at most `max_values` whose query string is at most
/// `max_bytes` long, unless one value alone is longer.
pub(crate) fn split(
    values: impl Iterator<Item = String>,
    max_values: usize,
    max_bytes: usize,
) -> Vec<Vec<String>> {
    let mut seen: HashSet<String, RandomState> = HashSet::new();
    let mut parts: Vec<Vec<String>> = Vec::new();
    let mut bytes = 0;
    for value in values {
        if !seen.insert(value.clone()) {
            continue;
        }
        let length = crate::encode::list_element_length(&value);
        match parts.last_mut() {
            Some(part) if part.len() < max_values.max(1) && bytes + length <= max_bytes => {
                bytes += length;
                part.push(value);
            }
            _ => {
                bytes = length;
                parts.push(vec![value]);
            }
        }
    }
    parts
}
