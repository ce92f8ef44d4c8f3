//! What a response means for the ledger.

use serde::{Deserialize, Serialize};

use super::{Terms, millis};
use crate::headers::{RateLimit, ResponseFacts};

/// What a response means for the budget.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::budget) struct Answer {
    /// It was rejected for the rate limit.
    pub(super) rejected: bool,
    /// How long the server asks to wait after a rejection.
    pub(super) wait: Option<i64>,
    pub(super) rate: Option<StatedRate>,
    /// A short quota is used up.
    pub(super) exhausted: Option<Exhausted>,
    pub(super) day_limit: Option<u64>,
    pub(super) day_left: Option<u64>,
    pub(super) day_reset: Option<i64>,
}

/// A rate as a response states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StatedRate {
    pub(super) limit: i64,
    pub(super) window: i64,
    /// 1 where the server states the window, too.
    pub(super) sure: i64,
}

/// A quota of which nothing is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Exhausted {
    pub(super) limit: i64,
    pub(super) window: i64,
    pub(super) reset: i64,
}

impl Answer {
    pub(in crate::budget) fn read(facts: &ResponseFacts, terms: &Terms) -> Self {
        let mut answer = Self {
            rejected: facts.is_rate_limited(),
            wait: facts.hold().map(millis),
            ..Self::default()
        };
        for quota in &facts.rate_limits {
            if is_long(quota) {
                let is_a_day = quota.window.is_some_and(|window| window.as_secs() == 86_400);
                answer.day_limit = answer.day_limit.or(quota.limit.filter(|_| is_a_day));
                if let (Some(left), Some(reset)) = (quota.remaining, quota.reset) {
                    (answer.day_left, answer.day_reset) = (Some(left), Some(millis(reset)));
                }
            } else if let Some(own) = terms.rate {
                answer.rate = stated_rate(quota, own.window).or(answer.rate);
                if let (Some(0), Some(reset)) = (quota.remaining, quota.reset) {
                    let limit = quota.limit.and_then(|limit| i64::try_from(limit).ok());
                    answer.exhausted = Some(Exhausted {
                        limit: limit.unwrap_or(own.limit),
                        window: quota.window.map_or(own.window, millis),
                        reset: millis(reset.min(facts.longest_hold)),
                    });
                }
            }
        }
        answer
    }
}

/// The longest window: a quota of a longer one is a matter for the day's count.
pub(super) const LONG_WINDOW: i64 = 60 * 60 * 1000;

/// Whether the quota is about the day: by its window, or, where that is not stated, by what a short one cannot say.
fn is_long(quota: &RateLimit) -> bool {
    match quota.window {
        Some(window) => millis(window) >= LONG_WINDOW,
        None => {
            quota.limit.is_some_and(|limit| limit >= 1000)
                || quota.reset.is_some_and(|reset| millis(reset) > LONG_WINDOW)
        }
    }
}

/// The rate that a short quota states. Without a window, the limit is read as that of a second (API.md, Limits), or of a
/// longer configured window, and only where its reset does not contradict that.
fn stated_rate(quota: &RateLimit, own_window: i64) -> Option<StatedRate> {
    let limit = i64::try_from(quota.limit?).ok()?;
    let usual = own_window.max(1000);
    let window = match quota.window.map(millis) {
        Some(window) => window,
        None if quota.reset.is_some_and(|reset| millis(reset) > usual + 1000) => return None,
        None => usual,
    };
    let sure = i64::from(quota.window.is_some());
    let is_usable = (1..=1_000_000).contains(&limit) && window > 0;
    is_usable.then_some(StatedRate { limit, window, sure })
}
