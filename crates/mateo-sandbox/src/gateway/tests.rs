use chrono::TimeDelta;

use super::*;

fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_767_225_600_000 + millis).expect("within range")
}

fn gateway_of(keys: &[&str], limits: Limits) -> Gateway {
    Gateway {
        keys: keys.iter().map(|&key| key.to_owned()).collect(),
        limits,
        ..Gateway::default()
    }
}

fn gateway(limits: Limits) -> Gateway {
    gateway_of(&["secret"], limits)
}

fn headers(authorization: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, authorization.parse().expect("valid"));
    headers
}

/// For each time in milliseconds whether a request was let through.
fn admitted(limits: Limits, times: &[i64]) -> Vec<bool> {
    let mut gateway = gateway(limits);
    let headers = headers("Bearer secret");
    let admit = |time: &i64| is_admitted(&gateway.admit(&headers, at(*time)));
    times.iter().map(admit).collect()
}

type Decision = (Option<Standing>, Option<Response<Bytes>>);

fn refused((standing, rejection): Decision) -> Response<Bytes> {
    let mut response = rejection.expect("it is rejected");
    stamp(response.headers_mut(), standing);
    response
}

fn is_admitted(decision: &Decision) -> bool {
    decision.1.is_none()
}

fn text<'a>(response: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().expect("ascii"))
}

#[test]
fn a_request_without_a_key_is_401_and_one_with_a_wrong_key_403() {
    let mut gateway = gateway(Limits::default());
    for authorization in [None, Some("Basic c2VjcmV0"), Some("Bearer "), Some("secret")] {
        let headers = authorization.map(headers).unwrap_or_default();
        let response = refused(gateway.admit(&headers, at(0)));
        assert_eq!(response.status(), 401, "{authorization:?}");
        assert_eq!(text(&response, "www-authenticate"), Some("Bearer"));
    }
    let response = refused(gateway.admit(&headers("Bearer secreT"), at(0)));
    assert_eq!(response.status(), 403);
    let body: serde_json::Value = serde_json::from_slice(response.body()).expect("JSON");
    assert_eq!(body["code"], "FORBIDDEN");
    assert_eq!(body["status"], 403);
    assert!(body["message"].is_string() && body["hint"].is_string());
    assert_eq!(text(&response, "ratelimit-limit"), Some("2"));
}

#[test]
fn the_scheme_may_be_written_in_any_letter_case() {
    for authorization in ["Bearer secret", "bearer secret", "BEARER  secret "] {
        let (standing, rejection) = gateway(Limits::none()).admit(&headers(authorization), at(0));
        assert!(standing.is_none() && rejection.is_none(), "{authorization}");
    }
}

#[test]
fn a_gateway_without_keys_takes_any_key_but_not_none() {
    let mut gateway = gateway_of(&[], Limits::default());
    assert!(is_admitted(&gateway.admit(&headers("Bearer x"), at(0))));
    assert_eq!(refused(gateway.admit(&HeaderMap::new(), at(0))).status(), 401);
}

#[test]
fn a_fixed_window_lets_twice_the_limit_through_around_its_end() {
    let limits = Limits::none().per_second(2).window(Window::Fixed);
    let times = [0, 400, 999, 1000, 1001, 1002, 1999, 2000];
    assert_eq!(
        admitted(limits, &times),
        [true, true, false, true, true, false, false, true]
    );
    // Only the clock's whole seconds matter, not when the first request came.
    assert_eq!(
        admitted(limits, &[998, 999, 1000, 1001, 1002]),
        [true, true, true, true, false]
    );
}

#[test]
fn a_sliding_window_never_lets_more_through_in_any_second() {
    let limits = Limits::none().per_second(2).window(Window::Sliding);
    let times = [998, 999, 1000, 1997, 1998, 1999, 2000, 2997, 2998];
    assert_eq!(
        admitted(limits, &times),
        [true, true, false, false, true, true, false, false, true]
    );
}

