//! A request that is rejected: PostgREST's and PostgreSQL's errors, which are known by their codes (API.md, "Errors").

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use mateo_model::{ParseError, ParseErrorKind};
use serde::Serialize;

/// Why a request is rejected. It is boxed because a small result is quick to hand on, a million times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Error(pub(super) Box<Problem>);

/// The body of the response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    status: u16,
    details: Option<String>,
}

impl Error {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Problem {
            code,
            message: message.into(),
            hint: None,
            status: status(code).as_u16(),
            details: None,
        }))
    }

    /// 416: the rows asked for can't be given.
    pub(super) fn not_satisfiable(details: impl Into<String>) -> Self {
        Self::new("PGRST103", "Requested range not satisfiable").with_details(details)
    }

    /// Text that is no value of a type.
    pub(super) fn invalid_text(type_name: &str, text: &str) -> Self {
        Self::new(
            "22P02",
            format!("invalid input syntax for type {type_name}: \"{text}\""),
        )
    }

    /// A number beyond the range of its type.
    pub(super) fn out_of_range(text: &str, type_name: &str) -> Self {
        Self::new(
            "22003",
            format!("value \"{text}\" is out of range for type {type_name}"),
        )
    }

    /// A type that has no such operator.
    pub(super) fn no_operator(type_name: &str, operator: &str) -> Self {
        Self::new(
            "42883",
            format!("operator does not exist: {type_name} {operator} unknown"),
        )
        .with_hint(
            "No operator matches the given name and argument types. You might need to add explicit type casts.",
        )
    }

    pub(super) fn with_details(mut self, details: impl Into<String>) -> Self {
        self.0.details = Some(details.into());
        self
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(super) fn into_response(self) -> Response<Bytes> {
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = Response::new(body.into());
        *response.status_mut() = status(self.0.code);
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}

/// The status of a code. PostgreSQL's are 400, but for an operator that doesn't exist.
fn status(code: &str) -> StatusCode {
    match code {
        "NOT_FOUND" | "42883" => StatusCode::NOT_FOUND,
        "METHOD_NOT_ALLOWED" => StatusCode::METHOD_NOT_ALLOWED,
        "PGRST107" | "PGRST116" => StatusCode::NOT_ACCEPTABLE,
        "URI_TOO_LONG" => StatusCode::URI_TOO_LONG,
        "PGRST103" => StatusCode::RANGE_NOT_SATISFIABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// A query string that can't be read.
impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        let (code, message) = match error.kind() {
            ParseErrorKind::Embedded => ("PGRST108", "there is no embedded resource in this request"),
            ParseErrorKind::Relationship => ("PGRST200", "imports have no relationship to another resource"),
            ParseErrorKind::Aggregate => ("PGRST123", "Use of aggregate functions is not allowed"),
            _ => ("PGRST100", "failed to parse the query string"),
        };
        Self::new(code, message).with_details(error.to_string())
    }
}
