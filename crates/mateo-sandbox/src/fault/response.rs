//! What faults make of a request's rows as a whole, and of a response's headers. Each function says whether it had an
//! effect.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Uri, header};
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
    let parameters = query.split('&').map(|parameter| {
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
    });
    let query = parameters.collect::<Vec<_>>().join("&");
    is_shifted.then_some(query)
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
