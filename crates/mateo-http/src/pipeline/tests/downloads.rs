//! Downloads: never the key, redirects, ranges, silence.

use super::*;

const FILE: &str = "https://files.test/f?signature=x";

fn file(status: u16, headers: &'static [(&'static str, &'static str)]) -> Step {
    Step::Answer(status, headers, "abc".into())
}

async fn download(script: &Arc<Script>, url: &str, range: &DownloadRange) -> Result<Response, Error> {
    pipeline(script).download(url, range, None).await
}

#[tokio::test(start_paused = true)]
async fn a_download_sends_no_key_and_takes_no_budget() {
    let budget = KeyBudget::default();
    for url in [FILE, "https://api.test/same/origin"] {
        let script = Script::new([Step::Fail(TransportErrorKind::Connect), file(200, &[])]);
        let pipeline = builder(&script).budget(budget.clone()).build().unwrap();
        let response = pipeline
            .download(url, &DownloadRange::whole(), None)
            .await
            .unwrap();
        assert_eq!(response.into_body().collect(3).await.unwrap(), "abc");
        for request in 0..2 {
            assert_eq!(script.header(request, "authorization"), None);
            assert_eq!(script.header(request, "range"), None);
            assert_eq!(
                script.header(request, "accept-encoding").as_deref(),
                Some("identity")
            );
        }
    }
    assert_eq!(left_today(&budget).await, Some(10_000));
}

#[tokio::test(start_paused = true)]
async fn a_download_can_go_on_where_it_broke_off() {
    let script = Script::new([file(206, &[("content-range", "bytes 10-12/13")])]);
    let rest = DownloadRange::from_byte(10).if_unchanged("\"tag\"");
    assert_eq!(
        download(&script, FILE, &rest).await.unwrap().status(),
        StatusCode::PARTIAL_CONTENT
    );
    assert_eq!(script.header(0, "range").as_deref(), Some("bytes=10-"));
    assert_eq!(script.header(0, "if-range").as_deref(), Some("\"tag\""));
}

#[tokio::test(start_paused = true)]
async fn another_part_than_asked_is_refused() {
    for headers in [
        &[("content-range", "bytes 9-12/13")][..],
        &[("content-range", "bytes */13")],
        &[],
    ] {
        let error = download(
            &Script::new([file(206, headers)]),
            FILE,
            &DownloadRange::from_byte(10),
        )
        .await
        .unwrap_err();
        assert!(error.is_decode(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_private_urls_are_downloaded() {
    let script = Script::new([]);
    for url in [
        "",
        "f",
        "/f",
        "ftp://files.test/f",
        "http://files.test/f",
        "https://u:p@files.test/f",
        "file:///etc/passwd",
    ] {
        let error = download(&script, url, &DownloadRange::whole()).await.unwrap_err();
        assert!(error.is_usage(), "{url}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_leads_to_this_machine_or_its_network_only_where_the_api_is_on_this_machine() {
    let internal = [
        "http://127.0.0.1:1/f",
        "https://127.0.0.1/f",
        "https://2130706433/f",
        "https://[::ffff:10.0.0.1]/f",
        "https://169.254.169.254/latest/meta-data",
        "https://printer.localhost/f",
    ];
    for url in internal {
        let error = download(&Script::new([]), url, &DownloadRange::whole())
            .await
            .unwrap_err();
        assert!(error.is_usage(), "{url}: {error}");

        let script = Script::new([file(200, &[])]);
        let local = builder(&script)
            .base_url("http://localhost:8080")
            .build()
            .unwrap();
        local.download(url, &DownloadRange::whole(), None).await.unwrap();
    }
    let redirect = Step::Answer(302, &[("location", "https://10.0.0.1/f")], Body::default());
    let error = download(&Script::new([redirect]), FILE, &DownloadRange::whole())
        .await
        .unwrap_err();
    assert!(error.is_redirect(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_url_is_taken_as_people_and_servers_write_it() {
    let table = [
        (
            "https://files.test/a b\"|c.csv?x=a b#f",
            "https://files.test/a%20b%22|c.csv?x=a%20b",
        ),
        ("https://f\u{fc}r.test/\u{e9}", "https://xn--fr-xka.test/%C3%A9"),
        ("HTTPS://Files.test:443", "https://files.test/"),
    ];
    for (url, sent) in table {
        let script = Script::new([file(200, &[])]);
        download(&script, url, &DownloadRange::whole()).await.unwrap();
        assert_eq!(script.seen.lock().unwrap()[0].0, sent);
    }
    let error = download(
        &Script::new([]),
        "https://files.test:99999/f",
        &DownloadRange::whole(),
    )
    .await;
    assert!(error.unwrap_err().to_string().contains("port"));
}

#[tokio::test(start_paused = true)]
async fn redirects_are_followed_from_https_to_https_and_not_for_ever() {
    let to = |location| Step::Answer(302, location, Body::default());
    let script = Script::new([to(&[("location", "https://other.test/g?h")]), file(200, &[])]);
    download(&script, FILE, &DownloadRange::whole()).await.unwrap();
    assert_eq!(script.seen.lock().unwrap()[1].0, "https://other.test/g?h");

    for open in [
        &[("location", "http://files.test/g")][..],
        &[("location", "http://127.0.0.1/g")],
        &[("location", "ftp://x/")],
    ] {
        let error = download(&Script::new([to(open)]), FILE, &DownloadRange::whole())
            .await
            .unwrap_err();
        assert!(error.is_redirect(), "{error}");
    }
    let script = Script::new((0..6).map(|_| to(&[("location", "/again")])));
    let error = download(&script, FILE, &DownloadRange::whole())
        .await
        .unwrap_err();
    assert!(error.is_redirect() && script.requests() == 6, "{error}");
}

#[tokio::test(start_paused = true)]
async fn redirects_use_up_no_attempts() {
    let hops = (0..5).map(|_| Step::Answer(302, &[("location", "/again")], Body::default()));
    let failures = (0..4).map(|_| Step::Fail(TransportErrorKind::Reset));
    let script = Script::new(hops.chain(failures).chain([file(200, &[])]));
    download(&script, FILE, &DownloadRange::whole()).await.unwrap();
    assert_eq!(script.requests(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_download_may_take_long_but_not_be_silent() {
    let slow = |pause: Duration| {
        Body::from_stream(futures_util::stream::unfold(0, move |chunk| async move {
            tokio::time::sleep(pause).await;
            (chunk < 100).then(|| (Ok("x".into()), chunk + 1))
        }))
    };
    let get = |body| async move {
        let script = Script::new([Step::Answer(200, &[], body)]);
        download(&script, FILE, &DownloadRange::whole())
            .await
            .unwrap()
            .into_body()
            .collect(1000)
            .await
    };
    assert_eq!(get(slow(29 * SECOND)).await.unwrap().len(), 100);
    assert_eq!(
        get(slow(31 * SECOND)).await.unwrap_err().kind(),
        TransportErrorKind::Timeout
    );
}
