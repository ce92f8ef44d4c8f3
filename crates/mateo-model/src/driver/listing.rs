//! Reading a listing to its proven end: which page to ask for next, and when the last one was the last.
//!
//! The server gives 50 rows a page, cuts longer pages short without a word and never says that there is more
//! (GRAMMAR.md, "Limits and ranges"). A [`Listing`] pages by keyset: the next page starts after the last row
//! received, so rows that existed throughout come exactly once while others come, change and go.

mod cursor;
mod error;
mod keyset;
mod order_check;
mod page;
mod row_key;

pub use cursor::ListingCursor;
pub use error::{CursorError, ListingError};
pub use page::PageRequest;

use crate::query::ImportQuery;
use crate::range::ContentRange;
use keyset::Keyset;
use order_check::OrderCheck;
use row_key::RowKey;

/// Rows a page that the API gives at most (API.md, "Limits").
pub const PAGE_ROWS: u64 = 50;

/// A key that is longer than this in a URL, of a large payload say, leaves too little room for the query.
const MAX_KEY_BYTES: usize = 4_000;

/// A listing in progress, as a value: it says what to ask for, is told what came, and knows when it is done.
///
/// It does no I/O; the client above drives it. Time plays no part in it.
///
/// The listing is in the query's order, with `id` as the tie-breaker; without an order it is by `id`. The
/// query's `limit` bounds the whole listing and its `offset` (or the range's start) is passed over once.
///
/// ```
/// use mateo_model::{ImportQuery, columns::*, driver::{Completion, Listing}};
///
/// let mut listing = Listing::new(ImportQuery::new().order(CREATED_AT.desc()));
/// let first = listing.next_page().unwrap();
/// assert_eq!(first.query.to_string(), "order=created_at.desc,id&limit=50");
/// assert!(first.count); // send `Prefer: count=exact`
///
/// let row = r#"{"id":"38d889d2-b47a-4c1d-8a3a-b343ac333b68","created_at":"2025-01-01T00:37:00.000001+00:00"}"#;
/// listing.page_arrived([row], "0-0/2".parse().ok())?;
/// let second = listing.next_page().unwrap();
/// assert_eq!(second.query.filters()[1].to_string(),
///     "or(created_at.lt.\"2025-01-01T00:37:00.000001+00:00\",and(created_at.eq.\
///      \"2025-01-01T00:37:00.000001+00:00\",id.gt.\"38d889d2-b47a-4c1d-8a3a-b343ac333b68\"))");
///
/// let last = r#"{"id":"0b80a255-53a1-4945-a932-58ef7777682c","created_at":"2025-01-01T00:00:00+00:00"}"#;
/// listing.page_arrived([last], "0-0/1".parse().ok())?;
/// assert_eq!(listing.completion(), Some(Completion::Counted));
/// # Ok::<(), mateo_model::driver::ListingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Listing {
    query: ImportQuery,
    /// The most rows to list, and those to pass over first, by the query.
    limit: Option<u64>,
    offset: u64,
    keyset: Keyset,
    page_rows: u64,
    max_key_bytes: usize,
    /// Whether the server is asked how many rows there are.
    counts: bool,
    position: Position,
    order_check: OrderCheck,
    received: u64,
    expected: Option<u64>,
    /// The most rows that a page seems to have, learnt from pages that were shorter than asked.
    cap: u64,
    /// The last page was shorter than its own expectation, so the next may be the last.
    short: bool,
    /// A page was asked for by its offset.
    is_weaker: bool,
    completion: Option<Completion>,
}

/// Where the next page starts: so many rows after the one that has this key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Position {
    /// The values of the order's columns; `None` is the start of the order.
    after: Option<Vec<Option<String>>>,
    /// The query's offset at the start. Later, rows whose key can't be sent.
    skip: u64,
}

/// Why a listing is known to be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Completion {
    /// The page after the last row was empty.
    Empty,
    /// The server counted the rows of the last page, in the same statement, as all there were.
    Counted,
    /// The listing's own limit is reached.
    Limit,
}

/// How far rows can be relied on to come exactly once while others change the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Consistency {
    /// Rows that exist throughout and don't move in the order come exactly once.
    ExactlyOnce,
    /// As long as nothing changes. A row's key couldn't be sent, because it is too long or can't be read, so the
    /// next page begins a number of rows after an earlier one, and those may have become more or fewer meanwhile.
    ExactIfUnchanged,
}

