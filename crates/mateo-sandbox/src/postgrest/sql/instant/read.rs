//! Times from text: ISO 8601 as PostgreSQL reads it, in the time zone UTC.
//!
//! Of PostgreSQL's other forms (names of months, weekdays and zones, Julian days, AM and PM) none is read: they are
//! rejected as invalid.

use super::calendar::{day_number, days_in_month};
use super::{Instant, MICROS_PER_DAY};
use crate::postgrest::sql::error::SqlError;
use crate::postgrest::sql::literal::is_blank;

/// Why a text is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// 22007.
    Format,
    /// 22008.
    Range,
    /// 22009.
    ZoneRange,
}

impl Instant {
    /// Reads a time; one without an offset is in UTC. `now` is for `now`, `today` and their like.
    pub(crate) fn parse(text: &str, now: Option<Self>) -> Result<Self, SqlError> {
        read(text, now).map_err(|fault| {
            let (code, message) = match fault {
                Fault::Format => ("22007", "invalid input syntax for type timestamp with time zone"),
                Fault::Range => ("22008", "date/time field value out of range"),
                Fault::ZoneRange => ("22009", "time zone displacement out of range"),
            };
            SqlError::new(code, format!("{message}: \"{text}\""))
        })
    }
}

fn read(text: &str, now: Option<Instant>) -> Result<Instant, Fault> {
    // Other punctuation only separates.
    let separates = |c: char| is_blank(c) || c.is_ascii_punctuation() && !matches!(c, '+' | '-');
    let text = text.trim_matches(separates);
    if text.starts_with(|c: char| !c.is_ascii_digit()) {
        return special(&text.to_ascii_lowercase(), now);
    }
    let mut reader = Reader { rest: text };
    let mut date = reader.date()?;
    reader.blanks();
    let needs_time = reader.eat("t");
    reader.blanks();
    let time = if reader.is_at_digit() {
        reader.time()?
    } else if needs_time {
        return Err(Fault::Format);
    } else {
        0
    };
    reader.blanks();
    let offset = reader.zone()?;
    reader.blanks();
    date.is_before_christ = reader.eat("bc");
    if !reader.rest.is_empty() {
        return Err(Fault::Format);
    }
    let micros = date.day_number()?.checked_mul(MICROS_PER_DAY);
    micros
        .and_then(|micros| micros.checked_add(time - offset * 1_000_000))
        .filter(|micros| (MIN_MICROS..END_MICROS).contains(micros))
        .map(Instant)
        .ok_or(Fault::Range)
}

/// A time that has a name.
fn special(name: &str, now: Option<Instant>) -> Result<Instant, Fault> {
    let now = now.filter(|now| now.is_finite()).ok_or(Fault::Format);
    let day = |days| {
        Ok(Instant(
            (now?.0.div_euclid(MICROS_PER_DAY) + days) * MICROS_PER_DAY,
        ))
    };
    match name {
        "infinity" | "+infinity" => Ok(Instant::INFINITY),
        "-infinity" => Ok(Instant::MINUS_INFINITY),
        "epoch" => Ok(Instant::UNIX_EPOCH),
        "now" => now,
        "today" => day(0),
        "tomorrow" => day(1),
        "yesterday" => day(-1),
        _ => Err(Fault::Format),
    }
}

struct Date {
    year: i64,
    /// Two digits mean a year from 1970 to 2069.
    is_short: bool,
    month: i64,
    day: i64,
    is_before_christ: bool,
}

impl Date {
    fn day_number(&self) -> Result<i64, Fault> {
        let year = match self.year {
            year if self.is_before_christ && year > 0 => 1 - year,
            year @ 0..70 if self.is_short => year + 2000,
            year @ 70..100 if self.is_short => year + 1900,
            year if year > 0 => year,
            _ => return Err(Fault::Range),
        };
        if !(1..=12).contains(&self.month) || !(1..=days_in_month(year, self.month)).contains(&self.day) {
            return Err(Fault::Range);
        }
        Ok(day_number(year, self.month, self.day))
    }
}

