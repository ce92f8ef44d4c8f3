//! Calls from plain threads.

use super::*;
use crate::{
    budget::LocalBudget,
    retry::Retry,
    secret::ApiKey,
    transport::{BoxFuture, Response, Transport, TransportError},
};

/// Answers after as long as the query's limit says, in milliseconds.
struct Slow;

impl Transport for Slow {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let millis = request
                .uri()
                .query()
                .and_then(|query| query.strip_prefix("limit=")?.parse().ok());
            tokio::time::sleep(Duration::from_millis(millis.unwrap_or(0))).await;
            let mut response = Response::new(Body::from("[1,2,3]"));
            response
                .headers_mut()
                .insert("content-type", "application/json".parse().unwrap());
            Ok(response)
        })
    }
}

fn pipeline() -> Pipeline {
    let builder = crate::pipeline::Pipeline::builder(ApiKey::new("x"))
        .transport(Slow)
        .retry(Retry::none());
    Pipeline::new(builder.budget(LocalBudget::unlimited()).build().unwrap()).unwrap()
}

#[test]
fn a_page_and_a_download_come_without_a_runtime() {
    let pipeline = pipeline();
    let page = pipeline.page(&ImportQuery::new(), &Prefer::new(), None).unwrap();
    assert_eq!(page.body, "[1,2,3]");
    let download = pipeline
        .download("https://files.test/f", &DownloadRange::whole(), None)
        .unwrap();
    let mut text = String::new();
    io::BufReader::with_capacity(2, download.into_body())
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, "[1,2,3]");
}

#[test]
fn many_threads_may_call_at_once() {
    let pipeline = pipeline();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                pipeline
                    .page(&ImportQuery::new().limit(1), &Prefer::new(), None)
                    .unwrap()
            });
        }
    });
}

#[test]
fn a_limit_ends_a_call() {
    let never = ImportQuery::new().limit(u64::from(u32::MAX));
    let error = pipeline()
        .page(&never, &Prefer::new(), Some(Duration::from_millis(1)))
        .unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test]
async fn within_a_runtime_it_is_an_error_and_no_panic() {
    let pipeline = pipeline();
    let error = pipeline
        .page(&ImportQuery::new(), &Prefer::new(), None)
        .unwrap_err();
    assert!(error.is_usage(), "{error}");
    drop(pipeline);
}