impl Listing {
    /// A listing of what `query` asks for, from the start.
    pub fn new(mut query: ImportQuery) -> Self {
        if let Some(range) = query.range.take() {
            query.limit = range
                .last()
                .map(|last| clamp(last.saturating_sub(range.first()).saturating_add(1)));
            query.offset = Some(clamp(range.first()));
        }
        let rows = |given: i64| u64::try_from(given).unwrap_or(0);
        let offset = query.offset_given().map_or(0, rows);
        let mut listing = Self {
            position: Position {
                after: None,
                skip: offset,
            },
            limit: query.limit_given().map(rows),
            offset,
            keyset: Keyset::of(&query),
            query,
            page_rows: PAGE_ROWS,
            max_key_bytes: MAX_KEY_BYTES,
            counts: true,
            order_check: OrderCheck::default(),
            received: 0,
            expected: None,
            cap: PAGE_ROWS,
            short: false,
            is_weaker: false,
            completion: None,
        };
        listing.check_limit();
        listing
    }

    /// Goes on where `cursor` was taken.
    ///
    /// # Errors
    ///
    /// A cursor of another query, or of a later version of this crate, is rejected.
    pub fn resume(query: ImportQuery, cursor: &ListingCursor) -> Result<Self, CursorError> {
        let mut listing = Self::new(query);
        listing.position = cursor.position_in(&listing.query, listing.keyset.order().count())?;
        listing.received = cursor.received;
        listing.expected = cursor.expected;
        listing.check_limit();
        Ok(listing)
    }

    /// The rest of a listing after the row whose values of the order's columns these are.
    pub(super) fn after(query: ImportQuery, key: Vec<Option<String>>) -> Self {
        let mut listing = Self::new(query);
        listing.position.after = Some(key);
        listing
    }

    /// Asks for `rows` rows a page rather than 50, at least 1. More than the server's cap is cut short.
    #[must_use]
    pub fn page_rows(mut self, rows: u64) -> Self {
        self.page_rows = rows.max(1);
        self.cap = self.page_rows;
        self
    }

    /// What to ask for next; `None` when the listing is complete.
    pub fn next_page(&self) -> Option<PageRequest> {
        if self.completion.is_some() {
            return None;
        }
        let rows = self.rows_to_ask();
        let mut query = self.query.clone();
        query.select = self.keyset.select.clone();
        query.order = self.keyset.order().cloned().collect();
        if let Some(values) = &self.position.after {
            query.filters.extend(self.keyset.after(values));
        }
        query.limit = Some(clamp(rows));
        query.offset = (self.position.skip > 0).then(|| clamp(self.position.skip));
        Some(PageRequest {
            query,
            count: self.asks_for_count(),
            rows,
            added: self.keyset.added.clone(),
        })
    }

    fn rows_to_ask(&self) -> u64 {
        self.limit_left()
            .map_or(self.page_rows, |left| left.min(self.page_rows))
    }

    /// The count is asked for with the first page, for progress, and with one that may be the last, where it
    /// proves in the same statement that nothing follows. The last row of a limit is the last without it.
    fn asks_for_count(&self) -> bool {
        self.counts
            && self.limit_left() != Some(1)
            && self
                .expected
                .is_none_or(|expected| self.short || self.received.saturating_add(self.cap) >= expected)
    }

