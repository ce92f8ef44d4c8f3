//! The server as a socket sees it: bytes, resets, refused connections.

#![allow(
    clippy::expect_used,
    reason = "a test may; clippy.toml covers only functions marked as tests"
)]

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mateo_http::Transport;
use mateo_sandbox::{Endpoint, EndpointBuilder, Fault, Limits, Row, Sandbox, SandboxTransport, Server, When};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
};

fn endpoint() -> EndpointBuilder {
    Endpoint::builder(Sandbox::generate(60, 1)).limits(Limits::none())
}

async fn server(endpoint: EndpointBuilder) -> Server {
    Server::bind(endpoint.build(), "127.0.0.1:0")
        .await
        .expect("a free port")
}

fn address(url: &str) -> SocketAddr {
    let address = url.strip_prefix("http://").expect("plain http");
    address.parse().expect("an address")
}

/// What came before the connection ended, and how it ended.
struct Seen {
    bytes: Vec<u8>,
    end: io::Result<()>,
}

impl Seen {
    fn head(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        text.split("\r\n\r\n")
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    }

    fn status(&self) -> u16 {
        let head = self.head();
        let status = head.split(' ').nth(1).unwrap_or_default();
        status.parse().unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<String> {
        let head = self.head();
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(header, _)| *header == name)
            .map(|(_, value)| value.to_owned())
    }

    fn body(&self) -> &[u8] {
        let begin = self.bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        begin.map_or(&[], |begin| &self.bytes[begin + 4..])
    }

    fn announced(&self) -> usize {
        let length = self.header("content-length").expect("a length");
        length.parse().expect("a number")
    }
}

async fn read_to_end(stream: &mut TcpStream) -> Seen {
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await.map(|_| ());
    Seen { bytes, end }
}

async fn ask_with(url: &str, request: &str) -> Seen {
    let mut stream = TcpStream::connect(address(url)).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("sent");
    read_to_end(&mut stream).await
}

const GET: &str = "GET /api/v1/import HTTP/1.1\r\nhost: sandbox\r\nauthorization: Bearer a-key\r\n";

async fn ask(url: &str) -> Seen {
    ask_with(url, &format!("{GET}connection: close\r\n\r\n")).await
}

/// What a client sees of a request that this fault strikes.
async fn struck(fault: Fault) -> Seen {
    let server = server(endpoint().fault(fault)).await;
    ask(server.url()).await
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let server = server(endpoint()).await;
    let mut stream = TcpStream::connect(address(server.url()))
        .await
        .expect("a connection");
    let requests = format!("{GET}\r\n{GET}connection: close\r\n\r\n");
    stream.write_all(requests.as_bytes()).await.expect("sent");
    let seen = read_to_end(&mut stream).await;
    let text = String::from_utf8_lossy(&seen.bytes);
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2);
    assert_eq!(server.endpoint().counters().requests, 2);
}

#[tokio::test]
async fn an_answer_has_its_length_and_date() {
    let server = server(endpoint()).await;
    let seen = ask(server.url()).await;
    assert_eq!(seen.status(), 200);
    assert_eq!(seen.body().len(), seen.announced());
    assert!(seen.header("date").is_some_and(|date| date.ends_with("gmt")));
    assert!(seen.end.is_ok());
}

#[tokio::test]
async fn a_reset_before_the_answer_sends_no_byte() {
    let seen = struck(Fault::ResetBefore).await;
    assert!(seen.bytes.is_empty());
    assert_eq!(
        seen.end.map_err(|error| error.kind()),
        Err(io::ErrorKind::ConnectionReset)
    );
}

#[tokio::test]
async fn a_reset_in_the_body_comes_after_half_of_it() {
    let seen = struck(Fault::ResetInBody).await;
    assert_eq!(seen.status(), 200);
    assert_eq!(seen.body().len(), seen.announced() / 2);
    assert_eq!(
        seen.end.map_err(|error| error.kind()),
        Err(io::ErrorKind::ConnectionReset)
    );
}

#[tokio::test]
async fn a_truncated_body_ends_in_good_order_before_its_length() {
    let seen = struck(Fault::TruncatedBody).await;
    assert_eq!(seen.body().len(), seen.announced() / 2);
    assert!(seen.end.is_ok());
}

#[tokio::test]
async fn a_body_that_is_cut_short_has_no_length_and_ends_with_the_connection() {
    let whole = ask(server(endpoint()).await.url()).await;
    let seen = struck(Fault::CutShort).await;
    assert_eq!(seen.status(), 200);
    assert_eq!(seen.header("content-length"), None);
    assert_eq!(seen.header("transfer-encoding"), None);
    assert_eq!(seen.body().len(), whole.body().len() / 2);
    assert!(seen.end.is_ok());
}

