//! Every form of the headers, and nonsense.

use super::*;

fn read(pairs: &[(&'static str, &str)]) -> Vec<RateLimit> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, value.parse().unwrap());
    }
    RateLimit::read(&headers)
}

fn quota(limit: u64, remaining: u64, reset: u64) -> RateLimit {
    RateLimit {
        limit: Some(limit),
        remaining: Some(remaining),
        reset: Some(Duration::from_secs(reset)),
        ..RateLimit::default()
    }
}

#[test]
fn the_three_headers() {
    let three = [
        ("ratelimit-limit", "2"),
        ("ratelimit-remaining", "1"),
        ("ratelimit-reset", "1"),
    ];
    assert_eq!(read(&three), [quota(2, 1, 1)]);
}

#[test]
fn the_three_headers_with_windows() {
    let three = [
        ("ratelimit-limit", "10000, 2;w=1, 10000;w=86400"),
        ("ratelimit-remaining", "9000"),
        ("ratelimit-reset", "3600"),
    ];
    let day = RateLimit {
        window: Some(Duration::from_secs(24 * 60 * 60)),
        ..quota(10_000, 9000, 3600)
    };
    assert_eq!(read(&three), [day]);
}

#[test]
fn a_part_of_the_three_headers() {
    assert_eq!(
        read(&[("ratelimit-remaining", "0")]),
        [RateLimit {
            remaining: Some(0),
            ..RateLimit::default()
        }]
    );
}

#[test]
fn the_one_header_as_a_dictionary() {
    let second = RateLimit {
        window: Some(Duration::from_secs(1)),
        ..quota(2, 1, 1)
    };
    assert_eq!(
        read(&[
            ("ratelimit", "limit=2, remaining=1, reset=1"),
            ("ratelimit-policy", "2;w=1, 10000;w=86400")
        ]),
        [second]
    );
    assert_eq!(
        read(&[("ratelimit", "limit=2,remaining=1,reset=1")]),
        [quota(2, 1, 1)]
    );
}

#[test]
fn the_one_header_as_a_list_of_named_quotas() {
    let quotas = read(&[
        ("ratelimit", r#""a second";r=1;t=1, "day;,";r=42;t=3600"#),
        (
            "ratelimit-policy",
            r#""a second";q=2;w=1,"day;,";q=10000;w=86400"#,
        ),
    ]);
    let named = |name: &str, window, quota| RateLimit {
        name: Some(name.into()),
        window: Some(Duration::from_secs(window)),
        ..quota
    };
    assert_eq!(
        quotas,
        [
            named("a second", 1, quota(2, 1, 1)),
            named("day;,", 86_400, quota(10_000, 42, 3600))
        ]
    );
}

#[test]
fn the_one_header_wins_over_the_three() {
    let both = [
        ("ratelimit", r#""x";r=5;t=2"#),
        ("ratelimit-remaining", "1"),
        ("ratelimit-limit", "2"),
    ];
    assert_eq!(read(&both).first().unwrap().remaining, Some(5));
}

#[test]
fn nonsense_is_left_out() {
    for nonsense in [
        "",
        ",,;;",
        "\"",
        "r=;t=",
        "\"a\";r=x",
        ";r=1",
        "99999999999999999999999999",
    ] {
        let quotas = read(&[("ratelimit", nonsense), ("ratelimit-policy", nonsense)]);
        assert!(
            quotas.iter().all(|quota| quota.remaining.is_none()),
            "{nonsense:?}: {quotas:?}"
        );
    }
    assert_eq!(
        read(&[("ratelimit-limit", "many"), ("ratelimit-reset", "-1")]),
        []
    );
    // An epoch where seconds belong.
    assert_eq!(
        read(&[("ratelimit-remaining", "1"), ("ratelimit-reset", "1790000000")])
            .first()
            .unwrap()
            .reset,
        None
    );
}

proptest::proptest! {
    #[test]
    fn no_header_value_panics(one in "[ -~]{0,60}", two in "[ -~]{0,60}") {
        read(&[("ratelimit", &one), ("ratelimit-policy", &two), ("ratelimit-limit", &two)]);
    }
}
