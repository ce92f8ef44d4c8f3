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
    pub(super) received: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expected: Option<u64>,
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

    /// The position in the listing of `query`, whose order has so many keys.
    pub(super) fn position_in(&self, query: &ImportQuery, keys: usize) -> Result<Position, CursorError> {
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
            (after, offset) => Ok(Position {
                after: after.clone(),
                skip: offset.unwrap_or(0),
            }),
        }
    }
}
