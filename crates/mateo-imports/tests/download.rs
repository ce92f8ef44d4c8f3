//! Downloads: whole, cut and resumed, expired, too large, to a disk that is full.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use std::sync::{Arc, Mutex};

use common::{client, endpoint, id, start};
use mateo_imports::ImportFile;
use mateo_sandbox::{Expiry, Fault, Row, When};

fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|index| u8::try_from(index * 31 % 251).unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_file_arrives_byte_for_byte_whatever_cuts_it() {
    let bytes = content(300_000);
    for fault in [
        Fault::ResetInBody,
        Fault::TruncatedBody,
        Fault::SlowBody,
        Fault::ResetBefore,
    ] {
        let endpoint = endpoint(0..1, 50).build();
        let url = endpoint.put_file("failed.json", bytes.clone());
        let client = client(&endpoint);
        for request in 1..=3 {
            endpoint.inject(fault.on(When::Nth(request)).for_files());
        }
        let told = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&told);
        let download = client
            .download(url)
            .progress(move |progress| seen.lock().unwrap().push(progress));
        assert!(download.bytes().await.unwrap() == bytes, "{fault}");
        assert!(endpoint.counters().strikes(fault) > 0, "{fault}");
        let last = *told.lock().unwrap().last().unwrap();
        assert_eq!((last.received, last.total), (300_000, Some(300_000)), "{fault}");
        assert_eq!(endpoint.counters().leaked_keys, 0, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_without_ranges_sends_it_again_and_what_is_here_is_passed_over() {
    let bytes = content(100_000);
    let endpoint = endpoint(0..1, 50)
        .fault(Fault::ResetInBody.on(When::Nth(1)).for_files())
        .build();
    endpoint.ignore_ranges(true);
    let url = endpoint.put_file("failed.json", bytes.clone());
    assert!(client(&endpoint).download(url).bytes().await.unwrap() == bytes);
}

#[tokio::test(start_paused = true)]
async fn a_file_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("failed.json");
    let endpoint = endpoint(0..1, 50).build();
    let url = endpoint.put_file("failed.json", content(10_000));
    let client = client(&endpoint);
    assert_eq!(client.download(&url).to_file(&path).await.unwrap(), 10_000);
    assert!(std::fs::read(&path).unwrap() == content(10_000));

    endpoint.inject(Fault::ResetInBody.on(When::Every(1)).for_files());
    let other = folder.path().join("other.json");
    let error = client
        .download(&url)
        .max_bytes(4_000)
        .to_file(&other)
        .await
        .unwrap_err();
    assert!(error.is_too_large(), "{error}");
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["failed.json"], "nothing half written is left");
}

#[tokio::test(start_paused = true)]
async fn dropping_a_download_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = endpoint(0..1, 50)
        .fault(Fault::StalledBody.on(When::Nth(1)).for_files())
        .build();
    let url = endpoint.put_file("failed.json", content(100_000));
    let download = client(&endpoint)
        .download(url)
        .to_file(folder.path().join("failed.json"));
    let timed_out = tokio::time::timeout(std::time::Duration::from_secs(1), download).await;
    assert!(timed_out.is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_expired_url_is_read_anew_from_the_import() {
    let endpoint = endpoint(0..0, 50).build();
    let url = endpoint.put_file("failed.json", content(5_000));
    let row = Row::import(id(1), start()).set("failed_url", url.clone());
    endpoint.sandbox().insert(row).unwrap();
    let client = client(&endpoint);
    let import = client.get(id(1)).await.unwrap().unwrap();
    endpoint.expire_files(Expiry::Requests(1));
    let bytes = client
        .download_file(id(1), ImportFile::Failed)
        .bytes()
        .await
        .unwrap();
    assert!(bytes == content(5_000));
    let again = client.download(&import.failed_url).bytes().await;
    let fresh = client.download_file(id(1), ImportFile::Failed).bytes().await;
    assert!(fresh.is_ok(), "{again:?} {fresh:?}");

    assert!(
        client
            .download_file(id(1), ImportFile::Payload)
            .bytes()
            .await
            .unwrap_err()
            .is_missing()
    );
    assert!(
        client
            .download_file(id(2), ImportFile::Failed)
            .bytes()
            .await
            .unwrap_err()
            .is_missing()
    );
    assert!(
        client
            .download(&None::<String>)
            .bytes()
            .await
            .unwrap_err()
            .is_missing()
    );
    assert_eq!(endpoint.counters().leaked_keys, 0);
}

#[tokio::test(start_paused = true)]
async fn records_come_one_by_one_and_a_bad_one_is_one_error() {
    #[derive(serde::Deserialize)]
    struct Contact {
        n: u32,
    }
    let endpoint = endpoint(0..1, 50)
        .fault(Fault::ResetInBody.on(When::Nth(1)).for_files())
        .build();
    let records: Vec<String> = (0..1_000)
        .map(|n| format!("{{\"n\":{n},\"x\":\"],[\"}}"))
        .collect();
    let text = format!(
        "[{},{{\"n\":-1}},{}]",
        records[..500].join(",\n"),
        records[500..].join(",")
    );
    let url = endpoint.put_file("failed.json", text);
    let mut rows = client(&endpoint).download(url).rows::<Contact>();
    let (mut numbers, mut bad) = (Vec::new(), 0);
    loop {
        match rows.try_next().await {
            Ok(Some(contact)) => numbers.push(contact.n),
            Ok(None) => break,
            Err(error) => {
                assert!(error.is_decode(), "{error}");
                bad += 1;
            }
        }
    }
    assert_eq!((numbers, bad), ((0..1_000).collect::<Vec<_>>(), 1));
}
