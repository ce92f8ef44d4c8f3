//! The server's text for a point in time, read and written without losing a microsecond.
//!
//! PostgreSQL has one form of `timestamp with time zone` in JSON: `2025-01-01T00:00:00.00001+00:00`, the fraction of a
//! second without trailing zeros and left out where it is zero. [`display`] writes that form. [`parse`] reads it, and what
//! else PostgreSQL or RFC 3339 may put in its place: other offsets, a space for the `T`, years of five and six digits.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};

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
        let (date, time) = (self.time.date_naive(), self.time.time());
        let (year, month, day) = (date.year(), date.month(), date.day());
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;

        let (mut fraction, mut digits) = (time.nanosecond() % 1_000_000_000, 9);
        while digits > usize::from(self.digits) && fraction.is_multiple_of(10) {
            fraction /= 10;
            digits -= 1;
        }
        if digits > 0 {
            write!(f, ".{fraction:0digits$}")?;
        }
        f.write_str("+00:00")
    }
}

/// A time, and how many digits of fraction its text had.
pub(crate) fn read(text: &str) -> Result<(DateTime<Utc>, u8), TimestampError> {
    match read_server_form(text.as_bytes()) {
        Some(read) => Ok(read),
        None => read_any_form(text).map_err(|what| TimestampError {
            text: excerpt(text, 64).into(),
            what,
        }),
    }
}

/// The one form the server sends, which is nearly every time ever read: fixed places, no search.
fn read_server_form(bytes: &[u8]) -> Option<(DateTime<Utc>, u8)> {
    let &[
        y1,
        y2,
        y3,
        y4,
        b'-',
        m1,
        m2,
        b'-',
        d1,
        d2,
        b'T',
        h1,
        h2,
        b':',
        n1,
        n2,
        b':',
        s1,
        s2,
        ref rest @ ..,
    ] = bytes
    else {
        return None;
    };
    let fraction = match rest.strip_suffix(b"+00:00")? {
        [] => &[],
        [b'.', digits @ ..] if (1..=6).contains(&digits.len()) => digits,
        _ => return None,
    };
    let year = i32::try_from(number(&[y1, y2, y3, y4])?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(&[m1, m2])?, number(&[d1, d2])?)?;
    let (nanos, digits) = nanoseconds(fraction)?;
    let time = date.and_hms_nano_opt(number(&[h1, h2])?, number(&[n1, n2])?, number(&[s1, s2])?, nanos)?;
    Some((time.and_utc(), digits))
}

/// Everything else that is a time: the general and slower way.
fn read_any_form(text: &str) -> Result<(DateTime<Utc>, u8), &'static str> {
    const MALFORMED: &str = "is not a point in time";
    const BEYOND: &str = "is not in the calendar or beyond the times that can be held";

    if text.ends_with(" BC") {
        return Err("is before the common era");
    }
    let (date, time) = text.split_once(['T', 't', ' ']).ok_or(MALFORMED)?;
    let mut fields = date.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(MALFORMED);
    };
    let year = field(year, 4..=6)
        .and_then(|year| i32::try_from(year).ok())
        .ok_or(MALFORMED)?;
    let month = field(month, 2..=2).ok_or(MALFORMED)?;
    let day = field(day, 2..=2).ok_or(MALFORMED)?;

    let (local, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => return Err("has no offset from UTC"),
    };
    let (clock, fraction) = match local.split_once('.') {
        Some((_, "")) => return Err(MALFORMED),
        Some((clock, fraction)) => (clock, fraction),
        None => (local, ""),
    };
    let [hour, minute, second] = clock_fields(clock).ok_or(MALFORMED)?;
    let (nanos, digits) = nanoseconds(fraction.as_bytes()).ok_or(MALFORMED)?;

    let offset = offset_seconds(offset).ok_or(MALFORMED)?;
    NaiveDate::from_ymd_opt(year, month, day)
        .and_then(|date| date.and_hms_nano_opt(hour, minute, second, nanos))
        .and_then(|local: NaiveDateTime| local.checked_sub_signed(TimeDelta::seconds(offset)))
        .map(|utc| (utc.and_utc(), digits))
        .ok_or(BEYOND)
}

/// `HH:MM:SS`.
fn clock_fields(text: &str) -> Option<[u32; 3]> {
    let mut fields = text.split(':').map(|part| field(part, 2..=2));
    match (fields.next(), fields.next(), fields.next(), fields.next()) {
        (Some(Some(hour)), Some(Some(minute)), Some(Some(second)), None) => Some([hour, minute, second]),
        _ => None,
    }
}

/// `Z`, `+HH`, `+HH:MM` or `+HH:MM:SS`: PostgreSQL writes seconds for the local mean times of the past.
fn offset_seconds(text: &str) -> Option<i64> {
    let sign = match text.as_bytes().first()? {
        b'Z' | b'z' => return (text.len() == 1).then_some(0),
        b'-' => -1,
        _ => 1,
    };
    let fields: Option<Vec<u32>> = text.get(1..)?.split(':').map(|part| field(part, 2..=2)).collect();
    let seconds = match *fields? {
        [hours] => hours * 3600,
        [hours, minutes] => hours * 3600 + minutes * 60,
        [hours, minutes, seconds] => hours * 3600 + minutes * 60 + seconds,
        _ => return None,
    };
    Some(sign * i64::from(seconds))
}

fn field(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<u32> {
    if length.contains(&text.len()) {
        number(text.as_bytes())
    } else {
        None
    }
}

/// The value of at most nine decimal digits.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| value * 10 + u32::from(digit))
    })
}

/// A fraction of at most nine digits in nanoseconds, and how many digits it had.
fn nanoseconds(digits: &[u8]) -> Option<(u32, u8)> {
    const SCALE: [u32; 10] = [
        1_000_000_000,
        100_000_000,
        10_000_000,
        1_000_000,
        100_000,
        10_000,
        1_000,
        100,
        10,
        1,
    ];
    let scale = SCALE.get(digits.len())?;
    Some((number(digits)? * scale, u8::try_from(digits.len()).ok()?))
}

#[cfg(test)]
mod tests;