#[tokio::test]
async fn a_slow_body_comes_whole() {
    let seen = struck(Fault::SlowBody).await;
    assert_eq!(seen.body().len(), seen.announced());
    assert!(serde_json::from_slice::<Vec<serde_json::Value>>(seen.body()).is_ok());
}

#[tokio::test]
async fn a_stalled_body_stops_half_way_and_the_connection_stays() {
    let server = server(endpoint()).await;
    let whole = ask(server.url()).await;
    server.endpoint().inject(Fault::StalledBody);
    let mut stream = TcpStream::connect(address(server.url()))
        .await
        .expect("a connection");
    stream
        .write_all(format!("{GET}\r\n").as_bytes())
        .await
        .expect("sent");
    // This answer's head lacks the other's "connection: close".
    let head = whole.bytes.len() - whole.body().len() - "connection: close\r\n".len();
    let mut half = vec![0; head + whole.announced() / 2];
    stream.read_exact(&mut half).await.expect("half of it");
    assert!(String::from_utf8_lossy(&half).contains(&format!("content-length: {}", whole.announced())));
    let more = stream.try_read(&mut [0; 1]).map_err(|error| error.kind());
    assert_eq!(more, Err(io::ErrorKind::WouldBlock));
    drop(server);
    assert_eq!(read_to_end(&mut stream).await.bytes, b"");
}

#[tokio::test]
async fn a_request_that_is_never_answered_leaves_the_connection_open() {
    let server = server(endpoint().fault(Fault::NoAnswer.on(When::Nth(2)))).await;
    ask(server.url()).await;
    let mut stream = TcpStream::connect(address(server.url()))
        .await
        .expect("a connection");
    stream
        .write_all(format!("{GET}\r\n").as_bytes())
        .await
        .expect("sent");
    // A third request is answered while the second still waits.
    while server.endpoint().counters().requests < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(server.url()).await.status(), 200);
    let answer = stream.try_read(&mut [0; 1]).map_err(|error| error.kind());
    assert_eq!(answer, Err(io::ErrorKind::WouldBlock));
}

#[tokio::test]
async fn rows_that_never_end_have_no_length_and_keep_coming() {
    let server = server(endpoint().fault(Fault::Endless)).await;
    let mut stream = TcpStream::connect(address(server.url()))
        .await
        .expect("a connection");
    stream
        .write_all(format!("{GET}\r\n").as_bytes())
        .await
        .expect("sent");
    let mut bytes = vec![0; 300_000];
    stream.read_exact(&mut bytes).await.expect("more than ten pages");
    let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    assert!(text.contains("transfer-encoding: chunked"));
    assert!(!text.contains("content-length"));
}

#[tokio::test]
async fn a_refused_connection_finds_a_closed_port_which_opens_again() {
    let server = server(endpoint().fault(Fault::ConnectionRefused.on(When::Nth(2)))).await;
    let first = ask_with(server.url(), &format!("{GET}\r\n")).await;
    assert_eq!(first.status(), 200);
    assert_eq!(first.header("connection").as_deref(), Some("close"));
    let refused = loop {
        // Until the server has closed its port, a connection is taken and closed.
        if let Err(error) = TcpStream::connect(address(server.url())).await {
            break error;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    while TcpStream::connect(address(server.url())).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(server.url()).await.status(), 200);
}

#[tokio::test]
async fn a_very_first_connection_can_be_refused() {
    let server = server(endpoint().fault(Fault::ConnectionRefused)).await;
    while TcpStream::connect(address(server.url())).await.is_ok() {
        tokio::task::yield_now().await;
    }
    server.endpoint().clear_faults();
    while TcpStream::connect(address(server.url())).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(server.url()).await.status(), 200);
}

#[tokio::test]
async fn answers_without_rows_look_on_the_wire_as_they_should() {
    for (fault, status, header, value) in [
        (Fault::TooManyRequests, 429, "retry-after", None),
        (Fault::RetryAfterSeconds, 429, "retry-after", Some("2")),
        (Fault::BadGateway, 502, "content-type", Some("text/html")),
        (Fault::Unavailable, 503, "content-length", Some("0")),
        (Fault::NoContent, 204, "content-length", None),
        (Fault::EmptyBody, 200, "content-length", Some("0")),
        (
            Fault::WrongContentType,
            200,
            "content-type",
            Some("text/html; charset=utf-8"),
        ),
    ] {
        let seen = struck(fault).await;
        assert_eq!(seen.status(), status, "{fault}");
        assert_eq!(seen.header(header).as_deref(), value, "{fault}");
        assert!(seen.end.is_ok(), "{fault}");
    }
}

