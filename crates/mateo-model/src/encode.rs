//! The one encoder: a query as the string that the server reads as exactly that query.
//!
//! GRAMMAR.md, "Three different escapers": a scalar is raw to its end, a list or logic element is quoted,
//! an array or JSON literal was made by [`literal`](crate::literal). Everything is then percent-encoded.

use std::fmt;

use thiserror::Error;

use crate::field::{Arrow, Field, PathKey};
use crate::filter::{Condition, Filter, Node, Test};
use crate::order::{Direction, Nulls, Order};
use crate::parse::MAX_DEPTH;
use crate::query::{ImportQuery, Window};
use crate::select::SelectItem;

/// A query that the server can't be asked, refused before anything is sent.
///
/// ```
/// use mateo_model::{EncodeError, ImportQuery, columns::REFERENCE_ID};
///
/// let query = ImportQuery::new().filter(REFERENCE_ID.contains("2*3"));
/// assert!(matches!(query.to_query_string(), Err(EncodeError::LiteralStar { .. })));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The server reads every `*` of a pattern as "any text", also `\*`.
    #[error(
        "{column}: a literal \"*\" can't be searched for with a pattern, because the server reads it as any \
         text; compare with eq, or search for the text around it"
    )]
    LiteralStar {
        /// The column of the pattern.
        column: String,
    },
    /// PostgreSQL refuses a pattern that ends with its escape character (22025).
    #[error("{column}: the pattern ends with a lone \"\\\"; write \"\\\\\" for a literal backslash")]
    TrailingBackslash {
        /// The column of the pattern.
        column: String,
    },
    /// PostgreSQL's text can't hold the character U+0000, and the server cuts the value off there.
    #[error("{column}: the value has the character U+0000, which no text of the server can have")]
    Nul {
        /// The column of the value.
        column: String,
    },
    /// Groups nested in groups deeper than 100 levels, more than the parser reads back.
    #[error("the filter nests more than 100 groups inside each other; write it flatter")]
    TooDeep,
    /// The type of a cast is a plain name in the grammar: letters, digits, `_`, `$` and spaces.
    #[error("{cast:?} can't be written as the type of a cast")]
    Cast {
        /// The type asked for.
        cast: String,
    },
}

/// Where encoded text goes: a string, or only its length, so that the string is allocated once.
trait Sink {
    /// Text that stands in the query string as it is.
    fn raw(&mut self, text: &str);
}

impl Sink for String {
    fn raw(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// Counts the bytes that would be written.
struct Length(usize);

impl Sink for Length {
    fn raw(&mut self, text: &str) {
        self.0 += text.len();
    }
}

/// Turns percent-encoding off: the grammar's text as a person reads it.
struct Readable<'a>(&'a mut String);

impl Sink for Readable<'_> {
    fn raw(&mut self, text: &str) {
        self.0.push_str(text);
    }
}

/// The query as its string, in one allocation.
pub(crate) fn query_string(query: &ImportQuery) -> Result<String, EncodeError> {
    let mut length = Length(0);
    Encoder::percent(&mut length).query(query)?;
    let mut text = String::with_capacity(length.0);
    Encoder::percent(&mut text).query(query)?;
    Ok(text)
}

/// How many bytes an element of `in.(…)` takes, its comma included.
pub(crate) fn list_element_length(value: &str) -> usize {
    let mut length = Length(1);
    Encoder::percent(&mut length).quoted(value);
    length.0
}

/// The field as the grammar writes it, not percent-encoded.
pub(crate) fn grammar_text(field: &Field, text: &mut String) {
    let mut sink = Readable(text);
    Encoder {
        sink: &mut sink,
        percent: false,
        depth: 0,
    }
    .field(field);
}

/// The filter as it stands inside `and(…)` or `or(…)`, not percent-encoded. What can't be sent is shown too.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let shown = Encoder {
            sink: &mut Readable(&mut text),
            percent: false,
            depth: 0,
        }
        .element(self);
        match shown {
            Ok(()) => f.write_str(&text),
            Err(error) => write!(f, "<{error}>"),
        }
    }
}

struct Encoder<'a, S> {
    sink: &'a mut S,
    percent: bool,
    depth: usize,
}

/// Bytes that stand for themselves in a value: RFC 3986's unreserved characters.
const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        #[allow(clippy::cast_possible_truncation, reason = "the loop ends at 128")]
        let character = byte as u8;
        table[byte] = character.is_ascii_alphanumeric() || matches!(character, b'-' | b'_' | b'.' | b'~');
        byte += 1;
    }
    table
};

