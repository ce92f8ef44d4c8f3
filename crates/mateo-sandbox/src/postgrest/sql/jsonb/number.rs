//! JSON's numbers as `numeric` has them: decimal digits of any length, compared exactly.

use std::cmp::Ordering;

use crate::postgrest::error::Error;

/// The digits that `numeric` holds before and after the point.
const MAX_INTEGER_DIGITS: usize = 131_072;
const MAX_SCALE: usize = 16_383;

/// A number as `numeric` writes it: `-12.50`, no exponent, the digits after the point as given.
#[derive(Clone, Debug)]
pub(crate) struct Number(Box<str>);

impl Number {
    /// Reads a number whose syntax is JSON's.
    pub(super) fn read(text: &str) -> Result<Self, Error> {
        canonical(text)
            .map(|digits| Self(digits.into()))
            .ok_or_else(|| Error::new("22003", "value overflows numeric format"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is negative, and what the order of numbers without a sign follows from.
    fn magnitude(&self) -> (bool, (usize, &str, &str)) {
        let digits = self.0.strip_prefix('-');
        let (whole, fraction) = split(digits.unwrap_or(&self.0), '.');
        let whole = whole.trim_start_matches('0');
        (
            digits.is_some(),
            (whole.len(), whole, fraction.trim_end_matches('0')),
        )
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.magnitude(), other.magnitude()) {
            ((false, a), (false, b)) => a.cmp(&b),
            ((true, a), (true, b)) => b.cmp(&a),
            ((a_is_negative, _), (b_is_negative, _)) => b_is_negative.cmp(&a_is_negative),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}

/// The digits without exponent; `None` where they are too many.
fn canonical(text: &str) -> Option<String> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: isize = exponent.parse().ok()?;
    let (whole, fraction) = split(mantissa.trim_start_matches('-'), '.');
    if exponent.unsigned_abs() > MAX_INTEGER_DIGITS {
        return None;
    }
    // The point moves among digits that are padded with as many zeros as it may need.
    let (before, after) = ((-exponent).max(0).unsigned_abs(), exponent.max(0).unsigned_abs());
    let digits = format!("{:0>before$}{whole}{fraction}{:0>after$}", "", "");
    let (whole, rest) = digits.split_at(whole.len() + after);
    let whole = whole.trim_start_matches('0');
    let fraction = rest.get(..(fraction.len() + before).saturating_sub(after))?;
    if whole.len() > MAX_INTEGER_DIGITS || fraction.len() > MAX_SCALE {
        return None;
    }
    let is_negative = text.starts_with('-') && digits.contains(|digit| digit != '0');
    Some(format!(
        "{}{}{}{fraction}",
        if is_negative { "-" } else { "" },
        if whole.is_empty() { "0" } else { whole },
        if fraction.is_empty() { "" } else { "." },
    ))
}

fn split(text: &str, separator: char) -> (&str, &str) {
    text.split_once(separator).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_numeric_writes_it() {
        for (text, written) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.00", "0.00"),
            ("1.50", "1.50"),
            ("1e2", "100"),
            ("1E0", "1"),
            ("1.5e1", "15"),
            ("1.50e1", "15.0"),
            ("1E-2", "0.01"),
            ("-12.5e-1", "-1.25"),
            ("0e5", "0"),
            ("0.0e5", "0"),
            ("0.001e2", "0.1"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(written), "{text}");
        }
        assert_eq!(canonical("1e200000"), None);
    }

    #[test]
    fn numbers_compare_by_value_not_by_float() {
        for (a, b, ordering) in [
            ("1", "1.0", Ordering::Equal),
            ("9007199254740993", "9007199254740992", Ordering::Greater),
            ("-1", "0", Ordering::Less),
            ("-10", "-9", Ordering::Less),
            ("0.5", "0.45", Ordering::Greater),
            ("10", "9.99", Ordering::Greater),
        ] {
            let [x, y] = [a, b].map(|text| Number::read(text).unwrap());
            assert_eq!(x.cmp(&y), ordering, "{a} {b}");
        }
    }
}
