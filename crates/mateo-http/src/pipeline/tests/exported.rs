//! What arrives at an exporter of OpenTelemetry: spans in their shape, numbers as numbers.

use opentelemetry::{
    Value,
    trace::{SpanKind, Status, TracerProvider as _},
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing::Instrument as _;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

fn attribute(span: &SpanData, name: &str) -> Option<Value> {
    let mut pairs = span.attributes.iter();
    pairs
        .find(|pair| pair.key.as_str() == name)
        .map(|pair| pair.value.clone())
}

fn failed(span: &SpanData) -> bool {
    matches!(span.status, Status::Error { .. })
}

/// A call with two failures, under a span of its caller.
async fn exported() -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    // Once before: a span that another test registers at the moment when this subscriber comes would not reach it.
    call().await;
    tracing::callsite::rebuild_interest_cache();
    exporter.reset();
    call().await;
    drop(guard);
    provider.force_flush().unwrap();
    exporter.get_finished_spans().unwrap()
}

async fn call() {
    let script = Script::new([Step::Fail(TransportErrorKind::Reset), refusal(503), rows()]);
    let pipeline = builder(&script).budget(KeyBudget::default()).build().unwrap();
    let caller = tracing::info_span!("caller");
    page(&pipeline).instrument(caller).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn each_attempt_is_a_client_span_and_the_wait_for_the_budget_a_span_beside_it() {
    let spans = exported().await;
    let one = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let (caller, call) = (one("caller"), one("mateo.page"));
    assert_eq!(call.parent_span_id, caller.span_context.span_id());
    assert_eq!((&call.span_kind, failed(call)), (&SpanKind::Internal, false));

    let children = |name: &str| -> Vec<&SpanData> {
        let within = |span: &&SpanData| span.parent_span_id == call.span_context.span_id();
        spans
            .iter()
            .filter(|span| span.name == name)
            .filter(within)
            .collect()
    };
    let attempts = children("GET");
    assert_eq!(children("mateo.budget.wait").len(), 3);
    let facts: Vec<_> = attempts
        .iter()
        .map(|span| {
            assert_eq!(span.span_kind, SpanKind::Client);
            assert_eq!(attribute(span, "server.address"), Some("api.test".into()));
            assert_eq!(attribute(span, "server.port"), Some(Value::I64(443)));
            (
                attribute(span, "http.response.status_code"),
                attribute(span, "error.type"),
                attribute(span, "http.request.resend_count"),
                failed(span),
            )
        })
        .collect();
    assert_eq!(
        facts,
        [
            (None, Some("reset".into()), None, true),
            (
                Some(Value::I64(503)),
                Some("503".into()),
                Some(Value::I64(1)),
                true
            ),
            (Some(Value::I64(200)), None, Some(Value::I64(2)), false),
        ]
    );
    assert!(
        attribute(children("mateo.budget.wait")[0], "mateo.budget.remaining_today")
            .is_some_and(|value| matches!(value, Value::I64(9_999)))
    );
}

#[cfg(feature = "opentelemetry")]
#[tokio::test(start_paused = true)]
async fn metrics_arrive_with_their_units_and_attributes() {
    use opentelemetry::metrics::MeterProvider as _;
    use opentelemetry_sdk::metrics::{
        InMemoryMetricExporter, PeriodicReader, SdkMeterProvider,
        data::{AggregatedMetrics, MetricData, ScopeMetrics},
    };

    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder()
        .with_reader(PeriodicReader::builder(exporter.clone()).build())
        .build();
    let (script, log) = (Script::new([refusal(503), rows()]), Log::default());
    let pipeline = builder(&script)
        .budget(KeyBudget::default())
        .observer(crate::observe::metrics(&provider.meter("test")))
        .observer(log.observer())
        .build()
        .unwrap();
    page(&pipeline).await.unwrap();
    provider.force_flush().unwrap();
    assert!(
        !log.0.lock().unwrap().is_empty(),
        "the second observer is called too"
    );

    let mut lines = Vec::new();
    for resource in exporter.get_finished_metrics().unwrap() {
        for metric in resource.scope_metrics().flat_map(ScopeMetrics::metrics) {
            let points: Vec<_> = match metric.data() {
                AggregatedMetrics::F64(MetricData::Histogram(histogram)) => histogram
                    .data_points()
                    .map(|point| (point.attributes().cloned().collect::<Vec<_>>(), point.count()))
                    .collect(),
                AggregatedMetrics::U64(MetricData::Gauge(gauge)) => gauge
                    .data_points()
                    .map(|point| (point.attributes().cloned().collect(), point.value()))
                    .collect(),
                other => panic!("{other:?}"),
            };
            for (attributes, value) in points {
                let mut attributes: Vec<_> = attributes
                    .iter()
                    .map(|pair| format!("{}={}", pair.key, pair.value))
                    .collect();
                attributes.sort();
                lines.push(format!(
                    "{} {}: {} {value}",
                    metric.name(),
                    metric.unit(),
                    attributes.join(" ")
                ));
            }
        }
    }
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"), @r"
    http.client.request.duration s: error.type=503 http.request.method=GET http.response.status_code=503 server.address=api.test server.port=443 1
    http.client.request.duration s: http.request.method=GET http.response.status_code=200 server.address=api.test server.port=443 1
    mateo.budget.day.remaining {request}:  9998
    mateo.budget.wait.duration s:  2
    ");
}
