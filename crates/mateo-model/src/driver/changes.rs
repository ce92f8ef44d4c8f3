//! Following changes: every import that was inserted or changed since a cursor, each change once.
//!
//! A row's `updated_at` is the start of the transaction that wrote it, so rows become visible *late*: after rows with a later
//! `updated_at` were read. What has been read says nothing about where to go on from, and neither does how long reading took.
//! So each pass begins at the **watermark**, the server's time when the last complete pass began to read, less the
//! overlap: a row that wasn't visible then has an `updated_at` after that, if it isn't late by more than the overlap.

mod cursor;
mod watermark;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

pub use cursor::ChangesCursor;
pub use watermark::RequestTime;

use crate::columns;
use crate::driver::listing::{CursorError, Listing};
use crate::query::ImportQuery;
use crate::timestamp;
use cursor::{PageRows, RowRead, Seen};
use watermark::Watermark;

/// Changes in progress, as a value: passes over what may be new, each a [`Listing`], and the rows that the next pass would
/// meet again.
///
/// What it guards against: rows that become visible up to the overlap after their `updated_at`, however long a pass takes;
/// rows that tie; rows that change while they are read; an `updated_at` in the future; a server's clock that is set back.
/// What it can't see: deletions, and the states between two passes of a row that changed twice.
///
/// It takes `Date` and `updated_at` to be of the same clock. Where they are not, the overlap must be longer by as much as the
/// database's clock is behind.
///
/// ```
/// use chrono::TimeDelta;
/// use mateo_model::{ImportQuery, driver::{Changes, ChangesCursor, RequestTime}, timestamp};
///
/// let mut changes = Changes::new(ImportQuery::new(), ChangesCursor::beginning(), TimeDelta::seconds(30))?;
/// let mut pass = changes.begin_pass();
/// assert_eq!(pass.next_page().unwrap().query.to_string(), "order=updated_at,id&limit=50");
///
/// let row = r#"{"id":"38d889d2-b47a-4c1d-8a3a-b343ac333b68","updated_at":"2025-01-01T00:36:50+00:00"}"#;
/// let time = RequestTime {
///     sent: timestamp::parse("2025-01-01T00:37:05Z")?, // this clock is 3 seconds ahead
///     took: TimeDelta::milliseconds(200),
///     date: Some(timestamp::parse("2025-01-01T00:37:02Z")?),
/// };
/// pass.page_arrived([row], "0-0/1".parse().ok())?;
/// assert!(changes.page_arrived(&pass, [row], time)[0].is_some());
///
/// // The pass is complete. The next begins where it began, less the overlap, and drops what was yielded.
/// let pass = changes.begin_pass();
/// assert_eq!(
///     pass.next_page().unwrap().query.to_string(),
///     "updated_at=gte.2025-01-01T00%3A36%3A30.800Z&order=updated_at,id&limit=50",
/// );
/// assert!(changes.page_arrived(&pass, [row], time)[0].is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Changes {
    query: ImportQuery,
    overlap: TimeDelta,
    cursor: ChangesCursor,
    /// The rows yielded that may be met again: their ids, and the `updated_at` they had.
    yielded: HashMap<Arc<str>, Arc<str>>,
    /// Whether the watermark is of this run.
    same_run: bool,
}

