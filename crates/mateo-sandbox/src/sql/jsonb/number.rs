//! JSON's numbers as `numeric` has them: decimal digits of any length, compared exactly.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::sql::SqlError;

/// The digits `numeric` holds before and behind the point.
const MAX_INTEGER_DIGITS: i64 = 131_072;
const MAX_SCALE: i64 = 16_383;

/// The text of a JSON number as `numeric` writes it: no exponent, the digits behind the point as given.
pub(crate) fn canonical(text: &str) -> Result<Cow<'_, str>, SqlError> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, written)) => (mantissa, exponent(written)?),
        None => (text, 0),
    };
    let written = mantissa;
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_zero = !mantissa.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    let length = |digits: &str| i64::try_from(digits.len()).unwrap_or(i64::MAX);
    if length(whole) > MAX_INTEGER_DIGITS || length(fraction) > MAX_SCALE {
        return Err(overflow());
    }
    if exponent == 0 && !(negative && is_zero) {
        return Ok(Cow::Borrowed(written));
    }

    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    // Where the point stands among the digits, and how many are behind it: at least as many as were written.
    let point = length(whole).saturating_add(exponent);
    let scale = length(fraction).saturating_sub(exponent).max(0);
    let first = digits.iter().position(|digit| *digit != b'0');
    let first = first.and_then(|first| i64::try_from(first).ok());
    let integer_digits = first.map_or(0, |first| point - first);
    if integer_digits > MAX_INTEGER_DIGITS || scale > MAX_SCALE {
        return Err(overflow());
    }
    let digit_at = |at: i64| {
        usize::try_from(at)
            .ok()
            .and_then(|at| digits.get(at).copied())
            .unwrap_or(b'0')
    };
    let mut out = String::new();
    if negative && !is_zero {
        out.push('-');
    }
    if integer_digits > 0 {
        (first.unwrap_or_default()..point).for_each(|at| out.push(char::from(digit_at(at))));
    } else {
        out.push('0');
    }
    if scale > 0 {
        out.push('.');
        (point..point + scale).for_each(|at| out.push(char::from(digit_at(at))));
    }
    Ok(Cow::Owned(out))
}

fn exponent(text: &str) -> Result<i64, SqlError> {
    let value: i64 = text.parse().map_err(|_| overflow())?;
    // PostgreSQL refuses exponents of half an int's range before it looks at the digits.
    if value.abs() >= i64::from(i32::MAX / 2) {
        return Err(overflow());
    }
    Ok(value)
}

fn overflow() -> SqlError {
    SqlError::new("22003", "value overflows numeric format")
}

/// Compares two numbers in [`canonical`] form.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a_negative, a) = split_sign(a);
    let (b_negative, b) = split_sign(b);
    match (a_negative, b_negative) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => compare_magnitude(a, b),
        (true, true) => compare_magnitude(b, a),
    }
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    }
}

fn compare_magnitude(a: &str, b: &str) -> Ordering {
    let (a_whole, a_fraction) = a.split_once('.').unwrap_or((a, ""));
    let (b_whole, b_fraction) = b.split_once('.').unwrap_or((b, ""));
    let (a_whole, b_whole) = (a_whole.trim_start_matches('0'), b_whole.trim_start_matches('0'));
    a_whole
        .len()
        .cmp(&b_whole.len())
        .then_with(|| a_whole.cmp(b_whole))
        .then_with(|| {
            a_fraction
                .trim_end_matches('0')
                .cmp(b_fraction.trim_end_matches('0'))
        })
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
            assert_eq!(canonical(text).as_deref(), Ok(written), "{text}");
        }
        assert_eq!(canonical("1e200000").map_err(|error| error.code), Err("22003"));
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
            assert_eq!(compare(a, b), ordering, "{a} {b}");
        }
    }
}
