//! Every fault on the first, a middle and the last page, with and without retries: the listing is complete and
//! correct, or a typed error from which it goes on to be complete.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{client_builder, endpoint, id};
use mateo_imports::{Client, Error, ListingCursor, RawJson, Retry, columns::*};
use mateo_sandbox::{Endpoint, Fault, When};
use uuid::Uuid;

const ROWS: u64 = 240;

/// What came, until the end or an error.
async fn read(client: &Client, cursor: Option<ListingCursor>) -> (Vec<Uuid>, ListingCursor, Option<Error>) {
    let request = client
        .list()
        .order(TOTAL_COUNT.desc())
        .timeout(Duration::from_secs(2 * 60))
        .deserialize_as::<RawJson>();
    let mut rows = cursor
        .into_iter()
        .fold(request, mateo_imports::ListRequest::resume)
        .stream();
    let mut ids = Vec::new();
    loop {
        match rows.try_next().await {
            Ok(Some(row)) => ids.push(row.fields(&["id"])[0].unwrap().trim_matches('"').parse().unwrap()),
            Ok(None) => return (ids, rows.cursor().unwrap(), None),
            Err(error) => return (ids, rows.cursor().unwrap(), Some(error)),
        }
    }
}

/// Whether an error that the fault causes is reported as what it is.
fn is_reported_as(fault: Fault, error: &Error) -> bool {
    match fault {
        Fault::ConnectionRefused => error.is_connect(),
        // Half of the JSON is a body that broke off, wherever its length was announced to end.
        Fault::ResetBefore | Fault::ResetInBody | Fault::TruncatedBody | Fault::BrokenJson => {
            error.is_retryable()
        }
        Fault::CutShort => error.is_retryable() || error.is_decode(),
        Fault::NoAnswer | Fault::StalledBody | Fault::Endless | Fault::CountHangs => {
            error.is_timeout() || error.is_decode()
        }
        Fault::TooManyRequests
        | Fault::RetryAfterSeconds
        | Fault::RetryAfterDate
        | Fault::RetryAfterZero
        | Fault::RetryAfterPast
        | Fault::RetryAfterEpoch
        | Fault::RetryAfterYear => error.is_rate_limited(),
        Fault::ServerError | Fault::PlainServerError | Fault::StatementTimeout | Fault::SlowCount => {
            error.status() == Some(500)
        }
        Fault::GatewayTimeout | Fault::CountGatewayTimeout => error.status() == Some(504),
        Fault::RequestTimeout | Fault::CountRequestTimeout => error.status() == Some(408),
        Fault::BadGateway => error.status() == Some(502) && error.is_retryable(),
        Fault::Unavailable => error.status() == Some(503) && error.is_retryable(),
        Fault::NoContent | Fault::EmptyBody | Fault::WrongContentType => error.is_decode(),
        // Rows that can't be a response to the request.
        Fault::ShiftedPage | Fault::Backwards | Fault::RepeatedRow => {
            error.is_decode() && !error.is_retryable()
        }
        Fault::Redirect => error.http().is_some_and(mateo_imports::net::Error::is_redirect),
        // These change what comes, or when; a listing of raw rows is no worse for it.
        _ => false,
    }
}

/// Whether a fault must have an effect on a page of the listing. Not every page asks for a count, and only a later one
/// can begin too early.
fn strikes(fault: Fault, page: u64) -> bool {
    match fault {
        Fault::SlowCount | Fault::CountGatewayTimeout | Fault::CountRequestTimeout | Fault::CountHangs => {
            page == 1
        }
        Fault::ShiftedPage => page > 1,
        // These are about files.
        Fault::NoValidator | Fault::WeakValidator | Fault::OtherTotal => false,
        _ => true,
    }
}

async fn check(fault: Fault, page: u64, retry: bool) {
    let case = format!("{fault} on page {page}, retry {retry}");
    let mut builder = endpoint(0..ROWS, 50).fault(fault.on(When::Nth(page)));
    if fault == Fault::LowerCap {
        builder = endpoint(0..ROWS, 50).fault(fault.on(When::From(page)));
    }
    let endpoint: Endpoint = builder.build();
    let client = client_builder(&endpoint).max_page_bytes(32 << 20);
    let client = if retry {
        client
    } else {
        client.retry(Retry::none())
    }
    .build()
    .unwrap();
    let began = tokio::time::Instant::now();
    let (mut ids, cursor, error) = read(&client, None).await;
    assert!(began.elapsed() <= Duration::from_secs(121), "{case}: it hung");
    if let Some(error) = error {
        assert!(is_reported_as(fault, &error), "{case}: {error:?}");
        let (rest, _, error) = read(&client, Some(cursor)).await;
        assert!(error.is_none(), "{case}, resumed: {error:?}");
        ids.extend(rest);
    }
    let different: BTreeSet<Uuid> = ids.iter().copied().collect();
    let all: BTreeSet<Uuid> = (0..ROWS).map(id).collect();
    assert_eq!(ids.len() as u64, ROWS, "{case}: rows doubled or lost");
    assert_eq!(different, all, "{case}");
    let is_struck = endpoint.counters().strikes(fault) > 0;
    assert!(is_struck || !strikes(fault, page), "{case}: it did not strike");
    assert_eq!(endpoint.counters().leaked_keys, 0, "{case}");
    assert_eq!(endpoint.counters().followed_redirects, 0, "{case}");
}

