//! Metrics of what a pipeline does, by the API of OpenTelemetry.

use opentelemetry::{
    KeyValue,
    metrics::{Gauge, Histogram, Meter},
};

use super::{Event, Observer};

/// Where requests take 10 ms or 10 s: what the semantic conventions advise for durations of HTTP requests.
const BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// An [`Observer`] that records metrics, by OpenTelemetry's names where there is one.
///
/// | metric | kind, unit | is | attributes |
/// |---|---|---|---|
/// | `http.client.request.duration` | histogram, s | one attempt, downloads included | `http.request.method`, `server.address`, `server.port`, `http.response.status_code`, `error.type` |
/// | `mateo.budget.wait.duration` | histogram, s | the wait for the request budget, before each attempt | |
/// | `mateo.budget.day.remaining` | gauge, {request} | requests left in the day, where that is known | |
///
/// This crate takes the API only; how metrics are exported is the program's choice.
///
/// ```
/// use mateo_http::{ApiKey, Pipeline, observe::Metrics};
///
/// let meter = opentelemetry::global::meter("my-program");
/// let pipeline = Pipeline::builder(ApiKey::new("…")).observer(Metrics::new(&meter)).build()?;
/// # let _ = pipeline;
/// # Ok::<(), mateo_http::Error>(())
/// ```
#[derive(Debug)]
pub struct Metrics {
    request: Histogram<f64>,
    wait: Histogram<f64>,
    remaining: Gauge<u64>,
}

impl Metrics {
    /// Metrics that are recorded with `meter`.
    pub fn new(meter: &Meter) -> Self {
        let seconds = |name, description| {
            let histogram = meter.f64_histogram(name).with_unit("s");
            histogram
                .with_description(description)
                .with_boundaries(BOUNDS.to_vec())
                .build()
        };
        Self {
            request: seconds(
                "http.client.request.duration",
                "Duration of HTTP client requests.",
            ),
            wait: seconds("mateo.budget.wait.duration", "Waits for the request budget."),
            remaining: meter
                .u64_gauge("mateo.budget.day.remaining")
                .with_unit("{request}")
                .with_description("Requests left in the day.")
                .build(),
        }
    }
}

impl Observer for Metrics {
    fn event(&self, event: &Event) {
        match event {
            Event::AttemptFinished {
                host,
                port,
                status,
                error,
                took,
                ..
            } => {
                let mut attributes = vec![
                    KeyValue::new("http.request.method", "GET"),
                    KeyValue::new("server.address", host.to_string()),
                    KeyValue::new("server.port", i64::from(*port)),
                ];
                if let Some(status) = status {
                    let code = i64::from(status.as_u16());
                    attributes.push(KeyValue::new("http.response.status_code", code));
                }
                let failed = status.filter(|status| status.is_client_error() || status.is_server_error());
                match (error, failed) {
                    (Some(kind), _) => attributes.push(KeyValue::new("error.type", kind.as_str())),
                    (None, Some(status)) => {
                        attributes.push(KeyValue::new("error.type", status.as_str().to_owned()));
                    }
                    (None, None) => {}
                }
                self.request.record(took.as_secs_f64(), &attributes);
            }
            Event::BudgetGranted {
                waited,
                remaining_today,
            } => {
                self.wait.record(waited.as_secs_f64(), &[]);
                if let Some(remaining) = remaining_today {
                    self.remaining.record(*remaining, &[]);
                }
            }
            _ => {}
        }
    }
}
