//! The decision as a table.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect()
}

fn attempt<'a>(method: &'a Method, outcome: Outcome<'a>) -> Attempt<'a> {
    Attempt {
        method,
        outcome,
        attempt: 1,
        refusals: 0,
        elapsed: Duration::ZERO,
        deadline: None,
        now: SystemTime::UNIX_EPOCH,
        random: 0.0,
    }
}

fn retries(method: &Method, outcome: Outcome<'_>) -> bool {
    match Retry::default().decide(&attempt(method, outcome)) {
        Decision::Retry { .. } => true,
        Decision::GiveUp(GiveUp::NotRetryable) => false,
        other @ Decision::GiveUp(_) => panic!("{other:?}"),
    }
}

#[test]
fn statuses() {
    let none = HeaderMap::new();
    let table = [
        // status, code, GET, POST
        (200, None, false, false),
        (301, None, false, false),
        (400, None, false, false),
        (401, None, false, false),
        (403, None, false, false),
        (404, None, false, false),
        (404, Some("42883"), false, false),
        (408, None, true, false),
        (416, Some("PGRST103"), false, false),
        (429, None, true, true),
        (500, None, false, false),
        (500, Some("XX000"), false, false),
        (500, Some("57014"), true, false),
        (501, None, false, false),
        (502, None, true, false),
        (503, None, true, false),
        (504, None, true, false),
        (505, None, false, false),
    ];
    for (status, code, get, post) in table {
        let status = StatusCode::from_u16(status).unwrap();
        let outcome = Outcome::Status {
            status,
            headers: &none,
            code,
        };
        assert_eq!(retries(&Method::GET, outcome), get, "GET {status} {code:?}");
        assert_eq!(retries(&Method::HEAD, outcome), get, "HEAD {status} {code:?}");
        assert_eq!(retries(&Method::POST, outcome), post, "POST {status} {code:?}");
    }
}

#[test]
fn transport_errors() {
    use TransportErrorKind::{Body, Connect, Decode, Dns, Other, Request, Reset, Timeout, Tls, TooLarge};
    let table = [
        // kind, GET, POST
        (Connect, true, true),
        (Dns, true, true),
        (Timeout, true, false),
        (Reset, true, false),
        (Body, true, false),
        (Tls, false, false),
        (Decode, false, false),
        (TooLarge, false, false),
        (Request, false, false),
        (Other, false, false),
    ];
    for (kind, get, post) in table {
        assert_eq!(
            retries(&Method::GET, Outcome::Transport(kind)),
            get,
            "GET {kind:?}"
        );
        assert_eq!(
            retries(&Method::POST, Outcome::Transport(kind)),
            post,
            "POST {kind:?}"
        );
    }
}

#[test]
fn waits() {
    const DATE: (&str, &str) = ("date", "Thu, 01 Jan 1970 00:00:00 GMT");
    type Headers = &'static [(&'static str, &'static str)];
    let table: [(u16, Headers, u32, f64, u64); 15] = [
        // status, headers, attempt, random, wait in ms
        (503, &[], 1, 0.0, 0),
        (503, &[], 1, 0.5, 250),
        (503, &[], 2, 0.5, 500),
        (503, &[], 3, 0.5, 1000),
        (503, &[("retry-after", "3")], 1, 0.0, 3000),
        (503, &[("retry-after", "3")], 1, 0.5, 3250),
        (503, &[("retry-after", "3")], 4, 0.5, 3250),
        (503, &[("retry-after", "0")], 4, 0.0, 0),
        (503, &[("retry-after", "soon")], 2, 0.5, 500),
        (
            503,
            &[DATE, ("retry-after", "Thu, 01 Jan 1970 00:00:09 GMT")],
            1,
            0.0,
            9000,
        ),
        (
            429,
            &[
                ("retry-after", "2"),
                ("ratelimit-remaining", "0"),
                ("ratelimit-reset", "7"),
            ],
            1,
            0.0,
            2000,
        ),
        (
            429,
            &[("ratelimit-remaining", "0"), ("ratelimit-reset", "7")],
            1,
            0.0,
            7000,
        ),
        (
            429,
            &[("ratelimit", "\"a\";r=0;t=4, \"b\";r=3;t=60")],
            1,
            0.0,
            4000,
        ),
        // A quota that is not used up has nothing to do with this failure.
        (
            503,
            &[("ratelimit-remaining", "0"), ("ratelimit-reset", "7")],
            1,
            0.5,
            250,
        ),
        (
            429,
            &[("ratelimit-remaining", "1"), ("ratelimit-reset", "7")],
            1,
            0.5,
            250,
        ),
    ];
    for (status, pairs, number, random, wait) in table {
        let headers = headers(pairs);
        let status = StatusCode::from_u16(status).unwrap();
        let mut attempt = attempt(
            &Method::GET,
            Outcome::Status {
                status,
                headers: &headers,
                code: None,
            },
        );
        (attempt.attempt, attempt.random) = (number, random);
        attempt.refusals = if status == 429 && !pairs.is_empty() {
            number
        } else {
            0
        };
        let after = Duration::from_millis(wait);
        assert_eq!(
            Retry::default().decide(&attempt),
            Decision::Retry { after },
            "{status} {pairs:?} {number} {random}"
        );
    }
}

