//! A query for imports: which rows, which of their columns, in which order, how many.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::encode::{self, EncodeError};
use crate::filter::Filter;
use crate::order::Order;
use crate::parse::{self, ParseError};
use crate::range::Range;
use crate::select::Select;

/// A query for imports: an immutable value whose methods each give a new query.
///
/// The same query always gives the same query string, and that string parses back to the same query.
///
/// ```
/// use mateo_model::{ImportQuery, ImportType, columns::*};
///
/// let query = ImportQuery::new()
///     .filter(FAILED_COUNT.gt(0).and(TYPE.eq(ImportType::ContactDetails)))
///     .order(CREATED_AT.desc())
///     .limit(10);
/// assert_eq!(
///     query.to_query_string()?,
///     "failed_count=gt.0&type=eq.contact_details&order=created_at.desc&limit=10",
/// );
/// assert_eq!(query.to_string().parse::<ImportQuery>()?, query);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// As a serde value it is `{"query": "…"}`, with a `"range"` where it pages by range.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ImportQuery {
    pub(crate) select: Select,
    pub(crate) filters: Vec<Filter>,
    pub(crate) order: Vec<Order>,
    pub(crate) window: Window,
}

/// Which of the rows are asked for: by `limit` and `offset`, or by the `Range` header, never by both, because
/// the server intersects them (GRAMMAR.md, "Limits and ranges").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// By the query string.
    Slice {
        /// At most this many rows; the server gives no more than its cap of 50. It may be negative in a query
        /// that was parsed, which the server refuses (416).
        limit: Option<i64>,
        /// This many rows are passed over first.
        offset: Option<i64>,
    },
    /// By the `Range` header.
    Range(Range),
}

impl Default for Window {
    fn default() -> Self {
        Self::Slice {
            limit: None,
            offset: None,
        }
    }
}

impl ImportQuery {
    /// All columns of all imports, in no order.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only rows that also meet `filter`.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.extend(filter.into_conjuncts());
        self
    }

    /// Rows that the orders before don't tell apart come in this order.
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.order.push(order);
        self
    }

    /// Only these columns.
    #[must_use]
    pub fn select(mut self, select: Select) -> Self {
        self.select = select;
        self
    }

    /// At most `rows` rows. It takes the place of a range.
    #[must_use]
    pub fn limit(mut self, rows: u64) -> Self {
        let limit = Some(i64::try_from(rows).unwrap_or(i64::MAX));
        self.window = Window::Slice {
            limit,
            offset: self.offset_given(),
        };
        self
    }

    /// Without the first `rows` rows. It takes the place of a range.
    #[must_use]
    pub fn offset(mut self, rows: u64) -> Self {
        let offset = Some(i64::try_from(rows).unwrap_or(i64::MAX));
        self.window = Window::Slice {
            limit: self.limit_given(),
            offset,
        };
        self
    }

    /// The rows of `range`, which is sent as the `Range` header. It takes the place of limit and offset.
    #[must_use]
    pub fn range(mut self, range: Range) -> Self {
        self.window = Window::Range(range);
        self
    }

    /// The columns asked for.
    pub fn selection(&self) -> &Select {
        &self.select
    }

    /// The filters, which a row must meet all.
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// The keys of the order, the first counting most.
    pub fn ordering(&self) -> &[Order] {
        &self.order
    }

    /// Which of the rows are asked for.
    pub fn window(&self) -> Window {
        self.window
    }

    /// The limit, where one is set.
    pub fn limit_given(&self) -> Option<i64> {
        match self.window {
            Window::Slice { limit, .. } => limit,
            Window::Range(_) => None,
        }
    }

    /// The offset, where one is set.
    pub fn offset_given(&self) -> Option<i64> {
        match self.window {
            Window::Slice { offset, .. } => offset,
            Window::Range(_) => None,
        }
    }

    /// The range to send as a header, where the query pages by range.
    pub fn range_given(&self) -> Option<Range> {
        match self.window {
            Window::Range(range) => Some(range),
            Window::Slice { .. } => None,
        }
    }

    /// The query string, percent-encoded and without a `?`: filters, then `select`, `order`, `limit`,
    /// `offset`. A range is no part of it: see [`range_given`](ImportQuery::range_given).
    ///
    /// # Errors
    ///
    /// What the server can't be asked for is refused: see [`EncodeError`].
    pub fn to_query_string(&self) -> Result<String, EncodeError> {
        encode::query_string(self)
    }

    /// Reads a query string as the server does (GRAMMAR.md), without its `?`.
    ///
    /// # Errors
    ///
    /// What the server refuses to parse is refused, with the place.
    ///
    /// ```
    /// use mateo_model::ImportQuery;
    ///
    /// let error = ImportQuery::parse("total_count=GT.5").unwrap_err();
    /// assert_eq!(error.position(), 12); // bytes into the query string
    /// ```
    pub fn parse(query_string: &str) -> Result<Self, ParseError> {
        parse::query_string(query_string)
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

impl FromStr for ImportQuery {
    type Err = ParseError;

    fn from_str(query_string: &str) -> Result<Self, ParseError> {
        Self::parse(query_string)
    }
}

/// The stable form of a query as data.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    query: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<String>,
}

impl Serialize for ImportQuery {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let query = self.to_query_string().map_err(serde::ser::Error::custom)?;
        let range = self.range_given().map(|range| range.to_string());
        Stored { query, range }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ImportQuery {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let stored = Stored::deserialize(deserializer)?;
        let query = Self::parse(&stored.query).map_err(D::Error::custom)?;
        match stored.range {
            Some(range) => Ok(query.range(range.parse().map_err(D::Error::custom)?)),
            None => Ok(query),
        }
    }
}

#[cfg(test)]
mod tests;
