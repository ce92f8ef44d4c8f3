//! `select=alias:column->path::cast,…` (GRAMMAR.md, "select, order").

use super::cursor::{Cursor, Failure};
use super::error::ParseErrorKind;
use super::name;
use crate::ast::field::is_identifier;
use crate::select::{Select, SelectItem};

/// The columns. Nothing that looks like one means all of them, whatever follows.
pub(super) fn items(cursor: &mut Cursor<'_>) -> Result<Select, Failure> {
    cursor.skip_spaces();
    if !starts_item(cursor) {
        return Ok(Select::all());
    }
    let items = cursor.list(",", item)?;
    Ok(items.into_iter().collect())
}

/// Whether the server commits itself to reading an item here; if not, it stops without an error.
fn starts_item(cursor: &Cursor<'_>) -> bool {
    cursor
        .peek()
        .is_some_and(|c| is_identifier(c) || matches!(c, '"' | '*'))
}

fn item(cursor: &mut Cursor<'_>) -> Result<SelectItem, Failure> {
    cursor.skip_spaces();
    if let Some(star) = cursor.attempt(|cursor| {
        cursor.eat("*").then_some(())?;
        at_item_end(cursor).then(SelectItem::star)
    }) {
        return Ok(star);
    }
    let start = cursor.clone();
    let aggregate = || {
        let expected = "a column without an aggregate function";
        start.failure_of(ParseErrorKind::Aggregate, expected)
    };
    let alias = cursor.attempt(|cursor| {
        let alias = name::name(cursor).ok()?;
        (!cursor.sees("::") && cursor.eat(":")).then_some(alias)
    });
    if cursor.sees("count()") {
        return Err(aggregate());
    }
    let mut item = SelectItem::from(name::field(cursor)?);
    if let Some(alias) = alias {
        item = item.alias(alias);
    }
    if cursor.eat("::") {
        let cast = cursor.take_while(is_identifier).trim();
        if cast.is_empty() {
            return Err(cursor.failure("the name of a type"));
        }
        item = item.cast(cast);
    }
    if cursor.sees("(") || cursor.sees("!") {
        return Err(start.failure_of(ParseErrorKind::Relationship, "a column, not a related resource"));
    }
    let aggregates = [".sum()", ".avg()", ".count()", ".max()", ".min()"];
    if aggregates.iter().any(|name| cursor.sees(name)) {
        return Err(aggregate());
    }
    cursor.skip_spaces();
    if at_item_end(cursor) {
        Ok(item)
    } else {
        Err(cursor.failure("\",\", \"::\", \"->\" or the end"))
    }
}

fn at_item_end(cursor: &Cursor<'_>) -> bool {
    cursor.is_at_end() || cursor.sees(",") || cursor.sees(")")
}
