//! `Retry-After` in both its forms.

use super::*;

const NOON: &str = "Sun, 06 Nov 1994 12:00:00 GMT";

fn wait(pairs: &[(&'static str, &str)]) -> Option<Duration> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, value.parse().unwrap());
    }
    retry_after(&headers, httpdate::parse_http_date(NOON).unwrap())
}

#[test]
fn retry_after_in_seconds() {
    assert_eq!(wait(&[("retry-after", "3")]), Some(Duration::from_secs(3)));
    assert_eq!(wait(&[("retry-after", " 0 ")]), Some(Duration::ZERO));
    assert_eq!(wait(&[("retry-after", "86400")]), Some(LONGEST_BELIEVED));
    // The last of them are a day and a second, and two epochs.
    for nonsense in [
        "",
        "-1",
        "soon",
        "1.5",
        "99999999999999999999999",
        "86401",
        "1764025316",
        "99999999999",
    ] {
        assert_eq!(wait(&[("retry-after", nonsense)]), None, "{nonsense:?}");
    }
    assert_eq!(wait(&[]), None);
}

#[test]
fn retry_after_as_a_date_is_measured_by_the_servers_clock() {
    let later = "Sun, 06 Nov 1994 12:00:07 GMT";
    assert_eq!(wait(&[("retry-after", later)]), Some(Duration::from_secs(7)));
    let date = "Sun, 06 Nov 1994 12:00:05 GMT";
    assert_eq!(
        wait(&[("retry-after", later), ("date", date)]),
        Some(Duration::from_secs(2))
    );
}

#[test]
fn a_date_that_has_passed_asks_for_no_wait() {
    assert_eq!(
        wait(&[("retry-after", "Sun, 06 Nov 1994 11:59:00 GMT")]),
        Some(Duration::ZERO)
    );
}

#[test]
fn a_date_a_year_ahead_is_as_if_it_were_not_there() {
    assert_eq!(wait(&[("retry-after", "Mon, 06 Nov 1995 12:00:00 GMT")]), None);
}

#[test]
fn a_hold_is_bounded_and_never_zero() {
    let facts = |seconds: &str| {
        let headers = HeaderMap::from_iter([(header::RETRY_AFTER, seconds.parse().unwrap())]);
        ResponseFacts::read(StatusCode::TOO_MANY_REQUESTS, &headers, SystemTime::UNIX_EPOCH)
    };
    assert_eq!(facts("7").hold(), Some(Duration::from_secs(7)));
    assert_eq!(facts("7200").hold(), Some(LONGEST_HOLD));
    let patient = ResponseFacts {
        longest_hold: LONGEST_BELIEVED,
        ..facts("7200")
    };
    assert_eq!(patient.hold(), Some(Duration::from_secs(7200)));
    assert_eq!(facts("0").hold(), None);
}