/// A query that changes can't be followed for, or a cursor of another one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChangesError {
    /// Changes come in the order in which they happened, all of them.
    #[error("changes can't be followed with an order, a limit, an offset or a range; remove {0}")]
    Shaped(&'static str),
    /// The cursor is invalid here.
    #[error(transparent)]
    Cursor(#[from] CursorError),
}

impl Changes {
    /// By how much the server's clock may be behind the caller's where a response has no `Date`: two minutes. A pass then
    /// counts as begun so long before it was.
    pub const CLOCK_SKEW: TimeDelta = watermark::CLOCK_SKEW;

    /// The changes to rows that meet the filters of `query`, from `cursor` on. `overlap` is how late a row may become
    /// visible; a negative one counts as none.
    ///
    /// # Errors
    ///
    /// A query with an order or a bound, or a cursor of another query.
    pub fn new(query: ImportQuery, cursor: ChangesCursor, overlap: TimeDelta) -> Result<Self, ChangesError> {
        if !query.ordering().is_empty() {
            return Err(ChangesError::Shaped("the order"));
        }
        if query.is_sliced() {
            return Err(ChangesError::Shaped("the limit"));
        }
        let cursor = cursor.for_query(&query)?;
        let state = cursor.state();
        let yielded = state.yielded.rows();
        let yielded = yielded.map(|row| (Arc::clone(&row.id), Arc::clone(&row.at)));
        Ok(Self {
            query,
            overlap: overlap.max(TimeDelta::zero()),
            yielded: yielded.collect(),
            cursor,
            same_run: false,
        })
    }

    /// The listing of the next pass, or the rest of the one that the cursor is in. Its pages go through
    /// [`page_arrived`](Changes::page_arrived).
    pub fn begin_pass(&self) -> Listing {
        let state = self.cursor.state();
        let watermark = state.watermark();
        let query = self
            .query
            .clone()
            .order(columns::UPDATED_AT.asc())
            .order(columns::ID.asc());
        if let Some((at, id)) = state.pass.and_then(|pass| pass.after) {
            return Listing::after(query, vec![Some(at), Some(id)]);
        }
        Listing::new(match self.floor(watermark) {
            Some(floor) => query.filter(columns::UPDATED_AT.gte(floor)),
            None => query,
        })
    }

    fn floor(&self, watermark: Option<Watermark>) -> Option<DateTime<Utc>> {
        watermark?.floor(self.overlap)
    }

    /// Takes note of a page that `pass` has taken note of, and says for each of its rows where the cursor is after it; `None`
    /// where the row was yielded before. When `pass` is complete, so is the cursor after the last row.
    ///
    /// A row without `id` or `updated_at` counts as new.
    pub fn page_arrived<'r>(
        &mut self,
        pass: &Listing,
        rows: impl IntoIterator<Item = &'r str>,
        time: RequestTime,
    ) -> Vec<Option<ChangesCursor>> {
        let mut state = self.cursor.state();
        let next = match &state.pass {
            Some(pass) => pass.next,
            None => Watermark::after_pass(state.watermark(), time, self.same_run),
        };
        let floor = self.floor(Some(next));
        let mut is_new = Vec::new();
        let mut read = Vec::new();
        let rows: Vec<&str> = rows.into_iter().collect();
        for (row, key) in rows.iter().zip(pass.key_texts(&rows)) {
            let (seen, is_position) = seen(row, key.as_deref(), next, read.last());
            let yielded = self.yielded.get(&seen.id);
            let new = yielded.is_none_or(|at| is_position && *at != seen.at);
            // A row without a key is remembered for as long as it is met.
            let is_remembered = (new || !is_position) && is_met_again(&seen.at, floor);
            if is_remembered {
                self.yielded.insert(Arc::clone(&seen.id), Arc::clone(&seen.at));
            }
            is_new.push(new);
            read.push(RowRead {
                seen,
                is_position,
                is_remembered,
            });
        }

        let page = Arc::new(PageRows { next, rows: read });
        let before = self.cursor.clone();
        state.read(next, &page.rows);
        if pass.completion().is_some() {
            // The next one begins where this one began, and what it won't meet is forgotten.
            self.yielded.retain(|_, at| is_met_again(at, floor));
            let yielded = self.yielded.iter().map(|(id, at)| Seen {
                at: Arc::clone(at),
                id: Arc::clone(id),
            });
            state.complete(next, yielded);
            self.same_run = true;
        }
        self.cursor = ChangesCursor::from(state);

        let last = is_new.iter().rposition(|new| *new);
        is_new
            .into_iter()
            .enumerate()
            .map(|(index, new)| match new {
                false => None,
                // Those after it were yielded before: with it, the page is done.
                true if Some(index) == last => Some(self.cursor.clone()),
                true => Some(before.within(&page, index + 1)),
            })
            .collect()
    }

    /// Where to go on in another run: after the last page that arrived.
    pub fn cursor(&self) -> &ChangesCursor {
        &self.cursor
    }

    /// The watermark once the pass under way is complete; that of the last complete one where none is.
    pub fn watermark(&self) -> Option<DateTime<Utc>> {
        let pass = self.cursor.state().pass;
        pass.map(|pass| pass.next.at).or(self.cursor.watermark())
    }
}

/// What a row is remembered by, and whether a pass can go on after it. One without a key is remembered by its text.
fn seen(
    row: &str,
    key: Option<&[Option<String>]>,
    next: Watermark,
    before: Option<&RowRead>,
) -> (Seen, bool) {
    let (at, id, is_position) = match key {
        Some([Some(at), Some(id)]) => (at.as_str(), id.as_str(), true),
        _ => (&*timestamp::display(next.at).to_string(), row, false),
    };
    // The rows of a bulk update share one text.
    let at = match before {
        Some(before) if *before.seen.at == *at => Arc::clone(&before.seen.at),
        _ => at.into(),
    };
    (Seen { at, id: id.into() }, is_position)
}

/// Whether a row with this `updated_at` is read again by a pass from `floor` on. PostgreSQL's infinities and years before the
/// common era have no [`DateTime`].
fn is_met_again(at: &str, floor: Option<DateTime<Utc>>) -> bool {
    let Some(floor) = floor else {
        return true;
    };
    match timestamp::parse(at) {
        Ok(at) => at >= floor,
        Err(_) => !at.starts_with('-') && !at.ends_with(" BC"),
    }
}

#[cfg(test)]
mod tests;
