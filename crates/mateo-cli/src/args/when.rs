//! Points in time as people write them: `2d` (ago), `today`, `2026-01-02`, RFC 3339.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use mateo_imports::model::timestamp;

use super::duration::Span;

/// Reads a point in time. Days begin at midnight UTC, so that the same command means the same everywhere.
pub(crate) fn parse(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
    match text {
        "now" => return Ok(now),
        "today" => return Ok(midnight(now.date_naive())),
        "yesterday" => {
            let yesterday = now.date_naive().checked_sub_days(Days::new(1));
            return yesterday.map(midnight).ok_or_else(expected);
        }
        _ => {}
    }
    if let Ok(span) = text.parse::<Span>() {
        let span = TimeDelta::from_std(span.0).map_err(|_| expected())?;
        return now
            .checked_sub_signed(span)
            .ok_or_else(|| "that is before all time".to_owned());
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Ok(midnight(date));
    }
    timestamp::parse(text).map_err(|_| expected())
}

fn expected() -> String {
    "expected a time: 2d (ago), today, 2026-01-02 or 2026-01-02T10:00:00Z".to_owned()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::parse;

    fn now() -> DateTime<Utc> {
        "2026-03-01T12:30:00Z".parse().unwrap()
    }

    fn at(text: &str) -> String {
        parse(text, now()).unwrap().to_rfc3339()
    }

    #[test]
    fn every_form_is_read() {
        assert_eq!(at("2d"), "2026-02-27T12:30:00+00:00");
        assert_eq!(at("90m"), "2026-03-01T11:00:00+00:00");
        assert_eq!(at("today"), "2026-03-01T00:00:00+00:00");
        assert_eq!(at("yesterday"), "2026-02-28T00:00:00+00:00");
        assert_eq!(at("2026-01-02"), "2026-01-02T00:00:00+00:00");
        assert_eq!(at("2026-01-02T10:00:00+02:00"), "2026-01-02T08:00:00+00:00");
        assert_eq!(at("now"), "2026-03-01T12:30:00+00:00");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2",
            "tomorrow",
            "2026-13-01",
            "01/02/2026",
            "infinity",
            "99999999w",
        ] {
            assert!(parse(text, now()).is_err(), "{text:?}");
        }
    }
}
