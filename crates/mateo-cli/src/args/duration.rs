//! Lengths of time and sizes as people write them: `90s`, `1h30m`, `2d`; `500K`, `2M`.

use std::str::FromStr;
use std::time::Duration;

use jiff::SpanRelativeTo;

/// A length of time: numbers with units from `ms` to weeks, whole or short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected a length of time such as 90s, 10m, 1h30m, 2d".to_owned();
        // ISO 8601's own form begins with a letter, and nothing here can be negative.
        if !text.starts_with(|c: char| c.is_ascii_digit()) || text.ends_with("ago") {
            return Err(expected());
        }
        let span: jiff::Span = text.parse().map_err(|_| expected())?;
        span.to_duration(SpanRelativeTo::days_are_24_hours())
            .ok()
            .and_then(|length| Duration::try_from(length).ok())
            .map(Self)
            .ok_or_else(expected)
    }
}

/// A number of bytes, with K, M or G for thousands, millions, thousands of millions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, factor) = match text.char_indices().last() {
            Some((at, 'k' | 'K')) => (text.get(..at), 1_000),
            Some((at, 'm' | 'M')) => (text.get(..at), 1_000_000),
            Some((at, 'g' | 'G')) => (text.get(..at), 1_000_000_000),
            _ => (Some(text), 1),
        };
        number
            .and_then(|number| number.parse::<u64>().ok())
            .and_then(|number| number.checked_mul(factor))
            .map(Self)
            .ok_or_else(|| "expected a size such as 500K, 2M or 1G".to_owned())
    }
}

/// `90s` and the like, in at most two units: how a length of time is shown.
pub(crate) fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let two = |big: u64, big_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{big}{big_unit}"),
        small => format!("{big}{big_unit}{small}{small_unit}"),
    };
    match seconds {
        0 if duration.is_zero() => "0s".to_owned(),
        0 => format!("{}ms", duration.as_millis().max(1)),
        1..60 => format!("{seconds}s"),
        60..3_600 => two(seconds / 60, "m", seconds % 60, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "m"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Bytes, Span, shown};

    #[test]
    fn lengths_of_time_are_read_with_their_units() {
        let millis = |text: &str| text.parse::<Span>().unwrap().0.as_millis();
        assert_eq!(millis("500ms"), 500);
        assert_eq!(millis("90s"), 90_000);
        assert_eq!(millis("1h30m"), 5_400_000);
        assert_eq!(millis("2d"), 172_800_000);
        assert_eq!(millis("1w"), 604_800_000);
        assert_eq!(millis("2days"), 172_800_000);
        assert_eq!(millis("5 s"), 5_000);
        assert_eq!(millis("1.5h"), 5_400_000);
    }

    #[test]
    fn what_is_no_length_of_time_is_rejected() {
        for text in [
            "",
            "5",
            "s",
            "5x",
            "-5s",
            "99999999999999999999s",
            "9999999999999999w",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for seconds in [1, 59, 60, 61, 3_599, 3_600, 3_660, 86_400, 90_000] {
            let duration = Duration::from_secs(seconds);
            assert_eq!(shown(duration).parse::<Span>(), Ok(Span(duration)));
        }
    }

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!("500K".parse(), Ok(Bytes(500_000)));
        assert_eq!("12".parse(), Ok(Bytes(12)));
        assert!(
            "K".parse::<Bytes>().is_err() && "-1".parse::<Bytes>().is_err() && "1T".parse::<Bytes>().is_err()
        );
    }
}
