//! Following changes: every import that was inserted or changed since a cursor, each change once.
//!
//! A row's `updated_at` is the start of the transaction that wrote it, so rows become visible *late*: after a
//! row with a later `updated_at` was already read. Each pass therefore re-reads an overlap window before the
//! latest `updated_at` seen, and drops what it has given out.

mod cursor;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

pub use cursor::ChangesCursor;

use crate::columns;
use crate::listing::{CursorError, Listing, ListingError};
use crate::query::ImportQuery;
use crate::timestamp;

/// Changes in progress, as a value: passes over what is new, each a [`Listing`], and what was given out.
///
/// What it guards against: rows that become visible up to the overlap after their `updated_at`; rows that tie;
/// rows that change while they are read; an `updated_at` in the future. What it can't see: deletions, and
/// the states between two passes of a row that changed twice.
///
/// ```
/// use chrono::TimeDelta;
/// use mateo_model::{Changes, ChangesCursor, ImportQuery, PageFacts};
///
/// let mut changes = Changes::new(ImportQuery::new(), ChangesCursor::beginning(), TimeDelta::seconds(30))?;
/// let mut pass = changes.pass();
/// assert_eq!(pass.next_page().unwrap().query.to_string(), "order=updated_at,id&limit=50");
///
/// let row = r#"{"id":"38d889d2-b47a-4c1d-8a3a-b343ac333b68","updated_at":"2025-01-01T00:37:00+00:00"}"#;
/// assert!(changes.is_new(&pass, row)?);
/// pass.page_arrived(&PageFacts { rows: 1, last_row: Some(row), total: Some(1) })?;
///
/// let pass = changes.pass(); // the next one begins half a minute earlier, and drops what was given out
/// assert_eq!(
///     pass.next_page().unwrap().query.to_string(),
///     "updated_at=gte.2025-01-01T00%3A36%3A30Z&order=updated_at,id&limit=50",
/// );
/// assert!(!changes.is_new(&pass, row)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Changes {
    query: ImportQuery,
    overlap: TimeDelta,
    cursor: ChangesCursor,
    /// The rows given out in the overlap window: their ids, and the `updated_at` they had.
    given: HashMap<String, String>,
    server_time: Option<DateTime<Utc>>,
}

