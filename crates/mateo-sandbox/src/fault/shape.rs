//! What a fault makes of an answer.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde_json::value::RawValue;

use super::Fault;
use crate::{
    clock::after,
    files::ELSEWHERE,
    gateway::{refusal, too_many_requests},
    reply::{Cut, Delivery, http_date},
};

/// How long the real server lets a query run (API.md, "Limits").
pub(crate) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(2);

/// An answer as faults have left it.
#[derive(Debug)]
pub(crate) struct Shaped {
    pub(crate) response: Response<Bytes>,
    pub(crate) delivery: Delivery,
    pub(crate) delay: Duration,
    /// What the server takes for the time.
    pub(crate) now: DateTime<Utc>,
}

/// Answers a request under these faults; `answer` does it without, given a cap that is lower than the usual one.
/// A redirect leads to the files' origin.
pub(crate) fn shape(
    faults: &[Fault],
    request: &Request<Bytes>,
    now: DateTime<Utc>,
    files_origin: &str,
    answer: impl FnOnce(Option<u64>) -> Response<Bytes>,
) -> Shaped {
    let is_off = faults.contains(&Fault::ClockOff);
    let now = if is_off { after(now, Fault::CLOCK_OFF) } else { now };
    let instead = faults
        .iter()
        .find_map(|fault| replacement(*fault, request, now, files_origin));
    let mut shaped = Shaped {
        response: Response::default(),
        delivery: Delivery::Whole,
        delay: Duration::ZERO,
        now,
    };
    if let Some(response) = instead {
        shaped.response = response;
    } else {
        let cap = faults.contains(&Fault::LowerCap).then_some(Fault::LOWER_CAP);
        shaped.response = answer(cap);
    }
    for fault in faults {
        shaped.apply(*fault, request);
    }
    shaped
}

impl Shaped {
    fn apply(&mut self, fault: Fault, request: &Request<Bytes>) {
        match fault {
            Fault::ResetInBody => self.delivery = Delivery::Cut(Cut::Reset),
            Fault::TruncatedBody => self.delivery = Delivery::Cut(Cut::Closed),
            Fault::SlowBody => self.delivery = Delivery::Slow,
            Fault::StalledBody => self.delivery = Delivery::Stalled,
            Fault::Endless => self.delivery = Delivery::Endless,
            Fault::StatementTimeout => self.delay += STATEMENT_TIMEOUT,
            Fault::SlowCount if counts_exactly(request) => self.delay += STATEMENT_TIMEOUT,
            Fault::BrokenJson => self.change(|body| Some(body.slice(..body.len() / 2))),
            Fault::BadRow => self.change(|body| with_row(body, Middle, spoilt)),
            Fault::UnknownType => {
                self.change(|body| with_row(body, Middle, |row| with(row, "type", "\"note_details\"")));
            }
            Fault::LargeRow => self.change(|body| {
                let payload = format!("[\"{}\"]", "x".repeat(Fault::LARGE_ROW_BYTES));
                with_row(body, Middle, |row| with(row, "payload", &payload))
            }),
            Fault::UnknownColumn => {
                self.change(|body| with_row(body, Each, |row| with(row, "hints", "[\"a hint\"]")));
            }
            Fault::WrongContentType => {
                let html = HeaderValue::from_static("text/html; charset=utf-8");
                self.response.headers_mut().insert(header::CONTENT_TYPE, html);
            }
            _ => {}
        }
    }

    /// Changes the body of an answer that holds rows.
    fn change(&mut self, change: impl FnOnce(&Bytes) -> Option<Bytes>) {
        if self.response.status().is_success()
            && let Some(body) = change(self.response.body())
        {
            *self.response.body_mut() = body;
        }
    }
}

