//! What faults make of a request's rows as a whole, and of a response's headers. Each function says whether it had an
//! effect.

use bytes::Bytes;
use http::{HeaderValue, Request, Uri, header};
use mateo_model::ContentRange;

use crate::reply::Answer;

/// The request with the boundary of its page included: the last `gt` or `lt` as `gte` or `lte`, or the offset one less.
pub(super) fn shifted_page(request: &Request<Bytes>) -> Option<Request<Bytes>> {
    let (path, query) = (request.uri().path(), request.uri().query()?);
    let query = included_boundary(query).or_else(|| lower_offset(query))?;
    let uri: Uri = format!("{path}?{query}").parse().ok()?;
    let mut shifted = request.clone();
    *shifted.uri_mut() = uri;
    Some(shifted)
}

fn included_boundary(query: &str) -> Option<String> {
    let operators = [".gt.", ".lt.", "=gt.", "=lt."];
    let at = operators
        .iter()
        .filter_map(|operator| query.rfind(operator))
        .max()?;
    // After the separator and the two letters.
    let (before, after) = query.split_at_checked(at + 3)?;
    Some(format!("{before}e{after}"))
}

fn lower_offset(query: &str) -> Option<String> {
    let mut is_shifted = false;
    let parameters: Vec<String> = query
        .split('&')
        .map(|parameter| {
            let offset = parameter
                .strip_prefix("offset=")
                .and_then(|offset| offset.parse::<u64>().ok());
            match offset.and_then(|offset| offset.checked_sub(1)) {
                Some(less) => {
                    is_shifted = true;
                    format!("offset={less}")
                }
                None => parameter.to_owned(),
            }
        })
        .collect();
    is_shifted.then(|| parameters.join("&"))
}

pub(super) fn broken_json(answer: &mut Answer) -> bool {
    let length = answer.range.end - answer.range.start;
    answer.range.end -= length.div_ceil(2);
    length > 0
}

pub(super) fn wrong_content_type(answer: &mut Answer) -> bool {
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    answer.head.headers.insert(header::CONTENT_TYPE, html);
    true
}

pub(super) fn no_date(answer: &mut Answer) -> bool {
    answer.head.headers.remove(header::DATE).is_some()
}

pub(super) fn total_zero(answer: &mut Answer) -> bool {
    content_range(answer, |first, rows| (rows > 0).then_some((first, rows, Some(0))))
}

pub(super) fn total_too_small(answer: &mut Answer) -> bool {
    content_range(answer, |first, rows| {
        (first + rows > 3).then_some((first, rows, Some(3)))
    })
}

pub(super) fn wrong_span(answer: &mut Answer) -> bool {
    let total = read_content_range(answer).and_then(ContentRange::total);
    content_range(answer, |first, rows| {
        (rows > 0).then_some((first, rows.saturating_mul(2), total))
    })
}

pub(super) fn no_validator(answer: &mut Answer) -> bool {
    answer.head.headers.remove(header::ETAG).is_some()
}

pub(super) fn weak_validator(answer: &mut Answer) -> bool {
    edit(answer, &header::ETAG, |etag| {
        (!etag.starts_with("W/")).then(|| format!("W/{etag}"))
    })
}

pub(super) fn other_total(answer: &mut Answer) -> bool {
    edit(answer, &header::CONTENT_RANGE, |range| {
        let (span, total) = range.strip_prefix("bytes ")?.split_once('/')?;
        let total: u64 = total.parse().ok()?;
        Some(format!("bytes {span}/{}", total.saturating_add(1)))
    })
}

/// Writes another `content-range` of rows: first row, number of rows, total.
fn content_range(answer: &mut Answer, lie: impl FnOnce(u64, u64) -> Option<(u64, u64, Option<u64>)>) -> bool {
    let Some(span) = read_content_range(answer).and_then(ContentRange::rows) else {
        return false;
    };
    let (first, rows) = (*span.start(), span.end() - span.start() + 1);
    let Some((first, rows, total)) = lie(first, rows) else {
        return false;
    };
    edit(answer, &header::CONTENT_RANGE, |_| {
        Some(ContentRange::new(first, rows, total).to_string())
    })
}

fn read_content_range(answer: &Answer) -> Option<ContentRange> {
    let value = answer.head.headers.get(header::CONTENT_RANGE)?;
    value.to_str().ok()?.parse().ok()
}

/// Writes another value of a header that is there.
fn edit(answer: &mut Answer, name: &header::HeaderName, change: impl FnOnce(&str) -> Option<String>) -> bool {
    let Some(value) = answer.head.headers.get_mut(name) else {
        return false;
    };
    let changed = value.to_str().ok().and_then(change);
    match changed.and_then(|text| HeaderValue::try_from(text).ok()) {
        Some(changed) => {
            *value = changed;
            true
        }
        None => false,
    }
}
