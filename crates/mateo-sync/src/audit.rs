//! Finding what differs between a copy and the server with few requests, as a value.
//!
//! Exact counts of id ranges are compared with those of the copy. Where they differ the range is cut in half where the
//! copy has its median; only the left half is counted, since the right one is the rest. A range that is cheaper to
//! list than to cut further is listed. One row that vanished from 100,000 costs eleven counts, a page and its
//! confirmation, where a full listing costs 2,000 requests.

use uuid::Uuid;

use crate::store::Span;

/// Rows a page of the server has at most, and ids that are asked for at once.
const PAGE: u64 = 50;

/// After so many counts in a row that took too long, no more are asked for: what is left is listed.
const SLOW: u32 = 6;

/// An audit in progress. [`next`](Audit::next) says what to find out, and is told with the method that belongs to it.
#[derive(Debug)]
pub(crate) struct Audit {
    /// The ranges to look into, the next one last.
    ranges: Vec<Range>,
    /// Rows that were in no listing, to be confirmed.
    gone: Vec<Uuid>,
    doing: Doing,
    slow: u32,
    server: u64,
}

/// What is to be found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// How many rows of the range the server has; told with [`counted`](Audit::counted).
    Count(Span),
    /// An id in the middle of the range of the copy, and the copy's rows before it; told with [`cut_at`](Audit::cut_at).
    Cut(Span),
    /// The server's rows of the range, to be compared with the copy's; told with [`listed`](Audit::listed).
    List(Span),
    /// Whether these rows, at most a page, are gone; told with [`confirmed`](Audit::confirmed).
    Confirm(Vec<Uuid>),
}

#[derive(Debug, Clone, Copy)]
struct Range {
    span: Span,
    /// Rows of the copy in it.
    copy: u64,
    /// Rows of the server in it, once that is known.
    server: Option<u64>,
    /// Whether counting it took too long.
    slow: bool,
    /// Whether it is part of a range that was counted, and so of the server's total.
    is_counted: bool,
}

#[derive(Debug)]
enum Doing {
    Nothing,
    Counting(Range),
    /// The left half of a range, and the right one, which together have so many rows.
    CountingHalf(Range, Range, u64),
    Cutting(Range),
    Listing(Range),
    Confirming(Vec<Uuid>),
}

impl Audit {
    /// Of a copy with so many rows.
    pub(crate) fn new(copy: u64) -> Self {
        let all = Range {
            span: Span::ALL,
            copy,
            server: None,
            slow: false,
            is_counted: false,
        };
        Self {
            ranges: vec![all],
            gone: Vec::new(),
            doing: Doing::Nothing,
            slow: 0,
            server: 0,
        }
    }

    /// What to find out next; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Step> {
        while matches!(self.doing, Doing::Nothing) {
            let confirms = self.gone.len() as u64 >= PAGE || self.ranges.is_empty();
            self.doing = if confirms && !self.gone.is_empty() {
                let page = self.gone.len().min(usize::try_from(PAGE).unwrap_or(usize::MAX));
                Doing::Confirming(self.gone.drain(..page).collect())
            } else {
                self.look_into(self.ranges.last().copied()?)
            };
        }
        match &self.doing {
            Doing::Nothing => None,
            Doing::Counting(range) | Doing::CountingHalf(range, ..) => Some(Step::Count(range.span)),
            Doing::Cutting(range) => Some(Step::Cut(range.span)),
            Doing::Listing(range) => Some(Step::List(range.span)),
            Doing::Confirming(ids) => Some(Step::Confirm(ids.clone())),
        }
    }

    fn look_into(&mut self, range: Range) -> Doing {
        self.ranges.pop();
        match range.server {
            None if !range.slow && self.slow < SLOW => Doing::Counting(range),
            None if self.slow >= SLOW || pages(range.copy) <= 2 => Doing::Listing(range),
            Some(server) if server == range.copy => Doing::Nothing,
            Some(server) if lists(range.copy, server) => Doing::Listing(range),
            _ => Doing::Cutting(range),
        }
    }

    /// The server has so many rows in the range; `None` where counting took longer than it allows.
    pub(crate) fn counted(&mut self, server: Option<u64>) {
        self.slow = if server.is_some() { 0 } else { self.slow + 1 };
        match std::mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Counting(mut range) => {
                self.take(&mut range, server);
                self.ranges.push(range);
            }
            Doing::CountingHalf(mut left, mut right, both) => {
                self.take(&mut left, server);
                // More on the left than there were in all: something came or went meanwhile, so it is counted too.
                right.server = server.and_then(|left| both.checked_sub(left));
                self.ranges.extend([right, left]);
            }
            other => self.doing = other,
        }
    }

    fn take(&mut self, range: &mut Range, server: Option<u64>) {
        range.server = server;
        range.slow = server.is_none();
        if let Some(server) = server
            && !range.is_counted
        {
            self.server += server;
            range.is_counted = true;
        }
    }

    /// Where to cut the range, and how many rows of the copy are before that; `None` where it can't be cut.
    pub(crate) fn cut_at(&mut self, at: Option<(Uuid, u64)>) {
        match std::mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Cutting(range) => {
                let Some((id, before)) = at else {
                    self.doing = Doing::Listing(range);
                    return;
                };
                let (left, right) = range.span.split(id);
                let half = |span, copy| Range {
                    span,
                    copy,
                    server: None,
                    slow: false,
                    is_counted: range.is_counted,
                };
                let (left, right) = (half(left, before), half(right, range.copy.saturating_sub(before)));
                match range.server {
                    Some(both) => self.doing = Doing::CountingHalf(left, right, both),
                    None => self.ranges.extend([right, left]),
                }
            }
            other => self.doing = other,
        }
    }

    /// The range was listed: the server's rows, and those of the copy that were not among them.
    pub(crate) fn listed(&mut self, server: u64, gone: Vec<Uuid>) {
        match std::mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Listing(range) => {
                if !range.is_counted {
                    self.server += server;
                }
                self.gone.extend(gone);
            }
            other => self.doing = other,
        }
    }

    /// The rows were dealt with.
    pub(crate) fn confirmed(&mut self) {
        if matches!(self.doing, Doing::Confirming(_)) {
            self.doing = Doing::Nothing;
        }
    }

    /// How many rows the server has in all, as far as it was counted or listed.
    pub(crate) fn server(&self) -> u64 {
        self.server
    }
}

fn pages(rows: u64) -> u64 {
    rows.div_ceil(PAGE).max(1)
}

/// Whether a range is listed rather than cut, by the requests that each takes.
fn lists(copy: u64, server: u64) -> bool {
    copy < 2 || as_float(pages(server)) <= cutting(copy, copy.abs_diff(server))
}

/// The requests that it takes to find so many rows, which lie anywhere, by cutting: a count for each range that has
/// one of them, down to ranges that fill a page, and those pages. The counts may hide more of them than they tell.
fn cutting(copy: u64, differ: u64) -> f64 {
    let depth = pages(copy).next_power_of_two().ilog2();
    let differ = i32::try_from(differ).unwrap_or(i32::MAX);
    (0..=depth)
        .map(|level| {
            let parts = f64::from(level).exp2();
            parts * (1.0 - (1.0 - 1.0 / parts).powi(differ))
        })
        .sum()
}

#[allow(clippy::cast_precision_loss, reason = "an estimate")]
fn as_float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;
