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
    assert_eq!(wait(&[("retry-after", "99999999999")]), Some(LONGEST_WAIT));
    for nonsense in ["", "-1", "soon", "1.5", "99999999999999999999999"] {
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
