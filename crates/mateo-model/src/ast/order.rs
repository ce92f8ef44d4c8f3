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
    direction: Direction,
    nulls: Nulls,
}

/// Which end comes first.
///
/// ```
/// use mateo_model::{columns::ID, ast::Direction};
///
/// assert_eq!(ID.desc().direction(), Direction::Descending);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The smallest first.
    Ascending,
    /// The largest first.
    Descending,
}

/// Where rows go whose value is NULL.
///
/// ```
/// use mateo_model::{columns::TOTAL_COUNT, ast::Nulls};
///
/// assert_eq!(TOTAL_COUNT.asc().nulls_first().nulls(), Nulls::First);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nulls {
    /// Before all others: the default of a descending order.
    First,
    /// Behind all others: the default of an ascending order.
    Last,
}

impl Nulls {
    /// Where PostgreSQL puts them by default (GRAMMAR.md, "select, order").
    pub const fn default_of(direction: Direction) -> Self {
        match direction {
            Direction::Ascending => Self::Last,
            Direction::Descending => Self::First,
        }
    }
}

impl Order {
    /// Rows by `field`, with NULLs where PostgreSQL puts them by default.
    pub fn by(field: Field, direction: Direction) -> Self {
        Self {
            field,
            direction,
            nulls: Nulls::default_of(direction),
        }
    }

    /// The same with NULLs before all others.
    #[must_use]
    pub fn nulls_first(mut self) -> Self {
        self.nulls = Nulls::First;
        self
    }

    /// The same with NULLs after all others.
    #[must_use]
    pub fn nulls_last(mut self) -> Self {
        self.nulls = Nulls::Last;
        self
    }

    /// What rows are ordered by.
    pub fn field(&self) -> &Field {
        &self.field
    }

    /// Which end comes first.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// Where NULLs go.
    pub fn nulls(&self) -> Nulls {
        self.nulls
    }
}