#[test]
fn a_leaky_bucket_holds_the_limit_and_drains_evenly() {
    let limits = Limits::none().per_second(2).window(Window::Leaky);
    let times = [0, 0, 1, 499, 500, 501, 999, 1000, 3000, 3000, 3000];
    assert_eq!(
        admitted(limits, &times),
        [
            true, true, false, false, true, false, false, true, true, true, false
        ]
    );
}

#[test]
fn a_clock_that_goes_back_refills_nothing() {
    for window in [Window::Fixed, Window::Sliding, Window::Leaky] {
        let limits = Limits::none().per_second(2).window(window);
        assert_eq!(
            admitted(limits, &[5000, 5000, 4000, 3000]),
            [true, true, false, false],
            "{window:?}"
        );
    }
}

#[test]
fn the_day_is_counted_beside_the_second_in_every_window() {
    let day = TimeDelta::days(1).num_milliseconds();
    for window in [Window::Fixed, Window::Sliding, Window::Leaky] {
        let limits = Limits::default().per_day(3).window(window);
        let times = [0, 1000, 2000, 3000, 4000, 2 * day, 2 * day + 1000];
        assert_eq!(
            admitted(limits, &times),
            [true, true, true, false, false, true, true],
            "{window:?}"
        );
    }
}

#[test]
fn refused_requests_use_nothing_up() {
    for window in [Window::Fixed, Window::Sliding, Window::Leaky] {
        let limits = Limits::none().per_second(1).window(window);
        assert_eq!(
            admitted(limits, &[0, 500, 900, 1000]),
            [true, false, false, true],
            "{window:?}"
        );
    }
}

#[test]
fn keys_do_not_share_a_limit() {
    let mut gateway = gateway_of(&["a", "b"], Limits::default().per_second(1));
    assert!(is_admitted(&gateway.admit(&headers("Bearer a"), at(0))));
    assert!(is_admitted(&gateway.admit(&headers("Bearer b"), at(0))));
    assert_eq!(refused(gateway.admit(&headers("Bearer a"), at(0))).status(), 429);
}

#[test]
fn the_headers_say_how_the_tighter_limit_stands() {
    let mut gateway = gateway(Limits::default().retry_after(true));
    let key = headers("Bearer secret");
    let (Some(standing), None) = gateway.admit(&key, at(300)) else {
        panic!("the first request is let through");
    };
    assert_eq!((standing.limit, standing.remaining), (2, 1));
    assert_eq!(standing.reset, TimeDelta::milliseconds(700));
    assert_eq!(standing.reset_seconds(), 1);

    gateway.admit(&key, at(310));
    let response = refused(gateway.admit(&key, at(320)));
    assert_eq!(response.status(), 429);
    assert_eq!(text(&response, "ratelimit-limit"), Some("2"));
    assert_eq!(text(&response, "ratelimit-remaining"), Some("0"));
    assert_eq!(text(&response, "ratelimit-reset"), Some("1"));
    assert_eq!(text(&response, "retry-after"), Some("1"));
}

#[test]
fn a_day_that_is_used_up_says_when_it_ends() {
    let mut gateway = gateway(Limits::default().per_day(1));
    let key = headers("Bearer secret");
    gateway.admit(&key, at(0));
    let response = refused(gateway.admit(&key, at(60_000)));
    assert_eq!(text(&response, "ratelimit-limit"), Some("1"));
    assert_eq!(text(&response, "ratelimit-reset"), Some("86340"));
    assert_eq!(text(&response, "retry-after"), None);
}

#[test]
fn waiting_as_long_as_the_headers_say_is_enough() {
    for window in [Window::Fixed, Window::Sliding, Window::Leaky] {
        let mut gateway = gateway(Limits::default().window(window).retry_after(true));
        let key = headers("Bearer secret");
        let mut now = 123;
        for _ in 0..20 {
            let decision = gateway.admit(&key, at(now));
            if is_admitted(&decision) {
                now += 7;
            } else {
                let response = refused(decision);
                let seconds = text(&response, "retry-after").and_then(|text| text.parse::<i64>().ok());
                now += seconds.expect("a number") * 1000;
                let next = gateway.admit(&key, at(now));
                assert!(is_admitted(&next), "{window:?} at {now}");
            }
        }
    }
}
