//! Filters on a table: found, typed and read once, then evaluated row by row in three-valued logic.

mod test;

use uuid::Uuid;

use mateo_model::{
    Filter,
    ast::{Condition, Node, Operator, Quantifier, Test as Asked},
};

use super::array;
use super::error::SqlError;
use super::expression::{Expression, until_nul};
use super::instant::Instant;
use super::jsonb::Json;
use super::like::Pattern;
use super::literal;
use super::regex;
use super::table::Table;
use super::types::Type;
use super::value::Value;
use test::{Comparison, Test};

/// A condition on rows: true, false or, because of a NULL, neither.
#[derive(Debug)]
pub(crate) enum Predicate {
    Test(Box<Tested>),
    Not(Box<Predicate>),
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
}

/// One test of one expression.
#[derive(Debug)]
pub(crate) struct Tested {
    expression: Expression,
    test: Test,
}

/// Reads conditions. PostgreSQL looks at the types of a whole query before it reads any value, so the first unreadable
/// value is kept until everything else was found in order.
pub(crate) struct Compiler<'t> {
    pub(crate) table: &'t Table,
    pub(crate) now: Instant,
    pub(crate) deferred: Option<SqlError>,
}

impl Compiler<'_> {
    pub(crate) fn filter(&mut self, filter: &Filter) -> Result<Predicate, SqlError> {
        let predicate = match filter.node() {
            Node::Condition(condition) => self.condition(condition)?,
            Node::All(all) => Predicate::All(self.filters(all)?),
            Node::Any(any) => Predicate::Any(self.filters(any)?),
        };
        Ok(if filter.is_negated() {
            Predicate::Not(Box::new(predicate))
        } else {
            predicate
        })
    }

    fn filters(&mut self, filters: &[Filter]) -> Result<Vec<Predicate>, SqlError> {
        filters.iter().map(|filter| self.filter(filter)).collect()
    }

    /// Notes an error that PostgreSQL would report only if there was no other.
    pub(crate) fn defer<T>(&mut self, result: Result<T, SqlError>, otherwise: T) -> T {
        result.unwrap_or_else(|error| {
            self.deferred.get_or_insert(error);
            otherwise
        })
    }

    pub(crate) fn expression(&mut self, field: &mateo_model::ast::Field) -> Result<Expression, SqlError> {
        let mut expression = Expression::resolve(self.table, field)?;
        if let Some(error) = expression.deferred.take() {
            self.deferred.get_or_insert(error);
        }
        Ok(expression)
    }

    fn condition(&mut self, condition: &Condition) -> Result<Predicate, SqlError> {
        let expression = self.expression(&condition.field)?;
        let of = expression.result_type();
        let test = match &condition.test {
            Asked::Is(truth) => Test::is(*truth, of)?,
            Asked::In(values) => {
                let values = values.iter().map(|value| Some(until_nul(value).to_owned()));
                self.quantified(Comparison::Equal, Quantifier::Any, of, values.collect())
            }
            Asked::Compare {
                operator,
                quantifier,
                value,
            } => self.comparison(*operator, *quantifier, of, until_nul(value))?,
            // Text search needs dictionaries, which this server doesn't have.
            _ => return Err(SqlError::no_operator(of, "@@")),
        };
        Ok(Predicate::Test(Box::new(Tested { expression, test })))
    }

    fn comparison(
        &mut self,
        operator: Operator,
        quantifier: Option<Quantifier>,
        of: Type,
        value: &str,
    ) -> Result<Test, SqlError> {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let comparison = match operator {
            Operator::Eq => Equal,
            Operator::Neq => NotEqual,
            Operator::Gt => Greater,
            Operator::Gte => GreaterOrEqual,
            Operator::Lt => Less,
            Operator::Lte => LessOrEqual,
            Operator::IsDistinct => {
                return Ok(match self.value(of, value) {
                    Value::Json(text) => Test::Not(Box::new(self.json(Equal, &text)), true),
                    value => Test::Not(Box::new(Test::Compare(Equal, value)), true),
                });
            }
            other => return self.by_operator(other, quantifier, of, value),
        };
        Ok(match quantifier {
            Some(quantifier) => {
                let elements = self.elements(value);
                self.quantified(comparison, quantifier, of, elements)
            }
            None => match self.value(of, value) {
                Value::Json(text) => self.json(comparison, &text),
                value => Test::Compare(comparison, value),
            },
        })
    }

    /// The operators that not every type has.
    fn by_operator(
        &mut self,
        operator: Operator,
        quantifier: Option<Quantifier>,
        of: Type,
        value: &str,
    ) -> Result<Test, SqlError> {
        match (operator, of) {
            (Operator::Like | Operator::Ilike | Operator::Match | Operator::Imatch, Type::Text) => {
                let texts = match quantifier {
                    Some(_) => self.elements(value),
                    None => vec![Some(value.to_owned())],
                };
                let patterns = texts
                    .into_iter()
                    .map(|text| text.map(|text| self.pattern(operator, &text)));
                let patterns = patterns.collect();
                Ok(Test::Patterns(quantifier.unwrap_or(Quantifier::Any), patterns))
            }
            (Operator::Contains | Operator::ContainedBy, Type::Jsonb) => {
                let json = Json::parse(value).map(Json::into_owned);
                let json = self.defer(json, Json::Null);
                Ok(if operator == Operator::Contains {
                    Test::Contains(json)
                } else {
                    Test::ContainedBy(json)
                })
            }
            // PostgreSQL has `<@` for elements of ranges and multiranges of any type, and can't decide which is meant.
            (Operator::ContainedBy, _) => Err(SqlError::new(
                "42725",
                format!("operator is not unique: {} <@ unknown", of.name()),
            )
            .hint("Could not choose a best candidate operator. You might need to add explicit type casts.")),
            _ => Err(SqlError::no_operator(of, operator.as_str())),
        }
    }

    fn pattern(&mut self, operator: Operator, text: &str) -> test::TextTest {
        match operator {
            Operator::Match | Operator::Imatch => {
                let compiled = regex::compile(text, operator == Operator::Imatch).map(test::TextTest::Regex);
                self.defer(compiled, test::TextTest::Like(Pattern::new("", false)))
            }
            _ => test::TextTest::Like(Pattern::new(text, operator == Operator::Ilike)),
        }
    }

    fn value(&mut self, of: Type, text: &str) -> Value<'static> {
        let value = literal::parse(|name| self.table.label(name), Some(self.now), of, text);
        self.defer(value, Value::Null)
    }

    fn json(&mut self, comparison: Comparison, text: &str) -> Test {
        let json = Json::parse(text).map(Json::into_owned);
        Test::CompareJson(comparison, text.into(), self.defer(json, Json::Null))
    }

    fn elements(&mut self, literal: &str) -> Vec<Option<String>> {
        let elements = array::elements(literal);
        self.defer(elements, Vec::new())
    }

    fn quantified(
        &mut self,
        comparison: Comparison,
        quantifier: Quantifier,
        of: Type,
        elements: Vec<Option<String>>,
    ) -> Test {
        let has_null = elements.iter().any(Option::is_none);
        let mut values = Vec::with_capacity(elements.len());
        for text in elements.into_iter().flatten() {
            values.push(self.value(of, &text));
        }
        // Sorted, so that a list of any length is searched in few steps.
        values.sort_by(Value::compare);
        values.dedup_by(|a, b| a.compare(b).is_eq());
        Test::Quantified {
            comparison,
            quantifier,
            values,
            has_null,
        }
    }
}

