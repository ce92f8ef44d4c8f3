//! What a listing asks for.

use serde::de::DeserializeOwned;

use crate::page::{Page, PageError};
use crate::query::ImportQuery;

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
    /// use mateo_model::{ImportQuery, RawJson, Select, columns::TYPE, driver::Listing};
    ///
    /// let mut listing = Listing::new(ImportQuery::new().select(Select::all().and(TYPE)).limit(1));
    /// let request = listing.next_page().unwrap();
    /// assert_eq!(request.query.to_string(), "select=type,key_0:id&order=id&limit=1");
    ///
    /// let body = br#"[{"type":"deal_details","key_0":"38d889d2-b47a-4c1d-8a3a-b343ac333b68"}]"#;
    /// let page = request.read::<RawJson>(body)?;
    /// assert_eq!(page.rows[0].as_str(), r#"{"type":"deal_details"}"#);
    /// listing.page_arrived(page.texts(body), None)?;
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
