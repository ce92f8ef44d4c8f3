//! What a listing asks for, and what it is told of the response.

use serde::de::DeserializeOwned;

use crate::page::{Page, PageError};
use crate::query::ImportQuery;
use crate::range::ContentRange;

/// The next request of a [`Listing`](super::Listing).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageRequest {
    /// What to ask for.
    pub query: ImportQuery,
    /// Whether to ask for the number of rows too: `Prefer: count=exact`.
    pub count: bool,
    /// How many rows are asked for at most.
    pub rows: u64,
    /// Columns that only the listing needs, to go on after the last row.
    pub(super) added: Vec<String>,
}

impl PageRequest {
    /// Reads the body of the response: no more rows than were asked for, and each without the columns that only the listing
    /// needs.
    ///
    /// # Errors
    ///
    /// As for [`Page::read`].
    ///
    /// ```
    /// use mateo_model::{ImportQuery, RawJson, Select, columns::TYPE, driver::{Listing, PageFacts}};
    ///
    /// let mut listing = Listing::new(ImportQuery::new().select(Select::all().and(TYPE)).limit(1));
    /// let request = listing.next_page().unwrap();
    /// assert_eq!(request.query.to_string(), "select=type,key_0:id&order=id&limit=1");
    ///
    /// let body = br#"[{"type":"deal_details","key_0":"38d889d2-b47a-4c1d-8a3a-b343ac333b68"}]"#;
    /// let page = request.read::<RawJson>(body)?;
    /// assert_eq!(page.rows[0].as_str(), r#"{"type":"deal_details"}"#);
    /// listing.page_arrived(&PageFacts::of(&page, body, None))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Result<Page<T>, PageError> {
        Page::read_part(
            body,
            usize::try_from(self.rows).unwrap_or(usize::MAX),
            &self.added,
        )
    }
}

/// What came in response to a [`PageRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageFacts<'a> {
    /// The JSON text of each row, those that couldn't be read included.
    pub rows: Vec<&'a str>,
    /// The `Content-Range`, which has the total where that was counted.
    pub content_range: Option<ContentRange>,
}

impl<'a> PageFacts<'a> {
    /// Of a page that was read from this body.
    pub fn of<T>(page: &Page<T>, body: &'a [u8], content_range: Option<ContentRange>) -> Self {
        let text = |span: &std::ops::Range<usize>| std::str::from_utf8(body.get(span.clone())?).ok();
        Self {
            rows: page
                .spans()
                .iter()
                .map(|span| text(span).unwrap_or_default())
                .collect(),
            content_range,
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.rows.len() as u64
    }

    /// The total, of which `skipped` rows were passed over before the page. One that doesn't fit the rows is none: a server
    /// that contradicts itself has proven nothing.
    pub(super) fn total(&self, skipped: u64) -> Option<u64> {
        let range = self.content_range?;
        let total = range.total()?;
        let count = self.count();
        if count == 0 {
            return Some(total);
        }
        let span = range.rows()?;
        let fits = *span.start() == skipped
            && span.end().checked_sub(skipped) == count.checked_sub(1)
            && *span.end() < total;
        fits.then_some(total)
    }
}
