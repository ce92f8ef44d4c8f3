//! `timestamp with time zone`: microseconds from the first moment of 2000 in UTC, and the two infinities.
//!
//! Text is read as ISO 8601 in the forms that PostgreSQL takes, in the time zone UTC. Of its other forms (names of months,
//! weekdays and zones, Julian days, AM and PM) none is read: they are rejected as invalid.

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use regex::Regex;

use super::text::{is_blank, write_json};
use crate::postgrest::error::Error;

/// A point in time as PostgreSQL holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(i64);

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// Microseconds from 1970 to 2000.
const EPOCH: i64 = 946_684_800 * MICROS_PER_SECOND;

/// 24 November 4714 BC, the first day that PostgreSQL holds.
const FIRST: i64 = -211_813_488_000_000_000;

/// 1 January 294277, the first moment that it doesn't.
const END: i64 = 9_223_371_331_200_000_000;

/// 400 years, after which the calendar repeats itself: chrono doesn't hold all years that PostgreSQL holds, so it is asked
/// about those from 2000 to 2399 alone.
const CYCLE: i64 = 146_097 * MICROS_PER_DAY;

/// A number, or three that are a date; a time; an offset; an era.
static ISO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^
        (?<first>\d+) (?: (?<mark>[-/]) (?<second>\d{1,2}) (?<again>[-/]) (?<third>\d+) )?
        (?: \s* [T\s] \s*
            (?<hour>\d+) (?: : (?<minute>\d*) (?: : (?<seconds>\d*) )? )? (?: \. (?<fraction>\d*) )? )?
        \s* (?: Z | UTC | GMT
           | (?<sign>[-+]) \s* (?<hours>\d+) (?: : (?<minutes>\d*) (?: : (?<rest>\d*) )? )? )?
        \s* (?<bc>BC)? $",
    )
    .ok()
});

/// Why a text is no time: PostgreSQL's codes.
const INVALID: &str = "22007";
const OUT_OF_RANGE: &str = "22008";
const ZONE_OUT_OF_RANGE: &str = "22009";

impl Instant {
    pub(crate) const INFINITY: Self = Self(i64::MAX);
    pub(crate) const MINUS_INFINITY: Self = Self(i64::MIN);

    /// To the microsecond, rounded down.
    pub(crate) fn from_chrono(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_micros() - EPOCH)
    }

    /// Reads a time; one without an offset is in UTC. `now` is for `now`, `today` and their like.
    pub(crate) fn parse(text: &str, now: Option<Self>) -> Result<Self, Error> {
        read(text, now).map_err(|code| {
            let message = match code {
                OUT_OF_RANGE => "date/time field value out of range",
                ZONE_OUT_OF_RANGE => "time zone displacement out of range",
                _ => "invalid input syntax for type timestamp with time zone",
            };
            Error::new(code, format!("{message}: \"{text}\""))
        })
    }

    /// Writes the time, with what stands between date and clock time, and the offset of UTC: in JSON `T` and `+00:00`.
    pub(crate) fn write(self, out: &mut Vec<u8>, separator: &str, offset: &str) {
        match self {
            Self::INFINITY => return out.extend_from_slice(b"infinity"),
            Self::MINUS_INFINITY => return out.extend_from_slice(b"-infinity"),
            _ => {}
        }
        let era = self.write_date(out);
        let clock = self.0.rem_euclid(MICROS_PER_DAY);
        let (seconds, micros) = (clock / MICROS_PER_SECOND, clock % MICROS_PER_SECOND);
        two_digits(out, separator, seconds / 3600);
        two_digits(out, ":", seconds / 60 % 60);
        two_digits(out, ":", seconds % 60);
        if micros > 0 {
            two_digits(out, ".", micros / 10_000);
            two_digits(out, "", micros / 100);
            two_digits(out, "", micros);
            while out.pop_if(|digit| *digit == b'0').is_some() {}
        }
        out.extend_from_slice(offset.as_bytes());
        out.extend_from_slice(era.as_bytes());
    }

    /// Writes the date of a finite time, and returns the era where it has to follow.
    fn write_date(self, out: &mut Vec<u8>) -> &'static str {
        let like_it = DateTime::from_timestamp_micros(EPOCH + self.0.rem_euclid(CYCLE)).unwrap_or_default();
        let year = i64::from(like_it.year()) + 400 * self.0.div_euclid(CYCLE);
        let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
        if year > 9_999 {
            write_json(&(year / 10_000), out);
        }
        two_digits(out, "", year / 100);
        two_digits(out, "", year);
        two_digits(out, "-", like_it.month().into());
        two_digits(out, "-", like_it.day().into());
        era
    }

    /// The form that a cast to text gives, for a session whose time zone is UTC.
    pub(crate) fn to_text(self) -> String {
        let mut out = Vec::with_capacity(32);
        self.write(&mut out, " ", "+00");
        String::from_utf8(out).unwrap_or_default()
    }

    /// The date in UTC, as a cast to `date` gives it.
    pub(crate) fn to_date_text(self) -> String {
        let text = self.to_text();
        match text.split_once(' ') {
            Some((date, clock)) => date.to_owned() + clock.trim_start_matches(|c| c != ' '),
            None => text,
        }
    }
}

/// Writes the last two digits of a number, and what stands before them.
fn two_digits(out: &mut Vec<u8>, before: &str, number: i64) {
    let number = u8::try_from(number % 100).unwrap_or_default();
    out.extend_from_slice(before.as_bytes());
    out.extend_from_slice(&[b'0' + number / 10, b'0' + number % 10]);
}

