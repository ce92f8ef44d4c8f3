//! Times as ages.

use chrono::{DateTime, TimeDelta, Utc};

/// How long ago, in one unit: `12s`, `5m`, `3h`, `2d`, `14mo`, `3y`; `in 5m` of what is to come.
pub(crate) fn age(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let ago = now.signed_duration_since(time);
    if ago < TimeDelta::zero() {
        // A second is within what clocks differ by.
        return match (-ago).num_seconds() {
            0 => "0s".to_owned(),
            _ => format!("in {}", one_unit(-ago)),
        };
    }
    one_unit(ago)
}

fn one_unit(length: TimeDelta) -> String {
    match (length.num_seconds(), length.num_days()) {
        (seconds @ ..60, _) => format!("{seconds}s"),
        (seconds @ ..3_600, _) => format!("{}m", seconds / 60),
        (seconds @ ..86_400, _) => format!("{}h", seconds / 3_600),
        (_, days @ ..100) => format!("{days}d"),
        (_, days @ ..1_000) => format!("{}mo", days / 30),
        (_, days) => format!("{}y", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::age;

    #[test]
    fn an_age_is_one_number_and_one_unit() {
        let now: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        let of = |seconds: i64| age(now - TimeDelta::seconds(seconds), now);
        let ages = [
            0,
            59,
            60,
            3_599,
            3_600,
            86_399,
            86_400,
            99 * 86_400,
            100 * 86_400,
            1_000 * 86_400,
            -90,
        ]
        .map(of);
        assert_eq!(
            ages,
            [
                "0s", "59s", "1m", "59m", "1h", "23h", "1d", "99d", "3mo", "2y", "in 1m"
            ]
        );
    }
}
