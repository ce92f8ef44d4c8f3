//! The table of the columns that `--select` names, whatever they are.

use std::borrow::Cow;

use mateo_imports::RawJson;

use super::{Align, Cell, Column, Look, PAGE, Pages};
use crate::failure::Failure;
use crate::render::text::escape_control;
use crate::render::{Ending, RowWriter};

/// The selected columns as a table.
#[derive(Debug)]
pub(crate) struct SelectedTable {
    names: Vec<String>,
    waiting: Vec<Vec<Cell>>,
    pages: Pages,
}

impl SelectedTable {
    pub(crate) fn new(names: Vec<String>, look: &Look) -> Self {
        Self {
            names,
            waiting: Vec::new(),
            pages: Pages::new(look.width, look.unicode, look.paint),
        }
    }
}

impl RowWriter for SelectedTable {
    fn row(&mut self, row: &RawJson, out: &mut Vec<u8>) -> Result<(), Failure> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let values = row.fields(&names);
        let cells = values
            .into_iter()
            .map(|value| Cell::plain(value.map_or("".into(), shown)));
        self.waiting.push(cells.collect());
        if self.waiting.len() >= PAGE {
            self.pause(out)?;
        }
        Ok(())
    }

    fn pause(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        // The columns were chosen, so none is left out: all may be cut.
        let columns = self.names.iter().map(|name| {
            Column::new(escape_control(&name.to_uppercase()).into_owned(), Align::Left, 0).elastic(6)
        });
        let rows = std::mem::take(&mut self.waiting);
        self.pages.write(columns.collect(), &rows, out);
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Ending, Failure> {
        self.pause(out)?;
        Ok(Ending {
            notes: self.pages.notes(),
            unreadable: 0,
        })
    }
}

/// A JSON value for a person: texts without quotes, NULL as nothing.
fn shown(json: &str) -> Cow<'_, str> {
    if json == "null" {
        return Cow::Borrowed("");
    }
    match serde_json::from_str::<String>(json) {
        Ok(text) => Cow::Owned(escape_control(&text).into_owned()),
        Err(_) => escape_control(json),
    }
}
