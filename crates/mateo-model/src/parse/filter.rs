//! Operators, values, and the groups of `and` and `or` (GRAMMAR.md, "Operators" and "Logic").

use super::cursor::{Cursor, Failure};
use super::error::ParseErrorKind;
use super::name;
use crate::ast::field::Field;
use crate::ast::filter::{Filter, MAX_DEPTH};
use crate::ast::test::{Operator, Quantifier, Test, Truth};

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
    let (flipped, test) = if cursor.eat("is.") {
        truth(cursor)?
    } else if cursor.eat("in.") {
        (false, Test::In(list(cursor)?))
    } else {
        (false, comparison(cursor, value)?)
    };
    let filter = Filter::condition(field, test);
    Ok(if negated == flipped { filter } else { !filter })
}

fn comparison(cursor: &mut Cursor<'_>, value: Value) -> Result<Test, Failure> {
    if let Some(test) = cursor.attempt(|cursor| full_text(cursor, value)) {
        return Ok(test);
    }
    let start = cursor.clone();
    let word = word(cursor);
    let Some(&operator) = Operator::ALL.iter().find(|operator| operator.as_str() == word) else {
        return Err(start.failure("an operator (eq, gt, ...)"));
    };
    let mut quantifiers = Quantifier::ALL.iter().filter(|_| operator.takes_quantifier());
    let quantifier = quantifiers.find(|it| cursor.eat(&format!("({})", it.as_str())));
    cursor.expect(".", "\".\" behind the operator")?;
    let mut value = value(cursor);
    if operator.is_pattern() {
        // The server does this to the whole text, `\*` included.
        value = value.replace('*', "%");
    }
    Ok(Test::Compare {
        operator,
        quantifier: quantifier.copied(),
        value,
    })
}

fn word<'a>(cursor: &mut Cursor<'a>) -> &'a str {
    cursor.take_while(|c| c.is_ascii_lowercase())
}

/// `(a,"b",…)`; a list of one empty text is an empty list.
fn list(cursor: &mut Cursor<'_>) -> Result<Vec<String>, Failure> {
    cursor.skip_spaces();
    cursor.expect("(", "\"(\"")?;
    cursor.skip_spaces();
    let mut values = cursor.list(",", |cursor| {
        Ok(list_quoted(cursor).unwrap_or_else(|| bare(cursor)))
    })?;
    cursor.expect(")", "\",\" or \")\"")?;
    cursor.skip_spaces();
    if values == [""] {
        values.clear();
    }
    Ok(values)
}

/// The truth value, and whether it was written as its opposite (`is.not_null`).
fn truth(cursor: &mut Cursor<'_>) -> Result<(bool, Test), Failure> {
    if cursor.eat_ignoring_case("not_null") {
        return Ok((true, Test::Is(Truth::Null)));
    }
    for truth in Truth::ALL {
        if cursor.eat_ignoring_case(truth.as_str()) {
            return Ok((false, Test::Is(*truth)));
        }
    }
    Err(cursor.failure("null, not_null, true, false or unknown"))
}

fn full_text(cursor: &mut Cursor<'_>, value: Value) -> Option<Test> {
    let word = word(cursor);
    let functions = ["fts", "plfts", "phfts", "wfts"];
    let function = functions.into_iter().find(|function| *function == word)?;
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
    let failure = match condition(cursor) {
        Err(failure) => failure,
        condition => return condition,
    };
    // Not a condition: a group, or nothing. Of the two errors the one that got further is reported.
    *cursor = start;
    let negated = cursor.sees("not.");
    group(cursor, depth).map_err(|other| {
        if negated || other.at >= failure.at || other.kind != ParseErrorKind::Syntax {
            other
        } else {
            failure
        }
    })
}

fn group(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, Failure> {
    let negated = cursor.eat("not.");
    let any = cursor.eat("or");
    if !any && !cursor.eat("and") {
        let expected = if negated {
            "and, or"
        } else {
            "a field name, not, and, or"
        };
        return Err(cursor.failure(expected));
    }
    cursor.skip_spaces();
    cursor.expect("(", "\"(\"")?;
    let members = cursor.list(",", |cursor| {
        cursor.skip_spaces();
        let member = tree(cursor, depth + 1);
        cursor.skip_spaces();
        member
    })?;
    cursor.expect(")", "\",\" or \")\"")?;
    cursor.skip_spaces();
    let group = if any {
        Filter::any(members)
    } else {
        Filter::all(members)
    };
    Ok(if negated { !group } else { group })
}

fn condition(cursor: &mut Cursor<'_>) -> Result<Filter, Failure> {
    let field = name::field(cursor)?;
    cursor.expect(".", "\".\" and an operator")?;
    operation(cursor, field, element_value)
}
