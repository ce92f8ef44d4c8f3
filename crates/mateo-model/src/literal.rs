//! Values as the text that PostgreSQL reads, and the escapers for arrays and patterns.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::import_type::ImportType;

/// A value that may be compared with a column of type `T`. See [`Column`](crate::Column).
///
/// It is written as PostgreSQL reads it, so a value whose type fits can't be rejected for its form. `T` is `bool`, `i16`,
/// `i32`, `i64`, `f64`, `String` (text), [`Uuid`], `DateTime<Utc>` (timestamp with time zone), [`NaiveDate`],
/// [`ImportType`], [`serde_json::Value`] (jsonb), or a `Vec` of one of them (arrays).
///
/// ```
/// use mateo_model::Literal;
///
/// assert_eq!(Literal::<i32>::to_literal(&7), "7");
/// assert_eq!(Literal::<String>::to_literal(&"a,b"), "a,b");
/// ```
#[diagnostic::on_unimplemented(
    message = "a column of `{T}` can't be compared with `{Self}`",
    label = "the server would reject this value for a column of `{T}`"
)]
pub trait Literal<T> {
    /// The text that PostgreSQL reads back as this value.
    fn to_literal(&self) -> String;
}

/// A type that arrays may have as their element: no array.
pub trait Element {}

macro_rules! printed {
    ($($type:ty),+ $(,)?) => {
        $(
            impl Element for $type {}

            impl Literal<$type> for $type {
                fn to_literal(&self) -> String {
                    self.to_string()
                }
            }
        )+
    };
}

printed!(bool, i16, i32, i64, f64, String, Uuid, ImportType, Value);

/// A reference serves as well as the value.
impl<T, V: Literal<T> + ?Sized> Literal<T> for &V {
    fn to_literal(&self) -> String {
        (**self).to_literal()
    }
}

impl Literal<String> for str {
    fn to_literal(&self) -> String {
        self.to_owned()
    }
}

impl Element for DateTime<Utc> {}

/// An instant is written in UTC with all its digits; PostgreSQL keeps microseconds and rounds the rest.
impl<Z: TimeZone> Literal<DateTime<Utc>> for DateTime<Z> {
    fn to_literal(&self) -> String {
        let utc = self.with_timezone(&Utc);
        dated(utc.date_naive(), &utc.format("T%H:%M:%S%.fZ").to_string())
    }
}

impl Element for NaiveDate {}

impl Literal<NaiveDate> for NaiveDate {
    fn to_literal(&self) -> String {
        dated(*self, "")
    }
}

/// PostgreSQL counts no year 0 and writes years before it with `BC`, RFC 3339 knows neither.
fn dated(date: NaiveDate, time: &str) -> String {
    let day = date.format("%m-%d");
    match date.year() {
        year @ 1.. => format!("{year:04}-{day}{time}"),
        year => format!("{:04}-{day}{time} BC", 1 - i64::from(year)),
    }
}

impl<E: Element, V: Literal<E>> Literal<Vec<E>> for [V] {
    fn to_literal(&self) -> String {
        array(self)
    }
}

impl<E: Element, V: Literal<E>> Literal<Vec<E>> for Vec<V> {
    fn to_literal(&self) -> String {
        array(self)
    }
}

/// PostgreSQL's array literal `{…}`: elements are quoted where they would be misread (GRAMMAR.md, "Three
/// different escapers").
pub(crate) fn array<T, V: Literal<T>>(elements: impl IntoIterator<Item = V>) -> String {
    let misread = |c: char| matches!(c, '{' | '}' | ',' | '"' | '\\') || c.is_whitespace();
    let element = |element: V| {
        let text = element.to_literal();
        if text.is_empty() || text.eq_ignore_ascii_case("null") || text.contains(misread) {
            format!("\"{}\"", escaped(&text, &['"', '\\']))
        } else {
            text
        }
    };
    let elements: Vec<String> = elements.into_iter().map(element).collect();
    format!("{{{}}}", elements.join(","))
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
    escaped(literal, &['%', '_', '\\'])
}

fn escaped(text: &str, special: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if special.contains(&c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// `values` in their order, each once, in lists of at most `max_values` whose query string is at most
/// `max_bytes` long, unless one value alone is longer.
pub(crate) fn split(
    values: impl Iterator<Item = String>,
    max_values: usize,
    max_bytes: usize,
) -> Vec<Vec<String>> {
    let mut seen = HashSet::new();
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
