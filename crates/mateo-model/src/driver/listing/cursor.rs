//! A listing's position as a value that outlives the program.

use serde::{Deserialize, Serialize};

use super::{CursorError, Position};
use crate::query::ImportQuery;

const VERSION: u32 = 1;

/// Where a listing stands, to be saved and resumed with [`Listing::resume`](crate::driver::Listing::resume).
///
/// Its JSON is stable: `{"version":1,"query":"…","after":["…"],"received":50,"expected":240}`, or `"offset"` in
/// place of `"after"`. It holds values of the last row's order columns, and no secret.
///
/// ```
/// use mateo_model::{ImportQuery, driver::{Listing, ListingCursor}};
///
/// let saved = serde_json::to_string(&Listing::new(ImportQuery::new()).cursor())?;
/// let cursor: ListingCursor = serde_json::from_str(&saved)?;
/// assert!(Listing::resume(ImportQuery::new(), &cursor).is_ok());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingCursor {
    version: u32,
    query: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Vec<Option<String>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    received: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected: Option<u64>,
}

impl ListingCursor {
    pub(super) fn new(
        query: &ImportQuery,
        position: &Position,
        received: u64,
        expected: Option<u64>,
    ) -> Self {
        Self {
            version: VERSION,
            query: query.to_string(),
            offset: (position.after.is_none() || position.skip > 0).then_some(position.skip),
            after: position.after.clone(),
            received,
            expected,
        }
    }

    pub(super) fn check(&self, query: &ImportQuery, keys: usize) -> Result<(), CursorError> {
        if self.version != VERSION {
            return Err(CursorError::Version {
                version: self.version,
            });
        }
        if self.query != query.to_string() {
            return Err(CursorError::OtherQuery {
                cursor: self.query.clone(),
            });
        }
        match (&self.after, self.offset) {
            (None, None) => Err(CursorError::Malformed),
            (Some(values), _) if values.len() != keys => Err(CursorError::Malformed),
            _ => Ok(()),
        }
    }

    pub(super) fn position(&self) -> Position {
        Position {
            after: self.after.clone(),
            skip: self.offset.unwrap_or(0),
        }
    }

    /// The query string of the listing it was taken from.
    ///
    /// ```
    /// use mateo_model::{ImportQuery, driver::Listing};
    ///
    /// assert_eq!(Listing::new(ImportQuery::new().limit(9)).cursor().query(), "limit=9");
    /// ```
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Rows received up to here.
    ///
    /// ```
    /// use mateo_model::{ImportQuery, driver::Listing};
    ///
    /// assert_eq!(Listing::new(ImportQuery::new()).cursor().received(), 0);
    /// ```
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Rows that were counted in all.
    ///
    /// ```
    /// use mateo_model::driver::ListingCursor;
    ///
    /// let cursor: ListingCursor =
    ///     serde_json::from_str(r#"{"version":1,"query":"","after":["a"],"received":50,"expected":240}"#)?;
    /// assert_eq!(cursor.expected(), Some(240));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn expected(&self) -> Option<u64> {
        self.expected
    }
}
