//! Which rows are asked for: `limit` and `offset` met with the `Range` header (GRAMMAR.md, "Limits and ranges").

use mateo_model::ImportQuery;

use super::Rejection;
use crate::postgrest::sql::error::SqlError;

/// Positions of rows from the first on, both ends included; empty where the last comes before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    first: i128,
    /// `None` is no end.
    last: Option<i128>,
}

/// What `limit=0` asks for, the one empty slice that is not an error.
const NOTHING: Slice = Slice {
    first: 0,
    last: Some(-1),
};

const EVERYTHING: Slice = Slice { first: 0, last: None };

impl Slice {
    /// The slice that a request asks for.
    ///
    /// # Errors
    ///
    /// 416 where it is empty and `limit=0` is not the reason.
    pub(super) fn of(query: &ImportQuery, raw: &str, range_header: Option<&str>) -> Result<Self, Rejection> {
        let limit = query.limit_given().map(i128::from);
        let offset = query.offset_given().map(i128::from);
        let asked = match (limit, offset) {
            // With an offset, a limit that is no number counts as 0.
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
            Err(Rejection::not_satisfiable(
                "The lower boundary must be lower than or equal to the upper boundary in the Range header.",
            ))
        } else {
            Err(Rejection::not_satisfiable(
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
fn read_range(text: &str) -> Option<Slice> {
    let (first, last) = text.trim_matches([' ', '\t']).split_once('-')?;
    let first = digits(first).filter(|_| !first.is_empty())?;
    let last = if last.is_empty() {
        None
    } else {
        Some(digits(last)?)
    };
    Some(Slice { first, last })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The offset and limit of a request, or nothing where it is rejected.
    fn slice(raw: &str, range: Option<&str>) -> Option<(u64, Option<u64>)> {
        let slice = Slice::of(&ImportQuery::parse(raw).unwrap(), raw, range).ok()?;
        Some((slice.offset(), slice.limit()))
    }

    #[test]
    fn limit_and_offset_are_read_as_the_server_reads_them() {
        for (raw, expected) in [
            ("", Some((0, None))),
            ("limit=5", Some((0, Some(5)))),
            ("limit=5&offset=10", Some((10, Some(5)))),
            ("offset=10", Some((10, None))),
            ("limit=0", Some((0, Some(0)))),
            ("limit=abc", Some((0, None))),
            // An offset makes a limit that is no number an empty one.
            ("limit=abc&offset=5", None),
            ("limit=0&offset=5", None),
            ("limit=-1", None),
            ("offset=-4", Some((0, None))),
            ("offset=-4&limit=10", Some((0, Some(6)))),
        ] {
            assert_eq!(slice(raw, None), expected, "{raw}");
        }
    }

    #[test]
    fn a_range_is_met_with_the_limit() {
        for (raw, range, expected) in [
            ("", "10-19", Some((10, Some(10)))),
            ("", "10-", Some((10, None))),
            ("", "items=0-9", Some((0, None))),
            ("", "-5", Some((0, None))),
            ("", "5-2", None),
            ("limit=5&offset=12", "10-19", Some((12, Some(5)))),
            ("limit=5", "10-19", None),
            ("limit=0", "10-19", Some((0, Some(0)))),
        ] {
            assert_eq!(slice(raw, Some(range)), expected, "{raw} {range}");
        }
    }
}
