//! `order=column.desc.nullslast,…` (GRAMMAR.md, "select, order").

use super::cursor::{Cursor, Failure};
use super::error::ParseErrorKind;
use super::name;
use crate::ast::order::Order;

pub(super) fn keys(cursor: &mut Cursor<'_>) -> Result<Vec<Order>, Failure> {
    cursor.list(",", key)
}

fn key(cursor: &mut Cursor<'_>) -> Result<Order, Failure> {
    let start = cursor.clone();
    let field = name::field(cursor)?;
    if cursor.sees("(") {
        return Err(start.failure_of(ParseErrorKind::Embedded, "a column of imports"));
    }
    let mut order = if cursor.eat(".desc") {
        Order::desc(field)
    } else {
        cursor.eat(".asc");
        Order::asc(field)
    };
    let directed = cursor.rest().len();
    if cursor.eat(".nullsfirst") {
        order = order.nulls_first();
    } else if cursor.eat(".nullslast") {
        order = order.nulls_last();
    }
    let decided = directed != cursor.rest().len();
    cursor.skip_spaces();
    if cursor.is_at_end() || cursor.sees(",") {
        Ok(order)
    } else if decided {
        Err(cursor.failure("\",\" or the end"))
    } else {
        cursor.eat(".");
        Err(cursor.failure("asc, desc, nullsfirst, nullslast, \",\" or the end"))
    }
}
