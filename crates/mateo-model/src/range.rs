//! `Range` and `Content-Range`: which rows were asked for, and which came.

use std::fmt;
use std::ops::{RangeFrom, RangeInclusive};
use std::str::FromStr;

/// The rows a request asks for by its `Range` header: positions from 0, both ends included.
///
/// The server cuts a range that is longer than its cap (50 rows) without saying so, and intersects it with `limit` and
/// `offset`: send one or the other, never both (GRAMMAR.md, "Limits and ranges").
///
/// ```
/// use mateo_model::Range;
///
/// let second_page: Range = "20-39".parse()?;
/// assert_eq!(second_page, Range::try_from(20..=39)?);
/// assert_eq!(second_page.len(), Some(20));
/// assert_eq!(Range::from(10..).to_string(), "10-");
/// # Ok::<(), mateo_model::RangeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    first: u64,
    last: Option<u64>,
}

impl Range {
    /// The name of the request header that carries a range.
    pub const HEADER: &str = "range";

    /// The name of the request header that says what a range counts.
    pub const UNIT_HEADER: &str = "range-unit";

    /// What a range counts, the value of `Range-Unit`. PostgREST does not read that header, a gateway might.
    pub const UNIT: &str = "items";

    /// The range from `first` to `last`, both included; without `last`, to the end.
    ///
    /// # Errors
    ///
    /// [`RangeError::Reversed`] if `last` comes before `first`.
    pub fn new(first: u64, last: Option<u64>) -> Result<Self, RangeError> {
        match last {
            Some(last) if last < first => Err(RangeError::Reversed { first, last }),
            _ => Ok(Self { first, last }),
        }
    }

    /// The names and values of the two headers, `Range` and `Range-Unit`.
    pub fn headers(self) -> [(&'static str, String); 2] {
        [
            (Self::HEADER, self.to_string()),
            (Self::UNIT_HEADER, Self::UNIT.to_owned()),
        ]
    }

    /// The position of the first row asked for.
    pub fn first(self) -> u64 {
        self.first
    }

    /// The position of the last row asked for, `None` for "to the end".
    pub fn last(self) -> Option<u64> {
        self.last
    }

    /// How many rows are asked for: at least 1, and `None` where that is open or beyond a `u64`.
    #[expect(clippy::len_without_is_empty, reason = "a range holds at least one row")]
    pub fn len(self) -> Option<u64> {
        self.last?.checked_sub(self.first)?.checked_add(1)
    }
}

impl From<RangeFrom<u64>> for Range {
    fn from(range: RangeFrom<u64>) -> Self {
        Self {
            first: range.start,
            last: None,
        }
    }
}

impl TryFrom<RangeInclusive<u64>> for Range {
    type Error = RangeError;

    fn try_from(range: RangeInclusive<u64>) -> Result<Self, RangeError> {
        Self::new(*range.start(), Some(*range.end()))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.last {
            Some(last) => write!(f, "{}-{last}", self.first),
            None => write!(f, "{}-", self.first),
        }
    }
}

/// Reads what the server reads: `^\d+-\d*$`, with the spaces and tabs around it that HTTP allows.
impl FromStr for Range {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let (first, last) = text
            .trim_matches([' ', '\t'])
            .split_once('-')
            .ok_or(RangeError::NotARange)?;
        let first = digits(first)?;
        let last = if last.is_empty() {
            None
        } else {
            Some(digits(last)?)
        };
        Self::new(first, last)
    }
}

/// Why a text is not a [`Range`]. The server treats the cases differently.
///
/// ```
/// use mateo_model::{Range, RangeError};
///
/// assert_eq!("items=0-9".parse::<Range>(), Err(RangeError::NotARange));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RangeError {
    /// Not of the form `0-19` or `10-`. The server ignores such a header without a word.
    #[error("a range is written like 0-19 or 10-")]
    NotARange,
    /// The last row comes before the first. The response is 416 PGRST103.
    #[error("the range ends at row {last}, before it begins at row {first}")]
    Reversed {
        /// The position of the first row.
        first: u64,
        /// The position of the last row.
        last: u64,
    },
    /// A position of more than 64 bits.
    #[error("a row's position in the range is too large")]
    TooLarge,
}

