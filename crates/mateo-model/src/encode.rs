//! The one encoder: a query as the string that the server reads as exactly that query.
//!
//! GRAMMAR.md, "Three different escapers": a scalar is raw to its end, a list or logic element is quoted,
//! an array or JSON literal was made by [`literal`](crate::literal). Everything is then percent-encoded.

use std::fmt;

use thiserror::Error;

use crate::ast::field::{Arrow, Field, PathKey, is_bare, is_identifier};
use crate::ast::filter::{Condition, Filter, MAX_DEPTH, Node};
use crate::ast::order::{Direction, Nulls, Order};
use crate::ast::test::Test;
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

impl ImportQuery {
    /// The query string, percent-encoded and without a `?`: filters, then `select`, `order`, `limit`,
    /// `offset`. A range is no part of it: see [`range_given`](ImportQuery::range_given).
    ///
    /// # Errors
    ///
    /// What the server can't be asked for is refused: see [`EncodeError`].
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
        Ok(encoder.finish())
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
    encoder.length + 1
}

/// The field as the server's grammar writes it, not percent-encoded.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut encoder = Encoder::new(false, 32);
        encoder.field(self);
        f.write_str(&encoder.finish())
    }
}

/// The filter as it stands inside `and(…)` or `or(…)`, not percent-encoded. Where it can't be sent, the reason
/// stands in angle brackets instead.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut encoder = Encoder::new(false, 64);
        match encoder.element(self) {
            Ok(()) => f.write_str(&encoder.finish()),
            Err(error) => write!(f, "<{error}>"),
        }
    }
}

/// A little more than the query string will most likely take, from the lengths of its parts.
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

