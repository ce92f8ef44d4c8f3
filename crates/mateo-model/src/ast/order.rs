//! The order of rows: a field, a direction, and where NULLs go.

use super::field::Field;

/// One key of an order, made by [`Column::asc`](crate::Column::asc) and [`desc`](crate::Column::desc).
///
/// ```
/// use mateo_model::{ImportQuery, columns::*};
///
/// let query = ImportQuery::new().order(FAILED_COUNT.desc().nulls_last()).order(ID.asc());
/// assert_eq!(query.to_string(), "order=failed_count.desc.nullslast,id");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    field: Field,
    is_descending: bool,
    has_nulls_first: bool,
}

impl Order {
    /// Rows by `field`, the smallest first and NULLs last, which is PostgreSQL's default (GRAMMAR.md, "select, order").
    pub fn asc(field: Field) -> Self {
        Self {
            field,
            is_descending: false,
            has_nulls_first: false,
        }
    }

    /// Rows by `field`, the largest first and NULLs before them, which is PostgreSQL's default.
    pub fn desc(field: Field) -> Self {
        Self {
            field,
            is_descending: true,
            has_nulls_first: true,
        }
    }

    /// The same with NULLs before all others.
    #[must_use]
    pub fn nulls_first(mut self) -> Self {
        self.has_nulls_first = true;
        self
    }

    /// The same with NULLs after all others.
    #[must_use]
    pub fn nulls_last(mut self) -> Self {
        self.has_nulls_first = false;
        self
    }

    /// What rows are ordered by.
    pub fn field(&self) -> &Field {
        &self.field
    }

    /// Whether the largest comes first.
    pub fn is_descending(&self) -> bool {
        self.is_descending
    }

    /// Whether rows whose value is NULL come before all others.
    pub fn has_nulls_first(&self) -> bool {
        self.has_nulls_first
    }
}
