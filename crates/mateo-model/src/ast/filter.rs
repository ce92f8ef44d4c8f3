//! Conditions on rows: an immutable tree of tests on fields, joined by `and`, `or` and `not`.

use std::ops::Not;

use super::field::Field;
use super::test::{Operator, Test};

/// How deep groups may be nested: far more than a person or program writes, far less than a stack holds.
pub(crate) const MAX_DEPTH: usize = 100;

/// A condition that a row meets or not: one test of one field, or several joined by `and`, `or`, `not`.
///
/// A filter is made by the operators of [`Column`](crate::Column) and joined by [`and`](Filter::and),
/// [`or`](Filter::or) and `!`. As in SQL there are three outcomes: a test of a NULL is neither true nor
/// false, negating it doesn't make it true, and only rows for which the whole is true are listed.
///
/// ```
/// use mateo_model::{Filter, ImportQuery, columns::*};
///
/// let stuck = TOTAL_COUNT.is_not_null().and(SUCCESS_COUNT.is_null().or(SUCCESS_COUNT.eq(0)));
/// let query = ImportQuery::new().filter(stuck);
/// assert_eq!(
///     query.to_string(),
///     "total_count=not.is.null&or=(success_count.is.null,success_count.eq.%220%22)",
/// );
/// # let _: Filter = !REFERENCE_ID.eq("a");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filter {
    negated: bool,
    node: Node,
}

/// What a [`Filter`] is before its negation.
///
/// ```
/// use mateo_model::{columns::*, ast::Node};
///
/// let filter = TOTAL_COUNT.gte(1).and(TOTAL_COUNT.lte(50));
/// assert!(matches!(filter.node(), Node::All(members) if members.len() == 2));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// One test of one field.
    Condition {
        /// What is tested.
        field: Field,
        /// The test.
        test: Test,
    },
    /// All of these, at least one.
    All(Vec<Filter>),
    /// At least one of these, of which there is at least one.
    Any(Vec<Filter>),
}

impl Filter {
    pub(crate) fn condition(field: Field, test: Test) -> Self {
        Self {
            negated: false,
            node: Node::Condition { field, test },
        }
    }

    pub(crate) fn compare(field: Field, operator: Operator, value: String) -> Self {
        Self::condition(
            field,
            Test::Compare {
                operator,
                quantifier: None,
                value,
            },
        )
    }

    /// All of `filters`: true for every row where there are none.
    pub fn all(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::group(filters.into_iter().collect(), Node::All, true)
    }

    /// At least one of `filters`: true for no row where there are none.
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::group(filters.into_iter().collect(), Node::Any, false)
    }

    /// The server rejects `and()` and `or()`; an empty list says the same of a column that every row has.
    fn group(filters: Vec<Self>, node: fn(Vec<Self>) -> Node, if_empty: bool) -> Self {
        if filters.is_empty() {
            let nothing = Self::condition(Field::constant("id"), Test::In(Vec::new()));
            return if if_empty { !nothing } else { nothing };
        }
        Self {
            negated: false,
            node: node(filters),
        }
    }

    /// Both this and `other`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self {
                negated: false,
                node: Node::All(mut all),
            } => {
                all.push(other);
                Self::all(all)
            }
            first => Self::all([first, other]),
        }
    }

    /// This, or `other`, or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match self {
            Self {
                negated: false,
                node: Node::Any(mut any),
            } => {
                any.push(other);
                Self::any(any)
            }
            first => Self::any([first, other]),
        }
    }

    /// Whether `not.` stands before it.
    pub fn is_negated(&self) -> bool {
        self.negated
    }

    /// The filter without its negation.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The filters that a conjunction consists of, itself where it is none.
    pub(crate) fn into_conjuncts(self) -> Vec<Self> {
        match self {
            Self {
                negated: false,
                node: Node::All(all),
            } => all.into_iter().flat_map(Self::into_conjuncts).collect(),
            other => vec![other],
        }
    }
}

/// Negates the filter; twice gives the filter back. A row for which it is unknown (because of a NULL) is
/// listed by neither.
///
/// ```
/// use mateo_model::columns::TOTAL_COUNT;
///
/// let filter = TOTAL_COUNT.eq(1);
/// assert_eq!((!filter.clone()).to_string(), r#"total_count.not.eq."1""#);
/// assert_eq!(!!filter.clone(), filter);
/// ```
impl Not for Filter {
    type Output = Self;

    fn not(mut self) -> Self {
        self.negated = !self.negated;
        self
    }
}
