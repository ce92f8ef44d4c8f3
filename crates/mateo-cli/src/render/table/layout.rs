//! Columns of a table: how wide each is, which are left out, and the lines they make.

use std::borrow::Cow;
use std::fmt;

use crate::render::style::Paint;
use crate::render::text::{cut, width};

/// On which side a column's texts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    name: String,
    align: Align,
    /// Of the columns that may be left out, the one with the least goes first; 0 stays always.
    keeps: u8,
    /// May be cut, down to this width.
    elastic: Option<usize>,
    width: usize,
    shown: bool,
}

impl Column {
    pub(crate) fn new(name: impl Into<String>, align: Align, keeps: u8) -> Self {
        Self {
            name: name.into(),
            align,
            keeps,
            elastic: None,
            width: 0,
            shown: true,
        }
    }

    pub(crate) fn elastic(mut self, least: usize) -> Self {
        self.elastic = Some(least);
        self
    }

    fn least(&self) -> usize {
        self.elastic.map_or(self.width, |least| least.min(self.width))
    }
}

type Painter = Box<dyn Fn(&str) -> String>;

/// A text, and how it is painted once it is cut.
pub(crate) struct Cell {
    text: String,
    painter: Option<Painter>,
}

impl Cell {
    pub(crate) fn plain<'a>(text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            text: text.into().into_owned(),
            painter: None,
        }
    }

    pub(crate) fn painted(text: String, painter: impl Fn(&str) -> String + 'static) -> Self {
        Self {
            text,
            painter: Some(Box::new(painter)),
        }
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// Blanks between two columns.
const GAP: usize = 2;

/// The columns with their widths.
#[derive(Debug)]
pub(crate) struct Layout {
    columns: Vec<Column>,
    limit: Option<usize>,
    unicode: bool,
    /// How many cells were cut, and in which columns.
    cut: u64,
    cut_columns: Vec<String>,
}

impl Layout {
    /// Fits the columns to the rows, and to a width if there is one: elastic columns are cut first, then columns are left
    /// out, then what remains is cut.
    pub(crate) fn new(
        mut columns: Vec<Column>,
        rows: &[Vec<Cell>],
        limit: Option<usize>,
        unicode: bool,
    ) -> Self {
        for (index, column) in columns.iter_mut().enumerate() {
            let cells = rows
                .iter()
                .filter_map(|row| row.get(index))
                .map(|cell| width(&cell.text));
            column.width = cells.max().unwrap_or(0).max(width(&column.name));
        }
        let mut layout = Self {
            columns,
            limit,
            unicode,
            cut: 0,
            cut_columns: Vec::new(),
        };
        if let Some(limit) = limit {
            layout.fit(limit);
        }
        layout
    }

    fn fit(&mut self, limit: usize) {
        while self.needed(Column::least) > limit {
            let next = self
                .columns
                .iter_mut()
                .filter(|column| column.shown && column.keeps > 0);
            match next.min_by_key(|column| column.keeps) {
                Some(column) => column.shown = false,
                None => break,
            }
        }
        let mut over = self.needed(|column| column.width).saturating_sub(limit);
        // Elastic ones give first, then, where the terminal is tiny, all.
        for only_elastic in [true, false] {
            for column in self.columns.iter_mut().rev().filter(|column| column.shown) {
                let least = match column.elastic {
                    Some(least) => least.min(column.width),
                    None if only_elastic => continue,
                    None => 3.min(column.width),
                };
                let given = over.min(column.width - least);
                column.width -= given;
                over -= given;
            }
        }
    }

    fn needed(&self, of: impl Fn(&Column) -> usize) -> usize {
        let shown: Vec<usize> = self
            .columns
            .iter()
            .filter(|column| column.shown)
            .map(of)
            .collect();
        shown.iter().sum::<usize>() + GAP * shown.len().saturating_sub(1)
    }

    pub(crate) fn header(&mut self, paint: Paint, out: &mut Vec<u8>) {
        let cells: Vec<Cell> = self
            .columns
            .iter()
            .map(|column| Cell::painted(column.name.clone(), move |text| paint.strong(text)))
            .collect();
        let cut = (self.cut, self.cut_columns.clone());
        self.row(&cells, out);
        (self.cut, self.cut_columns) = cut;
    }

    pub(crate) fn row(&mut self, cells: &[Cell], out: &mut Vec<u8>) {
        let mut line = String::new();
        let shown = self.columns.iter().zip(cells).filter(|(column, _)| column.shown);
        let mut pending = 0;
        for (column, cell) in shown {
            // Without a limit nothing is cut, however wide a later row may be.
            let (text, was_cut) = match self.limit {
                Some(_) => cut(&cell.text, column.width, self.unicode),
                None => (Cow::Borrowed(cell.text.as_str()), false),
            };
            if was_cut {
                self.cut += 1;
                if !self.cut_columns.contains(&column.name) {
                    self.cut_columns.push(column.name.clone());
                }
            }
            let room = column.width.saturating_sub(width(&text));
            let painted = match &cell.painter {
                Some(painter) => painter(&text),
                None => text.into_owned(),
            };
            // Blanks are written only before something, so that no line ends with them.
            if column.align == Align::Right {
                pending += room;
            }
            if !painted.is_empty() {
                line.extend(std::iter::repeat_n(' ', pending));
                line.push_str(&painted);
                pending = 0;
            }
            if column.align == Align::Left {
                pending += room;
            }
            pending += GAP;
        }
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }

    /// The columns that were left out.
    pub(super) fn left_out(&self) -> impl Iterator<Item = String> {
        self.columns
            .iter()
            .filter(|column| !column.shown)
            .map(|column| column.name.to_lowercase())
    }

    /// How many cells were cut, and in which columns.
    pub(super) fn cut(&self) -> (u64, &[String]) {
        (self.cut, &self.cut_columns)
    }

    /// Makes no column narrower than it was in `last`.
    pub(super) fn widen_to(&mut self, last: &Self) {
        for (column, last) in self.columns.iter_mut().zip(&last.columns) {
            column.width = column.width.max(last.width);
        }
    }

    /// Whether rows of both stand below one header.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let widths = |layout: &Self| {
            let shown = layout.columns.iter().filter(|column| column.shown);
            // Nothing follows the last column, so that its width doesn't show.
            let mut widths: Vec<_> = shown
                .map(|column| (column.name.clone(), column.align, column.width))
                .collect();
            if let Some((.., Align::Left, width)) = widths.last_mut() {
                *width = 0;
            }
            widths
        };
        widths(self) == widths(other)
    }
}
