use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::{Text, display, parse, read};
use crate::testing::cases;

fn utc(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

#[test]
fn the_servers_form_is_read_and_written_back() {
    for text in [
        "2025-01-01T00:00:00+00:00",
        "2025-01-01T00:00:00.00001+00:00",
        "2025-01-01T23:59:59.999999+00:00",
        "2024-02-29T12:00:00.1+00:00",
        "0001-01-01T00:00:00+00:00",
        "9999-12-31T23:59:59.999999+00:00",
    ] {
        let time = parse(text).unwrap();
        assert_eq!(time, utc(text));
        assert_eq!(display(time).to_string(), text);
    }
}

#[test]
fn digits_that_are_remembered_are_written_again() {
    let (time, digits) = read("2025-01-01T00:00:59.100000+00:00").unwrap();
    assert_eq!(digits, 6);
    assert_eq!(
        Text { time, digits }.to_string(),
        "2025-01-01T00:00:59.100000+00:00"
    );
    assert_eq!(display(time).to_string(), "2025-01-01T00:00:59.1+00:00");
}

#[test]
fn more_digits_than_remembered_are_written_all_the_same() {
    let time = utc("2025-01-01T00:00:00.123456+00:00");
    assert_eq!(
        Text { time, digits: 2 }.to_string(),
        "2025-01-01T00:00:00.123456+00:00"
    );
}

#[test]
fn other_forms_and_offsets_are_the_same_point_in_time() {
    let time = utc("2025-01-01T00:00:00.5+00:00");
    for text in [
        "2025-01-01T02:00:00.5+02:00",
        "2024-12-31T18:30:00.5-05:30",
        "2025-01-01T00:00:00.5Z",
        "2025-01-01t00:00:00.500z",
        "2025-01-01 00:00:00.5+00",
        "2025-01-01T00:00:00.500000000+00:00",
        "2025-01-01T00:53:28.5+00:53:28",
    ] {
        assert_eq!(parse(text), Ok(time), "{text}");
    }
}

#[test]
fn years_of_five_and_six_digits_are_read_and_written() {
    let text = "123456-07-08T09:10:11+00:00";
    assert_eq!(display(parse(text).unwrap()).to_string(), text);
}

#[test]
fn times_without_a_counterpart_are_refused_by_name() {
    for (text, reason) in [
        ("infinity", "\"infinity\" is not a point in time"),
        ("-infinity", "\"-infinity\" is not a point in time"),
        (
            "0044-03-15T12:00:00+00:00 BC",
            "\"0044-03-15T12:00:00+00:00 BC\" is before the common era",
        ),
        (
            "294276-12-31T23:59:59+00:00",
            "\"294276-12-31T23:59:59+00:00\" is not in the calendar or beyond the times that can be held",
        ),
        (
            "262142-12-31T23:59:59-24:00",
            "\"262142-12-31T23:59:59-24:00\" is not in the calendar or beyond the times that can be held",
        ),
        (
            "2025-02-29T00:00:00+00:00",
            "\"2025-02-29T00:00:00+00:00\" is not in the calendar or beyond the times that can be held",
        ),
        (
            "2025-01-01T00:00:00",
            "\"2025-01-01T00:00:00\" has no offset from UTC",
        ),
        ("", "\"\" is not a point in time"),
    ] {
        assert_eq!(parse(text).unwrap_err().to_string(), reason);
    }
}

#[test]
fn what_only_looks_like_a_time_is_refused() {
    for text in [
        "2025-1-01T00:00:00+00:00",
        "2025-01-01T00:00+00:00",
        "2025-01-01T00:00:00.+00:00",
        "2025-01-01T00:00:00.1234567890+00:00",
        "2025-01-01T00:00:00.12a+00:00",
        "2025-01-01T24:00:00+00:00",
        "2025-01-01T23:59:60+00:00",
        "2025-01-01T00:00:00+0000",
        "2025-01-01T00:00:00+00:00:00:00",
        "2025-01-01T00:00:00Zulu",
        "2025-01-01-01T00:00:00Z",
        "٢٠٢٥-01-01T00:00:00Z",
        "+2025-01-01T00:00:00Z",
        "1234567-01-01T00:00:00Z",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn an_error_quotes_only_the_start_of_a_long_text() {
    assert!(parse(&"é".repeat(200)).unwrap_err().to_string().len() < 120);
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn every_microsecond_comes_back(micros in -62_135_596_800_000_000_i64..8_000_000_000_000_000_000) {
        let time = DateTime::from_timestamp_micros(micros).unwrap();
        prop_assert_eq!(parse(&display(time).to_string()), Ok(time));
    }

    #[test]
    fn what_is_read_in_the_servers_form_is_what_chrono_reads(
        text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,7})?\\+00:00|.{0,32}"
    ) {
        if let Ok(time) = DateTime::parse_from_rfc3339(&text) {
            prop_assert_eq!(parse(&text), Ok(time.to_utc()));
        } else {
            let _ = parse(&text);
        }
    }

    #[test]
    fn chrono_reads_what_is_written_and_we_read_what_chrono_writes(micros in 0_i64..4_000_000_000_000_000, hours in -14_i32..=14) {
        let time = DateTime::from_timestamp_micros(micros).unwrap();
        prop_assert_eq!(utc(&display(time).to_string()), time);
        let elsewhere = time.with_timezone(&chrono::FixedOffset::east_opt(hours * 3600).unwrap());
        prop_assert_eq!(parse(&elsewhere.to_rfc3339()), Ok(time));
    }
}