/// What is left of a text.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// Passes over a word, whatever its letter case.
    fn eat(&mut self, word: &str) -> bool {
        match self.rest.split_at_checked(word.len()) {
            Some((start, rest)) if start.eq_ignore_ascii_case(word) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(is_blank);
    }

    fn is_at_digit(&self) -> bool {
        self.rest.starts_with(|c: char| c.is_ascii_digit())
    }

    fn digits(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_ascii_digit());
        let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        digits
    }

    /// `2025-01-31`, `01/31/2025`, or `20250131`.
    fn date(&mut self) -> Result<Date, Fault> {
        let first = self.digits();
        let separator = if self.rest.starts_with('/') { "/" } else { "-" };
        let (year, month, day) = if self.eat(separator) {
            let second = self.digits();
            if !self.eat(separator) {
                return Err(Fault::Format);
            }
            let third = self.digits();
            if first.len() > 2 {
                (first, second, third)
            } else {
                (third, first, second)
            }
        } else if first.len() >= 6 {
            let (rest, day) = first.split_at(first.len() - 2);
            let (year, month) = rest.split_at(rest.len() - 2);
            (year, month, day)
        } else if matches!(first.len(), 1 | 2) && !(1..=12).contains(&integer(first)?) {
            // It would be a month.
            return Err(Fault::Range);
        } else {
            return Err(Fault::Format);
        };
        // Three digits after a year would be a day of the year.
        if year.is_empty() || month.is_empty() || month.len() == 3 || day.is_empty() {
            return Err(Fault::Format);
        }
        Ok(Date {
            year: integer(year)?,
            is_short: year.len() <= 2,
            month: integer(month)?,
            day: integer(day)?,
            is_before_christ: false,
        })
    }

    /// `12:30`, `12:30:15.5`, `1230` or `123015.5`, as microseconds.
    fn time(&mut self) -> Result<i64, Fault> {
        let first = self.digits();
        let (hour, minute, second) = if self.eat(":") {
            let minute = self.digits();
            (first, minute, if self.eat(":") { self.digits() } else { "" })
        } else if matches!(first.len(), 4 | 6) {
            let (hour, rest) = first.split_at(2);
            let (minute, second) = rest.split_at(2);
            (hour, minute, second)
        } else {
            return Err(Fault::Format);
        };
        let fraction = if self.eat(".") { micros(self.digits()) } else { 0 };
        let (hour, minute, second) = (integer(hour)?, integer(minute)?, integer(second)?);
        let time = ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction;
        if hour > 24 || minute > 59 || second > 60 || time > MICROS_PER_DAY {
            return Err(Fault::Range);
        }
        Ok(time)
    }

    /// `z`, `utc`, `+02`, `-0530`, `+01:02:03`, or nothing, as seconds east of UTC.
    fn zone(&mut self) -> Result<i64, Fault> {
        if self.eat("z") || self.eat("utc") || self.eat("gmt") {
            return Ok(0);
        }
        let sign = if self.eat("-") {
            -1
        } else if self.eat("+") {
            1
        } else {
            return Ok(0);
        };
        self.blanks();
        let first = self.digits();
        if first.is_empty() {
            return Err(Fault::Format);
        }
        let number = |digits| integer(digits).map_err(|_| Fault::ZoneRange);
        let mut hours = number(first)?;
        let (mut minutes, mut seconds) = (0, 0);
        if self.eat(":") {
            minutes = number(self.digits())?;
            if self.eat(":") {
                seconds = number(self.digits())?;
            }
        } else if first.len() > 2 {
            (hours, minutes) = (hours / 100, hours % 100);
        }
        if hours > 15 || minutes > 59 || seconds > 59 {
            return Err(Fault::ZoneRange);
        }
        Ok(sign * (hours * 3600 + minutes * 60 + seconds))
    }
}

/// 24 November 4714 BC, the first day that PostgreSQL holds.
const MIN_MICROS: i64 = -211_813_488_000_000_000;

/// 1 January 294277, the first moment that it doesn't.
const END_MICROS: i64 = 9_223_371_331_200_000_000;

/// The value of digits, none being 0; beyond PostgreSQL's `int` is out of range.
fn integer(digits: &str) -> Result<i64, Fault> {
    if digits.is_empty() {
        return Ok(0);
    }
    let value: i32 = digits.parse().map_err(|_| Fault::Range)?;
    Ok(i64::from(value))
}

/// The digits of a fraction of a second, rounded to microseconds.
fn micros(fraction: &str) -> i64 {
    if let (Ok(digits), 0..=6) = (fraction.parse::<i64>(), fraction.len()) {
        return (fraction.len()..6).fold(digits, |micros, _| micros * 10);
    }
    let seconds: f64 = format!("0.{fraction}0").parse().unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, reason = "at most a million")]
    let micros = (seconds * 1e6).round_ties_even() as i64;
    micros
}
