//! The order of rows, and the first of them in it without sorting all.

mod first;

use std::cmp::Ordering;

use mateo_model::{
    Order,
    ast::{Direction, Nulls},
};

use super::error::SqlError;
use super::expression::Expression;
use super::filter::Compiler;
use super::jsonb::Json;
use super::table::Table;
use super::types::Type;
use super::value::Value;
use first::First;

/// One key of an order.
#[derive(Debug)]
pub(crate) struct Key {
    expression: Expression,
    descending: bool,
    nulls_first: bool,
}

/// The keys of an order, those without effect left out.
pub(crate) fn compile(compiler: &mut Compiler<'_>, ordering: &[Order]) -> Result<Vec<Key>, SqlError> {
    let mut keys = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for order in ordering {
        let expression = compiler.expression(order.field())?;
        // A field that was a key already decides nothing.
        if seen.insert(order.field()) {
            keys.push(Key {
                expression,
                descending: order.direction() == Direction::Descending,
                nulls_first: order.nulls() == Nulls::First,
            });
        }
    }
    Ok(keys)
}

/// The rows seen so far that may be among the first.
pub(crate) struct Sorter<'t> {
    keys: Keys<'t>,
    first: First<Candidate<'t>>,
}

/// What rows are compared by.
#[derive(Clone, Copy)]
struct Keys<'t> {
    table: &'t Table,
    keys: &'t [Key],
}

/// A row, with what it is compared by.
struct Candidate<'t> {
    at: usize,
    /// Decides most comparisons: see [`Key::rank`].
    rank: u128,
    /// The values of those keys that aren't plain columns.
    computed: Vec<Computed<'t>>,
}

enum Computed<'t> {
    Value(Value<'t>),
    Json(Box<Json<'static>>),
}

impl<'t> Sorter<'t> {
    /// To find the first `wanted` rows.
    pub(crate) fn new(table: &'t Table, keys: &'t [Key], wanted: usize) -> Self {
        Self {
            keys: Keys { table, keys },
            first: First::new(wanted),
        }
    }

    /// Takes in one more row.
    pub(crate) fn push(&mut self, at: usize) {
        let keys = self.keys;
        self.first.push(keys.candidate(at), |a, b| keys.compare(a, b));
    }

    /// The first rows in order.
    pub(crate) fn finish(self) -> Vec<usize> {
        let keys = self.keys;
        let candidates = self.first.finish(|a, b| keys.compare(a, b));
        candidates.into_iter().map(|candidate| candidate.at).collect()
    }
}

impl<'t> Keys<'t> {
    fn candidate(&self, at: usize) -> Candidate<'t> {
        let computed = self.keys.iter().filter(|key| !key.is_plain()).map(|key| {
            match key.expression.evaluate(self.table, at) {
                Value::Json(text) => match Json::parse(&text) {
                    Ok(json) => Computed::Json(Box::new(json.into_owned())),
                    Err(_) => Computed::Value(Value::Json(text)),
                },
                value => Computed::Value(value),
            }
        });
        Candidate {
            at,
            rank: self.keys.first().map_or(0, |key| key.rank(self.table, at)),
            computed: computed.collect(),
        }
    }

    fn compare(&self, a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
        if a.rank != b.rank {
            return a.rank.cmp(&b.rank);
        }
        let mut computed = a.computed.iter().zip(&b.computed);
        for key in self.keys {
            let ordering = if key.is_plain() {
                let column = key.expression.column;
                key.order_values(&self.table.value(column, a.at), &self.table.value(column, b.at))
            } else {
                match computed.next() {
                    Some((Computed::Json(a), Computed::Json(b))) => key.direct(a.compare(b)),
                    Some((Computed::Json(_), Computed::Value(Value::Null))) => key.null_is_second(),
                    Some((Computed::Value(Value::Null), Computed::Json(_))) => key.null_is_second().reverse(),
                    Some((Computed::Value(a), Computed::Value(b))) => key.order_values(a, b),
                    _ => Ordering::Equal,
                }
            };
            if ordering.is_ne() {
                return ordering;
            }
        }
        Ordering::Equal
    }
}

impl Key {
    /// Whether it is a column whose values are compared directly.
    fn is_plain(&self) -> bool {
        self.expression.is_column() && self.expression.column_type != Type::Jsonb
    }

    /// Whether the primary key's index has this order.
    pub(crate) fn is_indexed(&self, table: &Table) -> bool {
        self.expression.is_id(table) && self.nulls_first == self.descending
    }

    /// A number that is smaller where the value comes before another, and may be the same for two values.
    fn rank(&self, table: &Table, at: usize) -> u128 {
        if !self.is_plain() {
            return 0;
        }
        match table.value(self.expression.column, at).rank() {
            Some(rank) => (1 << 64) | u128::from(if self.descending { !rank } else { rank }),
            None if self.nulls_first => 0,
            None => 2 << 64,
        }
    }

    fn order_values(&self, a: &Value<'_>, b: &Value<'_>) -> Ordering {
        match (a.is_null(), b.is_null()) {
            (false, false) => self.direct(a.compare(b)),
            (false, true) => self.null_is_second(),
            (true, false) => self.null_is_second().reverse(),
            (true, true) => Ordering::Equal,
        }
    }

    fn direct(&self, ordering: Ordering) -> Ordering {
        if self.descending {
            ordering.reverse()
        } else {
            ordering
        }
    }

    /// How a value compares with a NULL.
    fn null_is_second(&self) -> Ordering {
        if self.nulls_first {
            Ordering::Greater
        } else {
            Ordering::Less
        }
    }
}
