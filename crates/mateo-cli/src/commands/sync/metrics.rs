//! `--metrics`: what a copy that is followed says to Prometheus.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use mateo_imports::Client;
use mateo_sync::Report;
use tokio::net::TcpListener;

use crate::failure::{Code, Failure};

/// What was done since the program began.
#[derive(Default)]
pub(super) struct Metrics(Mutex<Numbers>);

#[derive(Default)]
struct Numbers {
    last: Option<Report>,
    succeeded_at: Option<DateTime<Utc>>,
    runs: u64,
    failed_runs: u64,
    applied: u64,
    deleted: u64,
    mended: u64,
    requests: u64,
}

impl Metrics {
    pub(super) fn ran(&self, report: &Report) {
        let numbers = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.runs += 1;
        numbers.applied += report.applied;
        numbers.deleted += report.deleted;
        numbers.mended += report.mended;
        numbers.requests += report.requests;
        numbers.succeeded_at = Some(Utc::now());
        numbers.last = Some(report.clone());
    }

    pub(super) fn failed(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).failed_runs += 1;
    }

    fn text(&self, day_left: Option<u64>, now: DateTime<Utc>) -> String {
        let numbers = &*self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        let mut metric = |name: &str, kind: &str, help: &str, value: String| {
            // Writing to a string can't fail.
            let _ = write!(
                text,
                "# HELP mateo_sync_{name} {help}\n# TYPE mateo_sync_{name} {kind}\nmateo_sync_{name} {value}\n"
            );
        };
        if let Some(last) = &numbers.last {
            let lag = (now - last.at).num_milliseconds().max(0);
            let complete = u8::from(last.is_complete());
            metric(
                "rows",
                "gauge",
                "Imports in the copy that are not deleted.",
                last.copy.to_string(),
            );
            metric(
                "server_rows",
                "gauge",
                "Imports that the server has.",
                last.server.to_string(),
            );
            metric(
                "complete",
                "gauge",
                "Whether the last run found as many as the server has.",
                complete.to_string(),
            );
            metric(
                "lag_seconds",
                "gauge",
                "Time since the last run that succeeded began to read.",
                format!("{}.{:03}", lag / 1_000, lag % 1_000),
            );
        }
        if let Some(at) = numbers.succeeded_at {
            metric(
                "last_success_timestamp_seconds",
                "gauge",
                "When the last run succeeded.",
                at.timestamp().to_string(),
            );
        }
        let counter = "counter";
        metric(
            "runs_total",
            counter,
            "Runs that succeeded.",
            numbers.runs.to_string(),
        );
        metric(
            "failed_runs_total",
            counter,
            "Runs that failed.",
            numbers.failed_runs.to_string(),
        );
        metric(
            "applied_total",
            counter,
            "Imports that were new or had changed.",
            numbers.applied.to_string(),
        );
        metric(
            "deleted_total",
            counter,
            "Imports that were marked as deleted.",
            numbers.deleted.to_string(),
        );
        metric(
            "mended_total",
            counter,
            "Imports that the copy had lacked.",
            numbers.mended.to_string(),
        );
        metric(
            "requests_total",
            counter,
            "Requests of runs that succeeded.",
            numbers.requests.to_string(),
        );
        if let Some(left) = day_left {
            metric(
                "requests_left_today",
                "gauge",
                "Requests left of the day's budget.",
                left.to_string(),
            );
        }
        text
    }
}

/// Serves the metrics until the program ends; the address that is listened to.
pub(super) async fn serve(
    metrics: Arc<Metrics>,
    client: Client,
    address: SocketAddr,
) -> Result<SocketAddr, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Code::File, format!("could not serve metrics at {address}")).source(error)
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    tokio::spawn(async move {
        loop {
            let Ok((socket, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let (metrics, client) = (Arc::clone(&metrics), client.clone());
            let answer = move |request: Request<Incoming>| {
                let (metrics, client) = (Arc::clone(&metrics), client.clone());
                async move { Ok::<_, Infallible>(respond(&metrics, &client, &request).await) }
            };
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(10))
                .serve_connection(TokioIo::new(socket), hyper::service::service_fn(answer));
            tokio::spawn(connection);
        }
    });
    Ok(address)
}

async fn respond(metrics: &Metrics, client: &Client, request: &Request<Incoming>) -> Response<String> {
    let status = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => StatusCode::OK,
        (&Method::GET | &Method::HEAD, _) => StatusCode::NOT_FOUND,
        _ => StatusCode::METHOD_NOT_ALLOWED,
    };
    let mut response = Response::new(if status == StatusCode::OK {
        let day_left = match client.pipeline() {
            Ok(pipeline) => pipeline
                .budget()
                .state(1)
                .await
                .ok()
                .and_then(|state| state.left_today),
            Err(_) => None,
        };
        metrics.text(day_left, Utc::now())
    } else {
        "the metrics are at /metrics\n".to_owned()
    });
    *response.status_mut() = status;
    let content_type = hyper::header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response
        .headers_mut()
        .insert(hyper::header::CONTENT_TYPE, content_type);
    response
}

#[cfg(test)]
mod tests {
    use mateo_sync::Report;

    use super::Metrics;

    #[test]
    fn the_metrics_are_prometheus_text() {
        let metrics = Metrics::default();
        let now = "2026-01-02T10:00:05.250Z".parse().unwrap();
        assert!(
            !metrics.text(None, now).contains("mateo_sync_lag_seconds"),
            "before the first run there is no lag"
        );
        let mut report = Report::default();
        report.at = "2026-01-02T10:00:00Z".parse().unwrap();
        (report.copy, report.server, report.requests) = (30, 30, 2);
        metrics.ran(&report);
        metrics.failed();
        let text = metrics.text(Some(9_998), now);
        for line in [
            "mateo_sync_rows 30",
            "mateo_sync_complete 1",
            "mateo_sync_lag_seconds 5.250",
            "mateo_sync_runs_total 1",
            "mateo_sync_failed_runs_total 1",
            "mateo_sync_requests_total 2",
            "mateo_sync_requests_left_today 9998",
            "# TYPE mateo_sync_rows gauge",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
