//! Which rows are asked for: `limit` and `offset` met with the `Range` header (GRAMMAR.md, "Limits and ranges").

use mateo_model::ImportQuery;

use super::Refusal;
use crate::sql::SqlError;

/// Positions of rows from the first on, both ends included; empty where the last comes before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    first: i128,
    /// `None` is no end.
    last: Option<i128>,
}

/// What `limit=0` asks for, the one empty window that is not an error.
const NOTHING: Window = Window {
    first: 0,
    last: Some(-1),
};

const EVERYTHING: Window = Window { first: 0, last: None };

impl Window {
    /// The window of a request.
    ///
    /// # Errors
    ///
    /// 416 where it is empty and `limit=0` is not the reason.
    pub(super) fn of(query: &ImportQuery, raw: &str, range_header: Option<&str>) -> Result<Self, Refusal> {
        let limit = query.limit_given().map(i128::from);
        let offset = query.offset_given().map(i128::from);
        let asked = match (limit, offset) {
            // An offset beside a limit that is no number takes that for 0.
            (None, _) if has(raw, "limit") && has(raw, "offset") => Self::rows(offset.unwrap_or(0), 0),
            (Some(limit), offset) => Self::rows(offset.unwrap_or(0), limit),
            (None, Some(offset)) => Self {
                first: offset,
                last: None,
            },
            (None, None) => EVERYTHING,
        };
        if asked.last == NOTHING.last {
            return Ok(NOTHING);
        }
        let header = range_header.and_then(read_range).unwrap_or(EVERYTHING);
        let both = header.and(asked);
        if !both.is_empty() {
            Ok(both)
        } else if header.is_empty() {
            Err(Refusal::not_satisfiable(
                "The lower boundary must be lower than or equal to the upper boundary in the Range header.",
            ))
        } else {
            Err(Refusal::not_satisfiable(
                "Limit should be greater than or equal to zero.",
            ))
        }
    }

    fn rows(first: i128, count: i128) -> Self {
        Self {
            first,
            last: Some(first + count - 1),
        }
    }

    fn is_empty(self) -> bool {
        self.last.is_some_and(|last| last < self.first)
    }

    fn and(self, other: Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return NOTHING;
        }
        let last = match (self.last, other.last) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self {
            first: self.first.max(other.first),
            last,
        }
    }

    /// How many rows are passed over.
    pub(super) fn offset(self) -> u64 {
        u64::try_from(self.first).unwrap_or(0)
    }

    /// How many rows are asked for at most.
    pub(super) fn limit(self) -> Option<u64> {
        let rows = self.last? - self.first + 1;
        Some(u64::try_from(rows).unwrap_or(u64::MAX))
    }

    /// PostgreSQL's `OFFSET` is a `bigint`.
    pub(super) fn check_offset(self) -> Result<(), SqlError> {
        if self.first >= i128::from(i64::MAX) {
            return Err(SqlError::new(
                "22003",
                format!("value \"{}\" is out of range for type bigint", self.first),
            ));
        }
        Ok(())
    }
}

/// Whether the query string has a parameter of this name.
fn has(raw: &str, name: &str) -> bool {
    raw.split(['&', ';'])
        .any(|parameter| parameter.split_once('=').is_some_and(|(key, _)| key == name))
}

/// Reads `^\d+-\d*$`, with blanks around it as HTTP trims them; all else is no range.
fn read_range(text: &str) -> Option<Window> {
    let (first, last) = text.trim_matches([' ', '\t']).split_once('-')?;
    let first = digits(first).filter(|_| !first.is_empty())?;
    let last = if last.is_empty() {
        None
    } else {
        Some(digits(last)?)
    };
    Some(Window { first, last })
}

fn digits(text: &str) -> Option<i128> {
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    // Far beyond any row, and far from overflowing.
    all_digits.then(|| {
        text.parse()
            .unwrap_or(i128::from(u64::MAX))
            .min(i128::from(u64::MAX))
    })
}
