//! The spacing, as a function of time.

use http::StatusCode;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const TRIP: Duration = Duration::from_millis(40);
const JITTER: Duration = Duration::from_millis(250);

fn pace() -> Pace {
    Pace::new(Rate::per_second(2.0), false, JITTER)
}

fn ok() -> ResponseFacts {
    ResponseFacts::of_status(StatusCode::OK)
}

/// Sends one at the earliest time, and says when that was; its answer comes after `trip`.
fn send(pace: &mut Pace, now: &mut Instant, trip: Duration, facts: &ResponseFacts) -> Instant {
    *now = pace.ready(*now);
    let sent = *now;
    let id = pace.take(sent);
    pace.sent(id, sent);
    *now += trip;
    pace.answered(id, trip, facts, *now);
    sent
}

#[test]
fn rates_as_settings_give_them() {
    let rate = |per_second| Rate::per_second(per_second).map(|rate| (rate.limit, rate.window));
    assert_eq!(rate(2.0), Some((2, SECOND)));
    assert_eq!(rate(2.5), Some((2, SECOND * 4 / 5)));
    assert_eq!(rate(0.5), Some((1, 2 * SECOND)));
    assert_eq!(rate(1e-9), Some((1, LONG_WINDOW)));
    for nonsense in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(rate(nonsense), None, "{nonsense}");
    }
}

#[test]
fn the_third_request_leaves_a_second_after_the_answer_to_the_first() {
    let (mut pace, mut now) = (pace(), Instant::now());
    let start = now;
    let times = [(); 4].map(|()| send(&mut pace, &mut now, TRIP, &ok()) - start);
    let spread = Duration::from_millis(450);
    let window = TRIP + SECOND + MORE_THAN;
    assert_eq!(times, [Duration::ZERO, spread, window, window + spread]);
}

#[test]
fn a_request_without_an_answer_counts_as_arriving_as_late_as_possible() {
    let (mut pace, now) = (pace(), Instant::now());
    pace.take(now);
    pace.take(now + SECOND / 2);
    assert_eq!(pace.ready(now), now + JITTER + SECOND + MORE_THAN);
}

#[test]
fn a_slow_answer_does_not_slow_the_next_beyond_the_jitter() {
    let (mut pace, mut now) = (pace(), Instant::now());
    let first = send(&mut pace, &mut now, 3 * SECOND, &ok());
    pace.take(first + SECOND / 2);
    assert_eq!(pace.ready(first), first + JITTER + SECOND + MORE_THAN);
}

#[test]
fn what_all_round_trips_take_is_not_waited_for() {
    let (mut pace, mut now) = (pace(), Instant::now());
    let trip = Duration::from_millis(200);
    let mut sent: Vec<_> = (0..100).map(|_| send(&mut pace, &mut now, trip, &ok())).collect();
    let late = sent.split_off(90);
    // Two in every second and a hair: the 200 ms are no jitter.
    for (first, third) in late.iter().zip(late.iter().skip(2)) {
        assert_eq!(*third - *first, SECOND + MORE_THAN);
    }
}

#[test]
fn a_place_given_back_is_as_if_never_taken() {
    let (mut pace, now) = (pace(), Instant::now());
    let first = pace.take(now);
    let second = pace.take(now);
    pace.give_back(first);
    pace.give_back(second);
    assert_eq!(pace.ready(now), now);
}

#[test]
fn refusals_halve_the_rate_once_a_window_and_success_restores_it() {
    let (mut pace, mut now) = (pace(), Instant::now());
    let refused = ResponseFacts::of_status(StatusCode::TOO_MANY_REQUESTS);
    send(&mut pace, &mut now, TRIP, &refused);
    let id = pace.take(now);
    pace.answered(id, TRIP, &refused, now);
    assert!((pace.share - 0.5).abs() < 1e-9, "{}", pace.share);
    for _ in 0..20 {
        send(&mut pace, &mut now, TRIP, &refused);
    }
    assert!((pace.share - LEAST_SHARE).abs() < 1e-9, "{}", pace.share);
    for _ in 0..100 {
        send(&mut pace, &mut now, TRIP, &ok());
    }
    assert!((pace.share - 1.0).abs() < 1e-9, "{}", pace.share);
}

#[test]
fn a_refusal_without_a_time_is_waited_out_for_a_window() {
    let (mut pace, mut now) = (pace(), Instant::now());
    send(
        &mut pace,
        &mut now,
        TRIP,
        &ResponseFacts::of_status(StatusCode::TOO_MANY_REQUESTS),
    );
    assert!(pace.ready(now) >= now + SECOND);
}

fn stated(quota: RateLimit) -> ResponseFacts {
    ResponseFacts {
        rate_limits: vec![quota],
        ..ok()
    }
}

#[test]
fn headers_of_our_own_making_do_not_slow() {
    // A fixed window of a second says after every second request: none left, 1 s to go.
    let spent = stated(RateLimit {
        limit: Some(2),
        remaining: Some(0),
        reset: Some(SECOND),
        ..RateLimit::default()
    });
    let (mut pace, mut now) = (pace(), Instant::now());
    let start = now;
    send(&mut pace, &mut now, TRIP, &ok());
    for _ in 0..19 {
        send(&mut pace, &mut now, TRIP, &spent);
    }
    assert!(now - start < 11 * SECOND, "{:?}", now - start);
}

#[test]
fn a_long_reset_of_a_short_quota_is_waited_out() {
    let spent = stated(RateLimit {
        limit: Some(100),
        remaining: Some(0),
        reset: Some(30 * SECOND),
        ..RateLimit::default()
    });
    let (mut pace, mut now) = (pace(), Instant::now());
    send(&mut pace, &mut now, TRIP, &spent);
    assert_eq!(pace.ready(now), now + 30 * SECOND);
    // Its limit is not one of a second, and changes nothing else.
    assert_eq!(pace.rate, Rate::per_second(2.0));
}

#[test]
fn a_lower_limit_is_kept_until_the_server_states_a_higher_one() {
    let limit = |limit| {
        stated(RateLimit {
            limit: Some(limit),
            ..RateLimit::default()
        })
    };
    let (mut pace, mut now) = (pace(), Instant::now());
    send(&mut pace, &mut now, TRIP, &limit(1));
    assert_eq!(
        pace.rate,
        Some(Rate {
            limit: 1,
            window: SECOND
        })
    );
    send(&mut pace, &mut now, TRIP, &limit(2));
    assert_eq!(pace.rate, Rate::per_second(2.0));
    // Five in a window that is not stated: perhaps not a second's.
    send(&mut pace, &mut now, TRIP, &limit(5));
    assert_eq!(pace.rate, Rate::per_second(2.0));
    send(&mut pace, &mut now, TRIP, &limit(0));
    assert_eq!(pace.rate, Rate::per_second(2.0));
}

#[test]
fn which_quotas_are_about_the_day() {
    let quota = |limit, reset, window: Option<u64>| RateLimit {
        limit,
        reset: Some(Duration::from_secs(reset)),
        window: window.map(Duration::from_secs),
        ..RateLimit::default()
    };
    for day in [
        quota(Some(10_000), 5, None),
        quota(None, 7200, None),
        quota(Some(2), 1, Some(86_400)),
    ] {
        assert!(is_long(&day), "{day:?}");
    }
    for short in [
        quota(Some(2), 1, None),
        quota(Some(100), 60, None),
        quota(Some(10_000), 1, Some(60)),
    ] {
        assert!(!is_long(&short), "{short:?}");
    }
}
