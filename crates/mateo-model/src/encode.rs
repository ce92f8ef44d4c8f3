//! The one encoder: a query as the string that the server reads as exactly that query.
//!
//! GRAMMAR.md, "Three different escapers": a scalar is raw to its end, a list or logic element is quoted,
//! an array or JSON literal was made by [`literal`](crate::literal). Everything is then percent-encoded.

use std::fmt::{self, Write as _};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::ast::field::{Arrow, Field, PathKey, is_bare, is_identifier};
use crate::ast::filter::{Filter, MAX_DEPTH, Node};
use crate::ast::order::Order;
use crate::ast::test::{Quantifier, Test};
use crate::query::ImportQuery;
use crate::select::SelectItem;

/// A query that can't be expressed in the server's grammar: rejected before anything is sent.
///
/// ```
/// use mateo_model::{EncodeError, ImportQuery, columns::REFERENCE_ID};
///
/// let query = ImportQuery::new().filter(REFERENCE_ID.contains("2*3"));
/// let error: EncodeError = query.to_query_string().unwrap_err();
/// assert!(error.to_string().starts_with("reference_id: a literal \"*\" can't be searched for with a pattern"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EncodeError(String);

impl ImportQuery {
    /// The query string, percent-encoded and without a `?`: filters, then `select`, `order`, `limit`,
    /// `offset`. A range is no part of it: see [`range_given`](ImportQuery::range_given).
    ///
    /// # Errors
    ///
    /// If it can't be written: a pattern with a literal `*` (the server reads it as any text, also `\*`) or with a lone `\`
    /// at its end, the character U+0000 in a value, a cast to what is no name of a type, and groups nested deeper than 100
    /// levels, more than the parser reads back.
    ///
    /// ```
    /// use mateo_model::{ImportQuery, columns::*};
    ///
    /// let query = ImportQuery::new().filter(REFERENCE_ID.eq("a&b")).limit(1);
    /// assert_eq!(query.to_query_string()?, "reference_id=eq.a%26b&limit=1");
    /// # Ok::<(), mateo_model::EncodeError>(())
    /// ```
    pub fn to_query_string(&self) -> Result<String, EncodeError> {
        let mut encoder = Encoder::default();
        // More than most queries take, so that they are written into one allocation.
        encoder.text.reserve(512);
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
    let mut encoder = Encoder::default();
    encoder.quoted(value);
    encoder.text.len() + 1
}

/// The field as the server's grammar writes it, not percent-encoded.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut encoder = Encoder::default();
        encoder.field(self);
        f.write_str(&encoder.decoded())
    }
}

/// The filter as it stands inside `and(…)` or `or(…)`, not percent-encoded. Where it can't be sent, the reason
/// stands in angle brackets instead.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut encoder = Encoder::default();
        match encoder.filter(self, Place::Group) {
            Ok(()) => f.write_str(&encoder.decoded()),
            Err(error) => write!(f, "<{error}>"),
        }
    }
}

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Where a filter stands: as a parameter of its own, or inside a group.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Parameter,
    Group,
}

#[derive(Default)]
struct Encoder {
    text: String,
    depth: usize,
    /// Whether there was a U+0000, which is no text that the server can have.
    nul: bool,
}

impl Encoder {
    fn decoded(&self) -> String {
        percent_decode_str(&self.text).decode_utf8_lossy().into_owned()
    }

