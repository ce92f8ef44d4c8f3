//! The columns of a response.

use std::borrow::Cow;
use std::collections::HashSet;

use mateo_model::{Select, SelectItem};

use super::cast;
use super::expression::{Compiler, Expression, until_nul};
use super::table::{Table, Tuple};
use super::text::write_json;
use super::types::Type;
use super::value::Value;
use crate::postgrest::error::Error;

/// PostgreSQL's bound on the columns of a query.
const MAX_ITEMS: usize = 1664;

/// The columns of a response.
#[derive(Debug)]
pub(crate) struct Projection {
    items: Vec<Item>,
    /// The positions of items whose cast can fail, each only once.
    checked: Vec<usize>,
}

/// One column: its name as every row has it, `"id":`, and its value.
#[derive(Debug)]
struct Item {
    name: Vec<u8>,
    expression: Expression,
    cast: Option<Type>,
}

impl Projection {
    pub(crate) fn compile(compiler: &mut Compiler<'_>, select: &Select) -> Result<Self, Error> {
        let is_count = |item: &SelectItem| {
            item.field()
                .is_some_and(|field| field.name() == "count" && field.path().is_empty())
        };
        // It is no column, and PostgreSQL takes it for a call of the function.
        if select.items().iter().any(is_count) && compiler.table.index_of("count").is_none() {
            return Err(Error::new(
                "42803",
                "column must appear in the GROUP BY clause or be used in an aggregate function",
            ));
        }
        let mut items: Vec<Item> = Vec::new();
        let mut checked = Vec::new();
        let mut seen = HashSet::new();
        if select.items().is_empty() {
            items.extend(every_column(compiler.table));
        }
        for item in select.items() {
            let Some(field) = item.field() else {
                items.extend(every_column(compiler.table));
                continue;
            };
            let expression = compiler.expression(field)?;
            let cast = match item.given_cast() {
                Some(name) => Some(cast::target(name, expression.of)?),
                None => None,
            };
            if cast.is_some_and(|to| to != Type::Text && seen.insert((field, to))) {
                checked.push(items.len());
            }
            items.push(Item {
                name: member(until_nul(item.answer_name())),
                expression,
                cast,
            });
        }
        if items.len() > MAX_ITEMS {
            let message = format!("target lists can have at most {MAX_ITEMS} entries");
            return Err(Error::new("54011", message));
        }
        Ok(Self { items, checked })
    }

    /// Writes a row as a JSON object.
    pub(crate) fn write(&self, row: Tuple<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        out.push(b'{');
        for (index, item) in self.items.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&item.name);
            item.value(row)?.write_json(out);
        }
        out.push(b'}');
        Ok(())
    }

    /// Whether a row can be written.
    pub(crate) fn check(&self, row: Tuple<'_>) -> Result<(), Error> {
        let mut items = self.checked.iter().filter_map(|index| self.items.get(*index));
        items.try_for_each(|item| item.value(row).map(drop))
    }
}

impl Item {
    fn value<'r>(&self, row: Tuple<'r>) -> Result<Cow<'r, Value>, Error> {
        let value = self.expression.evaluate(row);
        match self.cast {
            Some(to) if !value.is_null() => cast::cast(&value, to, row.table.labels()).map(Cow::Owned),
            _ => Ok(value),
        }
    }
}

fn every_column(table: &Table) -> impl Iterator<Item = Item> {
    table.columns().iter().filter_map(|column| {
        Some(Item {
            name: member(&column.name),
            expression: Expression::of_column(table, &column.name)?,
            cast: None,
        })
    })
}

fn member(name: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len() + 3);
    write_json(name, &mut out);
    out.push(b':');
    out
}
