//! Operators, values, and the groups of `and` and `or` (GRAMMAR.md, "Operators" and "Logic").

use super::cursor::{Cursor, Failure};
use super::error::ParseErrorKind;
use super::name;
use crate::ast::field::Field;
use crate::ast::filter::{Condition, Filter, MAX_DEPTH, Node};
use crate::ast::test::{Operator, Quantifier, Test, TextSearch, Truth};

/// How the value after an operator is read, which depends on where it stands.
type Value = fn(&mut Cursor<'_>) -> String;

/// The value of a parameter: raw to its end.
pub(super) fn scalar_value(cursor: &mut Cursor<'_>) -> String {
    cursor.take_rest().to_owned()
}

/// A value inside a group: quoted, or an array literal, or bare up to a comma or bracket.
fn element_value(cursor: &mut Cursor<'_>) -> String {
    list_quoted(cursor)
        .or_else(|| array(cursor))
        .unwrap_or_else(|| bare(cursor))
}

fn bare(cursor: &mut Cursor<'_>) -> String {
    cursor.take_while(|c| !matches!(c, ',' | ')')).to_owned()
}

/// Quotes count as quotes only where a comma or bracket follows them.
fn list_quoted(cursor: &mut Cursor<'_>) -> Option<String> {
    cursor.attempt(|cursor| {
        let text = name::quoted(cursor)?;
        matches!(cursor.peek(), None | Some(',' | ')')).then_some(text)
    })
}

fn array(cursor: &mut Cursor<'_>) -> Option<String> {
    cursor.attempt(|cursor| {
        let all = cursor.rest();
        cursor.eat("{").then_some(())?;
        cursor.take_while(|c| !matches!(c, '{' | '}'));
        cursor.eat("}").then_some(())?;
        all.get(..all.len() - cursor.rest().len()).map(str::to_owned)
    })
}

/// `[not.]operator.value` of `field`.
pub(super) fn operation(cursor: &mut Cursor<'_>, field: Field, value: Value) -> Result<Filter, Failure> {
    let negated = cursor.eat("not.");
    let (flipped, test) = test(cursor, value)?;
    Ok(Filter::from_parts(
        negated != flipped,
        Node::Condition(Condition { field, test }),
    ))
}

/// The test, and whether it was written as its opposite (`is.not_null`).
fn test(cursor: &mut Cursor<'_>, value: Value) -> Result<(bool, Test), Failure> {
    if cursor.eat("in.") {
        return Ok((false, Test::In(list(cursor)?)));
    }
    if cursor.eat("is.") {
        return truth(cursor);
    }
    if let Some(test) = cursor.attempt(|cursor| full_text(cursor, value)) {
        return Ok((false, test));
    }
    let start = cursor.clone();
    let word = cursor.take_while(|c| c.is_ascii_lowercase());
    let Some(operator) = Operator::ALL
        .iter()
        .copied()
        .find(|operator| operator.as_str() == word)
    else {
        return Err(start.failure("an operator (eq, gt, ...)"));
    };
    let mut quantifier = None;
    if operator.takes_quantifier() {
        quantifier = Quantifier::ALL
            .iter()
            .copied()
            .find(|quantifier| match quantifier {
                Quantifier::Any => cursor.eat("(any)"),
                Quantifier::All => cursor.eat("(all)"),
            });
    }
    cursor.expect(".", "\".\" behind the operator")?;
    let value = value(cursor);
    // The server does this to the whole text, `\*` included.
    let value = if operator.is_pattern() {
        value.replace('*', "%")
    } else {
        value
    };
    Ok((
        false,
        Test::Compare {
            operator,
            quantifier,
            value,
        },
    ))
}

/// `(a,"b",…)`; a list of one empty text is an empty list.
fn list(cursor: &mut Cursor<'_>) -> Result<Vec<String>, Failure> {
    cursor.skip_spaces();
    cursor.expect("(", "\"(\"")?;
    cursor.skip_spaces();
    let mut values = Vec::new();
    loop {
        values.push(list_quoted(cursor).unwrap_or_else(|| bare(cursor)));
        if !cursor.eat(",") {
            break;
        }
    }
    cursor.expect(")", "\",\" or \")\"")?;
    cursor.skip_spaces();
    if matches!(values.as_slice(), [only] if only.is_empty()) {
        values.clear();
    }
    Ok(values)
}

fn truth(cursor: &mut Cursor<'_>) -> Result<(bool, Test), Failure> {
    if cursor.eat_ignoring_case("not_null") {
        return Ok((true, Test::Is(Truth::Null)));
    }
    let truth = Truth::ALL
        .iter()
        .find(|truth| cursor.eat_ignoring_case(truth.as_str()));
    match truth {
        Some(truth) => Ok((false, Test::Is(*truth))),
        None => Err(cursor.failure("null, not_null, true, false or unknown")),
    }
}

fn full_text(cursor: &mut Cursor<'_>, value: Value) -> Option<Test> {
    let word = cursor.take_while(|c| c.is_ascii_lowercase());
    let function = *TextSearch::ALL
        .iter()
        .find(|function| function.as_str() == word)?;
    let language = cursor.attempt(|cursor| {
        cursor.eat("(").then_some(())?;
        let language = cursor
            .take_while(|c| c.is_alphabetic() || c.is_ascii_digit() || c == '_')
            .to_owned();
        cursor.eat(")").then_some(language)
    });
    cursor.eat(".").then(|| Test::FullText {
        function,
        language,
        value: value(cursor),
    })
}

/// A condition or a group, inside a group or as the whole of one.
pub(super) fn tree(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, Failure> {
    if depth > MAX_DEPTH {
        return Err(cursor.failure_of(ParseErrorKind::TooDeep, "at most 100 groups inside each other"));
    }
    let start = cursor.clone();
    let condition = condition(cursor);
    let Err(failure) = condition else { return condition };
    // Not a condition: a group, or nothing. Of the two errors the one that got further is reported.
    *cursor = start;
    let negated = cursor.eat("not.");
    let any = if cursor.eat("and") {
        false
    } else if cursor.eat("or") {
        true
    } else {
        let here = cursor.failure(if negated {
            "and, or"
        } else {
            "a field name, not, and, or"
        });
        return Err(if negated || here.at >= failure.at {
            here
        } else {
            failure
        });
    };
    let group = members(cursor, depth);
    match group {
        Ok(members) => Ok(Filter::from_parts(
            negated,
            if any {
                Node::Any(members)
            } else {
                Node::All(members)
            },
        )),
        Err(inner) if inner.at >= failure.at || inner.kind != ParseErrorKind::Syntax => Err(inner),
        Err(_) => Err(failure),
    }
}

fn condition(cursor: &mut Cursor<'_>) -> Result<Filter, Failure> {
    let field = name::field(cursor)?;
    cursor.expect(".", "\".\" and an operator")?;
    operation(cursor, field, element_value)
}

fn members(cursor: &mut Cursor<'_>, depth: usize) -> Result<Vec<Filter>, Failure> {
    cursor.skip_spaces();
    cursor.expect("(", "\"(\"")?;
    cursor.skip_spaces();
    let mut members = Vec::new();
    loop {
        members.push(tree(cursor, depth + 1)?);
        cursor.skip_spaces();
        if !cursor.eat(",") {
            break;
        }
        cursor.skip_spaces();
    }
    cursor.expect(")", "\",\" or \")\"")?;
    cursor.skip_spaces();
    Ok(members)
}
