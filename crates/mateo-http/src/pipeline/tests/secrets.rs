//! The key is looked for in everything that can be printed.

use super::*;

const KEY: &str = "hm_live_s3cretK3y";

fn with_key(script: &Arc<Script>) -> PipelineBuilder {
    let budget = KeyBudget::unlimited();
    Pipeline::builder(ApiKey::new(KEY))
        .base_url(BASE)
        .transport(Arc::clone(script))
        .budget(budget)
}

fn causes(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text} {error} {error:?}");
        source = error.source();
    }
    text
}

#[tokio::test(start_paused = true)]
async fn no_error_shows_the_key_even_if_the_server_repeats_it() {
    let echo = || format!("{{\"message\":\"bad key {KEY}\",\"hint\":\"{KEY}\"}}");
    let failures = [
        Step::Answer(401, &[], echo().into()),
        Step::Answer(
            403,
            &[("content-type", "text/plain")],
            format!("Bearer {KEY}").into(),
        ),
        Step::Answer(400, &[], format!("<html><title>{KEY}</title>").into()),
        Step::Answer(200, &[("content-type", "text/html")], format!("<b>{KEY}").into()),
        Step::Answer(
            302,
            &[(
                "location",
                "https://evil.test/hm_live_s3cretK3y?hm_live_s3cretK3y",
            )],
            Body::default(),
        ),
        Step::Answer(401, &[("x-request-id", "hm_live_s3cretK3y")], Body::default()),
        Step::Answer(
            200,
            &[("content-type", "text/html; hm_live_s3cretK3y")],
            "<".into(),
        ),
        Step::Fail(TransportErrorKind::Tls),
    ];
    for step in failures {
        let error = page(&with_key(&Script::new([step])).build().unwrap())
            .await
            .unwrap_err();
        let text = format!(
            "{} {:?} {:?} {:?}",
            causes(&error),
            error.problem(),
            error.body_start(),
            error.request_id()
        );
        assert!(!text.contains(KEY), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_holds_the_key_shows_it() {
    let builder = with_key(&Script::new([]));
    let shown = format!("{builder:?} {builder:#?}");
    let pipeline = builder.build().unwrap();
    let request = pipeline.request(&ImportQuery::new(), &Prefer::new()).unwrap();
    let shown = format!("{shown} {pipeline:?} {request:?} {:?}", ApiKey::new(KEY));
    assert!(!shown.contains(KEY), "{shown}");
}

/// Prints what it is given, as a transport of a user's own may.
#[derive(Default)]
struct Printing(Mutex<String>);

impl Transport for Printing {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        *self.0.lock().unwrap() = format!("{request:?} {request:#?}");
        Box::pin(std::future::ready(Err(TransportErrorKind::Other.into())))
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_on_its_way_shows_no_key() {
    let transport = Arc::new(Printing::default());
    let builder = Pipeline::builder(ApiKey::new(KEY))
        .base_url(BASE)
        .transport(Arc::clone(&transport));
    page(&builder.build().unwrap()).await.unwrap_err();
    let shown = transport.0.lock().unwrap();
    assert!(
        shown.contains("\"authorization\": Sensitive") && !shown.contains(KEY),
        "{shown}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_illegal_key_is_not_shown() {
    let key = format!("{KEY}\r\nx: y");
    let script = Script::new([]);
    let pipeline = Pipeline::builder(ApiKey::new(key))
        .base_url(BASE)
        .transport(script)
        .build()
        .unwrap();
    let text = causes(&page(&pipeline).await.unwrap_err());
    assert!(!text.contains(KEY), "{text}");
}
