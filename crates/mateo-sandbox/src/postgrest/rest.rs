//! PostgREST's part: from a query string and headers to rows, a range and a status.

mod accept;
mod window;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use mateo_model::{ContentRange, ImportQuery, ParseErrorKind, Prefer};

use super::error::Error;
use super::sql::query::{Found, Query, Wanted};
use super::sql::table::Table;
use accept::Form;
use window::window;

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
    let mut response = read(table, max_rows, request, now).unwrap_or_else(Error::into_response);
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
) -> Result<Response<Bytes>, Error> {
    if request.uri().path() != PATH {
        return Err(Error::new("NOT_FOUND", "there is nothing at this path"));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let error = Error::new("METHOD_NOT_ALLOWED", "imports can be listed with GET only");
        let allowed = HeaderValue::from_static("GET, HEAD");
        return Ok(with_header(error.into_response(), header::ALLOW, allowed));
    }
    let raw = request.uri().query().unwrap_or_default();
    if raw.len() > MAX_QUERY_LENGTH {
        return Err(Error::new("URI_TOO_LONG", "the query string is too long"));
    }
    let prefer = preferences(request.headers())?;
    let query = match ImportQuery::parse(raw) {
        Ok(query) => query,
        Err(error) if error.kind() == ParseErrorKind::NotUtf8 => return Ok(server_failure()),
        Err(error) => return Err(error.into()),
    };
    let range = request.headers().get(header::RANGE);
    let rows = window(&query, raw, range.and_then(|value| value.to_str().ok()))?;
    let form = Form::negotiate(request.headers())?;
    let plan = Query::compile(table, &query, now)?;
    // PostgreSQL's `OFFSET` is a `bigint`.
    let offset = u64::try_from(rows.start).unwrap_or(u64::MAX);
    if offset >= i64::MAX.unsigned_abs() {
        return Err(Error::out_of_range(&rows.start.to_string(), "bigint"));
    }
    let limit = u64::try_from(rows.end - rows.start).unwrap_or(u64::MAX);
    let found = plan.run(
        table,
        Wanted {
            offset,
            limit: limit.min(max_rows),
            count: prefer.counting().is_some(),
        },
    )?;
    respond(form, prefer, offset, found)
}

/// What the server says to the one query that it fails on.
fn server_failure() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(b"Something went wrong"));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    with_header(response, header::CONTENT_TYPE, text)
}

fn preferences(headers: &HeaderMap) -> Result<Prefer, Error> {
    let values = headers.get_all(Prefer::HEADER).into_iter();
    let prefer = Prefer::parse(values.filter_map(|value| value.to_str().ok()));
    let unknown: Vec<&str> = prefer.unknown().collect();
    if prefer.is_strict() && !unknown.is_empty() {
        let error = Error::new("PGRST122", "Invalid preferences given with handling=strict");
        return Err(error.with_details(format!("Invalid preferences: {}", unknown.join(", "))));
    }
    Ok(prefer)
}

fn respond(form: Form, prefer: Prefer, offset: u64, found: Found) -> Result<Response<Bytes>, Error> {
    let (rows, total) = (found.rows, found.total);
    let array = Bytes::from(found.array);
    let body = match form {
        Form::Array => array,
        // Without its brackets.
        Form::Object if rows == 1 => array.slice(1..array.len() - 1),
        Form::Object => {
            let error = Error::new("PGRST116", "Cannot coerce the result to a single JSON object");
            return Err(error.with_details(format!("The result contains {rows} rows")));
        }
    };
    let mut response = match total {
        Some(total) if offset > total => Error::not_satisfiable(format!(
            "An offset of {offset} was requested, but there are only {total} rows."
        ))
        .into_response(),
        _ => with_header(Response::new(body), header::CONTENT_TYPE, form.content_type()),
    };
    let range = ContentRange::new(offset, rows, total).to_string();
    if let Ok(range) = HeaderValue::try_from(range) {
        response = with_header(response, header::CONTENT_RANGE, range);
    }
    if response.status() != StatusCode::OK {
        return Ok(response);
    }
    if total.is_some_and(|total| rows < total) {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    let applied = prefer.applied();
    if !applied.is_empty()
        && let Ok(applied) = HeaderValue::try_from(applied.to_string())
    {
        response = with_header(response, HeaderName::from_static(Prefer::APPLIED_HEADER), applied);
    }
    Ok(response)
}

fn with_header(mut response: Response<Bytes>, name: HeaderName, value: HeaderValue) -> Response<Bytes> {
    response.headers_mut().insert(name, value);
    response
}
