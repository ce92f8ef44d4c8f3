//! Downloads from servers that cut, change and mislabel files, over real sockets: what comes out is one version of the file,
//! or an error.

#![allow(clippy::unwrap_used, reason = "a test may")]
#![cfg(feature = "rustls")]

use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::write::GzEncoder;
use mateo_imports::{ApiKey, Client, Download, ImportFile, Retry};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use uuid::Uuid;

/// A server that gives each request what `answer` says, as it says it, and closes.
struct Server {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn new(answer: impl Fn(usize, &str) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let number = seen.lock().unwrap().len();
                let bytes = answer(number, &head);
                seen.lock().unwrap().push(head);
                stream.write_all(&bytes).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        Self { url, requests }
    }

    /// These answers, one after another.
    async fn script(answers: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let answers: Vec<_> = answers.into_iter().collect();
        Self::new(move |number, _| answers[number].clone()).await
    }

    fn client(&self) -> Client {
        Client::builder(ApiKey::new("s3cret"))
            .base_url(&self.url)
            .retry(Retry::default().base(Duration::ZERO))
            .build()
            .unwrap()
    }

    fn file(&self) -> Download {
        self.client().download(format!("{}/f", self.url))
    }

    /// The `Range` of each request; empty where it has none.
    fn ranges(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let range = |head: &String| {
            let line = head.lines().find_map(|line| line.strip_prefix("range: "));
            line.unwrap_or_default().to_owned()
        };
        requests.iter().map(range).collect()
    }
}

/// A response that announces `length` bytes and sends `body`.
fn sends(status: &str, headers: &str, length: Option<usize>, body: impl AsRef<[u8]>) -> Vec<u8> {
    let length = length.map_or_else(String::new, |length| format!("content-length: {length}\r\n"));
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}{length}\r\n");
    [head.as_bytes(), body.as_ref()].concat()
}

fn whole(headers: &str, body: &str) -> Vec<u8> {
    sends("200 OK", headers, Some(body.len()), body)
}

fn cut(headers: &str, body: &str) -> Vec<u8> {
    sends("200 OK", headers, Some(body.len()), &body[..3])
}

const V1: &str = "etag: \"1\"\r\n";

#[tokio::test]
async fn the_rest_of_the_same_file_is_joined() {
    let rest = sends(
        "206 Partial",
        &format!("{V1}content-range: bytes 3-5/6\r\n"),
        Some(3),
        "345",
    );
    let server = Server::script([cut(V1, "012345"), rest]).await;
    assert_eq!(server.file().bytes().await.unwrap(), "012345");
    assert_eq!(server.ranges(), ["", "bytes=3-"]);
}

#[tokio::test]
async fn without_a_strong_validator_no_part_is_asked_for() {
    for headers in ["", "etag: W/\"1\"\r\n"] {
        let server = Server::script([cut(headers, "012345"), whole(headers, "012345")]).await;
        assert_eq!(server.file().bytes().await.unwrap(), "012345");
        assert_eq!(server.ranges(), ["", ""]);
    }
}

#[tokio::test]
async fn a_file_that_changed_is_one_version_or_an_error() {
    for headers in ["", V1] {
        let answers = || {
            [
                cut(headers, "oldold"),
                whole("etag: \"2\"\r\n", "newfile"),
                whole("", "newfile"),
            ]
        };
        let server = Server::script(answers()).await;
        assert_eq!(server.file().bytes().await.unwrap(), "newfile");

        let server = Server::script(answers()).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        assert_eq!(server.file().to_file(&path).await.unwrap(), 7);
        assert_eq!(std::fs::read(&path).unwrap(), b"newfile");

        // What a writer has got cannot be taken back.
        let server = Server::script(answers()).await;
        let mut written = Vec::new();
        let error = server.file().to_writer(&mut written).await.unwrap_err();
        assert!(
            error.to_string().contains("changed") && error.is_retryable(),
            "{error}"
        );
        assert_eq!(written, b"old");
    }
}

