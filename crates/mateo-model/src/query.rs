//! A query for imports: which rows, which of their columns, in which order, how many.

use crate::filter::Filter;
use crate::order::Order;
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
}

#[cfg(test)]
mod tests;
