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

/// Writes rows, one after the other, in whole lines.
pub(crate) trait RowWriter {
    /// Writes a row, or keeps it until it can be written.
    fn row(&mut self, row: &RawJson, out: &mut Vec<u8>) -> Result<(), Failure>;

    /// Writes what was kept: a good moment, because the next row lets wait.
    fn pause(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let _ = out;
        Ok(())
    }

    /// Writes the end, and says what a person should know about what is above it.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<Vec<String>, Failure>;
}
