//! Filters on a table: found, typed and read once, then evaluated row by row in three-valued logic.

mod test;

use mateo_model::Filter;
use mateo_model::ast::{Field, Node, Operator, Quantifier, Test as Asked, Truth};
use uuid::Uuid;

use super::array;
use super::expression::{Compiler, Expression, until_nul};
use super::jsonb::Json;
use super::like::Pattern;
use super::regex;
use super::table::{Table, Tuple};
use super::types::Type;
use super::value::Value;
use crate::postgrest::error::Error;
use test::Test;

/// A condition on rows: true, false or, because of a NULL, neither.
#[derive(Debug)]
pub(crate) enum Predicate {
    /// Whether the value is just this one, NULL for one.
    Is(Expression, Value),
    Test(Expression, Test),
    Not(Box<Predicate>),
    /// Any or all of them.
    Join(Quantifier, Vec<Predicate>),
}

impl Compiler<'_> {
    pub(crate) fn filter(&mut self, filter: &Filter) -> Result<Predicate, Error> {
        let predicate = match filter.node() {
            Node::Condition { field, test } => self.condition(field, test)?,
            Node::All(all) => Predicate::Join(Quantifier::All, self.filters(all)?),
            Node::Any(any) => Predicate::Join(Quantifier::Any, self.filters(any)?),
        };
        Ok(if filter.is_negated() {
            Predicate::Not(Box::new(predicate))
        } else {
            predicate
        })
    }

    pub(crate) fn filters(&mut self, filters: &[Filter]) -> Result<Vec<Predicate>, Error> {
        filters.iter().map(|filter| self.filter(filter)).collect()
    }

    fn condition(&mut self, field: &Field, test: &Asked) -> Result<Predicate, Error> {
        let expression = self.expression(field)?;
        let of = expression.of;
        let test = match test {
            Asked::Is(truth) => return Ok(Predicate::Is(expression, is(*truth, of)?)),
            Asked::In(values) => {
                let values = values.iter().map(|value| Some(until_nul(value).to_owned()));
                self.compare(Operator::Eq, Quantifier::Any, of, values.collect())
            }
            Asked::Compare {
                operator: Operator::IsDistinct,
                value,
                ..
            } => {
                let differs = self.comparison(Operator::Neq, None, of, until_nul(value))?;
                let is_null = Predicate::Is(expression.clone(), Value::Null);
                let either = vec![is_null, Predicate::Test(expression, differs)];
                return Ok(Predicate::Join(Quantifier::Any, either));
            }
            Asked::Compare {
                operator,
                quantifier,
                value,
            } => self.comparison(*operator, *quantifier, of, until_nul(value))?,
            // Text search needs dictionaries, which this server doesn't have.
            _ => return Err(Error::no_operator(of.name(), "@@")),
        };
        Ok(Predicate::Test(expression, test))
    }

    fn comparison(
        &mut self,
        operator: Operator,
        quantifier: Option<Quantifier>,
        of: Type,
        value: &str,
    ) -> Result<Test, Error> {
        use Operator::{ContainedBy, Contains, Eq, Gt, Gte, Ilike, Imatch, Like, Lt, Lte, Match, Neq};
        Ok(match (operator, of) {
            (Eq | Neq | Gt | Gte | Lt | Lte, _) => {
                let texts = self.texts(quantifier, value);
                self.compare(operator, quantifier.unwrap_or(Quantifier::Any), of, texts)
            }
            (Like | Ilike | Match | Imatch, Type::Text) => {
                let texts = self.texts(quantifier, value).into_iter();
                let patterns = texts.map(|text| self.pattern(operator, &text?));
                Test::Join(quantifier.unwrap_or(Quantifier::Any), patterns.collect())
            }
            (Contains | ContainedBy, Type::Jsonb) => {
                let json = self.defer(Json::parse(value)).unwrap_or(Json::Null);
                if operator == Contains {
                    Test::Contains(json)
                } else {
                    Test::ContainedBy(json)
                }
            }
            // PostgreSQL has `<@` for elements of ranges and multiranges of any type, and can't decide which is meant.
            (ContainedBy, _) => {
                let message = format!("operator is not unique: {} <@ unknown", of.name());
                return Err(Error::new("42725", message).with_hint(
                    "Could not choose a best candidate operator. You might need to add explicit type casts.",
                ));
            }
            _ => return Err(Error::no_operator(of.name(), operator.as_str())),
        })
    }

    /// The one text that is compared with, or those of an array literal.
    fn texts(&mut self, quantifier: Option<Quantifier>, value: &str) -> Vec<Option<String>> {
        match quantifier {
            Some(_) => self.defer(array::elements(value)).unwrap_or_default(),
            None => vec![Some(value.to_owned())],
        }
    }

    fn compare(
        &mut self,
        operator: Operator,
        quantifier: Quantifier,
        of: Type,
        texts: Vec<Option<String>>,
    ) -> Test {
        let has_null = texts.iter().any(Option::is_none);
        let texts = texts.into_iter().flatten();
        let mut values: Vec<Value> = texts.map(|text| self.value(of, &text)).collect();
        // Sorted, so that a list of any length is searched in few steps.
        values.sort_by(Value::compare);
        Test::Compare {
            operator,
            quantifier,
            values,
            has_null,
        }
    }

    fn pattern(&mut self, operator: Operator, text: &str) -> Option<Test> {
        match operator {
            Operator::Like | Operator::Ilike => {
                Some(Test::Like(Pattern::new(text, operator == Operator::Ilike)))
            }
            _ => {
                let compiled = regex::compile(text, operator == Operator::Imatch);
                self.defer(compiled).map(Test::Match)
            }
        }
    }
}

/// What `is` compares a value of type `of` with.
fn is(truth: Truth, of: Type) -> Result<Value, Error> {
    if truth != Truth::Null && of != Type::Bool {
        let (word, of) = (truth.as_str().to_ascii_uppercase(), of.name());
        let message = format!("argument of IS {word} must be type boolean, not type {of}");
        return Err(Error::new("42804", message));
    }
    Ok(match truth {
        Truth::True => Value::Bool(true),
        Truth::False => Value::Bool(false),
        _ => Value::Null,
    })
}

impl Predicate {
    /// Whether a row meets the condition; `None` is SQL's NULL.
    pub(crate) fn evaluate(&self, row: Tuple<'_>) -> Result<Option<bool>, Error> {
        match self {
            Self::Is(expression, value) => Ok(Some(*expression.evaluate(row) == *value)),
            Self::Test(expression, test) => test.evaluate(&expression.comparable(row)),
            Self::Not(inner) => Ok(inner.evaluate(row)?.map(|holds| !holds)),
            Self::Join(quantifier, all) => test::join(*quantifier, all, |one| one.evaluate(row)),
        }
    }

    /// The ids of which rows must have one to meet the condition, where it is about nothing else.
    pub(crate) fn ids(&self, table: &Table) -> Option<Vec<Uuid>> {
        let Self::Test(expression, test) = self else {
            return None;
        };
        let values = test.is_among().filter(|_| expression.is_id(table))?;
        let ids = values.iter().map(|value| match value {
            Value::Uuid(id) => Some(*id),
            _ => None,
        });
        ids.collect()
    }
}