#[tokio::test(start_paused = true)]
async fn no_fault_loses_or_doubles_a_row() {
    for &fault in Fault::ALL {
        for page in [1, 3, 5] {
            for retry in [true, false] {
                check(fault, page, retry).await;
            }
        }
    }
}

/// Each fault strikes the first request for a file or the one that goes on after a body that was cut.
#[tokio::test(start_paused = true)]
async fn no_fault_of_a_file_host_changes_a_file() {
    // Not an array: faults of rows have nothing to change.
    let bytes = format!("{{\"rows\":\"{}\"}}", "0123456789".repeat(20_000)).into_bytes();
    // These make another file of it, and nothing in the response contradicts that.
    let is_another_file = |fault| {
        matches!(
            fault,
            Fault::NoContent | Fault::EmptyBody | Fault::BrokenJson | Fault::CutShort | Fault::Redirect
        )
    };
    for &fault in Fault::ALL.iter().filter(|fault| !is_another_file(**fault)) {
        for (request, cut) in [(1, false), (1, true), (2, true)] {
            let case = format!("{fault} on request {request}, cut {cut}");
            let endpoint = endpoint(0..0, 50)
                .fault(fault.on(When::Nth(request)).for_files())
                .build();
            if cut {
                endpoint.inject(Fault::TruncatedBody.on(When::Nth(1)).for_files());
            }
            let url = endpoint.put_file("failed.json", bytes.clone());
            let client = client_builder(&endpoint).build().unwrap();
            let download = client.download(url).max_bytes(1 << 20).bytes();
            let within = tokio::time::timeout(Duration::from_secs(3600), download).await;
            match within.unwrap_or_else(|_| panic!("{case}: it hung")) {
                Ok(received) => assert!(received == bytes, "{case}: {} bytes", received.len()),
                Err(error) => assert!(
                    error.http().is_some() || error.is_too_large(),
                    "{case}: {error:?}"
                ),
            }
            let counters = endpoint.counters();
            let is_struck = counters.strikes(fault) > 0;
            match fault {
                Fault::NoValidator | Fault::WeakValidator if request == 1 => {
                    assert!(is_struck, "{case}: it did not strike");
                    let parts = counters.files_by_status.get(&206);
                    assert_eq!(parts, None, "{case}: a part of what may be another file");
                }
                Fault::OtherTotal if request == 2 => {
                    assert!(is_struck, "{case}: it did not strike");
                    assert_eq!(counters.file_requests, 3, "{case}: it must begin again");
                }
                _ => {}
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_not_even_noticed_with_retries() {
    for fault in [
        Fault::ConnectionRefused,
        Fault::ResetBefore,
        Fault::ResetInBody,
        Fault::TruncatedBody,
        Fault::TooManyRequests,
        Fault::RetryAfterSeconds,
        Fault::RetryAfterDate,
        Fault::StatementTimeout,
        Fault::BadGateway,
        Fault::Unavailable,
    ] {
        let endpoint = endpoint(0..ROWS, 50).fault(fault.on(When::Nth(3))).build();
        let client = client_builder(&endpoint).build().unwrap();
        assert_eq!(client.list().all().await.unwrap().len() as u64, ROWS, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_after_an_error_and_goes_on_where_it_stood_when_told_to() {
    let endpoint = endpoint(0..ROWS, 50)
        .fault(Fault::BadGateway.on(When::Nth(2)))
        .build();
    let client = client_builder(&endpoint).retry(Retry::none()).build().unwrap();
    let mut rows = client.list().stream();
    let mut count = 0_u64;
    while let Ok(Some(_)) = rows.try_next().await {
        count += 1;
    }
    assert_eq!(count, 50);
    assert!(rows.try_next().await.unwrap().is_none(), "it has ended");
    rows.retry();
    while rows.try_next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, ROWS);
}
