//! How long to wait between two looks at the server: as often as things change, as seldom as the day allows.

use std::time::Duration;

/// The interval between two rounds of polling.
///
/// It halves when a round found something new and doubles when it did not, at least to half a second, between its bounds;
/// and it is never so short that the rounds of the day would need more requests than the day's budget has left.
///
/// ```
/// use std::time::Duration;
/// use mateo_model::driver::PollInterval;
///
/// let mut interval = PollInterval::between(Duration::from_secs(2), Duration::from_secs(60));
/// assert_eq!(interval.next(1, true, None), Duration::from_secs(2));
/// assert_eq!(interval.next(1, false, None), Duration::from_secs(4));
/// // 300 requests left for five hours, one a round: no more often than once a minute.
/// let left = Some((300, Duration::from_secs(5 * 3600)));
/// assert!(interval.next(1, true, left) >= Duration::from_secs(60));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollInterval {
    shortest: Duration,
    longest: Duration,
    current: Duration,
}

/// What an interval of nothing doubles to: the API allows two requests a second.
const FIRST_STEP: Duration = Duration::from_millis(500);

impl PollInterval {
    /// Between `shortest` and `longest`, beginning with the shortest. A spent budget may take it beyond the
    /// longest.
    pub fn between(shortest: Duration, longest: Duration) -> Self {
        Self {
            shortest,
            longest: longest.max(shortest),
            current: shortest,
        }
    }

    /// The wait until the next round, after one that took `requests` and found something new or not. `left` is
    /// the day's remaining requests and the time they must last for, where a budget knows them.
    ///
    /// A tenth of the remaining requests is kept back for retries and for other uses of the key. Where none is left, it is
    /// the time until the next day.
    pub fn next(&mut self, requests: u64, found: bool, left: Option<(u64, Duration)>) -> Duration {
        let adapted = if found {
            self.current / 2
        } else {
            self.current.saturating_mul(2).max(FIRST_STEP)
        };
        self.current = adapted.clamp(self.shortest, self.longest);
        let Some((remaining, time)) = left else {
            return self.current;
        };
        let usable = u32::try_from(remaining - remaining / 10).unwrap_or(u32::MAX);
        if usable == 0 {
            return time.max(self.current);
        }
        let each = time / usable;
        let affordable = each.saturating_mul(u32::try_from(requests).unwrap_or(u32::MAX));
        self.current.max(affordable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rounds_of_a_day_never_need_more_than_is_left() {
        for requests in [1, 3, 20] {
            let mut interval = PollInterval::between(Duration::from_secs(1), Duration::from_secs(5 * 60));
            let (mut left, mut time) = (10_000_u64, Duration::from_secs(24 * 60 * 60));
            loop {
                let wait = interval.next(requests, true, Some((left, time)));
                let Some(later) = time.checked_sub(wait) else {
                    break;
                };
                time = later;
                left = left
                    .checked_sub(requests)
                    .expect("the day's budget is never exceeded");
            }
        }
    }

    #[test]
    fn without_news_it_looks_less_often_up_to_the_longest() {
        let mut interval = PollInterval::between(Duration::from_secs(1), Duration::from_secs(5));
        let waits: Vec<u64> = (0..4).map(|_| interval.next(1, false, None).as_secs()).collect();
        assert_eq!(waits, [2, 4, 5, 5]);
    }

    #[test]
    fn an_interval_that_may_be_nothing_grows_while_there_is_no_news() {
        let mut interval = PollInterval::between(Duration::ZERO, Duration::from_secs(3));
        let waits: Vec<u128> = [true, false, false, false, false, true]
            .map(|found| interval.next(1, found, None).as_millis())
            .into();
        assert_eq!(waits, [0, 500, 1_000, 2_000, 3_000, 1_500]);
    }

    #[test]
    fn a_spent_day_waits_for_the_next() {
        let mut interval = PollInterval::between(Duration::from_secs(1), Duration::from_secs(5));
        assert_eq!(
            interval.next(1, true, Some((0, Duration::from_secs(15 * 60)))),
            Duration::from_secs(15 * 60)
        );
    }
}
