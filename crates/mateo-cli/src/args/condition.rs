//! `--where`: one condition, from the text to a typed filter.

mod hint;

use jiff::ZonedDateTime;
use mateo_imports::model::Literal;
use mateo_imports::{Column, Filter, ImportType};
use serde_json::Value;
use uuid::Uuid;

use super::columns::{self, Known};
use super::when;
use crate::failure::Failure;
pub(crate) use hint::hint;

/// What stands between a column and its value. The longer ones first, because the first that fits is taken.
const OPERATORS: [(&str, Operator); 7] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Contains),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    AtLeast,
    Less,
    AtMost,
    Contains,
}

/// What a column is tested for.
#[derive(Debug, PartialEq, Eq)]
enum Test<'a> {
    Compare(Operator, &'a str),
    In(Vec<&'a str>),
    Null,
    NotNull,
}

/// Reads one condition; `now` is what ages such as `2d` count back from.
///
/// The value is everything after the first operator that follows the column's name, taken literally.
pub(crate) fn parse(text: &str, now: &ZonedDateTime) -> Result<Filter, Failure> {
    let (column, path, after) = split_column(text);
    if column.is_empty() {
        return Err(no_condition(text));
    }
    let tested = split_test(after).ok_or_else(|| no_condition(text))?;
    let known = columns::find(column).ok_or_else(|| unknown(column, &tested))?;
    let known = follow(known, column, &path)?;
    build(&known, column, &tested, now).map_err(|what| {
        let failure = Failure::usage(format!("--where '{text}': {what}"));
        match tested.meant_null(column) {
            Some(advice) => failure.advice(advice),
            None => failure,
        }
    })
}

/// The column's name, the JSON path after it, and the rest.
fn split_column(text: &str) -> (&str, Vec<(bool, &str)>, &str) {
    let text = text.trim_start();
    let (column, mut rest) = split_word(text);
    let mut path = Vec::new();
    loop {
        let (as_text, after) = if let Some(after) = rest.strip_prefix("->>") {
            (true, after)
        } else if let Some(after) = rest.strip_prefix("->") {
            (false, after)
        } else {
            return (column, path, rest);
        };
        let (key, after) = split_word(after);
        path.push((as_text, key));
        rest = after;
    }
}

fn split_word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    text.split_at(end.unwrap_or(text.len()))
}

fn split_test(rest: &str) -> Option<Test<'_>> {
    let trimmed = rest.trim_start();
    for (sign, operator) in OPERATORS {
        if let Some(value) = trimmed.strip_prefix(sign) {
            return Some(Test::Compare(operator, value));
        }
    }
    // Words must stand apart from the column's name.
    if trimmed.len() == rest.len() {
        return None;
    }
    let (word, after) = split_word(trimmed);
    if word.eq_ignore_ascii_case("in") {
        // One blank parts the word from the list, further ones belong to the first value.
        let list = after.strip_prefix(char::is_whitespace)?;
        return Some(Test::In(list.split('|').collect()));
    }
    let words: Vec<String> = trimmed.split_whitespace().map(str::to_lowercase).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["is", "null"] => Some(Test::Null),
        ["is", "not", "null"] => Some(Test::NotNull),
        _ => None,
    }
}

fn no_condition(text: &str) -> Failure {
    Failure::usage(format!("--where '{text}' is not a condition")).advice(
        "write COLUMN=VALUE with = != > >= < <= or ~, 'COLUMN is null', 'COLUMN is not null' or 'COLUMN in A|B'",
    )
}

fn unknown(column: &str, tested: &Test<'_>) -> Failure {
    let failure = Failure::usage(format!("--where: there is no column '{column}'"));
    if matches!(column.to_lowercase().as_str(), "state" | "status" | "progress") {
        return failure.advice("use --state pending, running, finished or failed");
    }
    match columns::closest(column, tested.is_number()) {
        Some(close) => failure.advice(format!(
            "did you mean {close}? A column that is newer than this program: --query '{column}=eq.VALUE'"
        )),
        None => failure.advice(format!(
            "the columns are {}; for one that is newer than this program use --query '{column}=eq.VALUE'",
            columns::NAMES.join(", ")
        )),
    }
}

impl Test<'_> {
    /// Whether a number is compared with.
    fn is_number(&self) -> bool {
        matches!(self, Self::Compare(_, value) if value.trim().parse::<i64>().is_ok())
    }

    /// What to write where a value that isn't a text is compared with `null`.
    fn meant_null(&self, column: &str) -> Option<String> {
        match self {
            Self::Compare(Operator::Equal, value) if value.trim().eq_ignore_ascii_case("null") => {
                Some(format!("write '{column} is null'"))
            }
            Self::Compare(Operator::NotEqual, value) if value.trim().eq_ignore_ascii_case("null") => {
                Some(format!("write '{column} is not null'"))
            }
            _ => None,
        }
    }
}

