//! The test of one value against what the query says.

use std::cmp::Ordering;

use mateo_model::ast::{Operator, Quantifier};
use regex::Regex;

use crate::postgrest::error::Error;
use crate::postgrest::sql::jsonb::Json;
use crate::postgrest::sql::like::Pattern;
use crate::postgrest::sql::value::Value;

/// The test of one value.
#[derive(Debug)]
pub(crate) enum Test {
    /// With any or all of a sorted list.
    Compare {
        operator: Operator,
        quantifier: Quantifier,
        values: Vec<Value>,
        has_null: bool,
    },
    Like(Pattern),
    Match(Regex),
    Contains(Json),
    ContainedBy(Json),
    /// Any or all of these, `None` being a NULL among them.
    Join(Quantifier, Vec<Option<Test>>),
}

impl Test {
    /// Whether a value, which is comparable, passes; `None` is SQL's NULL.
    pub(super) fn evaluate(&self, value: &Value) -> Result<Option<bool>, Error> {
        Ok(match (self, value) {
            (Self::Join(quantifier, tests), value) => join(*quantifier, tests, |test| match test {
                Some(test) => test.evaluate(value),
                None => Ok(None),
            })?,
            (
                Self::Compare {
                    operator,
                    quantifier,
                    values,
                    has_null,
                },
                value,
            ) => compare(*operator, *quantifier, values, *has_null, value),
            (Self::Like(pattern), Value::Text(text)) => Some(pattern.matches(text)?),
            (Self::Match(regex), Value::Text(text)) => Some(regex.is_match(text)),
            (Self::Contains(part), Value::Tree(json)) => Some(json.contains(part)),
            (Self::ContainedBy(whole), Value::Tree(json)) => Some(whole.contains(json)),
            // NULL: a test is made for the type of its values.
            _ => None,
        })
    }

    /// The values of which one must be equal, where that is the test.
    pub(super) fn is_among(&self) -> Option<&[Value]> {
        match self {
            Self::Compare {
                operator: Operator::Eq,
                quantifier: Quantifier::Any,
                values,
                ..
            } => Some(values),
            _ => None,
        }
    }
}

/// `any` is decided by one that is true, `all` by one that is false; else a NULL leaves it open.
pub(super) fn join<T>(
    quantifier: Quantifier,
    conditions: &[T],
    evaluate: impl Fn(&T) -> Result<Option<bool>, Error>,
) -> Result<Option<bool>, Error> {
    let decides = quantifier == Quantifier::Any;
    let mut outcome = Some(!decides);
    for condition in conditions {
        match evaluate(condition)? {
            Some(holds) if holds == decides => return Ok(Some(decides)),
            Some(_) => {}
            None => outcome = None,
        }
    }
    Ok(outcome)
}

/// Compares with any or all of a sorted list: only its ends count, or whether the value is in it.
fn compare(
    operator: Operator,
    quantifier: Quantifier,
    values: &[Value],
    has_null: bool,
    value: &Value,
) -> Option<bool> {
    let any = quantifier == Quantifier::Any;
    let (Some(least), Some(greatest)) = (values.first(), values.last()) else {
        // No value is needed to decide about an empty list.
        return (!has_null).then_some(!any);
    };
    if value.is_null() {
        return None;
    }
    let holds_for = |wanted| holds(operator, value.compare(wanted));
    let holds = match (operator, any) {
        (Operator::Eq, true) | (Operator::Neq, false) => {
            let found = values.binary_search_by(|wanted| wanted.compare(value));
            found.is_ok() == (operator == Operator::Eq)
        }
        (Operator::Eq, false) => holds_for(least) && holds_for(greatest),
        (Operator::Neq, true) => holds_for(least) || holds_for(greatest),
        (Operator::Gt | Operator::Gte, true) | (Operator::Lt | Operator::Lte, false) => holds_for(least),
        _ => holds_for(greatest),
    };
    (holds == any || !has_null).then_some(holds)
}

fn holds(operator: Operator, ordering: Ordering) -> bool {
    match operator {
        Operator::Eq => ordering.is_eq(),
        Operator::Neq => ordering.is_ne(),
        Operator::Gt => ordering.is_gt(),
        Operator::Gte => ordering.is_ge(),
        Operator::Lt => ordering.is_lt(),
        Operator::Lte => ordering.is_le(),
        _ => false,
    }
}