    /// Takes note of a page: the JSON text of each row, those that couldn't be read included, and the `Content-Range`, which
    /// has the total where that was counted.
    ///
    /// A total that doesn't fit the rows is left out of account. Rows must be in the order that was asked for, as far as that can
    /// be told without the database's collation.
    ///
    /// # Errors
    ///
    /// What can't be a response to the request: the listing stays where it was, and the page may be asked
    /// for again.
    pub fn page_arrived<'r>(
        &mut self,
        rows: impl IntoIterator<Item = &'r str>,
        content_range: Option<ContentRange>,
    ) -> Result<(), ListingError> {
        if self.completion.is_some() {
            return Ok(());
        }
        let keys = self.keyset.keys_of(rows);
        let count = keys.len() as u64;
        let total = content_range.and_then(|range| total(range, self.position.skip, count));
        let left = total.map(|total| total.saturating_sub(self.position.skip.saturating_add(count)));
        if count == 0 {
            if let Some(left @ 1..) = left {
                return Err(ListingError::Withheld { left });
            }
            self.expected = self.expected.map(|_| self.received);
            self.completion = Some(Completion::Empty);
            return Ok(());
        }
        self.is_weaker |= self.is_by_offset();
        let after = self.position.after.as_deref();
        let after = after.and_then(|texts| self.keyset.key_from(texts));
        let is_exact = self.position.skip == 0;
        self.order_check
            .page(&self.keyset, after.as_ref(), &keys, is_exact)?;

        let asked = self.rows_to_ask();
        self.position = self.position_after(&keys);
        self.received = self.received.saturating_add(count);
        if let Some(left) = left {
            self.expected = Some(self.received.saturating_add(left));
        }
        // A server that hasn't counted the first page isn't asked again.
        self.counts &= self.expected.is_some();
        self.short = count < asked.min(self.cap);
        if self.short {
            self.cap = count;
        }
        if left == Some(0) {
            self.completion = Some(Completion::Counted);
        }
        self.check_limit();
        Ok(())
    }

    /// The position after a page: after the last row whose key can be sent, and past those that follow it.
    fn position_after(&self, keys: &[Option<RowKey<'_>>]) -> Position {
        for (following, key) in (0..).zip(keys.iter().rev()) {
            if let Some(key) = key
                && let values = key.to_texts()
                && self.keyset.encoded_len(&values) <= self.max_key_bytes
            {
                return Position {
                    after: Some(values),
                    skip: following,
                };
            }
        }
        Position {
            after: self.position.after.clone(),
            skip: self.position.skip.saturating_add(keys.len() as u64),
        }
    }

    /// Goes on without asking for the number of rows, which a server may not count in time: one more request then proves the
    /// end, and progress is unknown.
    pub fn disable_count(&mut self) {
        self.counts = false;
    }

    /// The server rejected the request because its URL was too long: goes on by offset, which keeps less of a promise
    /// ([`Consistency::ExactIfUnchanged`]). `false` where the URL has no key to leave out.
    pub fn shorten_url(&mut self) -> bool {
        let Some(values) = &self.position.after else {
            return false;
        };
        self.max_key_bytes = self.keyset.encoded_len(values).saturating_sub(1);
        self.position = Position {
            after: None,
            skip: self.offset.saturating_add(self.received),
        };
        true
    }

    fn limit_left(&self) -> Option<u64> {
        Some(self.limit?.saturating_sub(self.received))
    }

    fn check_limit(&mut self) {
        if self.completion.is_none() && self.limit_left() == Some(0) {
            self.completion = Some(Completion::Limit);
        }
    }

    /// Why the listing is complete; `None` while it is not.
    pub fn completion(&self) -> Option<Completion> {
        self.completion
    }

    /// Rows received so far, those before a resumed cursor included.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Rows that the listing will have had in the end, by the last count; others may come or go meanwhile.
    pub fn expected(&self) -> Option<u64> {
        Some(self.expected?.min(self.limit.unwrap_or(u64::MAX)))
    }

    /// Rows that meet the query's filters by the last count, those before a resumed cursor included and
    /// whatever the limit and offset; `None` before the first count.
    pub fn counted(&self) -> Option<u64> {
        Some(self.expected?.saturating_add(self.offset))
    }

    /// Requests still to be made by the last count, a page being as long as the pages were; 0 when complete.
    pub fn requests_left(&self) -> Option<u64> {
        if self.completion.is_some() {
            return Some(0);
        }
        let rows = self.expected()?.saturating_sub(self.received);
        Some(rows.div_ceil(self.cap.min(self.page_rows).max(1)).max(1))
    }

    /// How far the rows can be relied on while others change the data.
    pub fn consistency(&self) -> Consistency {
        if self.is_weaker || (self.completion.is_none() && self.is_by_offset()) {
            Consistency::ExactIfUnchanged
        } else {
            Consistency::ExactlyOnce
        }
    }

    fn is_by_offset(&self) -> bool {
        self.position.skip > 0 && self.received > 0
    }

    /// The position after the last page that arrived, to go on from in another run.
    pub fn cursor(&self) -> ListingCursor {
        ListingCursor::new(&self.query, &self.position, self.received, self.expected)
    }

    /// The position after the first rows of the page that is about to arrive: what a reader who stops within a page goes on from.
    pub fn cursor_within<'r>(&self, rows: impl IntoIterator<Item = &'r str>) -> ListingCursor {
        let keys = self.keyset.keys_of(rows);
        let received = self.received.saturating_add(keys.len() as u64);
        ListingCursor::new(&self.query, &self.position_after(&keys), received, self.expected)
    }

    /// The texts of the order's columns in each row, as PostgreSQL reads them; `None` where it can't be gone on after.
    pub(super) fn key_texts(&self, rows: &[&str]) -> impl Iterator<Item = Option<Vec<Option<String>>>> {
        let keys = self.keyset.keys_of(rows.iter().copied()).into_iter();
        keys.map(|key| key.map(|key| key.to_texts()))
    }
}

/// The total of a page with `count` rows, of which `skipped` were passed over before it. One that doesn't fit the rows is none:
/// a server that contradicts itself has proven nothing.
fn total(range: ContentRange, skipped: u64, count: u64) -> Option<u64> {
    let total = range.total()?;
    if count == 0 {
        return Some(total);
    }
    let span = range.rows()?;
    let fits = *span.start() == skipped
        && span.end().checked_sub(skipped) == count.checked_sub(1)
        && *span.end() < total;
    fits.then_some(total)
}

fn clamp(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
