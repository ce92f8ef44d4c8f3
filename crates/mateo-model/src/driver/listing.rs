//! Reading a listing to its proven end: which page to ask for next, and when the last one was the last.
//!
//! The server gives 50 rows a page, cuts longer pages short without a word and never says that there is more
//! (GRAMMAR.md, "Limits and ranges"). A [`Listing`] pages by keyset: the next page starts behind the last row
//! received, so rows that existed throughout come exactly once while others come, change and go.

mod cursor;
mod error;
mod keyset;

pub use cursor::ListingCursor;
pub use error::{CursorError, ListingError};

use serde::de::DeserializeOwned;

use crate::ast::order::Order;
use crate::page::{Page, PageError};
use crate::query::{ImportQuery, Window};
use keyset::Keyset;

/// Rows a page that the API gives at most (API.md, "Limits").
///
/// ```
/// use mateo_model::{ImportQuery, driver::{Listing, PAGE_ROWS}};
///
/// assert_eq!(Listing::new(ImportQuery::new()).next_page().unwrap().rows, PAGE_ROWS);
/// ```
pub const PAGE_ROWS: u64 = 50;

/// A key longer than this many bytes, a large payload say, would not fit a URL beside the query.
const MAX_KEY_BYTES: usize = 4_000;

/// A listing in progress, as a value: it says what to ask for, is told what came, and knows when it is done.
///
/// It does no I/O; the client above drives it. Time plays no part in it.
///
/// The listing is in the query's order, with `id` as the tie-breaker; without an order it is by `id`. The
/// query's `limit` bounds the whole listing and its `offset` (or the range's start) is passed over once.
///
/// ```
/// use mateo_model::{ImportQuery, columns::*, driver::{Listing, PageFacts, Proof}};
///
/// let mut listing = Listing::new(ImportQuery::new().order(CREATED_AT.desc()));
/// let first = listing.next_page().unwrap();
/// assert_eq!(first.query.to_string(), "order=created_at.desc,id&limit=50");
/// assert!(first.count); // send `Prefer: count=exact`
///
/// let row = r#"{"id":"38d889d2-b47a-4c1d-8a3a-b343ac333b68","created_at":"2025-01-01T00:37:00.000001+00:00"}"#;
/// listing.page_arrived(&PageFacts { rows: 50, last_row: Some(row), total: Some(51) })?;
/// let second = listing.next_page().unwrap();
/// assert_eq!(second.query.filters()[1].to_string(),
///     "or(created_at.lt.\"2025-01-01T00:37:00.000001+00:00\",and(created_at.eq.\
///      \"2025-01-01T00:37:00.000001+00:00\",id.gt.\"38d889d2-b47a-4c1d-8a3a-b343ac333b68\"))");
///
/// let last = r#"{"id":"0b80a255-53a1-4945-a932-58ef7777682c","created_at":"2025-01-01T00:00:00+00:00"}"#;
/// listing.page_arrived(&PageFacts { rows: 1, last_row: Some(last), total: Some(1) })?;
/// assert_eq!(listing.proof(), Some(Proof::Counted));
/// # Ok::<(), mateo_model::driver::ListingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Listing {
    query: ImportQuery,
    keyset: Keyset,
    page_rows: u64,
    counts: bool,
    position: Position,
    received: u64,
    expected: Option<u64>,
    /// The most rows that a page seems to have, learnt from pages that were shorter than asked.
    cap: u64,
    /// The last page was shorter than its own expectation, so the next may be the last.
    short: bool,
    proof: Option<Proof>,
}

/// Where the next page starts.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Position {
    /// Behind this many rows of the order: at the start, and where no key can be built.
    Offset(u64),
    /// Behind the row that has these key values.
    After(Vec<Option<String>>),
}

/// The next request of a [`Listing`].
///
/// ```
/// use mateo_model::{ImportQuery, driver::Listing};
///
/// let request = Listing::new(ImportQuery::new().limit(3)).next_page().unwrap();
/// assert_eq!(request.query.to_string(), "order=id&limit=3");
/// assert_eq!((request.count, request.rows), (true, 3));
/// ```
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
    added: Vec<String>,
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