/// Names that mean something else at the start of a parameter.
const RESERVED: [&str; 9] = [
    "select",
    "order",
    "limit",
    "offset",
    "and",
    "or",
    "not",
    "columns",
    "on_conflict",
];

impl<'a, S: Sink> Encoder<'a, S> {
    fn percent(sink: &'a mut S) -> Self {
        Self {
            sink,
            percent: true,
            depth: 0,
        }
    }

    fn query(&mut self, query: &ImportQuery) -> Result<(), EncodeError> {
        let mut first = true;
        for filter in &query.filters {
            self.separate(&mut first);
            self.parameter(filter)?;
        }
        if !query.select.items().is_empty() {
            self.separate(&mut first);
            self.sink.raw("select=");
            self.list(query.select.items(), Self::select_item)?;
        }
        if !query.order.is_empty() {
            self.separate(&mut first);
            self.sink.raw("order=");
            self.list(&query.order, |encoder, order| {
                check_names(order.field())?;
                encoder.order(order);
                Ok(())
            })?;
        }
        if let Window::Slice { limit, offset } = query.window {
            for (name, rows) in [("limit=", limit), ("offset=", offset)] {
                if let Some(rows) = rows {
                    self.separate(&mut first);
                    self.sink.raw(name);
                    self.integer(rows);
                }
            }
        }
        Ok(())
    }

