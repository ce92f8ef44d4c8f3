//! What a recording holds, what it never holds, and that a replay answers as the server did.

use futures_util::stream;
use http::StatusCode;
use mateo_model::{ImportQuery, Prefer};

use super::*;
use crate::budget::KeyBudget;
use crate::gzip;
use crate::pipeline::{DownloadRange, Pipeline};
use crate::retry::Retry;

const KEY: &str = "hm_live_s3cretK3y";

/// A server that repeats the key wherever it can.
struct Leaky;

fn answer(status: u16, headers: &[(&'static str, &str)], body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

impl Transport for Leaky {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        let json = ("content-type", "application/json");
        let query = request.uri().query().unwrap_or_default();
        let answer = match (request.uri().host(), query) {
            (Some("files.test"), _) => answer(200, &[("etag", "\"1\"")], Body::from(vec![0xff, 0x00])),
            (_, "limit=1") => {
                let row = r#"[{"id":"a","payload":{"name":"Ada"},"failed_url":"https://files.test/f?sig=s1gnature"}]"#;
                answer(
                    206,
                    &[
                        json,
                        ("set-cookie", KEY),
                        ("content-range", "0-0/2"),
                        ("x-key", KEY),
                    ],
                    row.into(),
                )
            }
            (_, "limit=2") => answer(401, &[json], format!(r#"{{"message":"bad key {KEY}"}}"#).into()),
            (_, "limit=3") => {
                let packed = gzip::encode(br#"[{"payload":{"name":"Ada"}}]"#);
                answer(200, &[json, ("content-encoding", "gzip")], packed.into())
            }
            (_, "limit=4") => {
                let cut = [
                    Ok(Bytes::from_static(br#"[{"payload":{"name":"Ada"#)),
                    Err(TransportErrorKind::Body.into()),
                ];
                answer(200, &[json], Body::from_stream(stream::iter(cut)))
            }
            _ => return Box::pin(std::future::ready(Err(TransportErrorKind::Timeout.into()))),
        };
        Box::pin(std::future::ready(Ok(answer)))
    }
}

fn pipeline(transport: impl Transport + 'static, base: &str) -> Pipeline {
    let budget = KeyBudget::unlimited();
    let builder = Pipeline::builder(ApiKey::new(KEY))
        .base_url(base)
        .user_agent("test")
        .budget(budget)
        .retry(Retry::none());
    builder.transport(transport).build().unwrap()
}

/// Everything that a caller can ask for, as texts.
async fn ask(pipeline: &Pipeline, file: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for limit in 1..=5 {
        let page = pipeline
            .page(&ImportQuery::new().limit(limit), &Prefer::new(), None)
            .await;
        texts.push(match page {
            Ok(page) => format!("{} {:?} {:?}", page.status, page.content_range, page.body),
            Err(error) => format!("{error}"),
        });
    }
    let file = pipeline
        .download(file, &DownloadRange::whole(), None)
        .await
        .unwrap();
    texts.push(format!("{:?}", file.into_body().collect(100).await.unwrap()));
    texts
}

async fn recording() -> (Vec<String>, String) {
    let recorder = Arc::new(Recorder::new(Leaky, Vec::new()).without_columns(["payload"]));
    let texts = ask(
        &pipeline(Arc::clone(&recorder), "https://api.test"),
        "https://files.test/f?sig=s1gnature",
    )
    .await;
    let lines = Arc::into_inner(recorder).unwrap().finish().unwrap();
    (texts, String::from_utf8(lines).unwrap())
}

#[tokio::test]
async fn a_recording_holds_no_secrets() {
    let (_, lines) = recording().await;
    assert_eq!(lines.lines().count(), 6);
    for secret in [KEY, "s1gnature", "Ada", "authorization", "set-cookie", "Bearer"] {
        assert!(!lines.contains(secret), "{secret} in {lines}");
    }
    insta::assert_snapshot!(lines);
}

#[tokio::test]
async fn a_replay_answers_as_the_server_did() {
    let (recorded, lines) = recording().await;
    let replay = Arc::new(Replay::from_reader(lines.as_bytes()).unwrap());
    // Under another base URL, as in a test against this machine.
    let pipeline = pipeline(Arc::clone(&replay), "http://localhost:1");
    let replayed = ask(&pipeline, "https://files.test/f?***").await;
    let expected: Vec<_> = recorded
        .iter()
        .map(|text| {
            text.replace(r#"{\"name\":\"Ada\"}"#, "null")
                .replace("sig=s1gnature", "***")
        })
        .collect();
    assert_eq!(replayed, expected);
    assert_eq!(replay.unused(), Vec::<String>::new());
}

#[tokio::test]
async fn a_body_that_is_dropped_is_recorded_as_broken_off() {
    let recorder = Recorder::new(Leaky, Vec::new());
    let request = http::Request::get("https://files.test/f")
        .body(Bytes::new())
        .unwrap();
    drop(recorder.send(request).await.unwrap());
    let lines = String::from_utf8(recorder.finish().unwrap()).unwrap();
    assert!(lines.contains(r#""broke_off":"body""#), "{lines}");
}

#[tokio::test]
async fn a_writer_that_fails_fails_no_request() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let recorder = Recorder::new(Leaky, Full);
    let request = http::Request::get("https://files.test/f")
        .body(Bytes::new())
        .unwrap();
    recorder
        .send(request)
        .await
        .unwrap()
        .into_body()
        .collect(10)
        .await
        .unwrap();
    assert_eq!(recorder.flush().unwrap_err().kind(), io::ErrorKind::StorageFull);
}

/// Echoes the key in every form in which a server may.
struct Echo;

impl Transport for Echo {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        let body = match request.uri().query() {
            Some("limit=1") => {
                Body::from(r#"[{"id":"hm\/live\/s3cret","payload":"hm\u002flive\u002Fs3cret"}]"#)
            }
            Some("limit=2") => Body::from([&b"[\xff"[..], b"hm/live/s3cret]"].concat()),
            _ => Body::from("file"),
        };
        let headers = [
            ("content-type", "application/json"),
            ("x-key", "hm%2Flive%2fs3cret"),
        ];
        Box::pin(std::future::ready(Ok(answer(200, &headers, body))))
    }
}

#[tokio::test]
async fn a_key_is_taken_out_of_escapes_of_bytes_that_are_no_text_and_of_the_paths_of_downloads() {
    let recorder = Arc::new(Recorder::new(Echo, Vec::new()));
    let pipeline = Pipeline::builder(ApiKey::new("hm/live/s3cret"))
        .base_url("https://api.test")
        .budget(KeyBudget::unlimited())
        .transport(Arc::clone(&recorder))
        .build()
        .unwrap();
    for limit in [1, 2] {
        let query = ImportQuery::new().limit(limit);
        pipeline.page(&query, &Prefer::new(), None).await.unwrap();
    }
    let url = "https://files.test/hm/live/s3cret/f?x";
    let file = pipeline
        .download(url, &DownloadRange::whole(), None)
        .await
        .unwrap();
    file.into_body().collect(100).await.unwrap();
    drop(pipeline);
    let lines = String::from_utf8(Arc::into_inner(recorder).unwrap().finish().unwrap()).unwrap();
    for secret in ["s3cret", "733363726574"] {
        assert!(!lines.contains(secret), "{secret} in {lines}");
    }
    assert!(lines.contains("https://files.test/***/f?***"), "{lines}");
}