#[tokio::test]
async fn a_part_of_another_file_is_not_joined() {
    let other = [
        "etag: \"1\"\r\ncontent-range: bytes 3-6/7\r\n",
        "etag: \"2\"\r\ncontent-range: bytes 3-5/6\r\n",
        "etag: \"1\"\r\ncontent-range: bytes 2-5/6\r\n",
        "etag: \"1\"\r\ncontent-range: bytes 3-5/*\r\n",
        "etag: \"1\"\r\n",
    ];
    for headers in other {
        let part = sends("206 Partial", headers, Some(3), "xyz");
        let server = Server::script([cut(V1, "012345"), part, whole(V1, "012345")]).await;
        assert_eq!(server.file().bytes().await.unwrap(), "012345", "{headers}");
        assert_eq!(server.ranges(), ["", "bytes=3-", ""]);
    }
}

#[tokio::test]
async fn a_part_that_is_cut_short_without_a_length_is_not_the_end() {
    let part = |range: &str, body: &str| {
        let headers = format!("{V1}content-range: bytes {range}/6\r\n");
        sends("206 Partial", &headers, None, body)
    };
    let chunked = format!("{V1}transfer-encoding: chunked\r\n");
    let unknown = sends("200 OK", &chunked, None, "3\r\n012\r\n");
    for begun in [cut(V1, "012345"), unknown] {
        let server = Server::script([begun, part("3-5", "3"), part("4-5", "45")]).await;
        assert_eq!(server.file().bytes().await.unwrap(), "012345");
    }
}

#[tokio::test]
async fn a_part_that_nobody_asked_for_is_not_the_file() {
    let part = |range: &str, body: &str| {
        sends(
            "206 Partial",
            &format!("{V1}content-range: bytes {range}/6\r\n"),
            Some(body.len()),
            body,
        )
    };
    let server = Server::script([part("0-2", "012"), part("3-5", "345")]).await;
    assert_eq!(server.file().bytes().await.unwrap(), "012345");
    assert_eq!(server.ranges(), ["", "bytes=3-"]);

    // Instead of the rest first nonsense, then the beginning again.
    let answers = [
        cut(V1, "012345"),
        part("2-4", "234"),
        part("0-2", "012"),
        whole(V1, "012345"),
    ];
    let server = Server::script(answers).await;
    assert_eq!(server.file().bytes().await.unwrap(), "012345");
}

#[tokio::test]
async fn the_rest_of_a_file_is_not_joined_before_its_beginning_was_compared() {
    let new = "etag: \"2\"\r\n";
    let begun = sends("200 OK", new, Some(6), "n");
    let rest = sends(
        "206 Partial",
        &format!("{new}content-range: bytes 3-5/6\r\n"),
        Some(3),
        "new",
    );
    let server = Server::new(move |number, head| match number {
        0 => cut(V1, "oldold"),
        1 => begun.clone(),
        _ if head.contains("range: ") => rest.clone(),
        _ => whole(new, "newnew"),
    })
    .await;
    assert_eq!(server.file().bytes().await.unwrap(), "newnew");
    assert_eq!(server.ranges(), ["", "bytes=3-", "", ""]);
}

#[tokio::test]
async fn a_file_that_shrank_is_another_one() {
    let server = Server::script([cut("", "012345"), whole("", "01"), whole("", "01")]).await;
    assert_eq!(server.file().bytes().await.unwrap(), "01");
}

