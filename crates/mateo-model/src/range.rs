//! `Range` and `Content-Range`: which rows were asked for, and which came.

use std::fmt;
use std::ops::RangeInclusive;
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
/// assert_eq!(second_page, Range::new(20, Some(39))?);
/// assert_eq!(second_page.len(), Some(20));
/// assert_eq!(Range::new(10, None)?.to_string(), "10-");
/// # Ok::<(), mateo_model::RangeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    first: u64,
    last: Option<u64>,
}

impl Range {
    /// The range from `first` to `last`, both included; without `last`, to the end.
    ///
    /// # Errors
    ///
    /// If `last` comes before `first`: the server's 416.
    pub fn new(first: u64, last: Option<u64>) -> Result<Self, RangeError> {
        match last {
            Some(last) if last < first => Err(RangeError(format!(
                "the range ends at row {last}, before it begins at row {first}"
            ))),
            _ => Ok(Self { first, last }),
        }
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
        const FORM: &str = "a range is written like 0-19 or 10-";
        let text = text.trim_matches([' ', '\t']);
        let (first, last) = text.split_once('-').ok_or_else(|| RangeError(FORM.to_owned()))?;
        let first = position(first, FORM)?;
        match last {
            "" => Self::new(first, None),
            last => Self::new(first, Some(position(last, FORM)?)),
        }
    }
}

/// A text is not a [`Range`] or [`ContentRange`], or a range ends before it begins.
///
/// ```
/// use mateo_model::Range;
///
/// let error = "items=0-9".parse::<Range>().unwrap_err();
/// assert_eq!(error.to_string(), "a range is written like 0-19 or 10-");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RangeError(String);

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
/// # Ok::<(), mateo_model::RangeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentRange {
    rows: Option<(u64, u64)>,
    total: Option<u64>,
}

impl ContentRange {
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
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        const FORM: &str = "a content range is written like 0-49/240, 0-49/*, */240 or */*";
        let malformed = || RangeError(FORM.to_owned());
        let text = text.trim_matches([' ', '\t']);
        let text = text.strip_prefix("items ").unwrap_or(text);
        let (rows, total) = text.split_once('/').ok_or_else(malformed)?;
        let rows = match rows {
            "*" => None,
            rows => match rows.parse() {
                Ok(Range {
                    first,
                    last: Some(last),
                }) => Some((first, last)),
                _ => return Err(malformed()),
            },
        };
        let total = match total {
            "*" => None,
            total => Some(position(total, FORM)?),
        };
        Ok(Self { rows, total })
    }
}

/// A number of ASCII digits only; `u64::from_str` alone would take a `+` as well.
fn position(text: &str, form: &str) -> Result<u64, RangeError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RangeError(form.to_owned()));
    }
    let too_large = "a row's position in the range is too large";
    text.parse().map_err(|_| RangeError(too_large.to_owned()))
}

#[cfg(test)]
mod tests;