    fn separate(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.sink.raw("&");
        }
    }

    fn list<T>(
        &mut self,
        items: &[T],
        mut item: impl FnMut(&mut Self, &T) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        for (index, each) in items.iter().enumerate() {
            if index > 0 {
                self.sink.raw(",");
            }
            item(self, each)?;
        }
        Ok(())
    }

    /// A filter as a parameter of its own: `column=test` or `or=(…)`.
    fn parameter(&mut self, filter: &Filter) -> Result<(), EncodeError> {
        match filter.node() {
            Node::Condition(condition) => {
                self.field(&condition.field);
                self.sink.raw("=");
                self.test(condition, filter.is_negated(), Self::text)
            }
            Node::All(all) => self.group_parameter(filter, "and", all),
            Node::Any(any) => self.group_parameter(filter, "or", any),
        }
    }

    fn group_parameter(
        &mut self,
        filter: &Filter,
        name: &str,
        members: &[Filter],
    ) -> Result<(), EncodeError> {
        self.sink.raw(if filter.is_negated() { "not." } else { "" });
        self.sink.raw(name);
        self.sink.raw("=");
        self.members(members)
    }

    /// A filter inside a group: `column.test` or `or(…)`.
    fn element(&mut self, filter: &Filter) -> Result<(), EncodeError> {
        let (name, members) = match filter.node() {
            Node::Condition(condition) => {
                self.field(&condition.field);
                self.sink.raw(".");
                return self.test(condition, filter.is_negated(), Self::quoted);
            }
            Node::All(all) => ("and", all),
            Node::Any(any) => ("or", any),
        };
        self.sink.raw(if filter.is_negated() { "not." } else { "" });
        self.sink.raw(name);
        self.members(members)
    }

    fn members(&mut self, members: &[Filter]) -> Result<(), EncodeError> {
        if self.depth == MAX_DEPTH {
            return Err(EncodeError::TooDeep);
        }
        self.depth += 1;
        self.sink.raw("(");
        self.list(members, Self::element)?;
        self.sink.raw(")");
        self.depth -= 1;
        Ok(())
    }

    fn test(
        &mut self,
        condition: &Condition,
        negated: bool,
        value_in_place: fn(&mut Self, &str),
    ) -> Result<(), EncodeError> {
        check_names(&condition.field)?;
        if negated {
            self.sink.raw("not.");
        }
        match &condition.test {
            Test::Compare {
                operator,
                quantifier,
                value,
            } => {
                check(&condition.field, value)?;
                if operator.is_pattern() {
                    check_pattern(&condition.field, value)?;
                }
                self.sink.raw(operator.as_str());
                if let Some(quantifier) = quantifier.filter(|_| operator.takes_quantifier()) {
                    self.sink.raw("(");
                    self.sink.raw(quantifier.as_str());
                    self.sink.raw(")");
                }
                self.sink.raw(".");
                value_in_place(self, value);
            }
            Test::In(values) => {
                self.sink.raw("in.(");
                self.list(values, |encoder, value| {
                    check(&condition.field, value)?;
                    encoder.quoted(value);
                    Ok(())
                })?;
                self.sink.raw(")");
            }
            Test::Is(truth) => {
                self.sink.raw("is.");
                self.sink.raw(truth.as_str());
            }
            Test::FullText {
                function,
                language,
                value,
            } => {
                check(&condition.field, value)?;
                self.sink.raw(function.as_str());
                if let Some(language) = language {
                    self.sink.raw("(");
                    self.text(language);
                    self.sink.raw(")");
                }
                self.sink.raw(".");
                value_in_place(self, value);
            }
        }
        Ok(())
    }

    fn select_item(&mut self, item: &SelectItem) -> Result<(), EncodeError> {
        let Some(field) = item.field() else {
            self.sink.raw("*");
            return Ok(());
        };
        check_names(field)?;
        if let Some(alias) = item.given_alias() {
            check(field, alias)?;
            self.name(alias);
            self.sink.raw(":");
        }
        self.field(field);
        if let Some(cast) = item.given_cast() {
            if cast.trim() != cast || cast.is_empty() || !cast.chars().all(is_identifier) {
                return Err(EncodeError::Cast {
                    cast: cast.to_owned(),
                });
            }
            self.sink.raw("::");
            self.text(cast);
        }
        Ok(())
    }

    /// Only what differs from the server's defaults is written.
    fn order(&mut self, order: &Order) {
        self.field(order.field());
        if order.direction() == Direction::Descending {
            self.sink.raw(".desc");
        }
        if order.nulls() != Nulls::default_of(order.direction()) {
            self.sink.raw(match order.nulls() {
                Nulls::First => ".nullsfirst",
                Nulls::Last => ".nullslast",
            });
        }
    }

    fn field(&mut self, field: &Field) {
        self.name(field.name());
        for step in field.path() {
            self.text(match step.arrow {
                Arrow::Json => "->",
                Arrow::Text => "->>",
            });
            match &step.key {
                PathKey::Index(index) => self.integer(*index),
                PathKey::Key(key) => self.name(key),
            }
        }
    }

    /// A name, quoted unless it is one that nothing else in the grammar looks like.
    fn name(&mut self, name: &str) {
        let word = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let letter_first = name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
        if word && letter_first && !RESERVED.contains(&name) {
            self.sink.raw(name);
        } else {
            self.quoted(name);
        }
    }

    /// A list or logic element: quoted, with `\` before `\` and `"`.
    fn quoted(&mut self, text: &str) {
        self.text("\"");
        for part in text.split_inclusive(['"', '\\']) {
            if let Some(before) = part.strip_suffix(['"', '\\']) {
                self.text(before);
                self.text("\\");
                self.text(&part[before.len()..]);
            } else {
                self.text(part);
            }
        }
        self.text("\"");
    }

    /// Text as a scalar: raw to its end, percent-encoded but for the unreserved characters.
    fn text(&mut self, text: &str) {
        if !self.percent {
            return self.sink.raw(text);
        }
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| !UNRESERVED[usize::from(byte)]) {
            let (plain, special) = rest.split_at(at);
            self.sink.raw(plain);
            // Up to the next unreserved byte, which is ASCII and so begins a character.
            let end = special.bytes().position(|byte| UNRESERVED[usize::from(byte)]);
            let (special, after) = special.split_at(end.unwrap_or(special.len()));
            for byte in special.bytes() {
                self.sink.raw(percent_encoding::percent_encode_byte(byte));
            }
            rest = after;
        }
        self.sink.raw(rest);
    }

    fn integer(&mut self, integer: i64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = integer.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if integer < 0 {
            self.sink.raw("-");
        }
        self.sink
            .raw(std::str::from_utf8(&digits[at..]).unwrap_or_default());
    }
}

fn check(field: &Field, text: &str) -> Result<(), EncodeError> {
    if text.contains('\0') {
        return Err(EncodeError::Nul {
            column: field.to_string(),
        });
    }
    Ok(())
}

fn check_names(field: &Field) -> Result<(), EncodeError> {
    check(field, field.name())?;
    field.path().iter().try_for_each(|step| match &step.key {
        PathKey::Key(key) => check(field, key),
        PathKey::Index(_) => Ok(()),
    })
}

fn check_pattern(field: &Field, pattern: &str) -> Result<(), EncodeError> {
    let column = || field.to_string();
    if pattern.contains('*') {
        return Err(EncodeError::LiteralStar { column: column() });
    }
    let backslashes = pattern.len() - pattern.trim_end_matches('\\').len();
    if backslashes % 2 == 1 {
        return Err(EncodeError::TrailingBackslash { column: column() });
    }
    Ok(())
}

/// A character of an unquoted name (GRAMMAR.md, "select, order").
pub(crate) fn is_identifier(c: char) -> bool {
    c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '_' | ' ' | '$')
}