fn read(text: &str, now: Option<Instant>) -> Result<Instant, &'static str> {
    // Other punctuation only separates.
    let separates = |c: char| is_blank(c) || c.is_ascii_punctuation() && !matches!(c, '+' | '-');
    let text = text.trim_matches(separates);
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return special(&text.to_ascii_lowercase(), now).ok_or(INVALID);
    }
    let parts = ISO.as_ref().and_then(|iso| iso.captures(text)).ok_or(INVALID)?;
    let part = |name| parts.name(name).map(|part| part.as_str());
    let text = |name| part(name).unwrap_or_default();
    // After a date without dashes an offset needs a time before it.
    let is_bare = part("mark").or(part("hour")).is_none() && part("sign").is_some();
    if part("mark") != part("again") || is_bare {
        return Err(INVALID);
    }
    let others = part("second").zip(part("third"));
    let date = date(text("first"), others, part("bc").is_some())?;
    let clock = clock(text("hour"), part("minute"), text("seconds"))? + fraction(text("fraction"));
    if clock > MICROS_PER_DAY {
        return Err(OUT_OF_RANGE);
    }
    let offset = offset(text("hours"), part("minutes"), text("rest")).ok_or(ZONE_OUT_OF_RANGE)?;
    let east = if text("sign") == "-" { -offset } else { offset };
    date.checked_add(clock - east)
        .filter(|micros| (FIRST..END).contains(micros))
        .map(Instant)
        .ok_or(OUT_OF_RANGE)
}

/// A time that has a name.
fn special(name: &str, now: Option<Instant>) -> Option<Instant> {
    let day = |days| {
        let today = now?.0.div_euclid(MICROS_PER_DAY);
        Some(Instant((today + days) * MICROS_PER_DAY))
    };
    match name {
        "infinity" => Some(Instant::INFINITY),
        "-infinity" => Some(Instant::MINUS_INFINITY),
        "epoch" => Some(Instant(-EPOCH)),
        "now" => now,
        "today" => day(0),
        "tomorrow" => day(1),
        "yesterday" => day(-1),
        _ => None,
    }
}

/// The first moment of `2025-01-31`, `01/31/2025` or `20250131`, as microseconds.
fn date(first: &str, others: Option<(&str, &str)>, is_before_christ: bool) -> Result<i64, &'static str> {
    let (year, month, day) = match others {
        Some((month, day)) if first.len() > 2 => (first, month, day),
        Some((day, year)) => (year, first, day),
        None if first.len() >= 6 => {
            let (rest, day) = first.split_at(first.len() - 2);
            let (year, month) = rest.split_at(rest.len() - 2);
            (year, month, day)
        }
        // It would be a month.
        None if first.len() <= 2 && !(1..=12).contains(&number(first)?) => return Err(OUT_OF_RANGE),
        None => return Err(INVALID),
    };
    let (is_short, month, day) = (year.len() <= 2, number(month)?, number(day)?);
    let year = match number(year)? {
        year if is_before_christ && year > 0 => 1 - year,
        year @ 0..70 if is_short => year + 2000,
        year @ 70..100 if is_short => year + 1900,
        0 => return Err(OUT_OF_RANGE),
        year => year,
    };
    let like_it = 2000 + year.rem_euclid(400);
    let date = NaiveDate::from_ymd_opt(like_it, month.unsigned_abs(), day.unsigned_abs());
    let start = date.ok_or(OUT_OF_RANGE)?.and_time(NaiveTime::MIN).and_utc();
    let cycles = i64::from(year.div_euclid(400) - 5).checked_mul(CYCLE);
    let start = cycles.and_then(|cycles| cycles.checked_add(start.timestamp_micros() - EPOCH));
    start.ok_or(OUT_OF_RANGE)
}

/// `12:30`, `12:30:15`, `1230` or `123015`, as microseconds; nothing is the first of a day.
fn clock(first: &str, minute: Option<&str>, second: &str) -> Result<i64, &'static str> {
    let (hour, minute, second) = match (minute, first.len()) {
        (Some(minute), _) => (first, minute, second),
        (None, 4 | 6) => {
            let (hour, rest) = first.split_at(2);
            let (minute, second) = rest.split_at(2);
            (hour, minute, second)
        }
        (None, 0) => ("", "", ""),
        _ => return Err(INVALID),
    };
    let (hour, minute, second) = (number(hour)?, number(minute)?, number(second)?);
    if hour > 24 || minute > 59 || second > 60 {
        return Err(OUT_OF_RANGE);
    }
    Ok(i64::from((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND)
}

/// The digits of a fraction of a second, rounded to microseconds.
fn fraction(digits: &str) -> i64 {
    let seconds: f64 = format!("0.{digits}").parse().unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "at most a million")]
    let micros = (seconds * 1e6).round_ties_even() as i64;
    micros
}

/// `02`, `0530` or `01:02:03`, as microseconds; `None` beyond what PostgreSQL allows.
fn offset(first: &str, minute: Option<&str>, second: &str) -> Option<i64> {
    let (hour, minute) = match (number(first).ok()?, minute) {
        (hour, Some(minute)) => (hour, number(minute).ok()?),
        (both, None) if first.len() > 2 => (both / 100, both % 100),
        (hour, None) => (hour, 0),
    };
    let second = number(second).ok()?;
    let is_allowed = hour <= 15 && minute <= 59 && second <= 59;
    is_allowed.then(|| i64::from((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND)
}

/// The value of digits, none being 0; beyond PostgreSQL's `int` is out of range.
fn number(digits: &str) -> Result<i32, &'static str> {
    if digits.is_empty() {
        return Ok(0);
    }
    digits.parse().map_err(|_| OUT_OF_RANGE)
}

#[cfg(test)]
mod tests;