#[tokio::test]
async fn a_redirect_leads_to_the_files_origin_which_counts_keys() {
    let server = server(endpoint().fault(Fault::Redirect)).await;
    let location = ask(server.url()).await.header("location").expect("a URL");
    assert_eq!(
        location,
        format!("{}/elsewhere/api/v1/import", server.files_url())
    );
    let key = "authorization: Bearer a-key\r\nconnection: close\r\n\r\n";
    let request = format!("GET /elsewhere/api/v1/import HTTP/1.1\r\nhost: files\r\n{key}");
    assert_eq!(ask_with(server.files_url(), &request).await.status(), 403);
    let counters = server.endpoint().counters();
    assert_eq!((counters.leaked_keys, counters.followed_redirects), (1, 1));
}

#[tokio::test]
async fn rows_name_the_live_origin_of_files_and_a_part_of_a_file_comes_from_there() {
    let server = server(endpoint()).await;
    let page: Vec<serde_json::Value> = serde_json::from_slice(ask(server.url()).await.body()).expect("rows");
    let url = page
        .iter()
        .find_map(|row| row["failed_url"].as_str())
        .expect("an import with failures");
    let path = url.strip_prefix(server.files_url()).expect("the live origin");
    let get = |more: &str| format!("GET {path} HTTP/1.1\r\nhost: files\r\n{more}connection: close\r\n\r\n");
    let whole = ask_with(server.files_url(), &get("")).await;
    let part = ask_with(server.files_url(), &get("range: bytes=10-19\r\n")).await;
    assert_eq!((whole.status(), part.status()), (200, 206));
    assert_eq!(part.body(), &whole.body()[10..20]);
    let head = get("").replacen("GET", "HEAD", 1);
    let head = ask_with(server.files_url(), &head).await;
    assert_eq!((head.announced(), head.body().len()), (whole.body().len(), 0));
}

#[tokio::test]
async fn a_query_may_come_unescaped_as_curl_sends_it() {
    let server = server(endpoint()).await;
    for query in [
        "select=id,payload->0->>email",
        "reference_id=eq.\"ü\"",
        "reference_id=in.(\"<a>\",#)",
    ] {
        let request = GET.replacen(" HTTP", &format!("?{query} HTTP"), 1);
        let seen = ask_with(server.url(), &format!("{request}connection: close\r\n\r\n")).await;
        assert_eq!(
            seen.status(),
            200,
            "{query}: {}",
            String::from_utf8_lossy(seen.body())
        );
    }
}

#[tokio::test]
async fn what_is_no_http_is_refused_and_nothing_else_suffers() {
    let server = server(endpoint()).await;
    assert_eq!(ask_with(server.url(), "nonsense\r\n\r\n").await.status(), 400);
    let long = format!("GET /api/v1/import?a={} HTTP/1.1\r\n\r\n", "x".repeat(70_000));
    assert_eq!(ask_with(server.url(), &long).await.status(), 414);
    assert_eq!(ask(server.url()).await.status(), 200);
}

#[tokio::test]
async fn a_stop_lets_an_answer_that_is_under_way_end() {
    let arrived = Arc::new(Notify::new());
    let tell = Arc::clone(&arrived);
    let latency = Duration::from_millis(50);
    let builder = endpoint().latency(latency, Duration::ZERO);
    let server = server(builder.on_request(move |_, _, _| tell.notify_one())).await;
    let url = server.url().to_owned();
    let asked = tokio::spawn(async move { ask(&url).await });
    arrived.notified().await;
    let address = address(server.url());
    server.stop().await;
    let seen = asked.await.expect("no panic");
    assert_eq!(seen.body().len(), seen.announced());
    assert!(TcpStream::connect(address).await.is_err());
}

/// What can be compared of an answer: status, type, whether it says when to come back, what came of the body, and
/// whether that was all.
type Facts = (u16, Option<String>, bool, Vec<u8>, bool);

/// An endpoint whose answers name no origin, so that they are the same everywhere.
fn endpoint_with(fault: Fault) -> EndpointBuilder {
    let sandbox = Sandbox::new();
    for id in 0..5 {
        let row = Row::import(uuid::Uuid::from_u128(id), chrono::DateTime::UNIX_EPOCH);
        sandbox.insert(row).expect("an import");
    }
    let start = chrono::DateTime::UNIX_EPOCH;
    Endpoint::builder(sandbox)
        .limits(Limits::none())
        .starting_at(start)
        .fault(fault)
}

