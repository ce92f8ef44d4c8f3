use proptest::prelude::*;

use super::{ContentRange, Range};
use crate::testing::cases;

#[test]
fn range_reads_what_the_server_reads() {
    let read = |text: &str| text.parse::<Range>().map(|range| range.to_string());
    for (text, canonical) in [
        ("0-0", "0-0"),
        ("0-19", "0-19"),
        ("10-", "10-"),
        ("0-", "0-"),
        (" 0-4", "0-4"),
        ("00-04", "0-4"),
    ] {
        assert_eq!(read(text).as_deref(), Ok(canonical), "{text}");
    }
}

#[test]
fn range_refuses_what_the_server_ignores() {
    for text in [
        "",
        "-5",
        "abc",
        "0-19,30-39",
        "items=0-19",
        "0 - 4",
        "+1-2",
        "1-+2",
        "5",
        "-",
        "1-2-3",
        "٣-٤",
    ] {
        let error = text.parse::<Range>().unwrap_err();
        assert_eq!(error.to_string(), "a range is written like 0-19 or 10-", "{text}");
    }
}

#[test]
fn range_tells_the_two_refusals_from_what_is_ignored() {
    let too_large = "a row's position in the range is too large";
    for (text, reason) in [
        ("5-2", "the range ends at row 2, before it begins at row 5"),
        ("0-18446744073709551616", too_large),
        ("18446744073709551616-", too_large),
    ] {
        assert_eq!(text.parse::<Range>().unwrap_err().to_string(), reason);
    }
}

#[test]
fn range_length_does_not_overflow() {
    assert_eq!(Range::new(0, Some(u64::MAX)).unwrap().len(), None);
    assert_eq!(Range::new(1, Some(u64::MAX)).unwrap().len(), Some(u64::MAX));
}

#[test]
fn content_range_reads_the_forms_of_the_server() {
    let read = |text: &str| {
        text.parse::<ContentRange>()
            .map(|range| (range.rows(), range.total()))
            .ok()
    };
    assert_eq!(read("0-49/*"), Some((Some(0..=49), None)));
    assert_eq!(read("*/240"), Some((None, Some(240))));
    assert_eq!(read("*/*"), Some((None, None)));
    assert_eq!(read("10-59/240"), Some((Some(10..=59), Some(240))));
    assert_eq!(read("items 10-59/240"), Some((Some(10..=59), Some(240))));
    assert_eq!(read(" 10-59/240 "), Some((Some(10..=59), Some(240))));
    // A guessed total may lie below the rows that came.
    assert_eq!(read("10-59/3"), Some((Some(10..=59), Some(3))));
}

#[test]
fn content_range_refuses_everything_else() {
    for text in [
        "",
        "*",
        "/",
        "0-49",
        "0-49/",
        "/240",
        "49-0/240",
        "0-/240",
        "-9/240",
        "a-b/c",
        "0-4/99999999999999999999",
    ] {
        assert!(text.parse::<ContentRange>().is_err(), "{text}");
    }
}

#[test]
fn content_range_of_rows_beyond_a_u64_is_none() {
    assert_eq!(ContentRange::new(u64::MAX, 2, None).to_string(), "*/*");
    assert_eq!(
        ContentRange::new(u64::MAX, 1, None).rows(),
        Some(u64::MAX..=u64::MAX)
    );
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn range_reads_back_what_it_prints(first: u64, more in proptest::option::of(0..=u64::MAX)) {
        let range = Range::new(first, more.map(|more| first.saturating_add(more))).unwrap();
        prop_assert_eq!(range.to_string().parse(), Ok(range));
    }

    #[test]
    fn content_range_reads_back_what_it_prints(first: u64, count: u64, total: Option<u64>) {
        let range = ContentRange::new(first, count, total);
        prop_assert_eq!(range.to_string().parse(), Ok(range));
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in "[-0-9*/ items,]{0,40}|.{0,20}") {
        if let Ok(range) = text.parse::<Range>() {
            prop_assert_eq!(range.to_string().parse(), Ok(range));
        }
        if let Ok(range) = text.parse::<ContentRange>() {
            prop_assert_eq!(range.to_string().parse(), Ok(range));
        }
    }
}
