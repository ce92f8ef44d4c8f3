//! What is sent instead of a response.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use http::{HeaderValue, Response, StatusCode, header};

use super::effect::Asked;
use crate::clock::shifted;
use crate::gateway::{rejection, too_many_requests};
use crate::reply::{Answer, Reply, empty, http_date};

/// How long the real server lets a query run (API.md, "Limits").
pub(crate) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(2);

/// Where a redirect leads: another origin's path, which serves no file.
pub(crate) const ELSEWHERE: &str = "/elsewhere";

/// What `retry-after` says, in seconds.
pub(super) const RETRY_AFTER: i64 = 2;

/// 429, with `retry-after` where there is a value.
pub(super) fn retry_after(value: Option<HeaderValue>) -> Reply {
    let mut response = too_many_requests();
    if let Some(value) = value {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response.into()
}

/// 429 with `retry-after` as a date by the server's own clock; no header where it cannot say the date.
pub(super) fn retry_at(asked: &Asked<'_>, from_now: TimeDelta) -> Reply {
    retry_after(http_date(shifted(asked.now, from_now)))
}

pub(super) fn server_error() -> Response<Bytes> {
    rejection(
        StatusCode::INTERNAL_SERVER_ERROR,
        "INTERNAL_SERVER_ERROR",
        "something went wrong on the server",
        None,
    )
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

pub(super) fn timed_out() -> Reply {
    Reply::Answer(Answer {
        delay: STATEMENT_TIMEOUT,
        ..statement_timeout().into()
    })
}

pub(super) fn redirect(asked: &Asked<'_>) -> Reply {
    let path = asked.request.uri().path_and_query();
    let path = path.map_or("/", |path| path.as_str());
    let mut response = empty(StatusCode::FOUND);
    // A URI: always a header's value.
    if let Ok(location) = HeaderValue::try_from(format!("{}{ELSEWHERE}{path}", asked.files_url)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response.into()
}

pub(super) const BAD_GATEWAY: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

pub(super) const GATEWAY_TIMEOUT: &str = "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n\
    <center><h1>504 Gateway Time-out</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
