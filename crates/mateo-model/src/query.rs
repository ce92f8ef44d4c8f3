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
    pub(crate) limit: Option<i64>,
    pub(crate) offset: Option<i64>,
    /// Never beside a limit or offset: the server would intersect them (GRAMMAR.md, "Limits and ranges").
    pub(crate) range: Option<Range>,
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
        self.limit = Some(i64::try_from(rows).unwrap_or(i64::MAX));
        self.range = None;
        self
    }

    /// Without the first `rows` rows. It takes the place of a range.
    #[must_use]
    pub fn offset(mut self, rows: u64) -> Self {
        self.offset = Some(i64::try_from(rows).unwrap_or(i64::MAX));
        self.range = None;
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
        (self.limit, self.offset, self.range) = (None, None, Some(range));
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

    /// Whether only some of the rows are asked for: by a limit, an offset or a range.
    pub fn is_sliced(&self) -> bool {
        self.limit.is_some() || self.offset.is_some() || self.range.is_some()
    }

    /// The limit, where one is set: at most this many rows; the server gives no more than its cap of 50. It may be
    /// negative in a query that was parsed, which the server rejects (416).
    pub fn limit_given(&self) -> Option<i64> {
        self.limit
    }

    /// The offset, where one is set: this many rows are passed over first.
    pub fn offset_given(&self) -> Option<i64> {
        self.offset
    }

    /// The range to send as a header, where the query pages by range.
    pub fn range_given(&self) -> Option<Range> {
        self.range
    }
}

#[cfg(test)]
mod tests;