/// What a byte becomes in a value: itself if it is one of RFC 3986's unreserved characters, a percent escape if not;
/// and behind that how many bytes it is.
const ENCODED: [[u8; 4]; 256] = {
    let mut table = [[0; 4]; 256];
    let digits = b"0123456789ABCDEF";
    let mut byte: u8 = 0;
    loop {
        let unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
        table[byte as usize] = if unreserved {
            [byte, 0, 0, 1]
        } else {
            [
                b'%',
                digits[(byte >> 4) as usize],
                digits[(byte & 15) as usize],
                3,
            ]
        };
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// The text so far: the first `length` of `bytes`, the rest being room that is already there.
struct Encoder {
    bytes: Vec<u8>,
    length: usize,
    percent: bool,
    depth: usize,
    /// Whether there was a U+0000, which is no text that the server can have.
    nul: bool,
}

impl Encoder {
    fn new(percent: bool, room: usize) -> Self {
        Self {
            bytes: vec![0; room],
            length: 0,
            percent,
            depth: 0,
            nul: false,
        }
    }

    fn finish(mut self) -> String {
        self.bytes.truncate(self.length);
        // Only whole strings and ASCII are ever written.
        String::from_utf8(self.bytes).unwrap_or_default()
    }

    /// Room for `more` bytes behind the text.
    #[inline]
    fn room(&mut self, more: usize) -> &mut [u8] {
        if self.bytes.len() - self.length < more {
            self.bytes
                .resize((self.length + more).max(2 * self.bytes.len()), 0);
        }
        &mut self.bytes[self.length..]
    }

    /// Text that stands in the query string as it is.
    #[inline]
    fn raw(&mut self, text: &str) {
        self.room(text.len())[..text.len()].copy_from_slice(text.as_bytes());
        self.length += text.len();
    }

    /// A mark of the grammar, which stands in the query string as it is. Its length being known, it is copied
    /// without a call.
    #[inline]
    fn mark<const N: usize>(&mut self, mark: &[u8; N]) {
        self.room(N)[..N].copy_from_slice(mark);
        self.length += N;
    }

    #[inline]
    fn quote(&mut self) {
        if self.percent {
            self.mark(b"%22");
        } else {
            self.mark(b"\"");
        }
    }

    /// Text as a scalar: raw to its end, percent-encoded but for the unreserved characters.
    fn text(&mut self, text: &str) {
        if !self.percent {
            self.nul |= text.contains('\0');
            return self.raw(text);
        }
        let mut nul = false;
        let room = self.room(3 * text.len() + 1);
        let mut at = 0;
        for byte in text.bytes() {
            let encoded = ENCODED[usize::from(byte)];
            // Four bytes are always written, in one step; those that don't count are written over.
            room[at..at + 4].copy_from_slice(&encoded);
            at += usize::from(encoded[3]);
            nul |= byte == 0;
        }
        self.length += at;
        self.nul |= nul;
    }

    fn query(&mut self, query: &ImportQuery) -> Result<(), EncodeError> {
        let mut first = true;
        for filter in &query.filters {
            self.separate(&mut first);
            self.parameter(filter)?;
        }
        if !query.select.items().is_empty() {
            self.separate(&mut first);
            self.mark(b"select=");
            self.list(query.select.items(), Self::select_item)?;
        }
        if !query.order.is_empty() {
            self.separate(&mut first);
            self.mark(b"order=");
            self.list(&query.order, |encoder, order| {
                encoder.order(order);
                encoder.check_nul(order.field())
            })?;
        }
        if let Window::Slice { limit, offset } = query.window {
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
            self.mark(b"&");
        }
    }

    fn list<T>(
        &mut self,
        items: &[T],
        mut item: impl FnMut(&mut Self, &T) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        for (index, each) in items.iter().enumerate() {
            if index > 0 {
                self.mark(b",");
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
                self.mark(b"=");
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
        if filter.is_negated() {
            self.mark(b"not.");
        }
        self.raw(name);
        self.mark(b"=");
        self.members(members)
    }

    /// A filter inside a group: `column.test` or `or(…)`.
    fn element(&mut self, filter: &Filter) -> Result<(), EncodeError> {
        let (name, members) = match filter.node() {
            Node::Condition(condition) => {
                self.field(&condition.field);
                self.mark(b".");
                return self.test(condition, filter.is_negated(), Self::quoted);
            }
            Node::All(all) => ("and", all),
            Node::Any(any) => ("or", any),
        };
        if filter.is_negated() {
            self.mark(b"not.");
        }
        self.raw(name);
        self.members(members)
    }

    fn members(&mut self, members: &[Filter]) -> Result<(), EncodeError> {
        if self.depth == MAX_DEPTH {
            return Err(EncodeError::TooDeep);
        }
        self.depth += 1;
        self.mark(b"(");
        self.list(members, Self::element)?;
        self.mark(b")");
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
            self.mark(b"not.");
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
                    self.mark(b"(");
                    self.raw(quantifier.as_str());
                    self.mark(b")");
                }
                self.mark(b".");
                value_in_place(self, value);
            }
            Test::In(values) => {
                self.mark(b"in.(");
                self.list(values, |encoder, value| {
                    encoder.quoted(value);
                    Ok(())
                })?;
                self.mark(b")");
            }
            Test::Is(truth) => {
                self.mark(b"is.");
                self.raw(truth.as_str());
            }
            Test::FullText {
                function,
                language,
                value,
            } => {
                self.raw(function.as_str());
                if let Some(language) = language {
                    self.mark(b"(");
                    self.text(language);
                    self.mark(b")");
                }
                self.mark(b".");
                value_in_place(self, value);
            }
        }
        self.check_nul(&condition.field)
    }

    fn select_item(&mut self, item: &SelectItem) -> Result<(), EncodeError> {
        let Some(field) = item.field() else {
            self.mark(b"*");
            return Ok(());
        };
        if let Some(alias) = item.given_alias() {
            self.name(alias, is_bare(alias));
            self.mark(b":");
        }
        self.field(field);
        if let Some(cast) = item.given_cast() {
            if cast.trim() != cast || cast.is_empty() || !cast.chars().all(is_identifier) {
                return Err(EncodeError::Cast {
                    cast: cast.to_owned(),
                });
            }
            self.mark(b"::");
            self.text(cast);
        }
        self.check_nul(field)
    }

    /// Only what differs from the server's defaults is written.
    fn order(&mut self, order: &Order) {
        self.field(order.field());
        if order.direction() == Direction::Descending {
            self.mark(b".desc");
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
            self.text(match step.arrow {
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
        self.quote();
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\')) {
            self.text(&rest[..at]);
            self.text("\\");
            self.text(&rest[at..=at]);
            rest = &rest[at + 1..];
        }
        self.text(rest);
        self.quote();
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
            self.mark(b"-");
        }
        self.raw(std::str::from_utf8(&digits[at..]).unwrap_or_default());
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
