//! Points in time as people write them: `2d` (ago), `today`, `2026-01-02`, `2026-01-02 10:00`, RFC 3339.

use chrono::{DateTime, Utc};
use jiff::{Span, Timestamp, ToSpan as _, ZonedDateTime, civil};
use mateo_imports::model::timestamp;

/// Reads a point in time. Without an offset it is of the zone of `now`.
pub(crate) fn parse(text: &str, now: &ZonedDateTime) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    let zone = now.time_zone();
    let midnight = |days: i64| now.checked_add(days.days()).and_then(|day| day.start_of_day());
    let zoned = match text.to_lowercase().as_str() {
        "now" => Ok(now.clone()),
        "today" => midnight(0),
        "yesterday" => midnight(-1),
        "tomorrow" => midnight(1),
        _ => {
            if let Some(ago) = ago(text) {
                now.checked_sub(ago)
                    .map_err(|_| "that is before all time".to_owned())?;
                now.checked_sub(ago)
            } else if let Some(civil) = civil_time(text) {
                zone.to_zoned_datetime(civil)
            } else {
                let exact = text.parse().ok().and_then(to_chrono);
                return exact
                    .map_or_else(|| timestamp::parse(text), Ok)
                    .map_err(|_| expected());
            }
        }
    };
    zoned
        .ok()
        .and_then(|time| to_chrono(time.timestamp()))
        .ok_or_else(expected)
}

/// A length of time, which counts back: `2d`, `2 days`, `1h30m ago`.
fn ago(text: &str) -> Option<Span> {
    let text = text.strip_suffix("ago").unwrap_or(text).trim_end();
    // ISO 8601's own form begins with a letter, and a sign would count forward.
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|span: &Span| !span.is_negative())
}

/// A date, or a date and a time without an offset.
fn civil_time(text: &str) -> Option<civil::DateTime> {
    // With an offset it is no time of this zone.
    let (_, time) = text.split_once(['T', 't', ' ']).unwrap_or((text, ""));
    if time.contains(['Z', 'z', '+', '-', '[']) {
        return None;
    }
    let is_date = text.split('-').count() == 3;
    text.parse().ok().filter(|_| is_date)
}

pub(crate) fn to_chrono(time: Timestamp) -> Option<DateTime<Utc>> {
    let nanos = u32::try_from(time.subsec_nanosecond()).unwrap_or(0);
    DateTime::from_timestamp(time.as_second(), nanos)
}

fn expected() -> String {
    "expected a time: 2d (ago), today, 2026-01-02, '2026-01-02 10:00' or 2026-01-02T10:00:00Z".to_owned()
}

#[cfg(test)]
mod tests {
    use jiff::ZonedDateTime;
    use jiff::tz::TimeZone;

    use super::parse;

    fn at(text: &str, zone: TimeZone) -> String {
        let now: ZonedDateTime = "2026-03-01T12:30:00Z[UTC]".parse().unwrap();
        parse(text, &now.with_time_zone(zone)).unwrap().to_rfc3339()
    }

    #[test]
    fn every_form_is_read() {
        let utc = |text: &str| at(text, TimeZone::UTC);
        for text in ["2d", "2days", "2 days", "2 days ago", "48h"] {
            assert_eq!(utc(text), "2026-02-27T12:30:00+00:00", "{text}");
        }
        assert_eq!(utc("90m"), "2026-03-01T11:00:00+00:00");
        assert_eq!(utc("1h30m"), "2026-03-01T11:00:00+00:00");
        assert_eq!(utc("Today"), "2026-03-01T00:00:00+00:00");
        assert_eq!(utc("yesterday"), "2026-02-28T00:00:00+00:00");
        assert_eq!(utc("2026-01-02"), "2026-01-02T00:00:00+00:00");
        for text in [
            "2026-01-02 10:00",
            "2026-01-02T10:00",
            "2026-01-02T10:00:00",
            "2026-01-02 10:00:00Z",
        ] {
            assert_eq!(utc(text), "2026-01-02T10:00:00+00:00", "{text}");
        }
        assert_eq!(utc("2026-01-02T10:00:00+02:00"), "2026-01-02T08:00:00+00:00");
        assert_eq!(utc("now"), "2026-03-01T12:30:00+00:00");
    }

    #[test]
    fn without_an_offset_a_time_is_of_the_zone() {
        let berlin = |text: &str| at(text, TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap());
        assert_eq!(berlin("today"), "2026-02-28T23:00:00+00:00");
        assert_eq!(berlin("2026-07-02"), "2026-07-01T22:00:00+00:00");
        assert_eq!(berlin("2026-07-02 10:00"), "2026-07-02T08:00:00+00:00");
        assert_eq!(berlin("2026-07-02T10:00:00Z"), "2026-07-02T10:00:00+00:00");
    }

    #[test]
    fn what_is_no_time_is_rejected() {
        let now: ZonedDateTime = "2026-03-01T12:30:00Z[UTC]".parse().unwrap();
        for text in [
            "",
            "2",
            "soon",
            "2026-13-01",
            "01/02/2026",
            "infinity",
            "99999999w",
            "-2d",
            "P2D",
            "20260102",
            "10:00",
            "2026-01-02 25:00",
        ] {
            assert!(parse(text, &now).is_err(), "{text:?}");
        }
    }
}
