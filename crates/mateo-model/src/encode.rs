//! The one encoder: a query as the string that the server reads as exactly that query.
//!
//! GRAMMAR.md, "Three different escapers": a scalar is raw to its end, a list or logic element is quoted,
//! an array or JSON literal was made by [`literal`](crate::literal). Everything is then percent-encoded.

use std::fmt::{self, Write as _};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;

use crate::ast::field::{Arrow, Field, PathKey, is_bare, is_identifier};
use crate::ast::filter::{Condition, Filter, MAX_DEPTH, Node};
use crate::ast::order::{Direction, Nulls, Order};
use crate::ast::test::Test;
use crate::query::{ImportQuery, Slice};
use crate::select::SelectItem;

/// A query that can't be expressed in the server's grammar: rejected before anything is sent.
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
    /// PostgreSQL rejects a pattern that ends with its escape character (22025).
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

impl ImportQuery {
    /// The query string, percent-encoded and without a `?`: filters, then `select`, `order`, `limit`,
    /// `offset`. A range is no part of it: see [`range_given`](ImportQuery::range_given).
    ///
    /// # Errors
    ///
    /// See [`EncodeError`].
    ///
    /// ```
    /// use mateo_model::{ImportQuery, columns::*};
    ///
    /// let query = ImportQuery::new().filter(REFERENCE_ID.eq("a&b")).limit(1);
    /// assert_eq!(query.to_query_string()?, "reference_id=eq.a%26b&limit=1");
    /// # Ok::<(), mateo_model::EncodeError>(())
    /// ```
    pub fn to_query_string(&self) -> Result<String, EncodeError> {
        let mut encoder = Encoder::new(true, length_guess(self));
        encoder.query(self)?;
        Ok(encoder.text)
    }
}

/// The query string. Where the query can't be sent, the reason stands in angle brackets instead.
impl fmt::Display for ImportQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_query_string() {
            Ok(text) => f.write_str(&text),
            Err(error) => write!(f, "<{error}>"),
        }
    }
}

/// How many bytes an element of `in.(…)` takes, its comma included.
pub(crate) fn list_element_length(value: &str) -> usize {
    let mut encoder = Encoder::new(true, value.len());
    encoder.quoted(value);
    encoder.text.len() + 1
}

/// The field as the server's grammar writes it, not percent-encoded.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut encoder = Encoder::new(false, 32);
        encoder.field(self);
        f.write_str(&encoder.text)
    }
}

/// The filter as it stands inside `and(…)` or `or(…)`, not percent-encoded. Where it can't be sent, the reason
/// stands in angle brackets instead.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut encoder = Encoder::new(false, 64);
        match encoder.element(self) {
            Ok(()) => f.write_str(&encoder.text),
            Err(error) => write!(f, "<{error}>"),
        }
    }
}

/// A little more than the query string will most likely take, from the lengths of its parts, so that it is allocated once.
fn length_guess(query: &ImportQuery) -> usize {
    let filters: usize = query.filters.iter().map(filter_length).sum();
    filters + 24 * (query.select.items().len() + query.order.len() + 2)
}

fn filter_length(filter: &Filter) -> usize {
    match filter.node() {
        Node::All(members) | Node::Any(members) => members.iter().map(filter_length).sum::<usize>() + 16,
        Node::Condition(condition) => {
            let value = match &condition.test {
                Test::Compare { value, .. } | Test::FullText { value, .. } => value.len(),
                Test::In(values) => values.iter().map(|value| value.len() + 5).sum(),
                Test::Is(_) => 0,
            };
            3 * value + condition.field.name().len() + 32 * condition.field.path().len() + 24
        }
    }
}

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

struct Encoder {
    text: String,
    percent: bool,
    depth: usize,
    /// Whether there was a U+0000, which is no text that the server can have.
    nul: bool,
}

impl Encoder {
    fn new(percent: bool, length: usize) -> Self {
        Self {
            text: String::with_capacity(length),
            percent,
            depth: 0,
            nul: false,
        }
    }

    /// Text of the grammar, which stands in the query string as it is.
    #[inline]
    fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Text as a scalar: raw to its end, percent-encoded but for the unreserved characters.
    fn scalar(&mut self, text: &str) {
        if self.percent {
            for part in utf8_percent_encode(text, RESERVED) {
                self.nul |= part.as_bytes() == b"%00";
                self.text.push_str(part);
            }
        } else {
            self.nul |= text.contains('\0');
            self.text.push_str(text);
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
            self.raw("select=");
            self.list(query.select.items(), Self::select_item)?;
        }
        if !query.order.is_empty() {
            self.separate(&mut first);
            self.raw("order=");
            self.list(&query.order, |encoder, order| {
                encoder.order(order);
                encoder.check_nul(order.field())
            })?;
        }
        if let Slice::Limit { limit, offset } = query.slice {
            for (name, rows) in [("limit=", limit), ("offset=", offset)] {
                if let Some(rows) = rows {
                    self.separate(&mut first);
                    self.raw(name);
                    self.integer(rows);
                }
            }
        }
        Ok(())
    }