#[tokio::test]
async fn no_more_bytes_than_are_here_is_the_end() {
    // All five bytes came; the end of the chunks did not.
    let chunked = format!("{V1}transfer-encoding: chunked\r\n");
    let cut = || sends("200 OK", &chunked, None, "5\r\n01234\r\n");
    let none = |length: usize| {
        let headers = format!("content-range: bytes */{length}\r\n");
        sends("416 Range Not Satisfiable", &headers, Some(0), "")
    };
    let server = Server::script([cut(), none(5)]).await;
    assert_eq!(server.file().bytes().await.unwrap(), "01234");
    let server = Server::script([cut(), none(3), whole("", "012")]).await;
    let error = server.file().to_writer(&mut Vec::new()).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_file_that_is_stored_gzipped_comes_out_plain_unless_it_is_wanted_as_stored() {
    let plain: Vec<u8> = (0..50_000_u32).flat_map(u32::to_le_bytes).collect();
    let packed = gzip(&plain);
    let half = packed.len() / 2;
    let headers = format!("{V1}content-encoding: gzip\r\n");
    let range = format!(
        "{headers}content-range: bytes {half}-{}/{}\r\n",
        packed.len() - 1,
        packed.len()
    );
    let answers = || {
        [
            sends("200 OK", &headers, Some(packed.len()), &packed[..half]),
            sends("206 Partial", &range, Some(packed.len() - half), &packed[half..]),
        ]
    };
    let server = Server::script(answers()).await;
    assert!(server.file().bytes().await.unwrap() == plain);
    let server = Server::script(answers()).await;
    assert!(server.file().as_stored().bytes().await.unwrap() == packed);

    let bomb = sends(
        "200 OK",
        "content-encoding: gzip\r\n",
        None,
        gzip(&vec![0; 10 << 20]),
    );
    let error = Server::script([bomb])
        .await
        .file()
        .max_bytes(1 << 20)
        .bytes()
        .await
        .unwrap_err();
    assert!(error.is_too_large(), "{error}");

    let other = || sends("200 OK", "content-encoding: br\r\n", None, "?");
    let error = Server::script([other()]).await.file().bytes().await.unwrap_err();
    assert!(error.is_decode() && error.to_string().contains("br"), "{error}");
    assert_eq!(
        Server::script([other()])
            .await
            .file()
            .as_stored()
            .bytes()
            .await
            .unwrap(),
        "?"
    );
}

#[tokio::test]
async fn a_url_is_taken_as_it_stands_in_the_row() {
    let server = Server::script([whole("", "file")]).await;
    let url = format!("{}/failed contacts \"1\"|2.json?sig=a b#x", server.url);
    assert_eq!(server.client().download(url).bytes().await.unwrap(), "file");
    let requests = server.requests.lock().unwrap();
    assert!(
        requests[0].starts_with("GET /failed%20contacts%20%221%22|2.json?sig=a%20b HTTP/1.1"),
        "{requests:?}"
    );
}

#[tokio::test]
async fn a_file_hosts_own_error_is_tried_again() {
    let server = Server::script([sends("500 Oops", "", Some(0), ""), whole("", "file")]).await;
    assert_eq!(server.file().bytes().await.unwrap(), "file");
}

#[tokio::test]
async fn a_url_that_expires_twice_is_read_anew_twice() {
    let server = Server::new(|number, head| {
        let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        if head.starts_with("GET /api") {
            let row = format!(
                r#"[{{"id":"{id}","created_at":"2025-01-01T00:00:00Z","updated_at":"2025-01-01T00:00:00Z",
                "organisation_id":"{id}","type":"contact_details","failed_url":"http://{host}/f{number}"}}]"#,
                id = Uuid::nil()
            );
            return sends(
                "200 OK",
                "content-type: application/json\r\n",
                Some(row.len()),
                row,
            );
        }
        let headers = |from: usize| format!("{V1}content-range: bytes {from}-8/9\r\n");
        match number {
            1 => sends("200 OK", V1, Some(9), "012"),
            4 => sends("206 Partial", &headers(3), Some(6), "345"),
            7 => sends("206 Partial", &headers(6), Some(3), "678"),
            _ => sends("403 Forbidden", "", Some(0), ""),
        }
    })
    .await;
    let file = server.client().download_file(Uuid::nil(), ImportFile::Failed);
    assert_eq!(file.bytes().await.unwrap(), "012345678");
    assert_eq!(server.requests.lock().unwrap().len(), 8);
}

#[tokio::test]
async fn a_record_without_an_end_is_an_error_before_it_fills_the_memory() {
    let record = format!("[1,\"{}\"]", "x".repeat(1 << 20));
    for (limit, fits) in [(1 << 20, false), (2 << 20, true)] {
        let server = Server::script([whole("", &record)]).await;
        let mut rows = server.file().max_record_bytes(limit).rows::<serde_json::Value>();
        assert_eq!(rows.try_next().await.unwrap().unwrap(), 1);
        match rows.try_next().await {
            Ok(Some(_)) if fits => {}
            Err(error) if !fits => assert!(error.is_too_large(), "{error}"),
            other => panic!("{other:?}"),
        }
    }
}
