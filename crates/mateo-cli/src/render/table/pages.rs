//! Rows of a table, laid out a page at a time.

use super::{Cell, Column, Layout};
use crate::render::style::Paint;
use crate::render::text::counted;

/// So many rows are laid out together.
pub(super) const PAGE: usize = 50;

/// What a table keeps from page to page.
#[derive(Debug)]
pub(super) struct Pages {
    limit: Option<usize>,
    unicode: bool,
    paint: Paint,
    last: Option<Layout>,
    left_out: Vec<String>,
    cut: u64,
    cut_columns: Vec<String>,
}

impl Pages {
    pub(super) fn new(limit: Option<usize>, unicode: bool, paint: Paint) -> Self {
        Self {
            limit,
            unicode,
            paint,
            last: None,
            left_out: Vec::new(),
            cut: 0,
            cut_columns: Vec::new(),
        }
    }

    /// Writes a page. In a terminal its columns are as wide as its own rows need, and the header comes again where that
    /// changes them; in a pipe the columns only grow, so that the header stays true.
    pub(super) fn write(&mut self, columns: Vec<Column>, rows: &[Vec<Cell>], out: &mut Vec<u8>) {
        let mut layout = Layout::new(columns, rows, self.limit, self.unicode);
        match &self.last {
            Some(last) if self.limit.is_none() => layout.widen_to(last),
            Some(last) if layout.is_like(last) => {}
            Some(_) => {
                out.push(b'\n');
                layout.header(self.paint, out);
            }
            None => layout.header(self.paint, out),
        }
        for row in rows {
            layout.row(row, out);
        }
        add_new(&mut self.left_out, layout.left_out());
        let (cut, columns) = layout.cut();
        self.cut += cut;
        add_new(
            &mut self.cut_columns,
            columns.iter().map(|name| name.to_lowercase()),
        );
        self.last = Some(layout);
    }

    /// What was cut and left out, for a person.
    pub(super) fn notes(&self) -> Vec<String> {
        let limit = self.limit.unwrap_or_default();
        let mut notes = Vec::new();
        if !self.left_out.is_empty() {
            notes.push(format!(
                "left out to fit {limit} columns: {}",
                self.left_out.join(", ")
            ));
        }
        if self.cut > 0 {
            notes.push(format!(
                "cut to fit {limit} columns: {} in {}",
                counted(self.cut, "text"),
                self.cut_columns.join(", ")
            ));
        }
        notes
    }
}

fn add_new(names: &mut Vec<String>, more: impl Iterator<Item = String>) {
    for name in more {
        if !names.contains(&name) {
            names.push(name);
        }
    }
}
