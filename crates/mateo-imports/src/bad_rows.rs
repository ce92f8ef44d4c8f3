//! What becomes of rows that can't be read.

use std::fmt;

use mateo_model::BadRow;

use crate::error::Error;

/// Who is told about bad rows; without it, they are errors of the stream.
#[derive(Default)]
pub(crate) struct BadRows(Option<Box<dyn FnMut(BadRow) + Send>>);

impl BadRows {
    pub(crate) fn to(handler: impl FnMut(BadRow) + Send + 'static) -> Self {
        Self(Some(Box::new(handler)))
    }

    /// The row, or the error that it is to the stream; `None` where somebody else was told.
    pub(crate) fn check<T>(&mut self, row: Result<T, BadRow>) -> Option<Result<T, Error>> {
        match (row, &mut self.0) {
            (Ok(row), _) => Some(Ok(row)),
            (Err(bad), Some(handler)) => {
                handler(bad);
                None
            }
            (Err(bad), None) => Some(Err(Error::of(bad))),
        }
    }
}

impl fmt::Debug for BadRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "handled" } else { "errors" })
    }
}
