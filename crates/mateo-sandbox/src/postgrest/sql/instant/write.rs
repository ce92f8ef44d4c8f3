//! Times as text: in JSON `2025-01-01T00:00:00.00001+00:00`, as text `2025-01-01 00:00:00.00001+00`.

use super::calendar::date_of;
use super::{Instant, MICROS_PER_DAY};

impl Instant {
    /// Writes the form that PostgreSQL puts into JSON, without quotes.
    pub(crate) fn write_json(self, out: &mut Vec<u8>) {
        self.write(out, b'T', b"+00:00");
    }

    /// The form that a cast to text gives, for a session whose time zone is UTC.
    pub(crate) fn to_text(self) -> String {
        let mut out = Vec::with_capacity(32);
        self.write(&mut out, b' ', b"+00");
        String::from_utf8(out).unwrap_or_default()
    }

    fn write(self, out: &mut Vec<u8>, separator: u8, offset: &[u8]) {
        if !self.is_finite() {
            let text: &[u8] = if self == Self::INFINITY {
                b"infinity"
            } else {
                b"-infinity"
            };
            return out.extend_from_slice(text);
        }
        let before_christ = write_date(self.0.div_euclid(MICROS_PER_DAY), out);
        out.push(separator);
        let micros = self.0.rem_euclid(MICROS_PER_DAY);
        let seconds = micros / 1_000_000;
        two_digits(seconds / 3600, out);
        out.push(b':');
        two_digits(seconds / 60 % 60, out);
        out.push(b':');
        two_digits(seconds % 60, out);
        write_fraction(micros % 1_000_000, out);
        out.extend_from_slice(offset);
        if before_christ {
            out.extend_from_slice(b" BC");
        }
    }
}

/// Writes a day as `2025-01-01`, and returns whether ` BC` has to follow.
pub(super) fn write_date(day_number: i64, out: &mut Vec<u8>) -> bool {
    let (year, month, day) = date_of(day_number);
    let before_christ = year <= 0;
    let year = if before_christ { 1 - year } else { year };
    if year >= 10_000 {
        crate::postgrest::sql::json_text::write_integer(year, out);
    } else {
        two_digits(year / 100, out);
        two_digits(year % 100, out);
    }
    out.push(b'-');
    two_digits(month, out);
    out.push(b'-');
    two_digits(day, out);
    before_christ
}

/// The digits of a fraction of a second, without trailing zeros.
fn write_fraction(micros: i64, out: &mut Vec<u8>) {
    if micros == 0 {
        return;
    }
    let start = out.len();
    out.push(b'.');
    two_digits(micros / 10_000, out);
    two_digits(micros / 100 % 100, out);
    two_digits(micros % 100, out);
    while out.len() > start && out.last() == Some(&b'0') {
        out.pop();
    }
}

fn two_digits(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&[digit(value / 10), digit(value)]);
}

/// The last digit of a number that isn't negative.
fn digit(value: i64) -> u8 {
    b'0' + u8::try_from(value % 10).unwrap_or_default()
}

impl Instant {
    /// The date in UTC, as a cast to `date` gives it.
    pub(crate) fn to_date_text(self) -> String {
        if !self.is_finite() {
            return self.to_text();
        }
        let mut out = Vec::with_capacity(10);
        if write_date(self.0.div_euclid(MICROS_PER_DAY), &mut out) {
            out.extend_from_slice(b" BC");
        }
        String::from_utf8(out).unwrap_or_default()
    }

    /// The time in UTC without its offset, as a cast to `timestamp` gives it in JSON.
    pub(crate) fn to_local_text(self) -> String {
        let mut out = Vec::with_capacity(32);
        self.write(&mut out, b'T', b"");
        String::from_utf8(out).unwrap_or_default()
    }
}