/// What came in answer to a [`PageRequest`].
///
/// ```
/// use mateo_model::{ImportQuery, driver::{Listing, PageFacts}};
///
/// let mut listing = Listing::new(ImportQuery::new());
/// listing.page_arrived(&PageFacts { rows: 1, last_row: Some(r#"{"id":"a"}"#), total: Some(1) })?;
/// assert_eq!(listing.received(), 1);
/// # Ok::<(), mateo_model::driver::ListingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFacts<'a> {
    /// How many rows, those that couldn't be read included.
    pub rows: u64,
    /// The JSON text of the last of them.
    pub last_row: Option<&'a str>,
    /// The total of `Content-Range`, where it was counted.
    pub total: Option<u64>,
}

impl<'a> PageFacts<'a> {
    /// The facts of a page, with the body it was read from and the total of `Content-Range`.
    pub fn of<T>(page: &Page<T>, body: &'a [u8], total: Option<u64>) -> Self {
        let last_row = page.spans().last().and_then(|span| body.get(span.clone()));
        Self {
            rows: page.spans().len() as u64,
            last_row: last_row.and_then(|row| std::str::from_utf8(row).ok()),
            total,
        }
    }
}

/// Why a listing is known to be complete.
///
/// ```
/// use mateo_model::{ImportQuery, driver::{Listing, PageFacts, Proof}};
///
/// let mut listing = Listing::new(ImportQuery::new());
/// listing.page_arrived(&PageFacts { rows: 0, last_row: None, total: Some(0) })?;
/// assert_eq!(listing.proof(), Some(Proof::Empty));
/// # Ok::<(), mateo_model::driver::ListingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// The page behind the last row was empty.
    Empty,
    /// The server counted the rows of the last page, in the same statement, as all there were.
    Counted,
    /// The listing's own limit is reached.
    Limit,
}

/// What a listing promises while others change the data.
///
/// ```
/// use mateo_model::{ImportQuery, columns::CREATED_AT, driver::{Listing, Promise}};
///
/// let listing = Listing::new(ImportQuery::new().order(CREATED_AT.desc()));
/// assert_eq!(listing.promise(), Promise::ExactlyOnce);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Promise {
    /// Keyset paging: each row that existed unchanged throughout comes exactly once.
    ExactlyOnce,
    /// Offset paging, since a key value was too long for a URL: exact while nothing changes, but an insert
    /// or delete in between can repeat or skip a row.
    ExactIfUnchanged,
}

impl Listing {
    /// The listing of a query from its first row.
    ///
    /// ```
    /// use mateo_model::{ImportQuery, driver::Listing};
    ///
    /// let listing = Listing::new(ImportQuery::new());
    /// assert_eq!(listing.next_page().unwrap().query.to_string(), "order=id&limit=50");
    /// ```
    pub fn new(mut query: ImportQuery) -> Self {
        if let Window::Range(range) = query.window {
            let limit = range
                .last()
                .map(|last| clamp(last.saturating_sub(range.first()).saturating_add(1)));
            query.window = Window::Slice {
                limit,
                offset: Some(clamp(range.first())),
            };
        }
        let offset = query
            .offset_given()
            .map_or(0, |offset| u64::try_from(offset).unwrap_or(0));
        let keyset = Keyset::of(&query);
        let mut listing = Self {
            query,
            keyset,
            page_rows: PAGE_ROWS,
            counts: true,
            position: Position::Offset(offset),
            received: 0,
            expected: None,
            cap: PAGE_ROWS,
            short: false,
            proof: None,
        };
        listing.check_limit();
        listing
    }

