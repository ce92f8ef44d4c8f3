//! Metrics of what a pipeline does, by the API of OpenTelemetry.

use opentelemetry::{KeyValue, metrics::Meter};

use super::Event;

/// Where requests take 10 ms or 10 s: what the semantic conventions advise for durations of HTTP requests.
const BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Records metrics with `meter`, by OpenTelemetry's names where there is one: for
/// [`PipelineBuilder::observer`](crate::PipelineBuilder::observer).
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
/// use mateo_http::{ApiKey, Pipeline, observe};
///
/// let meter = opentelemetry::global::meter("my-program");
/// let pipeline = Pipeline::builder(ApiKey::new("…")).observer(observe::metrics(&meter)).build()?;
/// # let _ = pipeline;
/// # Ok::<(), mateo_http::Error>(())
/// ```
pub fn metrics(meter: &Meter) -> impl Fn(&Event) + Send + Sync + use<> {
    let seconds = |name, description| {
        let histogram = meter
            .f64_histogram(name)
            .with_unit("s")
            .with_boundaries(BOUNDS.to_vec());
        histogram.with_description(description).build()
    };
    let request = seconds(
        "http.client.request.duration",
        "Duration of HTTP client requests.",
    );
    let wait = seconds("mateo.budget.wait.duration", "Waits for the request budget.");
    let remaining = meter
        .u64_gauge("mateo.budget.day.remaining")
        .with_unit("{request}");
    let remaining = remaining.with_description("Requests left in the day.").build();
    move |event| match event {
        Event::AttemptFinished {
            host,
            port,
            status,
            error,
            took,
            ..
        } => {
            let refused = status.filter(|status| status.is_client_error() || status.is_server_error());
            let failed = error.map(|kind| kind.as_str().to_owned());
            let failed = failed.or_else(|| Some(refused?.as_str().to_owned()));
            let mut attributes = vec![
                KeyValue::new("http.request.method", "GET"),
                KeyValue::new("server.address", host.to_string()),
                KeyValue::new("server.port", i64::from(*port)),
            ];
            attributes.extend(
                status.map(|status| KeyValue::new("http.response.status_code", i64::from(status.as_u16()))),
            );
            attributes.extend(failed.map(|failed| KeyValue::new("error.type", failed)));
            request.record(took.as_secs_f64(), &attributes);
        }
        Event::BudgetGranted {
            waited,
            remaining_today,
        } => {
            wait.record(waited.as_secs_f64(), &[]);
            if let Some(left) = remaining_today {
                remaining.record(*left, &[]);
            }
        }
        _ => {}
    }
}
