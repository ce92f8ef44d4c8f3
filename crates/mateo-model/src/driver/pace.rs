//! How long to wait between two looks at the server: as often as things change, as seldom as the day allows.

use std::time::Duration;

/// The interval between two rounds of polling.
///
/// It halves when a round found something new and doubles when it did not, between its bounds; and it is never
/// so short that the rounds of the day would need more requests than the day's budget has left.
///
/// ```
/// use std::time::Duration;
/// use mateo_model::driver::Pace;
///
/// let mut pace = Pace::between(Duration::from_secs(2), Duration::from_secs(60));
/// assert_eq!(pace.next(1, true, None), Duration::from_secs(2));
/// assert_eq!(pace.next(1, false, None), Duration::from_secs(4));
/// // 300 requests left for five hours, one a round: no more often than once a minute.
/// let left = Some((300, Duration::from_secs(5 * 3600)));
/// assert!(pace.next(1, true, left) >= Duration::from_secs(60));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    shortest: Duration,
    longest: Duration,
    current: Duration,
}

impl Pace {
    /// Between `shortest` and `longest`, beginning with the shortest. A spent budget may take it beyond the
    /// longest.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mateo_model::driver::Pace;
    ///
    /// let mut pace = Pace::between(Duration::from_secs(2), Duration::from_secs(3));
    /// assert_eq!(pace.next(1, false, None), Duration::from_secs(3)); // never beyond the longest
    /// ```
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
    /// A tenth of the remaining requests is kept back for retries and for other uses of the key.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mateo_model::driver::Pace;
    ///
    /// let mut pace = Pace::between(Duration::from_secs(1), Duration::from_secs(60));
    /// let spent = Some((0, Duration::from_secs(900)));
    /// assert_eq!(pace.next(1, true, spent), Duration::from_secs(900)); // until the next day
    /// ```
    pub fn next(&mut self, requests: u64, found: bool, left: Option<(u64, Duration)>) -> Duration {
        let adapted = if found {
            self.current / 2
        } else {
            self.current.saturating_mul(2)
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
            let mut pace = Pace::between(Duration::from_secs(1), Duration::from_secs(5 * 60));
            let (mut left, mut time) = (10_000_u64, Duration::from_secs(24 * 60 * 60));
            loop {
                let wait = pace.next(requests, true, Some((left, time)));
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
        let mut pace = Pace::between(Duration::from_secs(1), Duration::from_secs(5));
        let waits: Vec<u64> = (0..4).map(|_| pace.next(1, false, None).as_secs()).collect();
        assert_eq!(waits, [2, 4, 5, 5]);
    }

    #[test]
    fn a_spent_day_waits_for_the_next() {
        let mut pace = Pace::between(Duration::from_secs(1), Duration::from_secs(5));
        assert_eq!(
            pace.next(1, true, Some((0, Duration::from_secs(15 * 60)))),
            Duration::from_secs(15 * 60)
        );
    }
}
