//! What is written to `tracing`: the field's names, nothing secret, nothing at info.

use std::io;

use mateo_model::columns::REFERENCE_ID;
use tracing::level_filters::LevelFilter;

use super::*;

/// What was written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const KEY: &str = "hm_live_s3cretK3y";

/// Calls of every kind of outcome, traced down to `level`.
async fn traced(level: LevelFilter) -> String {
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::NEW)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    // Once before: what another test registers at the moment when this subscriber comes would not reach it.
    calls().await;
    tracing::callsite::rebuild_interest_cache();
    written.0.lock().unwrap().clear();
    calls().await;
    drop(guard);
    let bytes = written.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

async fn calls() {
    let script = Script::new([
        Step::Fail(TransportErrorKind::Reset),
        refusal(503),
        rows(),
        Step::Answer(401, &[], KEY.into()),
        Step::Answer(
            302,
            &[("location", "https://other.test/?hm_live_s3cretK3y")],
            Body::default(),
        ),
        Step::Answer(302, &[("location", "/g?signature=s1gnature")], Body::default()),
        Step::Answer(200, &[], "file".into()),
    ]);
    let pipeline = Pipeline::builder(ApiKey::new(KEY))
        .base_url("https://api.test:444")
        .transport(Arc::clone(&script))
        .retry(Retry::default().base(Duration::ZERO))
        .build()
        .unwrap();
    let query = ImportQuery::new().filter(REFERENCE_ID.eq("customer-4711"));
    for succeeds in [true, false, false] {
        assert_eq!(
            pipeline.page(&query, &Prefer::new(), None).await.is_ok(),
            succeeds
        );
    }
    pipeline
        .download(
            "https://files.test/secret-path?s1gnature",
            &DownloadRange::whole(),
            None,
        )
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn nothing_secret_is_traced_at_the_finest_level() {
    let traces = traced(LevelFilter::TRACE).await;
    for secret in [KEY, "customer-4711", "s1gnature", "secret-path", "Bearer"] {
        assert!(!traces.contains(secret), "{secret} in {traces}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_at_info() {
    assert_eq!(traced(LevelFilter::INFO).await, "");
}

#[tokio::test(start_paused = true)]
async fn spans_and_events_have_opentelemetrys_names() {
    let traces = traced(LevelFilter::DEBUG).await;
    insta::assert_snapshot!(traces);
}
