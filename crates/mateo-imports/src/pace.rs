//! What is left of the day, for polling that lasts.

use std::sync::Arc;
use std::time::Duration;

use mateo_http::{Budget, Instant};

use crate::client::Client;

const DAY: Duration = Duration::from_hours(24);

/// The day that the budget's remaining requests must last for. It begins with the polling, and again whenever it
/// is over: which hours the server counts as a day is not documented, so no request is spent on the hope that a
/// new one began.
#[derive(Debug)]
pub(crate) struct Day {
    budget: Option<Arc<dyn Budget>>,
    began: Option<Instant>,
}

impl Day {
    pub(crate) fn new(client: &Client) -> Self {
        Self {
            budget: client.budget().ok().cloned(),
            began: None,
        }
    }

    /// The requests that are left, and the time they must last for; `None` where the budget knows no day.
    pub(crate) fn left(&mut self) -> Option<(u64, Duration)> {
        let remaining = self.budget.as_ref()?.remaining_today()?;
        let now = Instant::now();
        let began = *self.began.get_or_insert(now);
        match DAY.checked_sub(now.duration_since(began)) {
            Some(left) if !left.is_zero() => Some((remaining, left)),
            _ => {
                self.began = Some(now);
                Some((remaining, DAY))
            }
        }
    }
}
