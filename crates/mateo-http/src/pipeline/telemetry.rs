//! The spans of a call, with OpenTelemetry's names: the call, the wait for the budget, and one CLIENT span an attempt.
//!
//! Numbers are recorded as `i64`: the bridge from `tracing` to OpenTelemetry writes `u64` as text.

use std::time::Duration;

use http::StatusCode;
use mateo_model::ImportQuery;
use tracing::{Span, field::Empty};

use crate::classify::Server;
use crate::error::Kind;

/// Everything that a call does, its waits included.
pub(super) fn page() -> Span {
    tracing::debug_span!("mateo.page", otel.kind = "internal", error.type = Empty, otel.status_code = Empty)
}

/// A download until its body begins.
pub(super) fn download() -> Span {
    tracing::debug_span!("mateo.download", otel.kind = "internal", error.type = Empty, otel.status_code = Empty)
}

pub(super) fn budget_wait() -> Span {
    tracing::debug_span!(
        "mateo.budget.wait",
        otel.kind = "internal",
        mateo.budget.remaining_today = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    )
}

pub(super) fn granted(span: &Span, waited: Duration, remaining_today: Option<u64>) {
    if let Some(remaining) = remaining_today {
        span.record(
            "mateo.budget.remaining_today",
            i64::try_from(remaining).unwrap_or(i64::MAX),
        );
    }
    if !waited.is_zero() {
        tracing::debug!(parent: span, waited_ms = millis(waited), "waited for the request budget");
    }
}

/// One request, from its sending to the end of its body (of a download: of its head).
pub(super) fn attempt(server: Server, host: &str, port: u16, attempt: u32) -> Span {
    let span = tracing::debug_span!(
        "GET",
        otel.kind = "client",
        http.request.method = "GET",
        server.address = host,
        server.port = i64::from(port),
        url.path = Empty,
        http.request.resend_count = Empty,
        http.response.status_code = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    );
    // Of a download neither path nor query: the path of a pre-signed URL can be a secret, too.
    if server == Server::Api {
        span.record("url.path", ImportQuery::PATH);
    }
    if attempt > 1 {
        span.record("http.request.resend_count", i64::from(attempt - 1));
    }
    span
}

pub(super) fn attempt_finished(
    span: &Span,
    status: Option<StatusCode>,
    failure: Option<&Kind>,
    took: Duration,
) {
    if let Some(status) = status {
        span.record("http.response.status_code", i64::from(status.as_u16()));
    }
    if let Some(kind) = failure {
        failed(span, kind);
    }
    tracing::debug!(parent: span, took_ms = millis(took), "attempt finished");
}

pub(super) fn failed(span: &Span, kind: &Kind) {
    span.record("error.type", kind.name().as_ref());
    span.record("otel.status_code", "ERROR");
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
