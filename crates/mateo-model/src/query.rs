//! A query for imports: which rows, which of their columns, in which order, how many.

use crate::ast::filter::Filter;
use crate::ast::order::Order;
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
    pub(crate) slice: Slice,
}

/// Which of the rows are asked for: by `limit` and `offset`, or by the `Range` header, never by both, because
/// the server intersects them (GRAMMAR.md, "Limits and ranges").
///
/// ```
/// use mateo_model::{ImportQuery, Range, Slice};
///
/// let page = ImportQuery::new().limit(10).offset(20);
/// assert_eq!(page.slice(), Slice::Limit { limit: Some(10), offset: Some(20) });
/// let range = Range::new(20, Some(29))?;
/// assert_eq!(page.range(range).slice(), Slice::Range(range));
/// # Ok::<(), mateo_model::RangeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slice {
    /// By the query string.
    Limit {
        /// At most this many rows; the server gives no more than its cap of 50. It may be negative in a query
        /// that was parsed, which the server rejects (416).
        limit: Option<i64>,
        /// This many rows are passed over first.
        offset: Option<i64>,
    },
    /// By the `Range` header.
    Range(Range),
}

impl Default for Slice {
    fn default() -> Self {
        Self::Limit {
            limit: None,
            offset: None,
        }
    }
}

impl ImportQuery {
    /// The path of the endpoint, below the base URL: `GET {base}/api/v1/import?{query}`.
    pub const PATH: &str = "/api/v1/import";

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
        self.slice = Slice::Limit {
            limit,
            offset: self.offset_given(),
        };
        self
    }

    /// Without the first `rows` rows. It takes the place of a range.
    #[must_use]
    pub fn offset(mut self, rows: u64) -> Self {
        let offset = Some(i64::try_from(rows).unwrap_or(i64::MAX));
        self.slice = Slice::Limit {
            limit: self.limit_given(),
            offset,
        };
        self
    }

    /// The rows of `range`, which is sent as the `Range` header. It takes the place of limit and offset.
    ///
    /// ```
    /// use mateo_model::{ImportQuery, Range};
    ///
    /// let query = ImportQuery::new().limit(10).range(Range::new(20, Some(29))?);
    /// assert_eq!(query.to_string(), ""); // it goes into a header
    /// assert_eq!(query.limit_given(), None);
    /// # Ok::<(), mateo_model::RangeError>(())
    /// ```
    #[must_use]
    pub fn range(mut self, range: Range) -> Self {
        self.slice = Slice::Range(range);
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
    pub fn slice(&self) -> Slice {
        self.slice
    }

    /// The limit, where one is set.
    pub fn limit_given(&self) -> Option<i64> {
        match self.slice {
            Slice::Limit { limit, .. } => limit,
            Slice::Range(_) => None,
        }
    }

    /// The offset, where one is set.
    pub fn offset_given(&self) -> Option<i64> {
        match self.slice {
            Slice::Limit { offset, .. } => offset,
            Slice::Range(_) => None,
        }
    }

    /// The range to send as a header, where the query pages by range.
    pub fn range_given(&self) -> Option<Range> {
        match self.slice {
            Slice::Range(range) => Some(range),
            Slice::Limit { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