async fn on_a_socket(fault: Fault) -> Facts {
    let server = server(endpoint_with(fault)).await;
    let seen = ask(server.url()).await;
    let is_whole = seen.header("content-length").is_none() || seen.announced() == seen.body().len();
    let ended = seen.end.is_ok() && is_whole;
    let (content_type, retry_after) = (seen.header("content-type"), seen.header("retry-after").is_some());
    (
        seen.status(),
        content_type,
        retry_after,
        seen.body().to_vec(),
        ended,
    )
}

async fn in_process(fault: Fault) -> Facts {
    let transport = SandboxTransport::new(endpoint_with(fault).build());
    let request =
        http::Request::get("https://sandbox.invalid/api/v1/import").header("authorization", "Bearer a-key");
    let request = request.body(bytes::Bytes::new()).expect("a request");
    let response = transport.send(request).await.expect("an answer");
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        value.to_str().map(str::to_ascii_lowercase).ok()
    };
    let (status, content_type, retry_after) = (
        response.status().as_u16(),
        header("content-type"),
        header("retry-after").is_some(),
    );
    let (mut body, mut bytes) = (response.into_body(), Vec::new());
    let ended = loop {
        match body.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    (status, content_type, retry_after, bytes, ended)
}

#[tokio::test]
async fn a_fault_is_the_same_on_a_socket_as_in_process() {
    let has_no_end = [Fault::NoAnswer, Fault::StalledBody, Fault::Endless];
    let has_no_head = [Fault::ConnectionRefused, Fault::ResetBefore];
    let faults = Fault::ALL.iter().copied();
    let comparable = faults.filter(|fault| !has_no_end.contains(fault) && !has_no_head.contains(fault));
    let compared = futures_util::future::join_all(comparable.map(|fault| async move {
        let (socket, process) = tokio::join!(on_a_socket(fault), in_process(fault));
        assert_eq!(socket, process, "{fault}");
    }));
    assert_eq!(compared.await.len(), Fault::ALL.len() - 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_connections_are_served_at_once_and_all_are_counted() {
    let server = server(endpoint()).await;
    let url: Arc<str> = server.url().into();
    let clients = (0..8).map(|_| {
        let url = Arc::clone(&url);
        tokio::spawn(async move {
            for _ in 0..25 {
                assert_eq!(ask(&url).await.status(), 200);
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.expect("no panic");
    }
    let counters = server.endpoint().counters();
    assert_eq!(counters.requests, 200);
    assert_eq!(counters.by_status, [(200, 200)].into());
}

#[tokio::test(start_paused = true)]
async fn headers_or_a_body_that_do_not_come_end_the_connection() {
    let server = server(endpoint()).await;
    for begun in [
        "",
        "GET /api/v1/import HTTP/1.1\r\nhost: x\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n12",
    ] {
        let mut stream = TcpStream::connect(address(server.url()))
            .await
            .expect("a connection");
        stream.write_all(begun.as_bytes()).await.expect("sent");
        // The clock moves on by itself while everything waits.
        let within = tokio::time::timeout(Duration::from_secs(60), read_to_end(&mut stream));
        assert!(within.await.is_ok(), "{begun:?}");
    }
}

#[tokio::test]
async fn connections_above_the_cap_wait_until_others_end() {
    let server = server(endpoint()).await;
    let connect = async || {
        TcpStream::connect(address(server.url()))
            .await
            .expect("a connection")
    };
    let mut idle = Vec::new();
    for _ in 0..1024 {
        idle.push(connect().await);
    }
    let mut waiting = connect().await;
    let request = format!("{GET}connection: close\r\n\r\n");
    waiting.write_all(request.as_bytes()).await.expect("sent");
    let mut byte = [0];
    let early = tokio::time::timeout(Duration::from_millis(200), waiting.peek(&mut byte));
    assert!(early.await.is_err(), "it was served above the cap");
    idle.clear();
    assert_eq!(read_to_end(&mut waiting).await.status(), 200);
}

#[tokio::test]
async fn a_server_knows_whether_other_machines_reach_it() {
    assert!(!server(endpoint()).await.is_exposed());
    let open = Server::bind(endpoint().build(), "0.0.0.0:0")
        .await
        .expect("a port");
    assert!(open.is_exposed());
}
