//! Imports as text: for a person, a program, a spreadsheet, a browser.

pub(crate) mod age;
pub(crate) mod bars;
pub(crate) mod csv;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod page;
pub(crate) mod state;
pub(crate) mod style;
pub(crate) mod summary;
pub(crate) mod table;
pub(crate) mod text;

use mateo_imports::RawJson;

use crate::failure::Failure;

/// What a person should know about the rows that were written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) notes: Vec<String>,
    /// Rows that could not be read, and so are not among them.
    pub(crate) unreadable: u64,
}

/// Writes rows, one after the other, in whole lines.
pub(crate) trait RowWriter {
    /// Writes a row, or keeps it until it can be written.
    fn row(&mut self, row: &RawJson, out: &mut Vec<u8>) -> Result<(), Failure>;

    /// Writes what was kept, because the next row takes time.
    fn pause(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let _ = out;
        Ok(())
    }

    /// The columns of the header that was written, where there is one.
    fn columns(&self) -> Vec<String> {
        Vec::new()
    }

    /// Writes the end.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<Ending, Failure>;
}