impl Tested {
    fn evaluate(&self, table: &Table, at: usize) -> Result<Option<bool>, Box<SqlError>> {
        // The filter that is asked most often is worth a short way.
        if let Test::Compare(comparison, Value::Integer(wanted)) = &self.test
            && self.expression.is_column()
            && let Some(counts) = table.integers(self.expression.column)
        {
            let count = counts.get(at).copied().flatten();
            return Ok(count.map(|count| comparison.holds(i64::from(count).cmp(wanted))));
        }
        self.test.evaluate(&self.expression.evaluate(table, at))
    }
}

impl Predicate {
    /// Whether row `at` meets the condition; `None` is SQL's NULL. The error is boxed because a small result is quick to
    /// hand on, a million times.
    pub(crate) fn evaluate(&self, table: &Table, at: usize) -> Result<Option<bool>, Box<SqlError>> {
        match self {
            Self::Test(tested) => tested.evaluate(table, at),
            Self::Not(inner) => Ok(inner.evaluate(table, at)?.map(|holds| !holds)),
            Self::All(all) => combine(all, table, at, false),
            Self::Any(any) => combine(any, table, at, true),
        }
    }
}

impl Predicate {
    /// The ids that rows must have to meet the condition, where it is about nothing else.
    pub(crate) fn ids(&self, table: &Table) -> Option<Vec<Uuid>> {
        let Self::Test(tested) = self else { return None };
        if !tested.expression.is_id(table) {
            return None;
        }
        let values = match &tested.test {
            Test::Compare(Comparison::Equal, value) => std::slice::from_ref(value),
            Test::Quantified {
                comparison: Comparison::Equal,
                quantifier: Quantifier::Any,
                values,
                ..
            } => values.as_slice(),
            _ => return None,
        };
        let id = |value: &Value<'_>| match value {
            Value::Uuid(id) => Some(*id),
            _ => None,
        };
        values.iter().map(id).collect()
    }
}

/// `and` is decided by one that is false, `or` by one that is true; else a NULL leaves it open.
fn combine(
    predicates: &[Predicate],
    table: &Table,
    at: usize,
    decides: bool,
) -> Result<Option<bool>, Box<SqlError>> {
    let mut outcome = Some(!decides);
    for predicate in predicates {
        match predicate.evaluate(table, at)? {
            Some(holds) if holds == decides => return Ok(Some(decides)),
            Some(_) => {}
            None => outcome = None,
        }
    }
    Ok(outcome)
}
