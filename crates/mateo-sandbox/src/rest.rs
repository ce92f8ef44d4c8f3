//! What PostgREST makes of a request: from a query string and headers to rows, a range and a status.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use mateo_model::ContentRange;

use crate::sandbox::Sandbox;
use crate::sql::Table;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Answers a request that the gateway let through.
pub(crate) fn answer(table: &Table, max_rows: u64, request: &Request<Bytes>) -> Response<Bytes> {
    if request.uri().path() != Sandbox::PATH {
        return Response::builder()
            .status(StatusCode::NOT_FOUND)
            .body(Bytes::new())
            .unwrap_or_default();
    }
    let mut body = vec![b'['];
    let mut rows = 0;
    for at in table
        .positions()
        .take(usize::try_from(max_rows).unwrap_or(usize::MAX))
    {
        if rows > 0 {
            body.extend_from_slice(b",\n ");
        }
        table.write_row(at, &mut body);
        rows += 1;
    }
    body.push(b']');
    if request.method() == Method::HEAD {
        body.clear();
    }
    Response::builder()
        .header(header::CONTENT_TYPE, JSON)
        .header(
            header::CONTENT_RANGE,
            ContentRange::new(0, rows, None).to_string(),
        )
        .body(body.into())
        .unwrap_or_default()
}
