//! The time zone in which a person reads and writes times.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

/// A time zone, and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Zone {
    rules: TimeZone,
    source: &'static str,
    /// What `TZ` says, where this machine knows no such zone.
    unknown: Option<String>,
}

impl Zone {
    /// UTC where it is asked for, else that of `TZ`, else the machine's.
    pub(crate) fn find(utc: bool, env: impl Fn(&str) -> Option<String>) -> Self {
        if utc {
            return Self::utc("--utc");
        }
        let variable = env("TZ");
        let source = if variable.is_some() {
            "environment, TZ"
        } else {
            "this machine"
        };
        match TimeZone::try_system() {
            Ok(rules) if !rules.is_unknown() => Self {
                rules,
                source,
                unknown: None,
            },
            _ => Self {
                unknown: variable,
                ..Self::utc(source)
            },
        }
    }

    pub(crate) fn utc(source: &'static str) -> Self {
        Self {
            rules: TimeZone::UTC,
            source,
            unknown: None,
        }
    }

    pub(crate) fn now(&self) -> ZonedDateTime {
        Timestamp::now().to_zoned_datetime(self.rules.clone())
    }

    /// The zone's name; `UTC` for every name of it.
    pub(crate) fn name(&self) -> &str {
        match self.rules.iana_name() {
            Some("UTC" | "Etc/UTC" | "Etc/UCT" | "Etc/Universal" | "Etc/Zulu" | "Etc/GMT" | "GMT") => "UTC",
            Some(name) => name,
            None if self.rules == TimeZone::UTC => "UTC",
            None => "local time",
        }
    }

    /// The name, and what is wrong with `TZ` if something is.
    pub(crate) fn described(&self) -> String {
        match &self.unknown {
            Some(name) => format!("UTC ({name} is not known to this machine)"),
            None => self.name().to_owned(),
        }
    }

    pub(crate) fn source(&self) -> &'static str {
        self.source
    }

    /// To the second, without the zone.
    pub(crate) fn exact(&self, time: DateTime<Utc>) -> String {
        self.format(time, "%Y-%m-%d %H:%M:%S")
    }

    /// To the minute, without the zone.
    pub(crate) fn minute(&self, time: DateTime<Utc>) -> String {
        self.format(time, "%Y-%m-%d %H:%M")
    }

    /// The time of day, and the zone's abbreviation.
    pub(crate) fn clock(&self, time: DateTime<Utc>) -> String {
        match self.at(time) {
            Some(time) => time.strftime("%H:%M:%S %Z").to_string(),
            None => time.format("%H:%M:%S UTC").to_string(),
        }
    }

    /// With all digits of the second, and the zone's abbreviation.
    pub(crate) fn full(&self, time: DateTime<Utc>) -> String {
        match self.at(time) {
            Some(time) => time.strftime("%Y-%m-%d %H:%M:%S%.f %Z").to_string(),
            None => time.format("%Y-%m-%d %H:%M:%S%.f UTC").to_string(),
        }
    }

    /// The day on which it was.
    pub(crate) fn day(&self, time: DateTime<Utc>) -> NaiveDate {
        self.at(time)
            .and_then(|time| {
                let (year, month, day) = (time.year(), time.month(), time.day());
                let (month, day) = (u32::try_from(month).ok()?, u32::try_from(day).ok()?);
                NaiveDate::from_ymd_opt(year.into(), month, day)
            })
            .unwrap_or_else(|| time.date_naive())
    }

    fn format(&self, time: DateTime<Utc>, format: &str) -> String {
        match self.at(time) {
            Some(time) => time.strftime(format).to_string(),
            // PostgreSQL has years that no calendar needs.
            None => format!(
                "{}{}",
                time.format(format),
                if time.year() > 9999 { " UTC" } else { "" }
            ),
        }
    }

    fn at(&self, time: DateTime<Utc>) -> Option<ZonedDateTime> {
        let nanos = i32::try_from(time.timestamp_subsec_nanos()).ok()?;
        let time = Timestamp::new(time.timestamp(), nanos).ok()?;
        Some(time.to_zoned_datetime(self.rules.clone()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::Zone;

    fn berlin() -> Zone {
        Zone {
            rules: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(),
            source: "",
            unknown: None,
        }
    }

    #[test]
    fn times_are_shown_in_the_zone_with_the_abbreviation_of_their_season() {
        let winter = "2026-01-04T23:30:00.25Z".parse().unwrap();
        assert_eq!(berlin().exact(winter), "2026-01-05 00:30:00");
        assert_eq!(berlin().full(winter), "2026-01-05 00:30:00.25 CET");
        assert_eq!(berlin().day(winter).to_string(), "2026-01-05");
        assert_eq!(
            berlin().full("2026-07-04T23:30:00Z".parse().unwrap()),
            "2026-07-05 01:30:00 CEST"
        );
        assert_eq!(Zone::utc("").full(winter), "2026-01-04 23:30:00.25 UTC");
        assert_eq!(Zone::utc("").name(), "UTC");
    }

    #[test]
    fn years_that_no_calendar_has_are_shown_too() {
        let far = chrono::DateTime::<chrono::Utc>::MAX_UTC;
        assert!(berlin().exact(far).contains("262142") && berlin().full(far).ends_with("UTC"));
        assert_eq!(berlin().day(far), far.date_naive());
    }
}
