//! Real sockets: what goes over the wire, and what becomes of connections that end.

mod proxy;
#[cfg(feature = "rustls")]
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use mateo_model::{ImportQuery, Prefer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Mutex,
};

use super::*;
use crate::budget::KeyBudget;
use crate::gzip;
use crate::pipeline::Pipeline;
use crate::retry::Retry;
use crate::secret::ApiKey;

/// A server that reads one request a connection and answers it with these bytes, then closes.
struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn answering(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_head(&mut stream).await;
                seen.lock().await.push(request);
                stream.write_all(&answer).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        Self { address, requests }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    [
        format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes(),
        body,
    ]
    .concat()
}

fn transport() -> ReqwestTransport {
    ReqwestTransport::builder().build().unwrap()
}

async fn get(url: &str) -> Result<Response, TransportError> {
    transport()
        .send(http::Request::get(url).body(Bytes::new()).unwrap())
        .await
}

fn pipeline(server: &Server) -> Pipeline {
    let budget = KeyBudget::unlimited();
    Pipeline::builder(ApiKey::new("s3cret"))
        .base_url(server.url())
        .budget(budget)
        .retry(Retry::default().base(Duration::ZERO))
        .user_agent("test")
        .build()
        .unwrap()
}

#[tokio::test]
async fn the_request_goes_over_the_wire_as_it_is() {
    let server = Server::answering(vec![answer("200 OK\r\ncontent-type: application/json", b"[]")]).await;
    let query = ImportQuery::parse("or=(reference_id.eq.%22a%20%27b%22,id.is.null)").unwrap();
    pipeline(&server)
        .page(&query, &Prefer::new(), None)
        .await
        .unwrap();
    let requests = server.requests.lock().await;
    let mut lines: Vec<_> = requests[0].lines().filter(|line| !line.is_empty()).collect();
    let host = format!("host: {}", server.address);
    let first = lines.remove(0);
    lines.sort_unstable();
    assert_eq!(
        first,
        format!("GET /api/v1/import?{} HTTP/1.1", query.to_query_string().unwrap())
    );
    assert_eq!(
        lines,
        [
            "accept-encoding: gzip",
            "accept: application/json",
            "authorization: Bearer s3cret",
            &host,
            "user-agent: test"
        ]
    );
}

#[tokio::test]
async fn every_status_is_an_answer_and_redirects_are_not_followed() {
    for status in [
        "404 Not Found",
        "500 Oh",
        "302 Found\r\nlocation: /elsewhere",
        "304 Not Modified",
        "204 No Content",
    ] {
        let server = Server::answering(vec![answer(status, b"")]).await;
        let response = get(&server.url()).await.unwrap();
        assert_eq!(response.status().as_str(), &status[..3]);
    }
}

#[tokio::test]
async fn headers_and_body_come_as_they_are() {
    let packed = gzip::encode(b"[]");
    let server = Server::answering(vec![answer(
        "206 Partial\r\ncontent-encoding: gzip\r\nx: 1\r\nx: 2",
        &packed,
    )])
    .await;
    let response = get(&server.url()).await.unwrap();
    assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        response.headers().get_all("x").iter().collect::<Vec<_>>(),
        ["1", "2"]
    );
    assert_eq!(
        response.headers()[header::CONTENT_ENCODING],
        HeaderValue::from_static("gzip")
    );
    assert_eq!(response.into_body().collect(1000).await.unwrap(), packed);
}

#[tokio::test]
async fn a_gzipped_page_is_read() {
    let head = "200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip";
    let server = Server::answering(vec![answer(head, &gzip::encode(b"[{}]"))]).await;
    let page = pipeline(&server)
        .page(&ImportQuery::new(), &Prefer::new(), None)
        .await
        .unwrap();
    assert_eq!(page.body, "[{}]");
}

#[tokio::test]
async fn a_connection_that_is_refused() {
    let address = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let error = get(&format!("http://{address}/secret?query")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Connect);
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
}

#[tokio::test]
async fn a_connection_that_ends_before_the_head() {
    for sent in ["", "HTTP/1.1 200 OK\r\ncontent-", "SSH-2.0-OpenSSH\r\n"] {
        let server = Server::answering(vec![sent.into()]).await;
        let error = get(&server.url()).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Reset, "{sent:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_within_the_body() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n[1,\r\n";
    for sent in ["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[1,", chunked] {
        let server = Server::answering(vec![sent.into()]).await;
        let mut body = get(&server.url()).await.unwrap().into_body();
        assert_eq!(body.chunk().await.unwrap().unwrap(), "[1,");
        assert_eq!(
            body.chunk().await.unwrap_err().kind(),
            TransportErrorKind::Body,
            "{sent:?}"
        );
    }
}

#[tokio::test]
async fn a_page_that_was_cut_off_is_asked_for_again() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[{},".to_vec();
    let whole = answer("200 OK\r\ncontent-type: application/json", b"[{},{}]");
    let server = Server::answering(vec![Vec::new(), cut, whole]).await;
    let page = pipeline(&server)
        .page(&ImportQuery::new(), &Prefer::new(), None)
        .await
        .unwrap();
    assert_eq!((page.body.as_ref(), page.attempts), (&b"[{},{}]"[..], 3));
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn a_server_that_speaks_no_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        stream.read_u8().await.unwrap();
    });
    let error = get(&url).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Tls, "{error:?}");
}

#[tokio::test]
async fn dropping_the_future_closes_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let request = tokio::spawn(async move { get(&url).await.map(drop) });
    let (mut stream, _) = listener.accept().await.unwrap();
    read_head(&mut stream).await;
    request.abort();
    assert_eq!(
        stream.read(&mut [0; 1]).await.unwrap(),
        0,
        "the client still holds the connection"
    );
}

#[tokio::test]
async fn a_download_reaches_no_name_that_resolves_to_this_machine() {
    let server = Server::answering(vec![answer("200 OK", b"[]")]).await;
    let request = || http::Request::get(format!("http://localhost:{}/f", server.address.port()));
    let public = request()
        .extension(PublicAddressesOnly)
        .body(Bytes::new())
        .unwrap();
    let error = transport().send(public).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Request, "{error:?}");
    let usual = request().body(Bytes::new()).unwrap();
    assert_eq!(transport().send(usual).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn limits_without_bounds_never_overflow() {
    let server = Server::answering(vec![answer("200 OK", b"[]"), answer("200 OK", b"[]")]).await;
    let never = Duration::MAX;
    let transport = ReqwestTransport::builder()
        .connect_timeout(never)
        .build()
        .unwrap();
    for _ in 0..2 {
        let request = http::Request::get(server.url()).body(Bytes::new()).unwrap();
        let response = transport.send(request).await.unwrap();
        assert_eq!(response.into_body().collect(10).await.unwrap(), "[]");
    }
}

#[test]
fn a_certificate_that_cannot_be_read_is_an_error() {
    let pem = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    let roots = ReqwestTransport::builder().root_certificates_pem(pem).build();
    assert_eq!(roots.unwrap_err().kind(), TransportErrorKind::Request);
}
