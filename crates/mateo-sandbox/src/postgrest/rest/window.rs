//! Which rows are asked for: `limit` and `offset` met with the `Range` header (GRAMMAR.md, "Limits and ranges").

use std::ops::Range;

use mateo_model::ImportQuery;

use crate::postgrest::error::Error;

/// Far beyond any row, and far from overflowing.
const NO_END: i128 = i128::MAX;

/// The positions of the rows that a request asks for, from 0.
///
/// # Errors
///
/// 416 where there are none and `limit=0` is not the reason.
pub(super) fn window(query: &ImportQuery, raw: &str, header: Option<&str>) -> Result<Range<i128>, Error> {
    let first = query.offset_given().map_or(0, i128::from);
    // With an offset, a limit that is no number counts as 0.
    let bad_limit = || (has(raw, "limit") && has(raw, "offset")).then_some(0);
    let limit = query.limit_given().map(i128::from).or_else(bad_limit);
    let asked = first..limit.map_or(NO_END, |limit| first + limit);
    if asked.end == 0 {
        return Ok(0..0);
    }
    let header = header.and_then(read_range).unwrap_or(0..NO_END);
    let both = asked.start.max(header.start)..asked.end.min(header.end);
    if !both.is_empty() {
        return Ok(both);
    }
    Err(Error::not_satisfiable(if header.is_empty() {
        "The lower boundary must be lower than or equal to the upper boundary in the Range header."
    } else {
        "Limit should be greater than or equal to zero."
    }))
}

/// Whether the query string has a parameter of this name.
fn has(raw: &str, name: &str) -> bool {
    raw.split(['&', ';'])
        .any(|parameter| parameter.split_once('=').is_some_and(|(key, _)| key == name))
}

/// Reads `^\d+-\d*$`, with blanks around it as HTTP trims them; all else is no range.
fn read_range(text: &str) -> Option<Range<i128>> {
    let position = |digits: &str| {
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| i128::from(digits.parse().unwrap_or(u64::MAX)))
    };
    let (first, last) = text.trim_matches([' ', '\t']).split_once('-')?;
    let end = match last {
        "" => NO_END,
        last => position(last)? + 1,
    };
    Some(position(first)?..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The offset and limit of a request, or nothing where it is rejected.
    fn slice(raw: &str, range: Option<&str>) -> Option<(i128, Option<i128>)> {
        let rows = window(&ImportQuery::parse(raw).unwrap(), raw, range).ok()?;
        let limit = (rows.end != NO_END).then_some(rows.end - rows.start);
        Some((rows.start, limit))
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
