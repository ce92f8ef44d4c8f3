use mateo_http::{Transport, TransportErrorKind};

use super::*;
use crate::fault::{Fault, When};
use crate::files::Expiry;
use crate::files::ORIGIN;
use crate::gateway::{Limits, Window};
use crate::generate::Generator;
use crate::reply::{PAUSE, PIECES};
use crate::row::Row;
use crate::transport::SandboxTransport;

fn sandbox() -> Sandbox {
    Sandbox::generate(60, 1)
}

fn get(uri: &str) -> Request<Bytes> {
    Request::get(uri)
        .header("authorization", "Bearer a-key")
        .body(Bytes::new())
        .expect("a request")
}

const IMPORTS: &str = "https://sandbox.invalid/api/v1/import";

/// Status and body, or the kind of the error, within a minute.
async fn ask(transport: &SandboxTransport, uri: &str) -> Result<(u16, Bytes), Option<TransportErrorKind>> {
    let exchange = async {
        let response = transport.send(get(uri)).await?;
        let status = response.status().as_u16();
        Ok((status, response.into_body().collect(1 << 20).await?))
    };
    match tokio::time::timeout(Duration::from_secs(60), exchange).await {
        Ok(answer) => answer.map_err(|error: mateo_http::TransportError| Some(error.kind())),
        Err(_) => Err(None),
    }
}

