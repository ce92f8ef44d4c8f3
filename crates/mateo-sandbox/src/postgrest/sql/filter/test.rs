//! The test of one value against what the query says.

use std::cmp::Ordering;

use mateo_model::ast::{Quantifier, Truth};
use regex::Regex;

use crate::postgrest::sql::error::SqlError;
use crate::postgrest::sql::jsonb::Json;
use crate::postgrest::sql::like::Pattern;
use crate::postgrest::sql::types::Type;
use crate::postgrest::sql::value::Value;

/// The test of one value.
#[derive(Debug)]
pub(super) enum Test {
    IsNull,
    /// `is true` or `is false`.
    IsBool(bool),
    Compare(Comparison, Value<'static>),
    /// With the JSON's text, which is often the same where the values are.
    CompareJson(Comparison, Box<str>, Json<'static>),
    /// With any or all of a list, sorted and without repetitions.
    Quantified {
        comparison: Comparison,
        quantifier: Quantifier,
        values: Vec<Value<'static>>,
        has_null: bool,
    },
    /// Against patterns, `None` being a NULL among them.
    Patterns(Quantifier, Vec<Option<TextTest>>),
    Contains(Json<'static>),
    ContainedBy(Json<'static>),
    /// The opposite, and what it is where the value is NULL.
    Not(Box<Test>, bool),
}

#[derive(Debug)]
pub(super) enum TextTest {
    Like(Pattern),
    Regex(Regex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    pub(super) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
        }
    }
}

impl Test {
    /// `is` of a value of type `of`.
    pub(super) fn is(truth: Truth, of: Type) -> Result<Self, SqlError> {
        if truth != Truth::Null && of != Type::Bool {
            let word = truth.as_str().to_ascii_uppercase();
            return Err(SqlError::new(
                "42804",
                format!(
                    "argument of IS {word} must be type boolean, not type {}",
                    of.name()
                ),
            ));
        }
        Ok(match truth {
            Truth::True => Self::IsBool(true),
            Truth::False => Self::IsBool(false),
            _ => Self::IsNull,
        })
    }

    pub(super) fn evaluate(&self, value: &Value<'_>) -> Result<Option<bool>, Box<SqlError>> {
        match self {
            Self::IsNull => return Ok(Some(value.is_null())),
            Self::IsBool(wanted) => return Ok(Some(*value == Value::Bool(*wanted))),
            Self::Not(test, if_null) => {
                let holds = test.evaluate(value)?;
                return Ok(Some(holds.map_or(*if_null, |holds| !holds)));
            }
            _ if value.is_null() => return Ok(self.of_null()),
            _ => {}
        }
        Ok(match (self, value) {
            (Self::Compare(comparison, wanted), value) => Some(comparison.holds(value.compare(wanted))),
            (Self::CompareJson(comparison, text, wanted), Value::Json(json)) => {
                let ordering = if **text == **json {
                    Ordering::Equal
                } else {
                    Json::parse(json)?.compare(wanted)
                };
                Some(comparison.holds(ordering))
            }
            (
                Self::Quantified {
                    comparison,
                    quantifier,
                    values,
                    has_null,
                },
                value,
            ) => quantified(*comparison, *quantifier, values, *has_null, value),
            (Self::Patterns(quantifier, tests), Value::Text(text)) => patterns(*quantifier, tests, text)?,
            (Self::Contains(part), Value::Json(json)) => Some(Json::parse(json)?.contains(part)),
            (Self::ContainedBy(whole), Value::Json(json)) => Some(whole.contains(&Json::parse(json)?)),
            // A test is made for the type of its values.
            _ => None,
        })
    }

    /// What a NULL gives: NULL, except that no list is needed to decide about an empty one.
    fn of_null(&self) -> Option<bool> {
        match self {
            Self::Quantified {
                quantifier,
                values,
                has_null: false,
                ..
            } if values.is_empty() => Some(*quantifier == Quantifier::All),
            Self::Patterns(quantifier, tests) if tests.is_empty() => Some(*quantifier == Quantifier::All),
            _ => None,
        }
    }
}

/// `any` and `all` of a sorted list: only its ends count, or whether the value is in it.
fn quantified(
    comparison: Comparison,
    quantifier: Quantifier,
    values: &[Value<'static>],
    has_null: bool,
    value: &Value<'_>,
) -> Option<bool> {
    let any = quantifier == Quantifier::Any;
    let (Some(least), Some(greatest)) = (values.first(), values.last()) else {
        return (!has_null).then_some(!any);
    };
    let holds_for = |wanted: &Value<'_>| comparison.holds(value.compare(wanted));
    let is_among = || values.binary_search_by(|wanted| wanted.compare(value)).is_ok();
    let holds = match comparison {
        Comparison::Equal if any => is_among(),
        Comparison::NotEqual if !any => !is_among(),
        // For each of these one end of the list decides; which one depends on the quantifier.
        _ if any => holds_for(least) || holds_for(greatest),
        _ => holds_for(least) && holds_for(greatest),
    };
    if holds != any && has_null {
        None
    } else {
        Some(holds)
    }
}

fn patterns(
    quantifier: Quantifier,
    tests: &[Option<TextTest>],
    text: &str,
) -> Result<Option<bool>, Box<SqlError>> {
    let decides = quantifier == Quantifier::Any;
    let mut outcome = Some(!decides);
    for test in tests {
        let holds = match test {
            None => None,
            Some(TextTest::Like(pattern)) => Some(pattern.matches(text)?),
            Some(TextTest::Regex(regex)) => Some(regex.is_match(text)),
        };
        match holds {
            Some(holds) if holds == decides => return Ok(Some(decides)),
            Some(_) => {}
            None => outcome = None,
        }
    }
    Ok(outcome)
}
