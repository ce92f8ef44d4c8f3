//! What arrives at an exporter of OpenTelemetry: one span an operation, within its caller's, with its requests in it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod common;

use common::{client, endpoint, id};
use mateo_imports::ChangesCursor;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing::Instrument as _;
use tracing_subscriber::layer::SubscriberExt as _;

/// The spans of an operation that is run within a span of its caller.
async fn exported(operation: impl Future<Output = ()>) -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    operation.instrument(tracing::info_span!("caller")).await;
    drop(guard);
    provider.force_flush().unwrap();
    exporter.get_finished_spans().unwrap()
}

/// How many pages were asked for within the one operation of this name, which is within the caller's span.
fn pages(spans: &[SpanData], operation: &str) -> usize {
    let named = |name: &str| -> Vec<&SpanData> { spans.iter().filter(|span| span.name == name).collect() };
    let (callers, operations) = (named("caller"), named(operation));
    let ([caller], [operation]) = (callers.as_slice(), operations.as_slice()) else {
        panic!("{} callers, {} operations", callers.len(), operations.len());
    };
    assert_eq!(operation.parent_span_id, caller.span_context.span_id());
    let pages = named("mateo.page");
    for page in &pages {
        assert_eq!(page.parent_span_id, operation.span_context.span_id());
    }
    pages.len()
}

#[tokio::test(start_paused = true)]
async fn a_listing_is_one_span_with_its_pages_in_it() {
    let client = client(&endpoint(0..120, 50).build());
    let spans = exported(async {
        assert_eq!(client.list().all().await.unwrap().len(), 120);
    })
    .await;
    assert_eq!(pages(&spans, "mateo.list"), 3);
}

#[tokio::test(start_paused = true)]
async fn changes_are_one_span_over_all_their_passes() {
    let client = client(&endpoint(0..120, 50).build());
    let spans = exported(async {
        let mut changes = client.changes(ChangesCursor::beginning()).stream();
        for _ in 0..120 {
            changes.try_next().await.unwrap().unwrap();
        }
        // Idle, for some passes.
        let idle = std::time::Duration::from_secs(60 * 60);
        tokio::time::timeout(idle, changes.try_next()).await.unwrap_err();
    })
    .await;
    assert!(pages(&spans, "mateo.changes") > 3);
}

#[tokio::test(start_paused = true)]
async fn waiting_and_reading_several_are_one_span_each() {
    let client = client(&endpoint(0..120, 50).build());
    let spans = exported(async {
        client.wait([id(0), id(7)]).all().await.unwrap();
    })
    .await;
    assert!(pages(&spans, "mateo.wait") >= 1);
    let spans = exported(async {
        client.get_many((0..120).map(id)).await.unwrap();
    })
    .await;
    assert_eq!(pages(&spans, "mateo.get_many"), 3);
}
