//! What is left of the day, for polling that lasts.

use std::sync::Arc;
use std::time::Duration;

use mateo_http::Budget;

use crate::connection::Connection;

/// The requests that are left, and the time they must last for.
#[derive(Debug)]
pub(crate) struct Day(Option<Arc<dyn Budget>>);

impl Day {
    pub(crate) fn new(connection: &Connection) -> Self {
        Self(connection.budget().ok().cloned())
    }

    /// `None` where the budget knows no day.
    pub(crate) fn left(&self) -> Option<(u64, Duration)> {
        let budget = self.0.as_ref()?;
        Some((budget.remaining_today()?, budget.renews_in()?))
    }
}