#[test]
fn backoff_never_exceeds_its_bound() {
    let retry = Retry::default().attempts(u32::MAX).longest(8 * SECOND);
    for number in [1, 5, 6, 40, u32::MAX - 1] {
        let mut attempt = attempt(&Method::GET, Outcome::Transport(TransportErrorKind::Reset));
        (attempt.attempt, attempt.random) = (number, 1.0);
        let Decision::Retry { after } = retry.decide(&attempt) else {
            panic!("gave up at {number}")
        };
        assert!(after <= 8 * SECOND, "{number}: {after:?}");
    }
}

#[test]
fn settings_without_bounds_never_overflow() {
    let retry = Retry::default()
        .attempts(u32::MAX)
        .base(Duration::MAX)
        .longest(Duration::MAX);
    let headers = headers(&[("retry-after", "99999999")]);
    let asked = Outcome::Status {
        status: StatusCode::SERVICE_UNAVAILABLE,
        headers: &headers,
        code: None,
    };
    for outcome in [Outcome::Transport(TransportErrorKind::Reset), asked] {
        let mut attempt = attempt(&Method::GET, outcome);
        (attempt.attempt, attempt.random, attempt.elapsed) = (1000, 1.0, Duration::MAX);
        assert!(matches!(retry.decide(&attempt), Decision::Retry { .. }));
        attempt.random = f64::NAN;
        assert!(matches!(retry.decide(&attempt), Decision::Retry { .. }));
    }
}

#[test]
fn the_last_attempt_is_the_last() {
    let mut attempt = attempt(&Method::GET, Outcome::Transport(TransportErrorKind::Reset));
    attempt.attempt = 4;
    assert!(matches!(
        Retry::default().decide(&attempt),
        Decision::Retry { .. }
    ));
    attempt.attempt = 5;
    assert_eq!(
        Retry::default().decide(&attempt),
        Decision::GiveUp(GiveUp::AttemptsSpent)
    );
}

#[test]
fn refusals_for_the_rate_limit_are_counted_apart() {
    let stated = headers(&[("retry-after", "1")]);
    let refused = Outcome::Status {
        status: StatusCode::TOO_MANY_REQUESTS,
        headers: &stated,
        code: None,
    };
    let decide = |outcome, number, refusals| {
        let mut attempt = attempt(&Method::GET, outcome);
        (attempt.attempt, attempt.refusals) = (number, refusals);
        matches!(
            Retry::default().refusals(10).decide(&attempt),
            Decision::Retry { .. }
        )
    };
    assert!(decide(refused, 10, 10) && !decide(refused, 11, 11));
    // Ten refusals before do not make the fourth failure the last, and four failures don't make the first refusal so.
    let reset = Outcome::Transport(TransportErrorKind::Reset);
    assert!(decide(reset, 14, 10) && !decide(reset, 15, 10));
    assert!(decide(refused, 5, 1));
    // One that does not say when to come back is a failure like others.
    let none = HeaderMap::new();
    let bare = Outcome::Status {
        status: StatusCode::TOO_MANY_REQUESTS,
        headers: &none,
        code: None,
    };
    assert!(decide(bare, 4, 0) && !decide(bare, 5, 0));
}

#[test]
fn off_by_one_setting() {
    let none = HeaderMap::new();
    let refused = Outcome::Status {
        status: StatusCode::TOO_MANY_REQUESTS,
        headers: &none,
        code: None,
    };
    for off in [
        Retry::none(),
        Retry::default().attempts(1),
        Retry::default().attempts(0),
    ] {
        for outcome in [Outcome::Transport(TransportErrorKind::Connect), refused] {
            assert_eq!(
                off.decide(&attempt(&Method::GET, outcome)),
                Decision::GiveUp(GiveUp::Disabled)
            );
        }
    }
}

#[test]
fn a_wait_never_crosses_the_deadline() {
    let headers = headers(&[("retry-after", "5")]);
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let mut attempt = attempt(
        &Method::GET,
        Outcome::Status {
            status,
            headers: &headers,
            code: None,
        },
    );
    (attempt.elapsed, attempt.deadline) = (SECOND, Some(6 * SECOND + Duration::from_millis(1)));
    assert_eq!(
        Retry::default().decide(&attempt),
        Decision::Retry { after: 5 * SECOND }
    );
    for deadline in [6 * SECOND, 2 * SECOND, SECOND, Duration::ZERO] {
        attempt.deadline = Some(deadline);
        assert_eq!(
            Retry::default().decide(&attempt),
            Decision::GiveUp(GiveUp::Deadline { wait: 5 * SECOND })
        );
    }
}