/// The rows of a response, from its `Content-Range` header, and how many there are in all if they were counted.
///
/// ```
/// use mateo_model::ContentRange;
///
/// let range: ContentRange = "0-49/240".parse()?;
/// assert_eq!((range.rows(), range.total()), (Some(0..=49), Some(240)));
///
/// // Past the end, and nobody counted.
/// let range: ContentRange = "*/*".parse()?;
/// assert_eq!((range.rows(), range.total()), (None, None));
/// # Ok::<(), mateo_model::ContentRangeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentRange {
    rows: Option<(u64, u64)>,
    total: Option<u64>,
}

impl ContentRange {
    /// The name of the response header that carries it.
    pub const HEADER: &str = "content-range";

    /// `count` rows that begin at position `first`, out of `total`.
    ///
    /// No rows is `*`, as is a position whose last row is beyond a `u64`. The total may be smaller than the rows'
    /// positions: `Prefer: count=planned` and `count=estimated` guess it.
    pub fn new(first: u64, count: u64, total: Option<u64>) -> Self {
        let last = count.checked_sub(1).and_then(|more| first.checked_add(more));
        Self {
            rows: last.map(|last| (first, last)),
            total,
        }
    }

    /// The positions of the rows in the order, `None` if there are none.
    pub fn rows(self) -> Option<RangeInclusive<u64>> {
        self.rows.map(|(first, last)| first..=last)
    }

    /// How many rows match in all: counted for `Prefer: count=exact`, guessed for `planned` and `estimated`, `None`
    /// where no count was asked for.
    pub fn total(self) -> Option<u64> {
        self.total
    }
}

impl fmt::Display for ContentRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rows {
            Some((first, last)) => write!(f, "{first}-{last}/")?,
            None => f.write_str("*/")?,
        }
        match self.total {
            Some(total) => write!(f, "{total}"),
            None => f.write_str("*"),
        }
    }
}

/// Reads the server's form; a unit before it (`items 0-49/240`, RFC 9110 section 14.4) is passed over.
impl FromStr for ContentRange {
    type Err = ContentRangeError;

    fn from_str(text: &str) -> Result<Self, ContentRangeError> {
        let text = text.trim_matches([' ', '\t']);
        let text = text
            .strip_prefix(Range::UNIT)
            .and_then(|rest| rest.strip_prefix(' '))
            .unwrap_or(text);
        let (rows, total) = text.split_once('/').ok_or(ContentRangeError(()))?;
        let rows = if rows == "*" {
            None
        } else {
            let (first, last) = rows.split_once('-').ok_or(ContentRangeError(()))?;
            let (first, last) = (digits(first)?, digits(last)?);
            if last < first {
                return Err(ContentRangeError(()));
            }
            Some((first, last))
        };
        let total = if total == "*" { None } else { Some(digits(total)?) };
        Ok(Self { rows, total })
    }
}

/// The text is not a [`ContentRange`].
///
/// ```
/// let error = "0-49".parse::<mateo_model::ContentRange>().unwrap_err();
/// assert_eq!(error.to_string(), "a content range is written like 0-49/240, 0-49/*, */240 or */*");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a content range is written like 0-49/240, 0-49/*, */240 or */*")]
pub struct ContentRangeError(());

impl From<RangeError> for ContentRangeError {
    fn from(_: RangeError) -> Self {
        Self(())
    }
}

/// A number of ASCII digits only; `u64::from_str` alone would take a `+` as well.
fn digits(text: &str) -> Result<u64, RangeError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RangeError::NotARange);
    }
    text.parse().map_err(|_| RangeError::TooLarge)
}

#[cfg(test)]
mod tests;
