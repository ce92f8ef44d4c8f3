//! The one parser: a query string read as the server reads it (GRAMMAR.md).
//!
//! It accepts what the server accepts, not only what the encoder writes: where the server stops reading
//! without a word (a stray `)`, text after a column's name), so does this.

mod cursor;
mod error;
mod filter;
mod name;
mod order;
mod select;
mod split;

pub use error::{ParseError, ParseErrorKind};

use std::str::FromStr;

use crate::ast::filter::Filter;
use crate::query::{ImportQuery, Slice};
use cursor::{Cursor, Failure};
use split::Parameter;

impl ImportQuery {
    /// Reads a query string as the server does (GRAMMAR.md), without its `?`.
    ///
    /// # Errors
    ///
    /// What the server rejects is rejected, with its position.
    ///
    /// ```
    /// use mateo_model::ImportQuery;
    ///
    /// let error = ImportQuery::parse("total_count=GT.5").unwrap_err();
    /// assert_eq!(error.position(), 12); // bytes into the query string
    /// ```
    pub fn parse(query_string: &str) -> Result<Self, ParseError> {
        read(query_string)
    }
}

impl FromStr for ImportQuery {
    type Err = ParseError;

    fn from_str(query_string: &str) -> Result<Self, ParseError> {
        Self::parse(query_string)
    }
}

/// Reads a query string, without or with its `?`.
fn read(raw: &str) -> Result<ImportQuery, ParseError> {
    let parameters = split::parameters(raw)?;
    let valued = || parameters.iter().filter(|parameter| parameter.value.is_some());
    // The filters by where they stood, so that a query keeps their sequence.
    let mut filters = Vec::new();
    let mut query = ImportQuery::default();

    // The server reads the parts in this order, and reports the first that it can't read.
    let mut ordered = false;
    for parameter in valued().filter(|parameter| parameter.last_word() == "order") {
        let keys = parse_value(parameter, order::keys)?;
        parameter.refuse_path()?;
        // Of several orders the first counts.
        if !std::mem::replace(&mut ordered, true) {
            query.order = keys;
        }
    }
    for parameter in valued().filter(|parameter| matches!(parameter.last_word(), "and" | "or")) {
        filters.push((parameter.start(), logic_parameter(parameter)?));
    }
    if let Some(parameter) = valued().find(|parameter| parameter.key == "columns") {
        parse_value(parameter, name::column_list)?;
    }
    if let Some(parameter) = valued().find(|parameter| parameter.key == "select") {
        query.select = parse_value(parameter, select::items)?;
    }
    for parameter in valued().filter(|parameter| parameter.is_filter()) {
        let path = parse_key(parameter, name::dotted)?;
        let field = parse_key(parameter, name::field)?;
        let filter = parse_value(parameter, |cursor| {
            filter::operation(cursor, field, filter::scalar_value)
        })?;
        if path.len() > 1 {
            return Err(parameter.key_error(split::embedded()));
        }
        filters.push((parameter.start(), filter));
    }
    filters.sort_by_key(|(start, _)| *start);
    query.filters = filters.into_iter().map(|(_, filter)| filter).collect();

    let (mut limit, mut offset) = (None, None);
    for parameter in valued() {
        // Of several the last counts, and what is no number counts as none.
        match parameter.last_word() {
            "limit" => limit = split::integer(parameter.value_text()),
            "offset" => offset = split::integer(parameter.value_text()),
            _ => continue,
        }
        parameter.refuse_path()?;
    }
    query.slice = Slice::Limit { limit, offset };
    Ok(query)
}

/// `or`, `and`, `not.or`, `not.and`: the server parses the key and the value as one text.
fn logic_parameter(parameter: &Parameter<'_>) -> Result<Filter, ParseError> {
    let (operator, key_length) = parameter.logic_operator()?;
    let text = format!("{operator}{}", parameter.value_text());
    filter::tree(&mut Cursor::new(&text), 0)
        .map_err(|failure| parameter.value_error(failure.before(key_length)))
}

fn parse_value<T>(
    parameter: &Parameter<'_>,
    read: impl FnOnce(&mut Cursor<'_>) -> Result<T, Failure>,
) -> Result<T, ParseError> {
    read(&mut Cursor::new(parameter.value_text())).map_err(|failure| parameter.value_error(failure))
}

fn parse_key<T>(
    parameter: &Parameter<'_>,
    read: impl FnOnce(&mut Cursor<'_>) -> Result<T, Failure>,
) -> Result<T, ParseError> {
    read(&mut Cursor::new(&parameter.key)).map_err(|failure| parameter.key_error(failure))
}
