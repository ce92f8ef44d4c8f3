//! Times from text, in the forms PostgreSQL reads: date style "ISO, MDY", time zone UTC.
//!
//! The rules are those of its documentation (appendix B.1, "Date/Time Input Interpretation"). Names of time zones such as
//! `Europe/Berlin` are not known.

mod numbers;
mod parts;
mod split;
mod words;

use super::calendar::{date_of, day_number, days_in_month};
use super::{Instant, MICROS_PER_DAY};
use crate::sql::SqlError;
use parts::Parts;
use split::Kind;
use words::Word;

/// Why a text is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// 22007.
    Format,
    /// 22008.
    Range,
    /// 22009.
    ZoneRange,
    /// 22023.
    UnknownZone,
}

impl Instant {
    /// Reads a time; one without an offset is in UTC. `now` is for `now`, `today` and their like.
    pub(crate) fn parse(text: &str, now: Option<Self>) -> Result<Self, SqlError> {
        Self::parse_in(text, now, false)
    }

    /// Reads a time as `timestamp` without time zone does, which passes over an offset.
    pub(crate) fn parse_local(text: &str) -> Result<Self, SqlError> {
        Self::parse_in(text, None, true)
    }

    fn parse_in(text: &str, now: Option<Self>, is_local: bool) -> Result<Self, SqlError> {
        read(text, now, is_local).map_err(|fault| match fault {
            Fault::Format => SqlError::new(
                "22007",
                format!("invalid input syntax for type timestamp with time zone: \"{text}\""),
            ),
            Fault::Range => SqlError::new("22008", format!("date/time field value out of range: \"{text}\"")),
            Fault::ZoneRange => SqlError::new(
                "22009",
                format!("time zone displacement out of range: \"{text}\""),
            ),
            Fault::UnknownZone => SqlError::new("22023", format!("time zone \"{text}\" not recognized")),
        })
    }
}

fn read(text: &str, now: Option<Instant>, is_local: bool) -> Result<Instant, Fault> {
    let fields = split::fields(text).ok_or(Fault::Format)?;
    let mut parts = Parts::default();
    let mut special = None;
    // What the word before says that comes now.
    let mut label: Option<Word> = None;
    for (index, field) in fields.iter().enumerate() {
        let text = field.text.as_str();
        let before = parts.seen;
        let seen = match field.kind {
            Kind::Date => match label.take() {
                Some(Word::Julian) => return Err(Fault::Format),
                Some(_) => parts.time_and_zone(text)?,
                None if before.has_month_and_day() && text.starts_with(|c: char| c.is_ascii_digit()) => {
                    parts.time_and_zone(text)?
                }
                None if before.has_month_and_day() => return Err(Fault::UnknownZone),
                None => parts.date(text)?,
            },
            Kind::Time => match label.take() {
                Some(Word::Julian) => return Err(Fault::Format),
                _ => parts.time(text)?,
            },
            Kind::Zone => parts.zone(text)?,
            Kind::Number => match label.take() {
                Some(Word::Julian) => parts.julian(text)?,
                Some(_) => parts.run_together_time(text)?,
                None => parts.number(text)?,
            },
            Kind::Word => match words::find_or_zone(text).ok_or(Fault::Format)? {
                Word::Filler => continue,
                word @ (Word::Julian | Word::Unit) => {
                    label = Some(word);
                    continue;
                }
                Word::Time => {
                    let next = fields.get(index + 1).map(|next| next.kind);
                    if !before.has_date() || !matches!(next, Some(Kind::Number | Kind::Time | Kind::Date)) {
                        return Err(Fault::Format);
                    }
                    label = Some(Word::Time);
                    continue;
                }
                word => {
                    special = special.or(match word {
                        Word::Infinity => Some(Instant::INFINITY),
                        Word::MinusInfinity => Some(Instant::MINUS_INFINITY),
                        Word::Epoch => Some(Instant::UNIX_EPOCH),
                        _ => None,
                    });
                    parts.word(word, now)?
                }
            },
        };
        if before.overlaps(seen) {
            return Err(Fault::Format);
        }
        parts.seen = before.with(seen);
    }
    match special {
        // PostgreSQL checks what else was given, then passes over it.
        Some(special) => parts.check_date().map(|()| special),
        None => parts.finish(is_local),
    }
}
