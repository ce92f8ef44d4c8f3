//! The numbers of a time: what they mean depends on what was seen before them.

use super::parts::{DATE, DAY, DAY_OF_YEAR, MONTH, Parts, Seen, TIME, YEAR, YearForm, ZONE};
use super::words::{self, Word};
use super::{Fault, MICROS_PER_DAY, date_of};

impl Parts {
    /// `2025-01-31`, `1/31/2025`, `31-jan-2025`: the month's name comes first, then numbers in their order.
    pub(super) fn date(&mut self, text: &str) -> Result<Seen, Fault> {
        let mut pieces = Vec::new();
        for piece in text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|piece| !piece.is_empty())
        {
            // `31jan`: digits and letters part without a sign between them.
            let digits = piece.starts_with(|c: char| c.is_ascii_digit());
            let end = piece
                .find(|c: char| c.is_ascii_digit() != digits)
                .unwrap_or(piece.len());
            pieces.push(&piece[..end]);
            // The character after a run is passed over, whatever it is.
            let rest = piece.get(end + 1..).unwrap_or_default();
            if !rest.is_empty() {
                pieces.push(rest);
            }
        }
        // One sign behind the last piece is passed over, more are not.
        let ending = text.chars().rev().take_while(|c| !c.is_ascii_alphanumeric());
        if ending.count() > 1 {
            return Err(Fault::Format);
        }
        let mut seen = self.seen;
        let mut found = Seen::default();
        for piece in &pieces {
            if piece.starts_with(|c: char| c.is_ascii_alphabetic()) {
                match words::find(piece).ok_or(Fault::Format)? {
                    Word::Filler => continue,
                    Word::Month(month) => self.month = month,
                    _ => return Err(Fault::Format),
                }
                if seen.overlaps(MONTH) {
                    return Err(Fault::Format);
                }
                self.text_month = true;
                seen = seen.with(MONTH);
                found = found.with(MONTH);
            }
        }
        for piece in pieces {
            if piece.starts_with(|c: char| c.is_ascii_digit()) {
                let part = self.date_number(piece, seen)?;
                if seen.overlaps(part) {
                    return Err(Fault::Format);
                }
                seen = seen.with(part);
                found = found.with(part);
            }
        }
        if seen.0 & !(DAY_OF_YEAR.0 | ZONE.0) == DATE.0 {
            Ok(found)
        } else {
            Err(Fault::Format)
        }
    }

    /// A number of a date, which means what is still missing: month, day, year, or year first where it has three digits.
    fn date_number(&mut self, text: &str, seen: Seen) -> Result<Seen, Fault> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, _)) if whole.len() > 2 => return self.run_together(text, seen.with(DATE)),
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let value = integer(whole)?;
        if let Some(fraction) = fraction {
            self.micros = micros(fraction);
        }
        let dates = Seen(seen.0 & DATE.0);
        if text.len() == 3 && dates == YEAR && (1..=366).contains(&value) {
            self.day_of_year = value;
            return Ok(DAY_OF_YEAR.with(MONTH).with(DAY));
        }
        let year_and_month = YEAR.with(MONTH);
        let part = match dates {
            none if none == Seen::default() => {
                if text.len() >= 3 {
                    YEAR
                } else {
                    MONTH
                }
            }
            year if year == YEAR => MONTH,
            month if month == MONTH => {
                if self.text_month && text.len() >= 3 {
                    YEAR
                } else {
                    DAY
                }
            }
            both if both == year_and_month => {
                if self.text_month && text.len() >= 3 && self.year_form == YearForm::Short {
                    // What was taken for the year was the day.
                    self.day = std::mem::replace(&mut self.year, value);
                    self.year_form = YearForm::Full;
                    return Ok(DAY);
                }
                DAY
            }
            day if day == DAY => MONTH,
            both if both == MONTH.with(DAY) => YEAR,
            all if all == DATE => return self.run_together(text, seen),
            _ => return Err(Fault::Format),
        };
        if part == YEAR {
            self.year = value;
            self.year_form = if text.len() <= 2 {
                YearForm::Short
            } else {
                YearForm::Full
            };
        } else if part == MONTH {
            self.month = value;
        } else {
            self.day = value;
        }
        Ok(part)
    }

    /// A number that nothing before it explains.
    pub(super) fn number(&mut self, text: &str) -> Result<Seen, Fault> {
        let seen = self.seen;
        match text.find('.') {
            Some(_) if !seen.overlaps(DATE) => self.date(text),
            Some(point) if point > 2 => self.run_together(text, seen),
            None if text.len() >= 6 && !(seen.overlaps(DATE) && seen.overlaps(TIME)) => {
                self.run_together(text, seen)
            }
            _ => self.date_number(text, seen),
        }
    }

    /// `20250131`, `123000`, `1230` or `123000.5`.
    fn run_together(&mut self, text: &str, seen: Seen) -> Result<Seen, Fault> {
        if !text.contains('.') && !seen.has_date() && text.len() >= 6 {
            let (rest, day) = text.split_at(text.len() - 2);
            let (year, month) = rest.split_at(rest.len() - 2);
            (self.year, self.month, self.day) = (integer(year)?, integer(month)?, integer(day)?);
            if year.len() == 2 {
                self.year_form = YearForm::Short;
            }
            return Ok(DATE);
        }
        let (digits, fraction) = match text.split_once('.') {
            Some((digits, fraction)) => (digits, Some(fraction)),
            None => (text, None),
        };
        if let Some(fraction) = fraction {
            self.micros = micros(fraction);
        }
        if seen.overlaps(TIME) || !matches!(digits.len(), 4 | 6) {
            return Err(Fault::Format);
        }
        let (hour, rest) = digits.split_at(2);
        let (minute, second) = rest.split_at(2);
        (self.hour, self.minute, self.second) = (integer(hour)?, integer(minute)?, integer(second)?);
        Ok(TIME)
    }

    /// The number behind a `t`.
    pub(super) fn run_together_time(&mut self, text: &str) -> Result<Seen, Fault> {
        self.run_together(text, self.seen.with(DATE))
    }

    /// `123000-08`: a time run together, and its zone.
    pub(super) fn time_and_zone(&mut self, text: &str) -> Result<Seen, Fault> {
        if self.seen.overlaps(TIME) {
            return Err(Fault::Format);
        }
        let at = text.find('-').ok_or(Fault::Format)?;
        let (time, zone) = text.split_at(at);
        let zone = self.zone(zone)?;
        Ok(self.run_together(time, self.seen)?.with(zone))
    }

    /// `12:30`, `12:30:15.5`; `30:15.5` is minutes and seconds.
    pub(super) fn time(&mut self, text: &str) -> Result<Seen, Fault> {
        let (clock, fraction) = match text.split_once('.') {
            Some((clock, fraction)) => (clock, Some(fraction)),
            None => (text, None),
        };
        if fraction.is_some_and(|fraction| !fraction.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(Fault::Format);
        }
        let mut pieces = clock.split(':');
        let mut piece = || pieces.next().map(integer).transpose();
        let (first, second, third) = (piece()?, piece()?, piece()?);
        if pieces.next().is_some() {
            return Err(Fault::Format);
        }
        self.micros = fraction.map_or(0, micros);
        (self.hour, self.minute, self.second) = match (first, second, third, fraction) {
            (Some(hour), Some(minute), Some(second), _) => (hour, minute, second),
            (Some(minute), Some(second), None, Some(_)) => (0, minute, second),
            (Some(hour), Some(minute), None, None) => (hour, minute, 0),
            _ => return Err(Fault::Format),
        };
        if self.minute > 59 || self.second > 60 || self.time_of_day() > MICROS_PER_DAY || self.hour > 24 {
            return Err(Fault::Range);
        }
        Ok(TIME)
    }

    /// `+02`, `-0530`, `+01:02:03`.
    pub(super) fn zone(&mut self, text: &str) -> Result<Seen, Fault> {
        let (sign, digits) = match text.as_bytes().first() {
            Some(b'-') => (-1, text.get(1..)),
            Some(b'+') => (1, text.get(1..)),
            _ => return Err(Fault::Format),
        };
        let mut pieces = digits.unwrap_or_default().split(':');
        let mut piece = || {
            pieces
                .next()
                .map(|piece| {
                    let end = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
                    integer(&piece[..end])
                        .map_err(|_| Fault::ZoneRange)
                        .map(|value| (value, end == piece.len()))
                })
                .transpose()
        };
        let (mut hours, clean) = piece()?.ok_or(Fault::Format)?;
        let (minutes, minutes_clean) = piece()?.unwrap_or((0, true));
        let (seconds, seconds_clean) = piece()?.unwrap_or((0, true));
        let mut minutes = minutes;
        if !text.contains(':') && clean && text.len() > 3 {
            minutes = hours % 100;
            hours /= 100;
        }
        if hours > 15 || minutes > 59 || seconds > 59 {
            return Err(Fault::ZoneRange);
        }
        if !(clean && minutes_clean && seconds_clean) || pieces.next().is_some() {
            return Err(Fault::Format);
        }
        self.offset = sign * (hours * 3600 + minutes * 60 + seconds);
        Ok(ZONE)
    }

    /// The number of a Julian day, perhaps with a fraction of a day.
    pub(super) fn julian(&mut self, text: &str) -> Result<Seen, Fault> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        // Day 2451545 was 1 January 2000.
        (self.year, self.month, self.day) = date_of(integer(whole)? - 2_451_545);
        self.year_form = YearForm::Counted;
        if !text.contains('.') {
            return Ok(DATE);
        }
        let part: f64 = format!("0.{fraction}").parse().unwrap_or(0.0);
        self.set_time_of_day(cut_off(part * 86_400e6));
        Ok(DATE.with(TIME))
    }
}

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
    let seconds: f64 = format!("0.{fraction}0").parse().unwrap_or(0.0);
    cut_off((seconds * 1e6).round_ties_even())
}

/// The whole part of a count of microseconds of at most a day.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the fraction is to be cut off, and a day fits"
)]
fn cut_off(micros: f64) -> i64 {
    micros as i64
}
