//! What is left of the day, for polling that lasts.

use std::sync::Arc;
use std::time::Duration;

use mateo_http::budget::Budget;

use crate::connection::Connection;

/// The requests that are left, and the time they must last for.
#[derive(Debug)]
pub(crate) struct Day(Option<Arc<dyn Budget>>);

impl Day {
    pub(crate) fn new(connection: &Connection) -> Self {
        Self(connection.budget().ok().cloned())
    }

    /// `None` where the budget knows no day, or cannot be asked: the next request reports that.
    pub(crate) async fn left(&self) -> Option<(u64, Duration)> {
        let state = self.0.as_ref()?.state(1).await.ok()?;
        Some((state.left_today?, state.renews_in?))
    }
}
