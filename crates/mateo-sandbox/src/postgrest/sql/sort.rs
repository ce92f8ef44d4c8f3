//! The order of rows.

mod first;

use std::borrow::Cow;
use std::cmp::Ordering;

use mateo_model::Order;

use super::expression::{Compiler, Expression};
use super::table::{Table, Tuple};
use super::value::Value;
use crate::postgrest::error::Error;
pub(crate) use first::First;

/// One key of an order.
#[derive(Debug)]
pub(crate) struct Key {
    expression: Expression,
    descending: bool,
    nulls_first: bool,
}

/// A row, with what it is compared by.
#[derive(Debug)]
pub(crate) struct Candidate<'t> {
    pub(crate) row: Tuple<'t>,
    /// The values of all keys, where one of them isn't a plain column.
    computed: Vec<Cow<'t, Value>>,
}

impl<'t> Candidate<'t> {
    pub(crate) fn new(row: Tuple<'t>, keys: &[Key]) -> Self {
        let mut computed = Vec::new();
        if !keys.iter().all(|key| key.expression.is_plain()) {
            computed.extend(keys.iter().map(|key| key.expression.comparable(row)));
        }
        Self { row, computed }
    }

    pub(crate) fn compare(&self, other: &Self, keys: &[Key]) -> Ordering {
        let computed = |nth| Some((self.computed.get(nth)?, other.computed.get(nth)?));
        let mut orderings = keys.iter().enumerate().map(|(nth, key)| match computed(nth) {
            Some((a, b)) => key.compare(a, b),
            None => key.compare(key.expression.column(self.row), key.expression.column(other.row)),
        });
        let decisive = orderings.find(|ordering| ordering.is_ne());
        decisive.unwrap_or(Ordering::Equal)
    }
}

impl Key {
    pub(crate) fn compile(compiler: &mut Compiler<'_>, order: &Order) -> Result<Self, Error> {
        Ok(Self {
            expression: compiler.expression(order.field())?,
            descending: order.is_descending(),
            nulls_first: order.has_nulls_first(),
        })
    }

    /// Whether the primary key's index has this order.
    pub(crate) fn is_indexed(&self, table: &Table) -> bool {
        self.expression.is_id(table) && self.nulls_first == self.descending
    }

    fn compare(&self, a: &Value, b: &Value) -> Ordering {
        match (a.is_null(), b.is_null()) {
            (false, false) if self.descending => b.compare(a),
            (false, false) => a.compare(b),
            (a_is_null, b_is_null) if self.nulls_first => b_is_null.cmp(&a_is_null),
            (a_is_null, b_is_null) => a_is_null.cmp(&b_is_null),
        }
    }
}
