//! The table of the columns that `--select` names, whatever they are.

use std::borrow::Cow;

use mateo_imports::RawJson;
use mateo_imports::model::raw;

use super::{Align, Cell, Column, Layout, Look};
use crate::failure::Failure;
use crate::render::RowWriter;
use crate::render::text::escape_control;

/// The selected columns as a table. The first rows, up to a page, decide how wide its columns are.
#[derive(Debug)]
pub(crate) struct SelectedTable {
    names: Vec<String>,
    look: Look,
    waiting: Vec<Vec<Cell>>,
    layout: Option<Layout>,
}

impl SelectedTable {
    pub(crate) fn new(names: Vec<String>, look: Look) -> Self {
        Self {
            names,
            look,
            waiting: Vec::new(),
            layout: None,
        }
    }
}

impl RowWriter for SelectedTable {
    fn row(&mut self, row: &RawJson, out: &mut Vec<u8>) -> Result<(), Failure> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let values = raw::fields(row.as_str(), &names);
        let cells = values
            .into_iter()
            .map(|value| Cell::plain(value.map_or("".into(), |value| shown(value.get()))));
        let cells: Vec<Cell> = cells.collect();
        if let Some(layout) = &mut self.layout {
            layout.row(&cells, out);
        } else {
            self.waiting.push(cells);
            if self.waiting.len() >= super::FIRST {
                self.pause(out)?;
            }
        }
        Ok(())
    }

    fn pause(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        // The columns were chosen, so none is left out: all may be cut.
        let columns = self
            .names
            .iter()
            .map(|name| Column::new(name.to_uppercase(), Align::Left, 0).elastic(6));
        let mut layout = Layout::new(
            columns.collect(),
            &self.waiting,
            self.look.width,
            self.look.unicode,
        );
        layout.header(self.look.paint, out);
        for row in self.waiting.drain(..) {
            layout.row(&row, out);
        }
        self.layout = Some(layout);
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Vec<String>, Failure> {
        self.pause(out)?;
        Ok(self.layout.iter().flat_map(Layout::notes).collect())
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