/// A value that isn't a text, without what people write around it: `==5`, `"5"`.
fn bare(value: &str) -> &str {
    let value = value.strip_prefix('=').unwrap_or(value).trim();
    ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

/// The member of a JSON column that the path leads to.
fn follow(known: Known, column: &str, path: &[(bool, &str)]) -> Result<Known, Failure> {
    let Some(((last_as_text, last), steps)) = path.split_last() else {
        return Ok(known);
    };
    let Known::Json(mut json) = known else {
        return Err(Failure::usage(format!(
            "--where: {column} is not JSON, so -> doesn't lead anywhere"
        )));
    };
    if steps.iter().any(|(as_text, _)| *as_text) || path.iter().any(|(_, key)| key.is_empty()) {
        return Err(Failure::usage(
            "--where: a path is -> and a name or number, as often as needed, and one ->> last",
        ));
    }
    for (_, key) in steps {
        json = match key.parse::<i32>() {
            Ok(index) => json.json(index),
            Err(_) => json.json(*key),
        };
    }
    let index = last.parse::<i32>().ok();
    Ok(match (last_as_text, index) {
        (true, Some(index)) => Known::Text(json.text(index)),
        (true, None) => Known::Text(json.text(*last)),
        (false, Some(index)) => Known::Json(json.json(index)),
        (false, None) => Known::Json(json.json(*last)),
    })
}

/// The filter; the error says what the column takes.
fn build(known: &Known, column: &str, test: &Test<'_>, now: &ZonedDateTime) -> Result<Filter, String> {
    match known {
        Known::Uuid(typed) => typed_test(typed, test, |value| uuid(column, bare(value))),
        Known::Time(typed) => typed_test(typed, test, |value| {
            when::parse(bare(value), now).map_err(|what| format!("{column} is a time, {what}"))
        }),
        Known::Type(typed) => typed_test(typed, test, |value| import_type(bare(value))),
        Known::Count(typed) => typed_test(typed, test, |value| count(column, bare(value))),
        Known::Json(typed) => typed_test(typed, test, |value| {
            serde_json::from_str::<Value>(value).map_err(|_| {
                format!("{column} is JSON, and '{value}' is not one; compare a member as text with {column}->>name=VALUE")
            })
        }),
        Known::Text(typed) => match test {
            Test::Compare(Operator::Contains, part) if part.contains('*') => Err(
                "the server can't search for a literal *, which it reads as any text; use = or leave it out"
                    .to_owned(),
            ),
            Test::Compare(Operator::Contains, part) => Ok(typed.contains_ignoring_case(part)),
            _ => typed_test(typed, test, |value| Ok(value.to_owned())),
        },
    }
}

/// A test of a column with values of its type.
fn typed_test<T, V: Literal<T>>(
    column: &Column<T>,
    test: &Test<'_>,
    read: impl Fn(&str) -> Result<V, String>,
) -> Result<Filter, String> {
    Ok(match test {
        Test::Null => column.is_null(),
        Test::NotNull => column.is_not_null(),
        Test::In(values) => {
            let values: Result<Vec<V>, String> = values.iter().map(|value| read(value)).collect();
            column.in_(values?)
        }
        Test::Compare(operator, value) => match operator {
            Operator::Equal => column.eq(read(value)?),
            Operator::NotEqual => column.neq(read(value)?),
            Operator::Greater => column.gt(read(value)?),
            Operator::AtLeast => column.gte(read(value)?),
            Operator::Less => column.lt(read(value)?),
            Operator::AtMost => column.lte(read(value)?),
            Operator::Contains => {
                return Err(format!(
                    "~ searches texts only, and {} is not one",
                    column.field()
                ));
            }
        },
    })
}

fn uuid(column: &str, value: &str) -> Result<Uuid, String> {
    value.trim().parse().map_err(|_| {
        format!("{column} is a uuid such as 38d889d2-b47a-4c1d-8a3a-b343ac333b68, and '{value}' is not one")
    })
}

fn count(column: &str, value: &str) -> Result<i32, String> {
    let value = value.trim();
    value.parse().map_err(|_| {
        format!(
            "{column} is a whole number from {} to {}, and '{value}' is not one",
            i32::MIN,
            i32::MAX
        )
    })
}

/// A known type, in full or short: `contact` and `contacts` stand for `contact_details`, and so on. Another is a slip of
/// the finger more often than news, and the server rejects one it doesn't have.
pub(crate) fn import_type(value: &str) -> Result<ImportType, String> {
    let wanted = ImportType::from(value.trim());
    if wanted.is_known() {
        return Ok(wanted);
    }
    let short = value.trim().to_lowercase();
    let short = short
        .strip_suffix('s')
        .filter(|_| !short.ends_with("details"))
        .unwrap_or(&short);
    let full = ImportType::KNOWN
        .into_iter()
        .find(|known| !short.is_empty() && known.as_str().strip_suffix("_details") == Some(short));
    full.ok_or_else(|| {
        let names: Vec<&str> = ImportType::KNOWN.iter().map(ImportType::as_str).collect();
        format!(
            "there is no type '{value}'; the types are {}; for one that is newer than this program use --query \
             'type=eq.{value}'",
            names.join(", ")
        )
    })
}

#[cfg(test)]
mod tests;
