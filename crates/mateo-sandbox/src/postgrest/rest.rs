//! PostgREST's part: from a query string and headers to rows, a range and a status.

mod accept;
mod rejection;
mod slice;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use mateo_model::{ContentRange, Handling, ImportQuery, Prefer, Range};

use super::sql::query::{Found, Query, Wanted};
use super::sql::table::Table;
use accept::Form;
use rejection::Rejection;
use slice::Slice;

/// Where imports are listed.
pub(crate) const PATH: &str = "/api/v1/import";

/// The longest query string, in bytes: what the web servers in front of such an API commonly take.
const MAX_QUERY_LENGTH: usize = 16 * 1024;

/// Answers a request that the gateway admitted.
pub(crate) fn answer(
    table: &Table,
    max_rows: u64,
    request: &Request<Bytes>,
    now: DateTime<Utc>,
) -> Response<Bytes> {
    let mut response = read(table, max_rows, request, now).unwrap_or_else(Rejection::into_response);
    if request.method() == Method::HEAD {
        *response.body_mut() = Bytes::new();
    }
    response
}

fn read(
    table: &Table,
    max_rows: u64,
    request: &Request<Bytes>,
    now: DateTime<Utc>,
) -> Result<Response<Bytes>, Rejection> {
    if request.uri().path() != PATH {
        return Err(Rejection::new(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            "there is nothing at this path",
        ));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Rejection::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            "imports can be listed with GET only",
        )
        .with_header(header::ALLOW, HeaderValue::from_static("GET, HEAD")));
    }
    let raw = request.uri().query().unwrap_or_default();
    if raw.len() > MAX_QUERY_LENGTH {
        return Err(Rejection::new(
            StatusCode::URI_TOO_LONG,
            "URI_TOO_LONG",
            "the query string is too long",
        ));
    }
    let prefer = preferences(request.headers())?;
    let query = ImportQuery::parse(raw)?;
    let slice = Slice::of(&query, raw, range_header(request.headers()))?;
    let form = Form::negotiate(request.headers())?;
    let plan = Query::compile(table, &query, now)?;
    slice.check_offset()?;
    let wanted = Wanted {
        offset: slice.offset(),
        limit: Some(slice.limit().map_or(max_rows, |limit| limit.min(max_rows))),
        count: prefer.counting().is_some(),
    };
    let found = plan.run(table, wanted)?;
    respond(form, &prefer, wanted.offset, found)
}

fn preferences(headers: &HeaderMap) -> Result<Prefer, Rejection> {
    let values = headers.get_all(Prefer::HEADER).into_iter();
    let prefer = Prefer::parse(values.filter_map(|value| value.to_str().ok()));
    let unknown: Vec<&str> = prefer.unknown().collect();
    if prefer.handles() == Some(Handling::Strict) && !unknown.is_empty() {
        let rejection = Rejection::new(
            StatusCode::BAD_REQUEST,
            "PGRST122",
            "Invalid preferences given with handling=strict",
        );
        return Err(rejection.with_details(format!("Invalid preferences: {}", unknown.join(", "))));
    }
    Ok(prefer)
}

fn range_header(headers: &HeaderMap) -> Option<&str> {
    headers.get(Range::HEADER)?.to_str().ok()
}

fn respond(form: Form, prefer: &Prefer, offset: u64, found: Found) -> Result<Response<Bytes>, Rejection> {
    let rows = found.rows;
    let array = Bytes::from(found.array);
    let body = match form {
        Form::Array => array,
        // Without its brackets.
        Form::Object if rows == 1 => array.slice(1..array.len() - 1),
        Form::Object => {
            let rejection = Rejection::new(
                StatusCode::NOT_ACCEPTABLE,
                "PGRST116",
                "Cannot coerce the result to a single JSON object",
            );
            return Err(rejection.with_details(format!("The result contains {rows} rows")));
        }
    };
    let content_range = content_range(offset, rows, found.total);
    let mut response = Response::new(body);
    *response.status_mut() = match found.total {
        Some(total) if offset > total => {
            let rejection = Rejection::not_satisfiable(format!(
                "An offset of {offset} was requested, but there are only {total} rows."
            ));
            return Err(match content_range {
                Some(value) => rejection.with_header(header::CONTENT_RANGE, value),
                None => rejection,
            });
        }
        Some(total) if rows < total => StatusCode::PARTIAL_CONTENT,
        _ => StatusCode::OK,
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, form.content_type());
    if let Some(value) = content_range {
        headers.insert(header::CONTENT_RANGE, value);
    }
    let mut applied = Prefer::new();
    if let Some(count) = prefer.counting() {
        applied = applied.count(count);
    }
    if let Some(handling) = prefer.handles() {
        applied = applied.handling(handling);
    }
    if !applied.is_empty()
        && let Ok(value) = HeaderValue::try_from(applied.to_string())
    {
        headers.insert(HeaderName::from_static(Prefer::APPLIED_HEADER), value);
    }
    Ok(response)
}

fn content_range(offset: u64, rows: u64, total: Option<u64>) -> Option<HeaderValue> {
    HeaderValue::try_from(ContentRange::new(offset, rows, total).to_string()).ok()
}
