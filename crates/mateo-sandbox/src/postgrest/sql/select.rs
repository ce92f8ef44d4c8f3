//! The columns of a response.

use std::collections::HashSet;

use mateo_model::{Select, SelectItem};

use super::cast::Target;
use super::error::SqlError;
use super::expression::{Expression, until_nul};
use super::filter::Compiler;
use super::json_text::write_string;
use super::table::Table;
use super::value::Value;

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
    cast: Option<Target>,
}

impl Projection {
    pub(crate) fn compile(compiler: &mut Compiler<'_>, select: &Select) -> Result<Self, SqlError> {
        let mut items: Vec<Item> = Vec::new();
        let mut checked = Vec::new();
        let mut seen = HashSet::new();
        if select.items().is_empty() {
            items.extend(every_column(compiler.table));
        }
        for item in select.items() {
            match item.field() {
                None => items.extend(every_column(compiler.table)),
                Some(field) => items.push(Item {
                    name: member(until_nul(item.answer_name())),
                    expression: compiler.expression(field)?,
                    cast: None,
                }),
            }
            if let (Some(cast), Some(last)) = (item.given_cast(), items.last_mut()) {
                let target = Target::resolve(cast, last.expression.result_type())?;
                last.cast = Some(target);
                if target.can_fail() && seen.insert((item.field(), target)) {
                    checked.push(items.len() - 1);
                }
            }
        }
        if items.len() > MAX_ITEMS {
            return Err(SqlError::new(
                "54011",
                "target lists can have at most 1664 entries",
            ));
        }
        Ok(Self { items, checked })
    }

    /// Writes row `at` as a JSON object.
    pub(crate) fn write(&self, table: &Table, at: usize, out: &mut Vec<u8>) -> Result<(), SqlError> {
        out.push(b'{');
        for (index, item) in self.items.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&item.name);
            item.value(table, at)?.write_json(out);
        }
        out.push(b'}');
        Ok(())
    }

    /// Whether row `at` can be written.
    pub(crate) fn check(&self, table: &Table, at: usize) -> Result<(), SqlError> {
        let mut items = self.checked.iter().filter_map(|index| self.items.get(*index));
        items.try_for_each(|item| item.value(table, at).map(drop))
    }
}

impl Item {
    fn value<'t>(&self, table: &'t Table, at: usize) -> Result<Value<'t>, SqlError> {
        let value = self.expression.evaluate(table, at);
        match &self.cast {
            Some(target) if !value.is_null() => target.cast(table, value),
            _ => Ok(value),
        }
    }
}

/// Whether `item` asks for `count`, which is no column but which PostgreSQL takes for a call of the function.
pub(crate) fn is_count(item: &SelectItem) -> bool {
    item.field()
        .is_some_and(|field| field.name() == "count" && field.path().is_empty())
}

fn every_column(table: &Table) -> impl Iterator<Item = Item> {
    (0..).zip(table.columns()).map(|(index, column)| Item {
        name: member(&column.name),
        expression: Expression::of_column(index, column),
        cast: None,
    })
}

fn member(name: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len() + 3);
    write_string(name, &mut out);
    out.push(b':');
    out
}
