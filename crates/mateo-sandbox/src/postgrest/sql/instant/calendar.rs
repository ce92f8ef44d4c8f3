//! Days of the proleptic Gregorian calendar as numbers.

/// Days from 1 January 2000 to a date; year 0 is 1 BC. Months beyond 1 to 12 are not allowed.
pub(super) const fn day_number(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that the leap day is a year's last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    era * 146_097 + of_era - 730_425
}

/// The date of a day's number: year (0 is 1 BC), month and day.
pub(super) const fn date_of(day_number: i64) -> (i64, i64, i64) {
    let days = day_number + 730_425;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// How many days a month has; year 0 is 1 BC.
pub(super) const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_inverse() {
        assert_eq!(day_number(2000, 1, 1), 0);
        assert_eq!(day_number(1970, 1, 1), -10_957);
        for number in (-2_451_507..=107_000_000).step_by(97) {
            let (year, month, day) = date_of(number);
            assert_eq!(day_number(year, month, day), number);
            assert!(
                (1..=days_in_month(year, month)).contains(&day),
                "{year} {month} {day}"
            );
        }
    }
}
