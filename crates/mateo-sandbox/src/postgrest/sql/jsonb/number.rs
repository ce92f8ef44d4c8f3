//! JSON's numbers as `numeric` has them: decimal digits of any length, compared exactly.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::postgrest::sql::error::SqlError;

/// The digits that `numeric` holds before and after the point.
const MAX_INTEGER_DIGITS: usize = 131_072;
const MAX_SCALE: usize = 16_383;

/// The text of a JSON number as `numeric` writes it: no exponent, the digits after the point as given.
pub(crate) fn canonical(text: &str) -> Result<Cow<'_, str>, SqlError> {
    let overflow = || SqlError::new("22003", "value overflows numeric format");
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().map_err(|_| overflow())?;
    let places = usize::try_from(exponent.unsigned_abs()).unwrap_or(usize::MAX);
    let (sign, digits) = split_sign(mantissa);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_zero = !digits.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    if whole.len() > MAX_INTEGER_DIGITS || fraction.len() > MAX_SCALE || places > MAX_INTEGER_DIGITS {
        return Err(overflow());
    }
    if exponent == 0 && !(sign && is_zero) {
        return Ok(Cow::Borrowed(mantissa));
    }
    // The point moves among digits that are padded with as many zeros as it may need.
    let (before, after) = if exponent < 0 { (places, 0) } else { (0, places) };
    let padded = format!("{}{whole}{fraction}{}", "0".repeat(before), "0".repeat(after));
    let (whole, rest) = padded.split_at(whole.len() + after);
    let scale = (fraction.len() + before).saturating_sub(after);
    let (whole, fraction) = (
        whole.trim_start_matches('0'),
        rest.get(..scale).unwrap_or_default(),
    );
    if whole.len() > MAX_INTEGER_DIGITS || scale > MAX_SCALE {
        return Err(overflow());
    }
    Ok(Cow::Owned(format!(
        "{}{}{}{fraction}",
        if sign && !is_zero { "-" } else { "" },
        if whole.is_empty() { "0" } else { whole },
        if scale > 0 { "." } else { "" },
    )))
}

/// Compares two numbers in [`canonical`] form.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let ((a_negative, a), (b_negative, b)) = (split_sign(a), split_sign(b));
    match (a_negative, b_negative) {
        (false, false) => magnitude(a).cmp(&magnitude(b)),
        (true, true) => magnitude(b).cmp(&magnitude(a)),
        _ => b_negative.cmp(&a_negative),
    }
}

fn split_sign(text: &str) -> (bool, &str) {
    let digits = text.strip_prefix('-');
    (digits.is_some(), digits.unwrap_or(text))
}

/// What the order of numbers without a sign follows from.
fn magnitude(digits: &str) -> (usize, &str, &str) {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    (whole.len(), whole, fraction.trim_end_matches('0'))
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
