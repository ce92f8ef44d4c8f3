//! A request that is rejected, and the body that says why (API.md, "Errors").

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use mateo_model::{ParseError, ParseErrorKind};
use serde::Serialize;

use crate::postgrest::sql::error::SqlError;

/// Why a request is rejected: `{code, message, hint, status}` and PostgREST's `details`.
#[derive(Debug)]
pub(crate) struct Rejection(Box<Inner>);

#[derive(Debug)]
struct Inner {
    body: Body,
    headers: HeaderMap,
}

#[derive(Debug)]
enum Body {
    Problem(StatusCode, Problem),
    Text(StatusCode, &'static str),
}

#[derive(Debug, Serialize)]
struct Problem {
    code: &'static str,
    message: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
    status: u16,
    details: Option<Cow<'static, str>>,
}

impl Rejection {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Body::Problem(
            status,
            Problem {
                code,
                message: message.into(),
                hint: None,
                status: status.as_u16(),
                details: None,
            },
        ))
    }

    fn of(body: Body) -> Self {
        Self(Box::new(Inner {
            body,
            headers: HeaderMap::new(),
        }))
    }

    /// 416 PGRST103.
    pub(crate) fn not_satisfiable(details: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "PGRST103",
            "Requested range not satisfiable",
        )
        .with_details(details)
    }

    pub(crate) fn with_details(mut self, details: impl Into<Cow<'static, str>>) -> Self {
        if let Body::Problem(_, problem) = &mut self.0.body {
            problem.details = Some(details.into());
        }
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        if let Body::Problem(_, problem) = &mut self.0.body {
            problem.hint = Some(hint.into());
        }
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    pub(crate) fn into_response(self) -> Response<Bytes> {
        let (status, content_type, body) = match self.0.body {
            Body::Problem(status, problem) => (
                status,
                "application/json; charset=utf-8",
                serde_json::to_vec(&problem).unwrap_or_default().into(),
            ),
            Body::Text(status, text) => (
                status,
                "text/plain; charset=utf-8",
                Bytes::from_static(text.as_bytes()),
            ),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = self.0.headers;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        response
    }
}

/// A query string that can't be read, with the code PostgREST has for the reason.
impl From<ParseError> for Rejection {
    fn from(error: ParseError) -> Self {
        let (code, message) = match error.kind() {
            // The one query that the server fails on.
            ParseErrorKind::NotUtf8 => {
                return Self::of(Body::Text(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Something went wrong",
                ));
            }
            ParseErrorKind::Embedded => ("PGRST108", "there is no embedded resource in this request"),
            ParseErrorKind::Relationship => ("PGRST200", "imports have no relationship to another resource"),
            ParseErrorKind::Aggregate => ("PGRST123", "Use of aggregate functions is not allowed"),
            _ => ("PGRST100", "failed to parse the query string"),
        };
        Self::new(StatusCode::BAD_REQUEST, code, message).with_details(error.to_string())
    }
}

/// PostgreSQL's errors, with the status PostgREST has for their codes.
impl From<SqlError> for Rejection {
    fn from(error: SqlError) -> Self {
        let status = if error.code == "42883" {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::BAD_REQUEST
        };
        let mut rejection = Self::new(status, error.code, error.message);
        if let Some(hint) = error.hint {
            rejection = rejection.with_hint(hint);
        }
        rejection
    }
}

impl From<Box<SqlError>> for Rejection {
    fn from(error: Box<SqlError>) -> Self {
        Self::from(*error)
    }
}