    fn separate(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.raw("&");
        }
    }

    fn list<T>(
        &mut self,
        items: &[T],
        mut item: impl FnMut(&mut Self, &T) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        for (index, each) in items.iter().enumerate() {
            if index > 0 {
                self.raw(",");
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
                self.raw("=");
                self.test(condition, filter.is_negated(), Self::scalar)
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
        if filter.is_negated() {
            self.raw("not.");
        }
        self.raw(name);
        self.raw("=");
        self.members(members)
    }

    /// A filter inside a group: `column.test` or `or(…)`.
    fn element(&mut self, filter: &Filter) -> Result<(), EncodeError> {
        let (name, members) = match filter.node() {
            Node::Condition(condition) => {
                self.field(&condition.field);
                self.raw(".");
                return self.test(condition, filter.is_negated(), Self::quoted);
            }
            Node::All(all) => ("and", all),
            Node::Any(any) => ("or", any),
        };
        if filter.is_negated() {
            self.raw("not.");
        }
        self.raw(name);
        self.members(members)
    }

    fn members(&mut self, members: &[Filter]) -> Result<(), EncodeError> {
        if self.depth == MAX_DEPTH {
            return Err(EncodeError::TooDeep);
        }
        self.depth += 1;
        self.raw("(");
        self.list(members, Self::element)?;
        self.raw(")");
        self.depth -= 1;
        Ok(())
    }

    fn test(
        &mut self,
        condition: &Condition,
        negated: bool,
        value_in_place: fn(&mut Self, &str),
    ) -> Result<(), EncodeError> {
        if negated {
            self.raw("not.");
        }
        match &condition.test {
            Test::Compare {
                operator,
                quantifier,
                value,
            } => {
                if operator.is_pattern() {
                    check_pattern(&condition.field, value)?;
                }
                self.raw(operator.as_str());
                if let Some(quantifier) = quantifier.filter(|_| operator.takes_quantifier()) {
                    self.raw("(");
                    self.raw(quantifier.as_str());
                    self.raw(")");
                }
                self.raw(".");
                value_in_place(self, value);
            }
            Test::In(values) => {
                self.raw("in.(");
                self.list(values, |encoder, value| {
                    encoder.quoted(value);
                    Ok(())
                })?;
                self.raw(")");
            }
            Test::Is(truth) => {
                self.raw("is.");
                self.raw(truth.as_str());
            }
            Test::FullText {
                function,
                language,
                value,
            } => {
                self.raw(function.as_str());
                if let Some(language) = language {
                    self.raw("(");
                    self.scalar(language);
                    self.raw(")");
                }
                self.raw(".");
                value_in_place(self, value);
            }
        }
        self.check_nul(&condition.field)
    }

    fn select_item(&mut self, item: &SelectItem) -> Result<(), EncodeError> {
        let Some(field) = item.field() else {
            self.raw("*");
            return Ok(());
        };
        if let Some(alias) = item.given_alias() {
            self.name(alias, is_bare(alias));
            self.raw(":");
        }
        self.field(field);
        if let Some(cast) = item.given_cast() {
            if cast.trim() != cast || cast.is_empty() || !cast.chars().all(is_identifier) {
                return Err(EncodeError::Cast {
                    cast: cast.to_owned(),
                });
            }
            self.raw("::");
            self.scalar(cast);
        }
        self.check_nul(field)
    }

    /// Only what differs from the server's defaults is written.
    fn order(&mut self, order: &Order) {
        self.field(order.field());
        if order.direction() == Direction::Descending {
            self.raw(".desc");
        }
        if order.nulls() != Nulls::default_of(order.direction()) {
            self.raw(match order.nulls() {
                Nulls::First => ".nullsfirst",
                Nulls::Last => ".nullslast",
            });
        }
    }

    /// Refuses what was written about the field where it holds a U+0000.
    fn check_nul(&self, field: &Field) -> Result<(), EncodeError> {
        if self.nul {
            return Err(EncodeError::Nul {
                column: field.to_string(),
            });
        }
        Ok(())
    }

    fn field(&mut self, field: &Field) {
        self.name(field.name(), field.is_bare());
        for step in field.path() {
            self.scalar(match step.arrow {
                Arrow::Json => "->",
                Arrow::Text => "->>",
            });
            match &step.key {
                PathKey::Index(index) => self.integer(*index),
                PathKey::Key(key) => self.name(key, is_bare(key)),
            }
        }
    }

    /// A name, quoted unless it may stand bare.
    fn name(&mut self, name: &str, bare: bool) {
        if bare {
            self.raw(name);
        } else {
            self.quoted(name);
        }
    }

    /// A list or logic element: quoted, with `\` before `\` and `"`.
    fn quoted(&mut self, text: &str) {
        if self.percent {
            self.raw("%22");
            for part in utf8_percent_encode(text, RESERVED) {
                match part.as_bytes() {
                    b"%00" => self.nul = true,
                    b"%22" | b"%5C" => self.raw("%5C"),
                    _ => {}
                }
                self.text.push_str(part);
            }
            self.raw("%22");
        } else {
            self.nul |= text.contains('\0');
            self.raw("\"");
            for c in text.chars() {
                if matches!(c, '"' | '\\') {
                    self.raw("\\");
                }
                self.text.push(c);
            }
            self.raw("\"");
        }
    }

    fn integer(&mut self, integer: i64) {
        // Writing to a string can't fail.
        let _ = write!(self.text, "{integer}");
    }
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
