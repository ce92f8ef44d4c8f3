//! `Page`: the rows of one response, the bad ones apart.

mod array;
mod error;
mod row;

use std::ops::Range;

use serde::de::{DeserializeOwned, IgnoredAny};
use uuid::Uuid;

use array::Elements;
pub use error::PageError;

use crate::raw::RawJson;

/// The rows of one response.
///
/// A row that can't be read doesn't take the page with it: it is kept apart, as its text and with what is wrong.
///
/// `T` is [`Import`](crate::Import), a type of your own with the columns you `select`, or [`RawJson`] for the rows as they
/// came. Any type that serde can make of an object will do.
///
/// ```
/// use mateo_model::Page;
///
/// #[derive(serde::Deserialize)]
/// struct Mine {
///     reference_id: String,
/// }
///
/// let page = Page::<Mine>::read(br#"[{"reference_id":"a"}, {"reference_id":null}, {"reference_id":"c"}]"#)?;
/// assert_eq!(page.rows.len(), 2);
/// assert_eq!(page.bad_rows[0].index, 1);
/// assert_eq!(page.bad_rows[0].column.as_deref(), Some("reference_id"));
///
/// // All of them, in the server's order.
/// let in_order: Vec<_> = page.into_results().map(|row| row.map(|row| row.reference_id).ok()).collect();
/// assert_eq!(in_order, [Some("a".to_owned()), None, Some("c".to_owned())]);
/// # Ok::<(), mateo_model::PageError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The rows that could be read, in the server's order.
    pub rows: Vec<T>,
    /// The rows that could not, in the server's order.
    pub bad_rows: Vec<BadRow>,
    /// Where in the body each row stands, good or bad.
    spans: Vec<Range<usize>>,
}

/// A row that could not be read.
///
/// ```
/// use mateo_model::{Import, Page};
///
/// let body = br#"[{"id":"d419c772-3226-4b94-bc3a-e353fb14628e","created_at":"infinity"}]"#;
/// let page = Page::<Import>::read(body)?;
/// assert_eq!(
///     page.bad_rows[0].to_string(),
///     "row 0 (d419c772-3226-4b94-bc3a-e353fb14628e), column created_at: \"infinity\" is not a point in time",
/// );
/// # Ok::<(), mateo_model::PageError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {index}{}{}: {message}", id.map(|id| format!(" ({id})")).unwrap_or_default(),
    column.as_ref().map(|column| format!(", column {column}")).unwrap_or_default())]
#[non_exhaustive]
pub struct BadRow {
    /// Its place in the response, from 0.
    pub index: usize,
    /// Its id, if that at least could be read.
    pub id: Option<Uuid>,
    /// The column at fault; `None` if it is the row as a whole.
    pub column: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The row as it came.
    pub raw: RawJson,
}

impl<T: DeserializeOwned> Page<T> {
    /// Reads the body of a response.
    ///
    /// # Errors
    ///
    /// If the body as a whole is not a page: not UTF-8, not JSON, cut off, or not an array.
    pub fn read(body: &[u8]) -> Result<Self, PageError> {
        Self::read_part(body, usize::MAX, &[])
    }

    /// Reads the first `most` rows of a body, each without the columns that are `hidden`. The others are passed over.
    pub(crate) fn read_part(body: &[u8], most: usize, hidden: &[String]) -> Result<Self, PageError> {
        // UTF-8 is checked once, here: serde_json would check each string by itself.
        let text = PageError::text_of(body)?;
        Self::read_rows(text, most, hidden).ok_or_else(|| PageError::of_text(text))
    }

    fn read_rows(text: &str, most: usize, hidden: &[String]) -> Option<Self> {
        let mut page = Self {
            rows: Vec::new(),
            bad_rows: Vec::new(),
            spans: Vec::new(),
        };
        let mut elements = Elements::of(text)?;
        while elements.advance()? {
            if page.spans.len() >= most {
                elements.read::<IgnoredAny>()?;
                continue;
            }
            let read = if hidden.is_empty() { elements.read() } else { None };
            let span = if let Some((row, span)) = read {
                page.rows.push(row);
                span
            } else {
                // So that it doesn't cost the other rows.
                let (row, span) = elements.read()?;
                match row::read(page.spans.len(), row, hidden) {
                    Ok(row) => page.rows.push(row),
                    Err(bad_row) => page.bad_rows.push(bad_row),
                }
                span
            };
            page.spans.push(span);
        }
        Some(page)
    }
}

impl<T> Page<T> {
    /// How many rows came, good and bad.
    pub fn len(&self) -> usize {
        self.rows.len() + self.bad_rows.len()
    }

    /// Whether no row came at all: the end of a listing.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.bad_rows.is_empty()
    }

    /// Where in the body each row stands, good or bad, in the server's order.
    pub fn spans(&self) -> &[Range<usize>] {
        &self.spans
    }

    /// The JSON text of each row, good or bad, in the server's order, from the `body` that the page was read from.
    pub fn texts<'b>(&self, body: &'b [u8]) -> impl Iterator<Item = &'b str> {
        let text = |span: &Range<usize>| std::str::from_utf8(body.get(span.clone())?).ok();
        self.spans.iter().map(move |span| text(span).unwrap_or_default())
    }

    /// Every row that came, good or bad, in the server's order.
    ///
    /// ```
    /// use mateo_model::Page;
    ///
    /// let page = Page::<Vec<u8>>::read(b"[[1], 2, [3]]")?;
    /// assert_eq!(page.into_results().map(|row| row.is_ok()).collect::<Vec<_>>(), [true, false, true]);
    /// # Ok::<(), mateo_model::PageError>(())
    /// ```
    pub fn into_results(self) -> impl Iterator<Item = Result<T, BadRow>> {
        let mut rows = self.rows.into_iter();
        let mut bad_rows = self.bad_rows.into_iter().peekable();
        (0..).map_while(move |index| match bad_rows.next_if(|bad| bad.index <= index) {
            Some(bad) => Some(Err(bad)),
            // The last arm is for a page whose rows the caller has thinned out.
            None => rows.next().map(Ok).or_else(|| bad_rows.next().map(Err)),
        })
    }
}

#[cfg(test)]
mod tests;
