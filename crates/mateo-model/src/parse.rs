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

use crate::query::ImportQuery;
use cursor::Cursor;

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
        let parameters = split::parameters(query_string)?;
        let mut query = Self::default();
        // The filters by where they stood, so that a query keeps their sequence.
        let mut filters = Vec::new();

        // The server reads the parts in this order, and reports the first that it can't read.
        let mut orders = Vec::new();
        for parameter in parameters.iter().filter(|it| it.last_word() == "order") {
            orders.push(parameter.value.read(order::keys)?);
            parameter.refuse_path()?;
        }
        // Of several orders the first counts.
        query.order = orders.into_iter().next().unwrap_or_default();

        for parameter in parameters
            .iter()
            .filter(|it| matches!(it.last_word(), "and" | "or"))
        {
            // The server parses the key and the value as one text.
            let operator = parameter.logic_operator()?;
            let text = format!("{operator}{}", parameter.value.text);
            let filter = filter::tree(&mut Cursor::new(&text), 0)
                .map_err(|failure| parameter.value.error(failure.before(operator.len())))?;
            filters.push((parameter.key.start, filter));
        }
        if let Some(parameter) = parameters.iter().find(|it| it.key.text == "columns") {
            parameter.value.read(name::column_list)?;
        }
        if let Some(parameter) = parameters.iter().find(|it| it.key.text == "select") {
            query.select = parameter.value.read(select::items)?;
        }
        for parameter in parameters.iter().filter(|it| it.is_filter()) {
            let path = parameter.key.read(name::dotted)?;
            let field = parameter.key.read(name::field)?;
            let operation = |cursor: &mut Cursor<'_>| filter::operation(cursor, field, filter::scalar_value);
            let filter = parameter.value.read(operation)?;
            if path.len() > 1 {
                return Err(parameter.key.error(split::embedded()));
            }
            filters.push((parameter.key.start, filter));
        }
        filters.sort_by_key(|(start, _)| *start);
        query.filters = filters.into_iter().map(|(_, filter)| filter).collect();

        for parameter in &parameters {
            // Of several the last counts, and what is no number counts as none.
            match parameter.last_word() {
                "limit" => query.limit = split::integer(&parameter.value.text),
                "offset" => query.offset = split::integer(&parameter.value.text),
                _ => continue,
            }
            parameter.refuse_path()?;
        }
        Ok(query)
    }
}

impl FromStr for ImportQuery {
    type Err = ParseError;

    fn from_str(query_string: &str) -> Result<Self, ParseError> {
        Self::parse(query_string)
    }
}
