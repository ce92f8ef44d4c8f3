//! The parts of a time: which were seen, their values, and the time that they make.

use super::words::Word;
use super::{Fault, Instant, MICROS_PER_DAY, date_of, day_number, days_in_month};

/// Which parts were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen(pub(super) u16);

pub(super) const YEAR: Seen = Seen(1);
pub(super) const MONTH: Seen = Seen(2);
pub(super) const DAY: Seen = Seen(4);
pub(super) const TIME: Seen = Seen(8);
pub(super) const ZONE: Seen = Seen(16);
pub(super) const DAY_OF_YEAR: Seen = Seen(32);
const ERA: Seen = Seen(64);
const HALF: Seen = Seen(128);
const WEEKDAY: Seen = Seen(256);
const DAYLIGHT: Seen = Seen(512);
pub(super) const DATE: Seen = Seen(7);

impl Seen {
    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn holds(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) fn has_date(self) -> bool {
        self.holds(DATE)
    }

    pub(super) fn has_month_and_day(self) -> bool {
        self.holds(MONTH.with(DAY))
    }
}

/// How the year was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum YearForm {
    #[default]
    Full,
    /// One or two digits, for a year from 1970 to 2069.
    Short,
    /// By the number of a day, as the calendar counts years: 0 is 1 BC.
    Counted,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) seen: Seen,
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) day_of_year: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) micros: i64,
    /// Seconds east of UTC.
    pub(super) offset: i64,
    pub(super) year_form: YearForm,
    pub(super) text_month: bool,
    before_christ: bool,
    /// `Some(true)` is PM.
    afternoon: Option<bool>,
}

impl Parts {
    pub(super) fn word(&mut self, word: Word, now: Option<Instant>) -> Result<Seen, Fault> {
        Ok(match word {
            Word::Month(month) => {
                let mut seen = MONTH;
                let is_day = self.seen.overlaps(MONTH) && !self.text_month && !self.seen.overlaps(DAY);
                if is_day && (1..=31).contains(&self.month) {
                    // The number before was the day.
                    self.day = self.month;
                    seen = DAY;
                }
                self.text_month = true;
                self.month = month;
                seen
            }
            Word::Weekday => WEEKDAY,
            Word::Am | Word::Pm => {
                self.afternoon = Some(word == Word::Pm);
                HALF
            }
            Word::Ad | Word::Bc => {
                self.before_christ = word == Word::Bc;
                ERA
            }
            Word::Now | Word::Day(_) => {
                let now = now.filter(|now| now.is_finite()).ok_or(Fault::Format)?;
                let days = if let Word::Day(days) = word { days } else { 0 };
                (self.year, self.month, self.day) = date_of(now.0.div_euclid(MICROS_PER_DAY) + days);
                self.year_form = YearForm::Counted;
                if word != Word::Now {
                    return Ok(DATE);
                }
                self.set_time_of_day(now.0.rem_euclid(MICROS_PER_DAY));
                self.offset = 0;
                DATE.with(TIME).with(ZONE)
            }
            Word::Midnight => {
                self.set_time_of_day(0);
                self.offset = 0;
                TIME.with(ZONE)
            }
            Word::DaylightSaving => {
                self.offset += 3600;
                DAYLIGHT
            }
            Word::Zone(offset) => {
                self.offset = offset;
                ZONE
            }
            Word::Infinity | Word::MinusInfinity | Word::Epoch => Seen::default(),
            Word::Filler | Word::Time | Word::Julian | Word::Unit => return Err(Fault::Format),
        })
    }

    pub(super) fn time_of_day(&self) -> i64 {
        ((self.hour * 60 + self.minute) * 60 + self.second) * 1_000_000 + self.micros
    }

    pub(super) fn set_time_of_day(&mut self, micros: i64) {
        self.hour = micros / 3_600_000_000;
        self.minute = micros / 60_000_000 % 60;
        self.second = micros / 1_000_000 % 60;
        self.micros = micros % 1_000_000;
    }

    /// Whether year, month and day are of the calendar; brings the year into its internal form.
    pub(super) fn check_date(&mut self) -> Result<(), Fault> {
        if self.seen.overlaps(YEAR) && self.year_form != YearForm::Counted {
            if self.before_christ {
                if self.year <= 0 {
                    return Err(Fault::Range);
                }
                self.year = 1 - self.year;
            } else if self.year_form == YearForm::Short {
                self.year += match self.year {
                    0..70 => 2000,
                    70..100 => 1900,
                    _ => 0,
                };
            } else if self.year <= 0 {
                return Err(Fault::Range);
            }
        }
        if self.seen.overlaps(DAY_OF_YEAR) {
            (self.year, self.month, self.day) = date_of(day_number(self.year, 1, 1) + self.day_of_year - 1);
        }
        if self.seen.overlaps(MONTH) && !(1..=12).contains(&self.month)
            || self.seen.overlaps(DAY) && !(1..=31).contains(&self.day)
            || self.seen.has_date() && self.day > days_in_month(self.year, self.month)
        {
            return Err(Fault::Range);
        }
        Ok(())
    }

    /// The time, once all fields are read.
    pub(super) fn finish(mut self, is_local: bool) -> Result<Instant, Fault> {
        self.check_date()?;
        if self.afternoon.is_some() && self.hour > 12 {
            return Err(Fault::Range);
        }
        match self.afternoon {
            Some(false) if self.hour == 12 => self.hour = 0,
            Some(true) if self.hour != 12 => self.hour += 12,
            _ => {}
        }
        if !self.seen.has_date() {
            return Err(Fault::Format);
        }
        let days = day_number(self.year, self.month, self.day);
        let offset = if is_local { 0 } else { self.offset };
        let micros = days
            .checked_mul(MICROS_PER_DAY)
            .and_then(|micros| micros.checked_add(self.time_of_day()))
            .and_then(|micros| micros.checked_sub(offset * 1_000_000))
            .filter(|micros| (MIN_MICROS..END_MICROS).contains(micros));
        micros.map(Instant).ok_or(Fault::Range)
    }
}

/// 24 November 4714 BC, the first day that PostgreSQL holds.
const MIN_MICROS: i64 = -211_813_488_000_000_000;

/// 1 January 294277, the first moment that it doesn't.
const END_MICROS: i64 = 9_223_371_331_200_000_000;