    /// Text of the grammar, which stands in the query string as it is.
    fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.raw(",");
        }
    }

    fn integer(&mut self, integer: i64) {
        // Writing to a string can't fail.
        let _ = write!(self.text, "{integer}");
    }

    /// Text as a scalar: raw to its end.
    fn scalar(&mut self, text: &str) {
        for part in utf8_percent_encode(text, RESERVED) {
            self.nul |= part == "%00";
            self.raw(part);
        }
    }

    /// A list or logic element: quoted, with `\` before `\` and `"`.
    fn quoted(&mut self, text: &str) {
        self.raw("%22");
        for part in utf8_percent_encode(text, RESERVED) {
            match part {
                "%00" => self.nul = true,
                "%22" | "%5C" => self.raw("%5C"),
                _ => {}
            }
            self.raw(part);
        }
        self.raw("%22");
    }

    fn query(&mut self, query: &ImportQuery) -> Result<(), EncodeError> {
        for filter in &query.filters {
            self.parameter("");
            self.filter(filter, Place::Parameter)?;
        }
        for (index, item) in query.select.items().iter().enumerate() {
            if index == 0 {
                self.parameter("select=");
            }
            self.comma(index);
            self.select_item(item)?;
        }
        for (index, order) in query.order.iter().enumerate() {
            if index == 0 {
                self.parameter("order=");
            }
            self.comma(index);
            self.order(order)?;
        }
        for (name, rows) in [("limit=", query.limit), ("offset=", query.offset)] {
            if let Some(rows) = rows {
                self.parameter(name);
                self.integer(rows);
            }
        }
        Ok(())
    }

    /// Begins a parameter.
    fn parameter(&mut self, name: &str) {
        if !self.text.is_empty() {
            self.raw("&");
        }
        self.raw(name);
    }

    /// `column=test` or `or=(…)` as a parameter, `column.test` or `or(…)` inside a group.
    fn filter(&mut self, filter: &Filter, place: Place) -> Result<(), EncodeError> {
        let (name, members) = match filter.node() {
            Node::Condition { field, test } => {
                self.field(field);
                self.raw(if place == Place::Parameter { "=" } else { "." });
                self.not(filter);
                return self.test(field, test, place);
            }
            Node::All(all) => ("and", all),
            Node::Any(any) => ("or", any),
        };
        if self.depth == MAX_DEPTH {
            let reason = "the filter nests more than 100 groups inside each other; write it flatter";
            return Err(EncodeError(reason.to_owned()));
        }
        self.depth += 1;
        self.not(filter);
        self.raw(name);
        self.raw(if place == Place::Parameter { "=(" } else { "(" });
        for (index, member) in members.iter().enumerate() {
            self.comma(index);
            self.filter(member, Place::Group)?;
        }
        self.raw(")");
        self.depth -= 1;
        Ok(())
    }

    fn not(&mut self, filter: &Filter) {
        if filter.is_negated() {
            self.raw("not.");
        }
    }

    fn test(&mut self, field: &Field, test: &Test, place: Place) -> Result<(), EncodeError> {
        let (name, argument, value) = match test {
            Test::Compare {
                operator,
                quantifier,
                value,
            } => {
                if operator.is_pattern() {
                    check_pattern(field, value)?;
                }
                let quantifier = quantifier.filter(|_| operator.takes_quantifier());
                (operator.as_str(), quantifier.map(Quantifier::as_str), value)
            }
            Test::FullText {
                function,
                language,
                value,
            } => (*function, language.as_deref(), value),
            Test::Is(truth) => {
                self.raw("is.");
                self.raw(truth.as_str());
                return Ok(());
            }
            Test::In(values) => {
                self.raw("in.(");
                for (index, value) in values.iter().enumerate() {
                    self.comma(index);
                    self.quoted(value);
                }
                self.raw(")");
                return self.check_nul(field);
            }
        };
        self.raw(name);
        if let Some(argument) = argument {
            self.raw("(");
            self.scalar(argument);
            self.raw(")");
        }
        self.raw(".");
        match place {
            Place::Parameter => self.scalar(value),
            Place::Group => self.quoted(value),
        }
        self.check_nul(field)
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
                let reason = format!("{cast:?} can't be written as the type of a cast");
                return Err(EncodeError(reason));
            }
            self.raw("::");
            self.scalar(cast);
        }
        self.check_nul(field)
    }

    /// Only what differs from the server's defaults is written.
    fn order(&mut self, order: &Order) -> Result<(), EncodeError> {
        self.field(order.field());
        self.raw(match (order.is_descending(), order.has_nulls_first()) {
            (false, false) => "",
            (false, true) => ".nullsfirst",
            (true, true) => ".desc",
            (true, false) => ".desc.nullslast",
        });
        self.check_nul(order.field())
    }

    /// Refuses what was written about the field where it holds a U+0000.
    fn check_nul(&self, field: &Field) -> Result<(), EncodeError> {
        if self.nul {
            let reason = "the value has the character U+0000, which no text of the server can have";
            return Err(EncodeError(format!("{field}: {reason}")));
        }
        Ok(())
    }

    fn field(&mut self, field: &Field) {
        self.name(field.name(), field.is_bare());
        for (arrow, key) in field.path() {
            self.scalar(match arrow {
                Arrow::Json => "->",
                Arrow::Text => "->>",
            });
            match key {
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
}

fn check_pattern(field: &Field, pattern: &str) -> Result<(), EncodeError> {
    let backslashes = pattern.len() - pattern.trim_end_matches('\\').len();
    let reason = if pattern.contains('*') {
        "a literal \"*\" can't be searched for with a pattern, because the server reads it as any text; compare with eq, \
         or search for the text around it"
    } else if backslashes % 2 == 1 {
        // PostgreSQL's error 22025.
        "the pattern ends with a lone \"\\\"; write \"\\\\\" for a literal backslash"
    } else {
        return Ok(());
    };
    Err(EncodeError(format!("{field}: {reason}")))
}