/// The answer that a fault gives instead of the rows.
fn replacement(
    fault: Fault,
    request: &Request<Bytes>,
    now: DateTime<Utc>,
    files_origin: &str,
) -> Option<Response<Bytes>> {
    let empty = |status| {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status;
        response
    };
    let response = match fault {
        Fault::TooManyRequests => too_many_requests(),
        Fault::RetryAfterSeconds => {
            let seconds = HeaderValue::from(Fault::RETRY_AFTER.as_secs());
            with_header(too_many_requests(), header::RETRY_AFTER, Ok(seconds))
        }
        Fault::RetryAfterDate => {
            let response = too_many_requests();
            match http_date(after(now, Fault::RETRY_AFTER)) {
                Some(date) => with_header(response, header::RETRY_AFTER, Ok(date)),
                None => response,
            }
        }
        Fault::ServerError => refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "INTERNAL_SERVER_ERROR",
            "something went wrong on the server",
            None,
        ),
        Fault::StatementTimeout => statement_timeout(),
        Fault::SlowCount if counts_exactly(request) => statement_timeout(),
        Fault::BadGateway => {
            let mut response = Response::new(Bytes::from_static(BAD_GATEWAY.as_bytes()));
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            with_header(
                response,
                header::CONTENT_TYPE,
                Ok(HeaderValue::from_static("text/html")),
            )
        }
        Fault::Unavailable => empty(StatusCode::SERVICE_UNAVAILABLE),
        Fault::NoContent => empty(StatusCode::NO_CONTENT),
        Fault::EmptyBody => {
            let json = HeaderValue::from_static("application/json; charset=utf-8");
            with_header(empty(StatusCode::OK), header::CONTENT_TYPE, Ok(json))
        }
        Fault::Redirect => {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let location = HeaderValue::try_from(format!("{files_origin}{ELSEWHERE}{path}"));
            with_header(empty(StatusCode::FOUND), header::LOCATION, location)
        }
        _ => return None,
    };
    Some(response)
}

fn with_header(
    mut response: Response<Bytes>,
    name: header::HeaderName,
    value: Result<HeaderValue, header::InvalidHeaderValue>,
) -> Response<Bytes> {
    // A date, a number or a URI: always a header's value.
    if let Ok(value) = value {
        response.headers_mut().insert(name, value);
    }
    response
}

/// What PostgreSQL says when it cancels a query.
pub(crate) fn statement_timeout() -> Response<Bytes> {
    refusal(
        StatusCode::INTERNAL_SERVER_ERROR,
        "57014",
        "canceling statement due to statement timeout",
        None,
    )
}

fn counts_exactly(request: &Request<Bytes>) -> bool {
    let values = request.headers().get_all("prefer").iter();
    let mut preferences = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    preferences.any(|preference| preference.trim() == "count=exact")
}

const BAD_GATEWAY: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

/// Which rows of a page are meant.
#[derive(Clone, Copy)]
enum Rows {
    Middle,
    Each,
}

use Rows::{Each, Middle};

type Columns = Vec<(String, Box<RawValue>)>;

/// The page with some of its rows changed; `None` where it holds none.
fn with_row(body: &Bytes, which: Rows, change: impl Fn(Columns) -> Columns) -> Option<Bytes> {
    let mut rows: Vec<Box<RawValue>> = serde_json::from_slice(body).ok()?;
    let changed = match which {
        Middle => {
            let middle = rows.len() / 2;
            rows.get_mut(middle..=middle)?
        }
        Each => &mut rows,
    };
    for row in changed {
        let columns: columns::Object = serde_json::from_str(row.get()).ok()?;
        let text = serde_json::to_string(&columns::Object(change(columns.0))).ok()?;
        *row = RawValue::from_string(text).ok()?;
    }
    serde_json::to_vec(&rows).ok().map(Bytes::from)
}

/// The row with `column` set to a JSON text.
fn with(mut row: Columns, column: &str, json: &str) -> Columns {
    let Ok(value) = RawValue::from_string(json.to_owned()) else {
        return row;
    };
    match row.iter_mut().find(|(name, _)| name == column) {
        Some((_, cell)) => *cell = value,
        None => row.push((column.to_owned(), value)),
    }
    row
}

/// The row with a value that its column's type does not have. The id stays, so that the row can be named.
fn spoilt(row: Columns) -> Columns {
    let has = |column: &str| row.iter().any(|(name, _)| name == column);
    let column = [
        "created_at",
        "updated_at",
        "total_count",
        "success_count",
        "failed_count",
    ]
    .into_iter()
    .find(|column| has(column))
    .unwrap_or("created_at");
    with(row, column, "\"yesterday\"")
}

/// An object whose members keep their order.
mod columns {
    use std::fmt;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
    use serde_json::value::RawValue;

    pub(super) struct Object(pub(super) Vec<(String, Box<RawValue>)>);

    impl<'de> Deserialize<'de> for Object {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Members)
        }
    }

    struct Members;

    impl<'de> de::Visitor<'de> for Members {
        type Value = Object;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(Object(members))
        }
    }

    impl Serialize for Object {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
        }
    }
}
