//! Pages: what is retried, what ends a call, and what it says then.

use super::*;
use crate::GiveUp;
use crate::budget::BudgetError;
use crate::secret::KeyError;

#[tokio::test(start_paused = true)]
async fn a_page_comes_with_what_its_headers_say() {
    let script = Script::new([Step::Answer(
        206,
        &[
            ("content-type", "application/json"),
            ("content-range", "0-49/240"),
            ("preference-applied", "count=exact"),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("x-request-id", "r-1"),
            ("ratelimit-remaining", "1"),
        ],
        "[]".into(),
    )]);
    let page = page(&pipeline(&script)).await.unwrap();
    assert_eq!(page.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(page.body, "[]");
    assert_eq!(page.content_range.unwrap().total(), Some(240));
    assert_eq!(page.date, Some(std::time::UNIX_EPOCH + 784_111_777 * SECOND));
    assert_eq!(page.request_id.as_deref(), Some("r-1"));
    assert_eq!(page.rate_limits[0].remaining, Some(1));
    assert_eq!((page.attempts, page.waited), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn the_key_is_sent_as_a_bearer_token() {
    let script = Script::new([rows()]);
    page(&pipeline(&script)).await.unwrap();
    assert_eq!(
        script.header(0, "authorization").as_deref(),
        Some("Bearer s3cret")
    );
    assert!(script.seen.lock().unwrap()[0].1[header::AUTHORIZATION].is_sensitive());
}

#[tokio::test(start_paused = true)]
async fn transient_failures_are_tried_again_until_a_page_comes() {
    let timeout = r#"{"code":"57014","message":"canceling statement due to statement timeout"}"#;
    let cut = Body::from_stream(futures_util::stream::iter([
        Ok("[{},".into()),
        Err(TransportErrorKind::Body.into()),
    ]));
    let failures = [
        Step::Fail(TransportErrorKind::Connect),
        Step::Fail(TransportErrorKind::Reset),
        Step::Answer(200, &[("content-type", "application/json")], cut),
        Step::Answer(200, &[("content-type", "application/json")], "[{\"id\":".into()),
        Step::Answer(500, &[], timeout.into()),
        refusal(408),
        refusal(429),
        refusal(502),
        refusal(503),
        refusal(504),
        Step::Hang,
    ];
    let attempts = u32::try_from(failures.len()).unwrap() + 1;
    let script = Script::new(failures.into_iter().chain([rows()]));
    let page = page(
        &builder(&script)
            .retry(Retry::default().attempts(20))
            .build()
            .unwrap(),
    )
    .await
    .unwrap();
    assert_eq!((page.body.as_ref(), page.attempts), (&b"[{}]"[..], attempts));
    assert!(page.waited > Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn with_retry_off_every_failure_is_reported_at_once() {
    for step in [
        Step::Fail(TransportErrorKind::Connect),
        refusal(503),
        refusal(429),
    ] {
        let script = Script::new([step]);
        let error = page(&builder(&script).retry(Retry::none()).build().unwrap())
            .await
            .unwrap_err();
        assert!(error.is_retryable(), "{error}");
        assert_eq!((error.attempts(), error.gave_up()), (1, Some(GiveUp::Disabled)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_attempt_cannot_cure_is_reported_at_once() {
    for status in [400, 401, 403, 404, 405, 416, 500, 501] {
        let script = Script::new([refusal(status)]);
        let error = page(&pipeline(&script)).await.unwrap_err();
        assert!(!error.is_retryable(), "{error}");
        assert_eq!(error.status(), Some(status));
        let problem = error.problem().unwrap();
        assert_eq!(
            (problem.code.as_deref(), problem.message.as_deref()),
            (Some("X"), Some("no"))
        );
        assert_eq!(error.is_auth(), matches!(status, 401 | 403));
        assert_eq!(
            (error.attempts(), error.gave_up()),
            (1, Some(GiveUp::NotRetryable))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_failure_says_how_often_it_was_tried() {
    let script = Script::new((0..5).map(|_| refusal(503)));
    let error = page(&pipeline(&script)).await.unwrap_err();
    assert_eq!(
        (error.attempts(), error.gave_up()),
        (5, Some(GiveUp::AttemptsSpent))
    );
    assert!(
        error
            .to_string()
            .starts_with("the server answered 503: no (X) (after 5 attempts in "),
        "{error}"
    );
    assert_eq!(script.requests(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_wait_the_server_asks_for_beyond_the_deadline_ends_the_call_at_once() {
    let slow = || Step::Answer(503, &[("retry-after", "120")], Body::default());
    let (script, start) = (Script::new([slow()]), Instant::now());
    let deadline = Some(start + 60 * SECOND);
    let error = pipeline(&script)
        .page(&ImportQuery::new(), &Prefer::new(), deadline)
        .await
        .unwrap_err();
    assert!(
        matches!(error.gave_up(), Some(GiveUp::Deadline { .. })),
        "{error}"
    );
    assert_eq!(error.retry_after(), Some(120 * SECOND));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_never_holds_a_call_past_its_deadline() {
    for limit in [1, 7, 30, 100] {
        let (script, start) = (Script::new((0..50).map(|_| Step::Hang)), Instant::now());
        let retry = Retry::default().attempts(50);
        let limits = TimeLimits::default().overall(limit * SECOND);
        let error = page(&builder(&script).retry(retry).time_limits(limits).build().unwrap())
            .await
            .unwrap_err();
        assert!(error.is_timeout() && error.is_retryable(), "{error}");
        assert!(start.elapsed() <= limit * SECOND, "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_runs_into_the_attempts_limit() {
    let endless = futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(SECOND).await;
        Some((Ok(" ".into()), ()))
    });
    let answer = Step::Answer(
        200,
        &[("content-type", "application/json")],
        Body::from_stream(endless),
    );
    let (script, start) = (Script::new([answer]), Instant::now());
    let error = page(&builder(&script).retry(Retry::none()).build().unwrap())
        .await
        .unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(start.elapsed(), 20 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn limits_without_bounds_never_overflow() {
    let (script, never) = (
        Script::new([Step::Fail(TransportErrorKind::Reset), rows()]),
        Duration::MAX,
    );
    let limits = TimeLimits::default()
        .connect(never)
        .first_byte(never)
        .attempt(never)
        .idle(never)
        .overall(never);
    let budget = KeyBudget::builder().lease(never).build();
    let pipeline = builder(&script)
        .time_limits(limits)
        .budget(budget)
        .build()
        .unwrap();
    page(&pipeline).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_429_is_obeyed() {
    let script = Script::new([
        Step::Answer(429, &[("retry-after", "7")], Body::default()),
        rows(),
    ]);
    let start = Instant::now();
    let page = page(&pipeline(&script)).await.unwrap();
    assert!(
        start.elapsed() >= 7 * SECOND && start.elapsed() <= 8 * SECOND,
        "{:?}",
        start.elapsed()
    );
    assert_eq!(page.attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn attempts_that_are_set_bound_refusals_that_ask_for_no_wait_or_for_one() {
    const PAST: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    for headers in [
        &[("retry-after", "0")][..],
        &[("retry-after", PAST)],
        &[("retry-after", "1")],
    ] {
        let script = Script::new((0..40).map(|_| Step::Answer(429, headers, Body::default())));
        let retry = Retry::default().attempts(2);
        let error = page(&builder(&script).retry(retry).build().unwrap())
            .await
            .unwrap_err();
        assert_eq!((script.requests(), error.attempts()), (2, 2), "{headers:?}");
    }
    // Without a number of attempts, only those that ask for a wait are counted apart.
    for (headers, requests) in [(&[("retry-after", "0")][..], 5), (&[("retry-after", "1")], 31)] {
        let script = Script::new((0..40).map(|_| Step::Answer(429, headers, Body::default())));
        page(&pipeline(&script)).await.unwrap_err();
        assert_eq!(script.requests(), requests, "{headers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_nonsense_is_as_if_it_were_not_there_and_a_long_one_is_bounded() {
    for nonsense in [
        &[("retry-after", "1764025316")][..],
        &[
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("retry-after", "Mon, 06 Nov 1995 08:49:37 GMT"),
        ],
    ] {
        let (script, start) = (
            Script::new([Step::Answer(503, nonsense, Body::default()), rows()]),
            Instant::now(),
        );
        page(&pipeline(&script)).await.unwrap();
        assert!(start.elapsed() < SECOND, "{:?}", start.elapsed());
    }
    for (retry, hours) in [
        (Retry::default(), 1),
        (Retry::default().longest_hold(2 * 3600 * SECOND), 2),
    ] {
        let long = Step::Answer(503, &[("retry-after", "80000")], Body::default());
        let (script, start) = (Script::new([long, rows()]), Instant::now());
        let limits = TimeLimits::default().overall(Duration::MAX);
        page(&builder(&script).retry(retry).time_limits(limits).build().unwrap())
            .await
            .unwrap();
        assert_eq!(start.elapsed().as_secs() / 3600, hours);
    }
}

async fn counted(script: &Arc<Script>) -> Result<PageResponse, Error> {
    let prefer = Prefer::new().count(Count::Exact);
    pipeline(script).page(&ImportQuery::new(), &prefer, None).await
}

#[tokio::test(start_paused = true)]
async fn a_count_that_fails_is_left_out() {
    let timeout = r#"{"code":"57014","message":"canceling statement due to statement timeout"}"#;
    for failure in [
        Step::Answer(500, &[], timeout.into()),
        refusal(408),
        refusal(500),
        refusal(503),
        refusal(504),
        refusal(520),
        Step::Hang,
    ] {
        let script = Script::new([failure, rows()]);
        let page = counted(&script).await.unwrap();
        assert!(page.count_failed && page.waited.is_zero(), "{page:?}");
        assert_eq!(script.header(0, "prefer").as_deref(), Some("count=exact"));
        assert_eq!(script.header(1, "prefer"), None);
    }
    // Once is enough, whatever comes then; and a wait that the server asks for is kept.
    let script = Script::new([refusal(503), refusal(503), rows()]);
    assert!(counted(&script).await.unwrap().count_failed);
    let asking = Step::Answer(503, &[("retry-after", "3")], Body::default());
    let page = counted(&Script::new([asking, rows()])).await.unwrap();
    assert!(page.count_failed && page.waited >= 3 * SECOND, "{page:?}");
    // Not where the count has nothing to do with it, and not twice.
    for status in [400, 404, 416] {
        let error = counted(&Script::new([refusal(status)])).await.unwrap_err();
        assert_eq!(error.status(), Some(status));
    }
    let script = Script::new([Step::Fail(TransportErrorKind::Reset), rows()]);
    assert!(!counted(&script).await.unwrap().count_failed);
    let error = counted(&Script::new([refusal(500), refusal(500)]))
        .await
        .unwrap_err();
    assert_eq!(
        (error.attempts(), error.gave_up()),
        (2, Some(GiveUp::NotRetryable))
    );
}

#[tokio::test(start_paused = true)]
async fn a_count_that_is_wanted_is_tried_again_and_never_left_out() {
    let script = Script::new([refusal(503), rows()]);
    let count = pipeline(&script).count(&ImportQuery::new(), None).await.unwrap();
    assert_eq!(
        (count, script.header(1, "prefer").as_deref()),
        (1, Some("count=exact"))
    );
    assert_eq!(
        script.seen.lock().unwrap()[0].0,
        "https://api.test/api/v1/import?select=id&limit=1"
    );

    let uncounted = Step::Answer(200, &[("content-range", "0-0/*")], "[{}]".into());
    let error = pipeline(&Script::new([uncounted]))
        .count(&ImportQuery::new(), None)
        .await
        .unwrap_err();
    assert!(error.is_decode(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn every_attempt_takes_from_the_budget() {
    let script = Script::new([refusal(503), refusal(503), rows()]);
    let budget = KeyBudget::default();
    page(&builder(&script).budget(budget.clone()).build().unwrap())
        .await
        .unwrap();
    assert_eq!(left_today(&budget).await, Some(9_997));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_waits_takes_nothing() {
    let (script, budget) = (Script::new([rows(), Step::Hang]), KeyBudget::default());
    let pipeline = builder(&script).budget(budget.clone()).build().unwrap();
    page(&pipeline).await.unwrap();
    tokio::time::timeout(SECOND / 10, page(&pipeline))
        .await
        .unwrap_err();
    assert_eq!((script.requests(), left_today(&budget).await), (1, Some(9_999)));
}

#[tokio::test(start_paused = true)]
async fn a_spent_day_sends_nothing() {
    let (script, budget) = (Script::new([rows()]), KeyBudget::builder().per_day(1).build());
    let pipeline = builder(&script).budget(budget).build().unwrap();
    page(&pipeline).await.unwrap();
    let error = page(&pipeline).await.unwrap_err();
    assert!(error.is_budget() && error.is_retryable() && !error.is_rate_limited());
    assert!(matches!(error.budget(), Some(BudgetError::DaySpent { .. })));
    assert!(error.retry_after() >= Some(86_400 * SECOND));
    assert_eq!((script.requests(), error.attempts()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_page_is_a_decoding_error_that_shows_its_start() {
    let html = Step::Answer(
        200,
        &[("content-type", "text/html")],
        "<html>please log in</html>".into(),
    );
    let error = page(&pipeline(&Script::new([html]))).await.unwrap_err();
    assert!(error.is_decode() && !error.is_retryable());
    assert_eq!(
        error.to_string(),
        "the server answered 200 with text/html instead of JSON"
    );
    assert_eq!(
        (error.status(), error.body_start()),
        (Some(200), Some("<html>please log in</html>"))
    );

    for (status, body) in [(200, ""), (204, ""), (200, " \n")] {
        let empty = Step::Answer(status, &[("content-type", "application/json")], body.into());
        let error = page(&pipeline(&Script::new([empty]))).await.unwrap_err();
        assert!(error.is_decode(), "{error}");
        assert_eq!(error.status(), Some(status));
    }
}

#[tokio::test(start_paused = true)]
async fn json_is_taken_under_a_type_that_does_not_say_so() {
    for headers in [
        &[][..],
        &[("content-type", "text/plain")],
        &[("content-type", "application/vnd.pgrst.array+JSON")],
    ] {
        let page = page(&pipeline(&Script::new([Step::Answer(
            200,
            headers,
            " [] ".into(),
        )])))
        .await
        .unwrap();
        assert_eq!(page.body, " [] ");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_beyond_the_bound_is_refused() {
    let answer = || Step::Answer(200, &[("content-type", "application/json")], "[1,2,3]".into());
    let with = |bytes| {
        builder(&Script::new([answer()]))
            .max_page_bytes(bytes)
            .build()
            .unwrap()
    };
    page(&with(7)).await.unwrap();
    let error = page(&with(6)).await.unwrap_err();
    assert!(error.is_decode() && !error.is_retryable(), "{error}");
    assert_eq!(error.to_string(), "the response's body is larger than accepted");
}

/// Gives out one key after another.
#[derive(Debug)]
struct Keys(Mutex<Vec<ApiKey>>);

impl KeyProvider for Keys {
    fn key(&self) -> BoxFuture<'_, Result<ApiKey, KeyError>> {
        let key = self
            .0
            .lock()
            .unwrap()
            .first()
            .cloned()
            .ok_or_else(|| KeyError::new("no key is left"));
        Box::pin(std::future::ready(key))
    }

    fn refresh<'a>(&'a self, refused: &'a ApiKey) -> BoxFuture<'a, Result<Option<ApiKey>, KeyError>> {
        self.0.lock().unwrap().retain(|key| !key.is_same(refused));
        Box::pin(async { self.key().await.map(Some) })
    }
}

fn with_keys(script: &Arc<Script>, keys: &[&str]) -> Pipeline {
    let keys = Keys(Mutex::new(keys.iter().map(|key| ApiKey::new(*key)).collect()));
    let budget = KeyBudget::unlimited();
    Pipeline::builder(keys)
        .base_url(BASE)
        .transport(Arc::clone(script))
        .budget(budget)
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_is_refreshed_once() {
    for status in [401, 403] {
        let script = Script::new([refusal(status), rows()]);
        page(&with_keys(&script, &["old", "new"])).await.unwrap();
        assert_eq!(script.header(1, "authorization").as_deref(), Some("Bearer new"));
    }
    let script = Script::new([refusal(401), refusal(401)]);
    let error = page(&with_keys(&script, &["a", "b", "c"])).await.unwrap_err();
    assert!(error.is_auth() && error.status() == Some(401));
    assert_eq!(script.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn without_a_key_nothing_is_sent() {
    let script = Script::new([]);
    let error = page(&with_keys(&script, &[])).await.unwrap_err();
    assert!(error.is_auth());
    let error = page(&with_keys(&script, &["with a\nline break"]))
        .await
        .unwrap_err();
    assert!(
        error.is_auth() && !error.to_string().contains("with a"),
        "{error}"
    );
    assert_eq!(script.requests(), 0);
}

fn moved(location: &'static [(&'static str, &'static str)]) -> Step {
    Step::Answer(307, location, Body::default())
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_the_same_origin_is_followed_once() {
    let script = Script::new([moved(&[("location", "/v2/import?a=b")]), rows()]);
    page(&pipeline(&script)).await.unwrap();
    assert_eq!(script.seen.lock().unwrap()[1].0, "https://api.test/v2/import?a=b");

    let script = Script::new([moved(&[("location", "/a")]), moved(&[("location", "/b")])]);
    let error = page(&pipeline(&script)).await.unwrap_err();
    assert!(error.is_redirect() && !error.is_retryable(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_another_origin_is_not_followed_and_named_without_its_query() {
    for location in [
        &[("location", "https://evil.test/x?s3cret")][..],
        &[("location", "http://api.test/x?s3cret")],
        &[("location", "https://api.test:444/x?s3cret")],
        &[("location", "//evil.test/x?s3cret")],
    ] {
        let script = Script::new([moved(location)]);
        let error = page(&pipeline(&script)).await.unwrap_err();
        assert!(error.is_redirect(), "{error}");
        let text = format!("{error} {error:?}");
        assert!(text.contains(".test") && !text.contains("s3cret"), "{text}");
        assert_eq!(script.requests(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_observer_is_told_of_a_wait_before_it_begins() {
    let (script, log) = (Script::new([rows(), rows()]), Log::default());
    let builder = builder(&script)
        .budget(KeyBudget::default())
        .observer(log.observer());
    let pipeline = builder.build().unwrap();
    page(&pipeline).await.unwrap();
    page(&pipeline).await.unwrap();
    let log = log.0.lock().unwrap();
    let told: Vec<_> = log
        .iter()
        .filter(|event| matches!(event, Event::BudgetWaiting { .. } | Event::BudgetGranted { .. }))
        .collect();
    let wait = Duration::from_millis(150);
    let granted = |waited, left| Event::BudgetGranted {
        waited,
        remaining_today: Some(left),
    };
    let (first, second) = (granted(Duration::ZERO, 9_999), granted(wait, 9_998));
    assert_eq!(told, [&first, &Event::BudgetWaiting { estimate: wait }, &second]);
}

#[tokio::test(start_paused = true)]
async fn an_observer_is_told_all() {
    let (script, log) = (Script::new([refusal(503), rows()]), Log::default());
    page(&builder(&script).observer(log.observer()).build().unwrap())
        .await
        .unwrap();
    let log = log.0.lock().unwrap();
    let names: Vec<_> = log
        .iter()
        .map(|event| format!("{event:?}").split([' ', '{']).next().unwrap().to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "BudgetGranted",
            "AttemptStarted",
            "AttemptFinished",
            "Retrying",
            "BudgetGranted",
            "AttemptStarted",
            "AttemptFinished"
        ]
    );
    assert!(matches!(
        log[2],
        Event::AttemptFinished {
            attempt: 1,
            status: Some(StatusCode::SERVICE_UNAVAILABLE),
            ..
        }
    ));
}
