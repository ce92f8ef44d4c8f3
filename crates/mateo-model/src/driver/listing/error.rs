//! Why a listing can't go on.

use thiserror::Error;

/// A response that a listing can't go on from: it contradicts the request, or itself.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ListingError {
    /// The server counted rows that it did not send.
    #[error("the server counted {left} more rows and sent none of them")]
    Withheld {
        /// How many it counted.
        left: u64,
    },
    /// A row doesn't come after the one before it, or after the last row of the page before: the server doesn't heed the order or
    /// the filter.
    #[error(
        "row {row} of the page doesn't come after the row before it, so rows would be missed or repeated"
    )]
    OutOfOrder {
        /// Its place in the page, from 0.
        row: usize,
    },
    /// The page ends where an earlier one ended.
    #[error("the server sent a page that ends where an earlier one did, so the listing would never end")]
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