/// A query that changes can't be followed for, or a cursor of another one.
///
/// ```
/// use chrono::TimeDelta;
/// use mateo_model::{Changes, ChangesCursor, ChangesError, ImportQuery};
///
/// let limited = ImportQuery::new().limit(5);
/// let error = Changes::new(limited, ChangesCursor::beginning(), TimeDelta::seconds(30)).unwrap_err();
/// assert_eq!(error, ChangesError::Shaped("the limit"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChangesError {
    /// Changes come in the order in which they happened, all of them.
    #[error("changes can't be followed with an order, a limit, an offset or a range; remove {0}")]
    Shaped(&'static str),
    /// The cursor can't be gone on from.
    #[error(transparent)]
    Cursor(#[from] CursorError),
}

impl Changes {
    /// The changes to rows that meet the filters of `query`, from `cursor` on. `overlap` is how late a row may
    /// become visible; a negative one counts as none.
    ///
    /// # Errors
    ///
    /// A query with an order or a bound, or a cursor of another query.
    ///
    /// ```
    /// use chrono::TimeDelta;
    /// use mateo_model::{Changes, ChangesCursor, ImportQuery, columns::FAILED_COUNT};
    ///
    /// let failed = ImportQuery::new().filter(FAILED_COUNT.gt(0));
    /// let mut changes = Changes::new(failed, ChangesCursor::beginning(), TimeDelta::seconds(30))?;
    /// assert_eq!(changes.pass().query().to_string(), "failed_count=gt.0&order=updated_at,id");
    /// # Ok::<(), mateo_model::ChangesError>(())
    /// ```
    pub fn new(query: ImportQuery, cursor: ChangesCursor, overlap: TimeDelta) -> Result<Self, ChangesError> {
        if !query.ordering().is_empty() {
            return Err(ChangesError::Shaped("the order"));
        }
        if query.window() != crate::Window::default() {
            return Err(ChangesError::Shaped("the limit"));
        }
        let cursor = cursor.for_query(&query)?;
        let given = cursor
            .given()
            .map(|(id, at)| (id.to_owned(), at.to_owned()))
            .collect();
        Ok(Self {
            query,
            overlap: overlap.max(TimeDelta::zero()),
            cursor,
            given,
            server_time: None,
        })
    }

    /// The listing of one pass over what may be new. Its rows go through [`is_new`](Changes::is_new).
    ///
    /// ```
    /// use chrono::TimeDelta;
    /// use mateo_model::{Changes, ChangesCursor, ImportQuery};
    ///
    /// let since = ChangesCursor::since("2026-01-02T00:00:30Z".parse().unwrap());
    /// let mut changes = Changes::new(ImportQuery::new(), since, TimeDelta::seconds(30))?;
    /// let query = changes.pass().query().to_string();
    /// assert_eq!(query, "updated_at=gte.2026-01-02T00%3A00%3A00Z&order=updated_at,id");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pass(&mut self) -> Listing {
        let floor = self.floor();
        if let Some(floor) = floor {
            self.given
                .retain(|_, at| timestamp::parse(at).map_or(true, |at| at >= floor));
        }
        let query = match floor {
            Some(floor) => self.query.clone().filter(columns::UPDATED_AT.gte(floor)),
            None => self.query.clone(),
        };
        Listing::new(query.order(columns::UPDATED_AT.asc()).order(columns::ID.asc()))
    }

    /// Where the next pass begins: the overlap before the latest `updated_at`. A row dated in the future must
    /// not hide what changes until then, so the server's own time bounds it.
    fn floor(&self) -> Option<DateTime<Utc>> {
        let latest = self.cursor.updated_at()?;
        let latest = self.server_time.map_or(latest, |now| latest.min(now));
        Some(
            latest
                .checked_sub_signed(self.overlap)
                .unwrap_or(DateTime::<Utc>::MIN_UTC),
        )
    }

    /// Whether a row of `pass` is a change that was not given out yet; it then counts as given out.
    ///
    /// # Errors
    ///
    /// A row without `id` or `updated_at`.
    ///
    /// ```
    /// use chrono::TimeDelta;
    /// use mateo_model::{Changes, ChangesCursor, ImportQuery};
    ///
    /// let mut changes = Changes::new(ImportQuery::new(), ChangesCursor::beginning(), TimeDelta::seconds(30))?;
    /// let pass = changes.pass();
    /// let row = r#"{"id":"38d889d2-b47a-4c1d-8a3a-b343ac333b68","updated_at":"2025-01-01T00:37:00+00:00"}"#;
    /// assert!(changes.is_new(&pass, row)?);
    /// assert!(!changes.is_new(&pass, row)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_new(&mut self, pass: &Listing, row: &str) -> Result<bool, ListingError> {
        let values = pass.key_values(row)?;
        let [Some(at), Some(id)] = values.as_slice() else {
            return Err(ListingError::NoKey {
                column: "updated_at".to_owned(),
            });
        };
        if self.given.get(id) == Some(at) {
            return Ok(false);
        }
        self.given.insert(id.clone(), at.clone());
        // An `updated_at` that chrono can't hold (`infinity`) has no place in time to go on from.
        if let Ok(time) = timestamp::parse(at) {
            self.cursor.advance(
                id,
                at,
                self.server_time.map_or(time, |now| time.min(now)),
                self.overlap,
            );
        }
        Ok(true)
    }

    /// Takes note of the server's clock, from a response's `Date`.
    ///
    /// ```
    /// use chrono::TimeDelta;
    /// use mateo_model::{Changes, ChangesCursor, ImportQuery};
    ///
    /// let future = ChangesCursor::since("2999-01-01T00:00:00Z".parse().unwrap());
    /// let mut changes = Changes::new(ImportQuery::new(), future, TimeDelta::zero())?;
    /// changes.server_time("2026-01-02T00:00:00Z".parse().unwrap());
    /// let query = changes.pass().query().to_string();
    /// assert_eq!(query, "updated_at=gte.2026-01-02T00%3A00%3A00Z&order=updated_at,id");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn server_time(&mut self, now: DateTime<Utc>) {
        self.server_time = Some(now);
    }

    /// Where to go on in another run: everything up to the last row that [`is_new`](Changes::is_new) told of is
    /// behind it.
    ///
    /// ```
    /// use chrono::TimeDelta;
    /// use mateo_model::{Changes, ChangesCursor, ImportQuery};
    ///
    /// let mut changes = Changes::new(ImportQuery::new(), ChangesCursor::beginning(), TimeDelta::seconds(30))?;
    /// let pass = changes.pass();
    /// changes.is_new(&pass, r#"{"id":"a","updated_at":"2025-01-01T00:37:00+00:00"}"#)?;
    /// assert_eq!(changes.cursor().updated_at(), Some("2025-01-01T00:37:00Z".parse().unwrap()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cursor(&self) -> &ChangesCursor {
        &self.cursor
    }

    /// How late a row may become visible.
    ///
    /// ```
    /// use chrono::TimeDelta;
    /// use mateo_model::{Changes, ChangesCursor, ImportQuery};
    ///
    /// let changes = Changes::new(ImportQuery::new(), ChangesCursor::beginning(), TimeDelta::seconds(-1))?;
    /// assert_eq!(changes.overlap(), TimeDelta::zero());
    /// # Ok::<(), mateo_model::ChangesError>(())
    /// ```
    pub fn overlap(&self) -> TimeDelta {
        self.overlap
    }
}

#[cfg(test)]
mod tests;