#[tokio::test(start_paused = true)]
async fn faults_of_the_connection_end_in_the_error_they_would_have_on_a_socket() {
    for (fault, kind) in [
        (Fault::ConnectionRefused, Some(TransportErrorKind::Connect)),
        (Fault::ResetBefore, Some(TransportErrorKind::Reset)),
        (Fault::ResetInBody, Some(TransportErrorKind::Body)),
        (Fault::TruncatedBody, Some(TransportErrorKind::Body)),
        (Fault::Endless, Some(TransportErrorKind::TooLarge)),
        (Fault::NoAnswer, None),
        (Fault::StalledBody, None),
    ] {
        let endpoint = Endpoint::builder(sandbox())
            .limits(Limits::none())
            .fault(fault.on(When::Nth(2)))
            .build();
        let transport = SandboxTransport::new(endpoint.clone());
        let whole = ask(&transport, IMPORTS).await.expect("the first is whole");
        assert_eq!(ask(&transport, IMPORTS).await, Err(kind), "{fault}");
        assert_eq!(ask(&transport, IMPORTS).await, Ok(whole), "{fault}");
        assert_eq!(endpoint.counters().strikes(fault), 1, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_comes_whole_after_its_pauses() {
    let endpoint = Endpoint::new(sandbox());
    let transport = SandboxTransport::new(endpoint.clone());
    let whole = ask(&transport, IMPORTS).await;
    endpoint.inject(Fault::SlowBody);
    let begun = Instant::now();
    assert_eq!(ask(&transport, IMPORTS).await, whole);
    assert_eq!(begun.elapsed(), PAUSE * (PIECES - 1));
}

#[tokio::test(start_paused = true)]
async fn a_truncated_body_has_announced_its_whole_length() {
    let endpoint = Endpoint::new(sandbox());
    let transport = SandboxTransport::new(endpoint.clone());
    let (_, whole) = ask(&transport, IMPORTS).await.expect("whole");
    endpoint.inject(Fault::TruncatedBody);
    let response = transport.send(get(IMPORTS)).await.expect("a head");
    assert_eq!(response.headers()["content-length"], whole.len().to_string());
    let mut body = response.into_body();
    let half = body.chunk().await.expect("half").expect("some");
    assert_eq!(half, whole[..whole.len() / 2]);
    assert!(body.chunk().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn head_announces_no_length_that_is_not_that_of_the_rows() {
    let endpoint = Endpoint::new(sandbox());
    let file = endpoint.put_file("a.json", "[1]");
    let transport = SandboxTransport::new(endpoint);
    for (uri, length) in [(IMPORTS, None), (file.as_str(), Some("3"))] {
        let mut request = get(uri);
        *request.method_mut() = http::Method::HEAD;
        if length.is_some() {
            request.headers_mut().clear();
        }
        let response = transport.send(request).await.expect("a head");
        let announced = response.headers().get("content-length");
        assert_eq!(announced.and_then(|value| value.to_str().ok()), length, "{uri}");
        assert_eq!(response.into_body().collect(1).await.expect("no body"), "");
    }
}

#[tokio::test(start_paused = true)]
async fn the_gateway_counts_in_the_endpoints_time() {
    let endpoint = Endpoint::builder(sandbox())
        .api_key("a-key")
        .limits(Limits::default().window(Window::Sliding))
        .build();
    let transport = SandboxTransport::new(endpoint.clone());
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(ask(&transport, IMPORTS).await.map(|(status, _)| status));
    }
    tokio::time::advance(Duration::from_secs(1)).await;
    statuses.push(ask(&transport, IMPORTS).await.map(|(status, _)| status));
    assert_eq!(statuses, [Ok(200), Ok(200), Ok(429), Ok(200)]);
    let counters = endpoint.take_counters();
    assert_eq!((counters.requests, counters.too_many_requests()), (4, 1));
    assert_eq!((counters.busiest_second, counters.by_status[&200]), (3, 3));
    assert_eq!(endpoint.counters().requests, 0);
}

#[tokio::test(start_paused = true)]
async fn every_answer_says_the_time_and_how_the_limits_stand() {
    let endpoint = Endpoint::builder(sandbox())
        .starting_at(DateTime::UNIX_EPOCH)
        .fault(Fault::ServerError.on(When::Nth(2)))
        .build();
    let transport = SandboxTransport::new(endpoint);
    for (date, remaining) in [
        ("00:00:00", "1"),
        ("00:00:00", "0"),
        ("00:00:00", "0"),
        ("00:00:01", "1"),
    ] {
        let response = transport.send(get(IMPORTS)).await.expect("an answer");
        assert_eq!(response.headers()["date"], format!("Thu, 01 Jan 1970 {date} GMT"));
        assert_eq!(response.headers()["ratelimit-limit"], "2");
        assert_eq!(response.headers()["ratelimit-remaining"], remaining);
        if remaining == "0" && response.status() == 429 {
            tokio::time::advance(Duration::from_secs(1)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn latency_passes_in_tokios_time_and_stays_within_its_jitter() {
    let (latency, jitter) = (Duration::from_millis(40), Duration::from_millis(30));
    let endpoint = Endpoint::builder(sandbox())
        .limits(Limits::none())
        .latency(latency, jitter)
        .build();
    let transport = SandboxTransport::new(endpoint);
    let mut times = Vec::new();
    for _ in 0..50 {
        let begun = Instant::now();
        ask(&transport, IMPORTS).await.expect("an answer");
        times.push(begun.elapsed());
    }
    // tokio's clock has whole milliseconds, and each half is rounded up.
    let most = latency + jitter + Duration::from_millis(2);
    assert!(
        times
            .iter()
            .all(|time| (Duration::from_millis(10)..=most).contains(time)),
        "{times:?}"
    );
    assert!(times.iter().max() > times.iter().min());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_more_than_two_seconds_is_a_statement_timeout() {
    let endpoint = Endpoint::builder(sandbox())
        .latency(Duration::from_secs(3), Duration::ZERO)
        .build();
    let (status, body) = ask(&SandboxTransport::new(endpoint), IMPORTS)
        .await
        .expect("an answer");
    assert_eq!(status, 500);
    assert!(String::from_utf8_lossy(&body).contains("57014"));
}

#[tokio::test(start_paused = true)]
async fn requests_at_once_are_counted_also_when_they_are_given_up() {
    let endpoint = Endpoint::builder(sandbox())
        .limits(Limits::none())
        .latency(Duration::from_millis(10), Duration::ZERO)
        .build();
    let transport = SandboxTransport::new(endpoint.clone());
    {
        let given_up = ask(&transport, IMPORTS);
        assert!(
            tokio::time::timeout(Duration::from_millis(1), given_up)
                .await
                .is_err()
        );
    }
    let three = futures_util::future::join_all((0..3).map(|_| ask(&transport, IMPORTS)));
    assert!(three.await.iter().all(Result::is_ok));
    assert_eq!(endpoint.counters().most_at_once, 3);
}

#[tokio::test(start_paused = true)]
async fn rows_can_change_before_each_request() {
    let endpoint = Endpoint::builder(Sandbox::new())
        .on_request(|sandbox, request, now| {
            assert_eq!(request.uri().path(), Sandbox::PATH);
            let id = uuid::Uuid::from_u128(sandbox.len() as u128);
            sandbox.insert(Row::import(id, now)).expect("a new id");
        })
        .build();
    let transport = SandboxTransport::new(endpoint.clone());
    for rows in 1..3 {
        let (_, body) = ask(&transport, IMPORTS).await.expect("an answer");
        assert_eq!(String::from_utf8_lossy(&body).matches("\"id\"").count(), rows);
    }
}

#[tokio::test(start_paused = true)]
async fn a_simulation_runs_with_tokios_clock() {
    let endpoint = Endpoint::builder(Sandbox::new())
        .simulation(Simulation::new(1))
        .build();
    let transport = SandboxTransport::new(endpoint.clone());
    assert_eq!(ask(&transport, IMPORTS).await.expect("an answer").1, "[]");
    tokio::time::advance(Duration::from_secs(10 * 60)).await;
    ask(&transport, IMPORTS).await.expect("an answer");
    assert!(endpoint.sandbox().len() > 10);
}

#[tokio::test(start_paused = true)]
async fn a_url_that_is_longer_than_the_limit_is_414() {
    let path = "/api/v1/import?limit=1";
    let endpoint = Endpoint::builder(sandbox()).max_url_bytes(path.len()).build();
    let transport = SandboxTransport::new(endpoint);
    for (more, status) in [("", 200), ("0", 414)] {
        let uri = format!("https://sandbox.invalid{path}{more}");
        assert_eq!(ask(&transport, &uri).await.map(|(status, _)| status), Ok(status));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lower_cap_gives_fewer_rows_from_some_request_on() {
    let endpoint = Endpoint::builder(sandbox())
        .limits(Limits::none())
        .fault(Fault::LowerCap.on(When::From(2)))
        .build();
    let transport = SandboxTransport::new(endpoint);
    for rows in [50, 17, 17] {
        let (_, body) = ask(&transport, IMPORTS).await.expect("an answer");
        let page: Vec<serde_json::Value> = serde_json::from_slice(&body).expect("rows");
        assert_eq!(page.len(), rows);
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_reaches_the_files_origin_is_refused_and_counted() {
    let endpoint = Endpoint::builder(sandbox())
        .fault(Fault::Redirect.on(When::Nth(1)))
        .build();
    let url = endpoint.put_file("a.json", "[1]");
    let transport = SandboxTransport::new(endpoint.clone());
    assert_eq!(ask(&transport, &url).await.map(|(status, _)| status), Ok(403));
    let response = transport.send(get(IMPORTS)).await.expect("a redirect");
    let location = response.headers()["location"].to_str().expect("a URL").to_owned();
    assert!(location.starts_with(ORIGIN));
    assert_eq!(
        ask(&transport, &location).await.map(|(status, _)| status),
        Ok(403)
    );
    let clean = Request::get(&url).body(Bytes::new()).expect("a request");
    let response = transport.send(clean).await.expect("the file");
    assert_eq!(response.into_body().collect(10).await.expect("whole"), "[1]");
    let counters = endpoint.counters();
    assert_eq!(
        (
            counters.file_requests,
            counters.leaked_keys,
            counters.followed_redirects
        ),
        (3, 2, 1)
    );
    assert_eq!(counters.requests, 1);
}

#[tokio::test(start_paused = true)]
async fn an_expired_link_is_fresh_again_once_the_import_is_read_again() {
    let endpoint = Endpoint::builder(Sandbox::new()).limits(Limits::none()).build();
    endpoint.expire_files(Expiry::After(Duration::from_secs(60)));
    let url = endpoint.put_file("a.json", "[1]");
    let row = Row::import(uuid::Uuid::from_u128(1), endpoint.now()).set("failed_url", url);
    endpoint.sandbox().insert(row).expect("a row");
    let transport = SandboxTransport::new(endpoint.clone());
    let read_link = async || {
        let (_, body) = ask(&transport, IMPORTS).await.expect("rows");
        let rows: Vec<serde_json::Value> = serde_json::from_slice(&body).expect("rows");
        rows[0]["failed_url"].as_str().expect("a URL").to_owned()
    };
    let status = async |url: &str| {
        let request = Request::get(url).body(Bytes::new()).expect("a request");
        transport
            .send(request)
            .await
            .expect("an answer")
            .status()
            .as_u16()
    };
    let link = read_link().await;
    assert_eq!(status(&link).await, 200);
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(status(&link).await, 403);
    assert_eq!(status(&read_link().await).await, 200);
    assert_eq!(endpoint.counters().expired_links, 1);
}

#[tokio::test(start_paused = true)]
async fn a_cut_file_is_resumed_by_its_range() {
    let endpoint = Endpoint::builder(Sandbox::new())
        .fault(Fault::TruncatedBody.on(When::Nth(1)).for_files())
        .build();
    let transport = SandboxTransport::new(endpoint);
    let file = |from: usize| {
        let uri = format!("{ORIGIN}/bytes/300000");
        let range = format!("bytes={from}-");
        Request::get(uri)
            .header("range", range)
            .body(Bytes::new())
            .expect("a request")
    };
    let mut bytes = Vec::new();
    let mut body = transport.send(file(0)).await.expect("a head").into_body();
    while let Ok(Some(chunk)) = body.chunk().await {
        bytes.extend_from_slice(&chunk);
    }
    assert_eq!(bytes.len(), 150_000);
    let rest = transport.send(file(bytes.len())).await.expect("a head");
    assert_eq!(rest.status(), 206);
    bytes.extend_from_slice(&rest.into_body().collect(1 << 20).await.expect("the rest"));
    let whole = transport.send(file(0)).await.expect("a head").into_body();
    assert_eq!(whole.collect(1 << 20).await.expect("whole"), bytes);
}

#[tokio::test(start_paused = true)]
async fn no_setting_is_too_large_for_an_answer() {
    for start in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        let endpoint = Endpoint::builder(Sandbox::example(DateTime::UNIX_EPOCH))
            .starting_at(start)
            .simulation(
                Simulation::new(1)
                    .every(Duration::MAX)
                    .visible_after(Duration::ZERO, Duration::MAX),
            )
            .limits(Limits::default().window(Window::Leaky))
            .fault(Fault::RetryAfterDate.on(When::Nth(3)))
            .fault(Fault::ClockAhead)
            .build();
        endpoint.expire_files(Expiry::After(Duration::MAX));
        let transport = SandboxTransport::new(endpoint);
        for status in [200, 200, 429] {
            assert_eq!(
                ask(&transport, IMPORTS).await.map(|(status, _)| status),
                Ok(status),
                "{start}"
            );
        }
        drop(Generator::new(9, 1).until(start).sandbox());
    }
}

#[test]
fn nothing_that_is_printed_holds_a_key() {
    let builder = Endpoint::builder(Sandbox::new()).api_key("s3cret");
    assert!(!format!("{builder:?}").contains("s3cret"));
    let transport = SandboxTransport::new(builder.build());
    assert!(!format!("{transport:?}").contains("s3cret"));
}
