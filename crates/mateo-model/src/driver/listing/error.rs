//! Why a listing can't go on.

use thiserror::Error;

/// An answer that a listing can't go on from.
///
/// ```
/// use mateo_model::{ImportQuery, driver::{Listing, ListingError, PageFacts}};
///
/// let mut listing = Listing::new(ImportQuery::new());
/// let no_id = PageFacts { rows: 1, last_row: Some("{}"), total: None };
/// assert_eq!(listing.page_arrived(&no_id), Err(ListingError::NoKey { column: "id".into() }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ListingError {
    /// The last row lacks a column that the next page starts behind.
    #[error("the last row of a page lacks the column {column:?}, so the next page can't start behind it")]
    NoKey {
        /// The member of the row.
        column: String,
    },
    /// The page was said to have rows, but no last row was given.
    #[error("the last row of a page is missing")]
    NoLastRow,
    /// The server counted rows that it did not send.
    #[error("the server counted {left} more rows and sent none of them")]
    Withheld {
        /// How many it counted.
        left: u64,
    },
    /// The page ends where the one before ended: the server doesn't heed the filter.
    #[error("the server sent the same page again, so the listing would never end")]
    Stuck,
}

/// A cursor that a listing can't be resumed from.
///
/// ```
/// use mateo_model::{ImportQuery, driver::{CursorError, Listing}};
///
/// let cursor = Listing::new(ImportQuery::new().limit(9)).cursor();
/// let error = Listing::resume(ImportQuery::new(), &cursor).unwrap_err();
/// assert_eq!(error, CursorError::OtherQuery { cursor: "limit=9".into() });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CursorError {
    /// Taken from a listing of another query.
    #[error("the cursor belongs to another query ({cursor}), so rows would be missed or repeated")]
    OtherQuery {
        /// The query it was taken from.
        cursor: String,
    },
    /// Not a cursor that this version can read.
    #[error("the cursor is of version {version}, which this release can't read")]
    Version {
        /// The version it says.
        version: u32,
    },
    /// The key of the cursor doesn't have the columns of the order.
    #[error("the cursor doesn't fit the order of its query")]
    Malformed,
}
