//! What is sent instead of a response.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use http::{HeaderValue, Response, StatusCode, header};

use super::effect::{Asked, Instead};
use crate::{
    clock::shifted,
    files::ELSEWHERE,
    gateway::{self, rejection},
    reply::http_date,
};

/// How long the real server lets a query run (API.md, "Limits").
pub(crate) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(2);

/// What `retry-after` says, in seconds.
const RETRY_AFTER: i64 = 2;

pub(super) fn too_many_requests(_: &Asked<'_>) -> Instead {
    at_once(gateway::too_many_requests())
}

pub(super) fn retry_after_seconds(_: &Asked<'_>) -> Instead {
    retry_after(HeaderValue::from(RETRY_AFTER))
}

pub(super) fn retry_after_date(asked: &Asked<'_>) -> Instead {
    retry_at(asked, TimeDelta::seconds(RETRY_AFTER))
}

pub(super) fn retry_after_zero(_: &Asked<'_>) -> Instead {
    retry_after(HeaderValue::from(0))
}

pub(super) fn retry_after_past(asked: &Asked<'_>) -> Instead {
    retry_at(asked, TimeDelta::minutes(-1))
}

pub(super) fn retry_after_epoch(asked: &Asked<'_>) -> Instead {
    retry_after(HeaderValue::from(asked.now.timestamp() + RETRY_AFTER))
}

pub(super) fn retry_after_year(asked: &Asked<'_>) -> Instead {
    retry_at(asked, TimeDelta::days(365))
}

pub(super) fn server_error(_: &Asked<'_>) -> Instead {
    at_once(rejection(
        StatusCode::INTERNAL_SERVER_ERROR,
        "INTERNAL_SERVER_ERROR",
        "something went wrong on the server",
        None,
    ))
}

pub(super) fn plain_server_error(_: &Asked<'_>) -> Instead {
    at_once(page(
        StatusCode::INTERNAL_SERVER_ERROR,
        "text/plain",
        "Internal Server Error\n",
    ))
}

pub(super) fn timed_out(_: &Asked<'_>) -> Instead {
    Instead::Response(statement_timeout(), STATEMENT_TIMEOUT)
}

pub(super) fn gateway_timeout(_: &Asked<'_>) -> Instead {
    at_once(page(StatusCode::GATEWAY_TIMEOUT, "text/html", GATEWAY_TIMEOUT))
}

pub(super) fn request_timeout(_: &Asked<'_>) -> Instead {
    at_once(empty(StatusCode::REQUEST_TIMEOUT))
}

pub(super) fn silence(_: &Asked<'_>) -> Instead {
    Instead::Silence
}

pub(super) fn bad_gateway(_: &Asked<'_>) -> Instead {
    at_once(page(StatusCode::BAD_GATEWAY, "text/html", BAD_GATEWAY))
}

pub(super) fn unavailable(_: &Asked<'_>) -> Instead {
    at_once(empty(StatusCode::SERVICE_UNAVAILABLE))
}

pub(super) fn no_content(_: &Asked<'_>) -> Instead {
    at_once(empty(StatusCode::NO_CONTENT))
}

pub(super) fn empty_body(_: &Asked<'_>) -> Instead {
    at_once(page(StatusCode::OK, "application/json; charset=utf-8", ""))
}

pub(super) fn redirect(asked: &Asked<'_>) -> Instead {
    let path = asked
        .request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let mut response = empty(StatusCode::FOUND);
    // A URI: always a header's value.
    if let Ok(location) = HeaderValue::try_from(format!("{}{ELSEWHERE}{path}", asked.files_origin)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    at_once(response)
}

/// What PostgreSQL says when it cancels a query.
pub(crate) fn statement_timeout() -> Response<Bytes> {
    rejection(
        StatusCode::INTERNAL_SERVER_ERROR,
        "57014",
        "canceling statement due to statement timeout",
        None,
    )
}

fn retry_after(value: HeaderValue) -> Instead {
    let mut response = gateway::too_many_requests();
    response.headers_mut().insert(header::RETRY_AFTER, value);
    at_once(response)
}

/// `retry-after` as a date; no header where it cannot say the date.
fn retry_at(asked: &Asked<'_>, from_now: TimeDelta) -> Instead {
    http_date(shifted(asked.now, from_now)).map_or_else(|| too_many_requests(asked), retry_after)
}

fn at_once(response: Response<Bytes>) -> Instead {
    Instead::Response(response, Duration::ZERO)
}

fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

fn page(status: StatusCode, content_type: &'static str, body: &'static str) -> Response<Bytes> {
    let mut response = empty(status);
    *response.body_mut() = Bytes::from_static(body.as_bytes());
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

const BAD_GATEWAY: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

const GATEWAY_TIMEOUT: &str = "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n\
    <center><h1>504 Gateway Time-out</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
