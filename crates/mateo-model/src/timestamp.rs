//! The server's text for a point in time, read and written without losing a microsecond.
//!
//! PostgreSQL has one form of `timestamp with time zone` in JSON: `2025-01-01T00:00:00.00001+00:00`, the fraction of a
//! second without trailing zeros and left out where it is zero. [`display`] writes that form. [`parse`] reads it, and what
//! else PostgreSQL or RFC 3339 may put in its place: other offsets, a space for the `T`, years of five and six digits.

use std::fmt;
use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};

use crate::excerpt::excerpt;

/// Reads a point in time; an offset other than `+00:00` is converted.
///
/// # Errors
///
/// If the text is none, or one that [`DateTime<Utc>`] has no value for: PostgreSQL's `infinity` and `-infinity`, and years
/// before the common era (`BC`). Fractions finer than a nanosecond are rejected, not rounded; PostgreSQL has microseconds.
///
/// ```
/// use mateo_model::timestamp;
///
/// let time = timestamp::parse("2025-01-01T02:00:00.1+02:00")?;
/// assert_eq!(time, timestamp::parse("2025-01-01 00:00:00.100000Z")?);
/// assert_eq!(timestamp::parse("infinity").unwrap_err().to_string(), "\"infinity\" is not a point in time");
/// # Ok::<(), timestamp::TimestampError>(())
/// ```
pub fn parse(text: &str) -> Result<DateTime<Utc>, TimestampError> {
    read(text).map(|(time, _)| time)
}

/// Writes a point in time as the server does, with as many digits of fraction as it has.
///
/// ```
/// use mateo_model::timestamp;
///
/// let text = "2025-01-01T00:00:00.00001+00:00";
/// assert_eq!(timestamp::display(timestamp::parse(text)?).to_string(), text);
/// # Ok::<(), timestamp::TimestampError>(())
/// ```
pub fn display(time: DateTime<Utc>) -> impl fmt::Display {
    Text { time, digits: 0 }
}

/// A text is not a point in time that can be held.
///
/// ```
/// let error = mateo_model::timestamp::parse("0044-03-15T12:00:00+00:00 BC").unwrap_err();
/// assert_eq!(error.to_string(), "\"0044-03-15T12:00:00+00:00 BC\" is before the common era");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} {what}")]
pub struct TimestampError {
    text: Box<str>,
    what: &'static str,
}

/// A time as it is written: at least so many digits of fraction, more where the time has more.
pub(crate) struct Text {
    pub(crate) time: DateTime<Utc>,
    pub(crate) digits: u8,
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = self.time.format("%m-%dT%H:%M:%S");
        write!(f, "{:04}-{clock}", self.time.year())?;
        let fraction = format!("{:09}", self.time.nanosecond() % 1_000_000_000);
        let needed = fraction.trim_end_matches('0').len();
        let digits = needed.max(usize::from(self.digits));
        if digits > 0 {
            write!(f, ".{fraction:.digits$}")?;
        }
        f.write_str("+00:00")
    }
}

const MALFORMED: &str = "is not a point in time";

/// A time, and how many digits of fraction its text had.
pub(crate) fn read(text: &str) -> Result<(DateTime<Utc>, u8), TimestampError> {
    read_parts(text).map_err(|what| TimestampError {
        text: excerpt(text, 64).into(),
        what,
    })
}

fn read_parts(text: &str) -> Result<(DateTime<Utc>, u8), &'static str> {
    if text.ends_with(" BC") {
        return Err("is before the common era");
    }
    let (date, time) = text.split_once(['T', 't', ' ']).ok_or(MALFORMED)?;
    let [year, month, day] = numbers(date, '-', 4..=6).ok_or(MALFORMED)?;
    let year = i32::try_from(year).map_err(|_| MALFORMED)?;

    let offset = time.find(['Z', 'z', '+', '-']).ok_or("has no offset from UTC")?;
    let (time, offset) = time.split_at(offset);
    let offset = offset_seconds(offset).ok_or(MALFORMED)?;

    let (clock, fraction) = match time.split_once('.') {
        Some((_, "")) => return Err(MALFORMED),
        Some(split) => split,
        None => (time, ""),
    };
    let [hour, minute, second] = numbers(clock, ':', 2..=2).ok_or(MALFORMED)?;
    let (nanos, digits) = nanoseconds(fraction).ok_or(MALFORMED)?;

    NaiveDate::from_ymd_opt(year, month, day)
        .and_then(|date| date.and_hms_nano_opt(hour, minute, second, nanos))
        .and_then(|local| local.checked_sub_signed(TimeDelta::seconds(offset)))
        .map(|utc| (utc.and_utc(), digits))
        .ok_or("is not in the calendar or beyond the times that can be held")
}

/// Three numbers with a separator between: the first of so many digits, the others of two.
fn numbers(text: &str, separator: char, first: RangeInclusive<usize>) -> Option<[u32; 3]> {
    let (one, rest) = text.split_once(separator)?;
    let (two, three) = rest.split_once(separator)?;
    Some([number(one, first)?, number(two, 2..=2)?, number(three, 2..=2)?])
}

/// `Z`, `+HH`, `+HH:MM` or `+HH:MM:SS`: PostgreSQL writes seconds for the local mean times of the past.
fn offset_seconds(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, fields) = match text.strip_prefix('-') {
        Some(fields) => (-1, fields),
        None => (1, text.strip_prefix('+')?),
    };
    let (mut seconds, mut unit) = (0, 3600);
    for field in fields.split(':') {
        if unit == 0 {
            return None;
        }
        seconds += unit * i64::from(number(field, 2..=2)?);
        unit /= 60;
    }
    Some(sign * seconds)
}

/// A fraction of at most nine digits in nanoseconds, and how many digits it had.
fn nanoseconds(digits: &str) -> Option<(u32, u8)> {
    let count = u8::try_from(digits.len()).ok()?;
    let missing = 9_u32.checked_sub(count.into())?;
    Some((number(digits, 0..=9)? * 10_u32.pow(missing), count))
}

/// The value of so many decimal digits.
fn number(text: &str, digits: RangeInclusive<usize>) -> Option<u32> {
    if !digits.contains(&text.len()) {
        return None;
    }
    text.bytes().try_fold(0, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| value * 10 + u32::from(digit))
    })
}

#[cfg(test)]
mod tests;