    /// Goes on where `cursor` was taken.
    ///
    /// # Errors
    ///
    /// A cursor of another query, or of a later version of this crate, is refused.
    ///
    /// ```
    /// use mateo_model::{ImportQuery, driver::{Listing, PageFacts}};
    ///
    /// let mut listing = Listing::new(ImportQuery::new());
    /// listing.page_arrived(&PageFacts { rows: 50, last_row: Some(r#"{"id":"a"}"#), total: Some(60) })?;
    /// let resumed = Listing::resume(ImportQuery::new(), &listing.cursor())?;
    /// assert_eq!(resumed.next_page().unwrap().query.to_string(), "id=gt.a&order=id&limit=50");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resume(query: ImportQuery, cursor: &ListingCursor) -> Result<Self, CursorError> {
        let mut listing = Self::new(query);
        cursor.check(&listing.query, listing.keyset.len())?;
        listing.position = cursor.position();
        listing.received = cursor.received();
        listing.expected = cursor.expected();
        listing.check_limit();
        Ok(listing)
    }

    /// Asks for `rows` rows a page rather than 50, at least 1. More than the server's cap is cut short.
    ///
    /// ```
    /// use mateo_model::{ImportQuery, driver::Listing};
    ///
    /// let listing = Listing::new(ImportQuery::new()).page_rows(10);
    /// assert_eq!(listing.next_page().unwrap().query.to_string(), "order=id&limit=10");
    /// ```
    #[must_use]
    pub fn page_rows(mut self, rows: u64) -> Self {
        self.page_rows = rows.max(1);
        self.cap = self.page_rows;
        self
    }

    /// Never asks for the number of rows: one more request then proves the end, and progress is unknown.
    ///
    /// ```
    /// # use mateo_model::{ImportQuery, driver::Listing};
    /// let listing = Listing::new(ImportQuery::new()).uncounted();
    /// assert!(!listing.next_page().unwrap().count);
    /// ```
    #[must_use]
    pub fn uncounted(mut self) -> Self {
        self.counts = false;
        self
    }

    /// What to ask for next; `None` when the listing is complete.
    ///
    /// ```
    /// use mateo_model::{ImportQuery, driver::Listing};
    ///
    /// let listing = Listing::new(ImportQuery::new().limit(60));
    /// assert_eq!(listing.next_page().unwrap().rows, 50);
    /// assert!(Listing::new(ImportQuery::new().limit(0)).next_page().is_none());
    /// ```
    pub fn next_page(&self) -> Option<PageRequest> {
        if self.proof.is_some() {
            return None;
        }
        let rows = self
            .limit_left()
            .map_or(self.page_rows, |left| left.min(self.page_rows));
        let mut query = self.query.clone();
        query.select = self.keyset.select().clone();
        query.order = self.keyset.order().cloned().collect();
        let offset = match &self.position {
            Position::Offset(0) => None,
            Position::Offset(offset) => Some(clamp(*offset)),
            Position::After(values) => {
                query.filters.extend(self.keyset.after(values));
                None
            }
        };
        query.window = Window::Slice {
            limit: Some(clamp(rows)),
            offset,
        };
        Some(PageRequest {
            query,
            count: self.asks_for_count(),
            rows,
            added: self.keyset.added().to_vec(),
        })
    }

    /// The count is asked for with the first page, for progress, and with one that may be the last, where it
    /// proves in the same statement that nothing lies behind.
    fn asks_for_count(&self) -> bool {
        if !self.counts {
            return false;
        }
        match self.expected {
            None => self.received == 0,
            Some(expected) => self.short || self.received.saturating_add(self.cap) >= expected,
        }
    }

    /// Takes note of a page.
    ///
    /// # Errors
    ///
    /// An answer that can't be one to the request: the listing stays where it was, and the page may be asked
    /// for again.
    ///
    /// ```
    /// use mateo_model::{ImportQuery, driver::{Listing, ListingError, PageFacts}};
    ///
    /// let mut listing = Listing::new(ImportQuery::new());
    /// let withheld = PageFacts { rows: 0, last_row: None, total: Some(7) };
    /// assert_eq!(listing.page_arrived(&withheld), Err(ListingError::Withheld { left: 7 }));
    /// listing.page_arrived(&PageFacts { rows: 7, last_row: Some(r#"{"id":"a"}"#), total: Some(7) })?;
    /// assert!(listing.next_page().is_none());
    /// # Ok::<(), ListingError>(())
    /// ```
    pub fn page_arrived(&mut self, page: &PageFacts<'_>) -> Result<(), ListingError> {
        let Some(asked) = self.next_page().map(|request| request.rows) else {
            return Ok(());
        };
        let passed = match self.position {
            Position::Offset(offset) => offset,
            Position::After(_) => 0,
        };
        let left = page
            .total
            .map(|total| total.saturating_sub(passed.saturating_add(page.rows)));
        if page.rows == 0 {
            if let Some(left @ 1..) = left {
                return Err(ListingError::Withheld { left });
            }
            self.proof = Some(Proof::Empty);
            return Ok(());
        }
        let position = self.behind(page, passed)?;
        if position == self.position {
            return Err(ListingError::Stuck);
        }
        self.position = position;
        self.received = self.received.saturating_add(page.rows);
        if let Some(left) = left {
            self.expected = Some(self.received.saturating_add(left));
        }
        self.short = page.rows < asked.min(self.cap);
        if self.short {
            self.cap = page.rows;
        }
        if left == Some(0) {
            self.proof = Some(Proof::Counted);
        }
        self.check_limit();
        Ok(())
    }

    /// The server ran into its two seconds while it counted: goes on without the count.
    ///
    /// ```
    /// # use mateo_model::{ImportQuery, driver::Listing};
    /// let mut listing = Listing::new(ImportQuery::new());
    /// listing.count_refused();
    /// assert!(!listing.next_page().unwrap().count);
    /// ```
    pub fn count_refused(&mut self) {
        self.counts = false;
    }

    /// The position behind the last row of a page.
    fn behind(&self, page: &PageFacts<'_>, passed: u64) -> Result<Position, ListingError> {
        let offset = Position::Offset(passed.saturating_add(page.rows));
        if matches!(self.position, Position::Offset(passed) if passed > 0) && self.received > 0 {
            return Ok(offset);
        }
        let row = page.last_row.ok_or(ListingError::NoLastRow)?;
        let values = self.keyset.values(row)?;
        if values.iter().flatten().map(String::len).sum::<usize>() <= MAX_KEY_BYTES {
            return Ok(Position::After(values));
        }
        Ok(Position::Offset(
            self.start()
                .saturating_add(self.received)
                .saturating_add(page.rows),
        ))
    }

    /// Rows that the query passes over.
    fn start(&self) -> u64 {
        self.query
            .offset_given()
            .map_or(0, |offset| u64::try_from(offset).unwrap_or(0))
    }

    fn limit_left(&self) -> Option<u64> {
        let limit = u64::try_from(self.query.limit_given()?).unwrap_or(0);
        Some(limit.saturating_sub(self.received))
    }

    fn check_limit(&mut self) {
        if self.proof.is_none() && self.limit_left() == Some(0) {
            self.proof = Some(Proof::Limit);
        }
    }

    /// Why the listing is complete; `None` while it is not.
    ///
    /// ```
    /// use mateo_model::{ImportQuery, driver::{Listing, Proof}};
    ///
    /// assert_eq!(Listing::new(ImportQuery::new()).proof(), None);
    /// assert_eq!(Listing::new(ImportQuery::new().limit(0)).proof(), Some(Proof::Limit));
    /// ```
    pub fn proof(&self) -> Option<Proof> {
        self.proof
    }

    /// Rows received so far, those before a resumed cursor included.
    ///
    /// ```
    /// # use mateo_model::{ImportQuery, driver::{Listing, PageFacts}};
    /// let mut listing = Listing::new(ImportQuery::new());
    /// listing.page_arrived(&PageFacts { rows: 50, last_row: Some(r#"{"id":"a"}"#), total: Some(60) })?;
    /// assert_eq!(listing.received(), 50);
    /// # Ok::<(), mateo_model::driver::ListingError>(())
    /// ```
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Rows that the listing will have had in the end, by the last count; others may come or go meanwhile.
    ///
    /// ```
    /// # use mateo_model::{ImportQuery, driver::{Listing, PageFacts}};
    /// let mut listing = Listing::new(ImportQuery::new().limit(55));
    /// listing.page_arrived(&PageFacts { rows: 50, last_row: Some(r#"{"id":"a"}"#), total: Some(60) })?;
    /// assert_eq!(listing.expected(), Some(55));
    /// # Ok::<(), mateo_model::driver::ListingError>(())
    /// ```
    pub fn expected(&self) -> Option<u64> {
        let limit = self
            .query
            .limit_given()
            .and_then(|limit| u64::try_from(limit).ok());
        match (self.expected, limit) {
            (Some(expected), Some(limit)) => Some(expected.min(limit)),
            (expected, _) => expected,
        }
    }

    /// Rows that meet the query's filters by the last count, those before a resumed cursor included and
    /// whatever the limit and offset; `None` before the first count.
    ///
    /// ```
    /// # use mateo_model::{ImportQuery, driver::{Listing, PageFacts}};
    /// let mut listing = Listing::new(ImportQuery::new().limit(55));
    /// listing.page_arrived(&PageFacts { rows: 50, last_row: Some(r#"{"id":"a"}"#), total: Some(60) })?;
    /// assert_eq!(listing.counted(), Some(60));
    /// # Ok::<(), mateo_model::driver::ListingError>(())
    /// ```
    pub fn counted(&self) -> Option<u64> {
        Some(self.expected?.saturating_add(self.start()))
    }

    /// Requests still to be made by the last count, a page being as long as the pages were; 0 when complete.
    ///
    /// ```
    /// # use mateo_model::{ImportQuery, driver::{Listing, PageFacts}};
    /// let mut listing = Listing::new(ImportQuery::new());
    /// listing.page_arrived(&PageFacts { rows: 50, last_row: Some(r#"{"id":"a"}"#), total: Some(151) })?;
    /// assert_eq!(listing.requests_left(), Some(3));
    /// # Ok::<(), mateo_model::driver::ListingError>(())
    /// ```
    pub fn requests_left(&self) -> Option<u64> {
        if self.proof.is_some() {
            return Some(0);
        }
        let rows = self.expected()?.saturating_sub(self.received);
        Some(rows.div_ceil(self.cap.min(self.page_rows).max(1)).max(1))
    }

    /// What the listing promises while others change the data.
    ///
    /// ```
    /// # use mateo_model::{ImportQuery, driver::{Listing, Promise}};
    /// assert_eq!(Listing::new(ImportQuery::new()).promise(), Promise::ExactlyOnce);
    /// ```
    pub fn promise(&self) -> Promise {
        match self.position {
            Position::Offset(_) if self.received > 0 => Promise::ExactIfUnchanged,
            _ => Promise::ExactlyOnce,
        }
    }

    /// The query that is listed.
    ///
    /// ```
    /// # use mateo_model::{ImportQuery, driver::Listing};
    /// assert_eq!(Listing::new(ImportQuery::new().limit(9)).query().to_string(), "limit=9");
    /// ```
    pub fn query(&self) -> &ImportQuery {
        &self.query
    }

    /// The order of the pages: the query's, with the tie-breaker.
    ///
    /// ```
    /// use mateo_model::{ImportQuery, columns::*, driver::Listing};
    ///
    /// let listing = Listing::new(ImportQuery::new().order(CREATED_AT.desc()));
    /// assert!(listing.order().eq(&[CREATED_AT.desc(), ID.asc()]));
    /// ```
    pub fn order(&self) -> impl Iterator<Item = &Order> {
        self.keyset.order()
    }

    /// The position behind the last page that arrived, to go on from in another run.
    ///
    /// ```
    /// use mateo_model::{ImportQuery, driver::Listing};
    ///
    /// let cursor = Listing::new(ImportQuery::new()).cursor();
    /// let json = serde_json::to_string(&cursor).unwrap();
    /// assert_eq!(json, r#"{"version":1,"query":"","offset":0,"received":0}"#);
    /// ```
    pub fn cursor(&self) -> ListingCursor {
        ListingCursor::new(&self.query, &self.position, self.received, self.expected)
    }

    /// The position behind the first `taken` rows of the page that is about to arrive, `row` being the last
    /// of them: what a reader who stops within a page goes on from.
    ///
    /// # Errors
    ///
    /// A row without the columns of the order.
    ///
    /// ```
    /// use mateo_model::{ImportQuery, driver::Listing};
    ///
    /// let listing = Listing::new(ImportQuery::new());
    /// assert_eq!(listing.cursor_within(3, r#"{"id":"c"}"#)?.received(), 3);
    /// # Ok::<(), mateo_model::driver::ListingError>(())
    /// ```
    pub fn cursor_within(&self, taken: u64, row: &str) -> Result<ListingCursor, ListingError> {
        let mut ahead = self.clone();
        ahead.page_arrived(&PageFacts {
            rows: taken,
            last_row: Some(row),
            total: None,
        })?;
        Ok(ahead.cursor())
    }

    /// The values of the order's columns in a row, as the text that PostgreSQL reads.
    pub(crate) fn key_values(&self, row: &str) -> Result<Vec<Option<String>>, ListingError> {
        self.keyset.values(row)
    }
}

fn clamp(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
