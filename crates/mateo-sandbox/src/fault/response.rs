//! What faults make of a request's rows as a whole, and of a response's headers. Each function says whether it had an
//! effect.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Uri, header};
use mateo_model::ContentRange;
use regex::Regex;

use crate::reply::{Answer, Delivery};

/// The request with the boundary of its page included: the last `gt` or `lt` as `gte` or `lte`, or the offset one less.
pub(super) fn shifted_page(request: &Request<Bytes>) -> Option<Request<Bytes>> {
    let (path, query) = (request.uri().path(), request.uri().query()?);
    // As much as possible before it: the last.
    let boundary = Regex::new(r"^(.*[.=][gl]t)\.").ok()?;
    let offset = Regex::new("(^|&)offset=([1-9][0-9]*)").ok()?;
    let query = if boundary.is_match(query) {
        boundary.replace(query, "${1}e.")
    } else {
        let rows: u64 = offset.captures(query)?.get(2)?.as_str().parse().ok()?;
        offset.replace(query, format!("${{1}}offset={}", rows - 1))
    };
    let uri: Uri = format!("{path}?{query}").parse().ok()?;
    let mut shifted = request.clone();
    *shifted.uri_mut() = uri;
    Some(shifted)
}

/// The body arrives in another manner, if there is one.
pub(super) fn deliver(answer: &mut Answer, delivery: Delivery) -> bool {
    let is_there = !answer.range.is_empty();
    if is_there {
        answer.delivery = delivery;
    }
    is_there
}

pub(super) fn broken_json(answer: &mut Answer) -> bool {
    let length = answer.range.end - answer.range.start;
    answer.range.end -= length.div_ceil(2);
    length > 0
}

pub(super) fn other_total(answer: &mut Answer) -> bool {
    edit(answer, &header::CONTENT_RANGE, |range| {
        let (span, total) = range.strip_prefix("bytes ")?.split_once('/')?;
        let total: u64 = total.parse().ok()?;
        Some(format!("bytes {span}/{}", total.saturating_add(1)))
    })
}

/// Writes another `content-range` of rows: first row, number of rows, total.
pub(super) fn content_range(
    answer: &mut Answer,
    lie: impl FnOnce(u64, u64, Option<u64>) -> Option<(u64, u64, Option<u64>)>,
) -> bool {
    edit(answer, &header::CONTENT_RANGE, |text| {
        let range: ContentRange = text.parse().ok()?;
        let span = range.rows()?;
        let (first, rows, total) = lie(*span.start(), span.end() - span.start() + 1, range.total())?;
        Some(ContentRange::new(first, rows, total).to_string())
    })
}

/// Writes another value of a header that is there.
pub(super) fn edit(
    answer: &mut Answer,
    name: &HeaderName,
    change: impl FnOnce(&str) -> Option<String>,
) -> bool {
    let value = answer.head.headers.get_mut(name);
    let changed = value.and_then(|value| {
        *value = HeaderValue::try_from(change(value.to_str().ok()?)?).ok()?;
        Some(())
    });
    changed.is_some()
}

pub(super) fn remove(answer: &mut Answer, name: &HeaderName) -> bool {
    answer.head.headers.remove(name).is_some()
}
