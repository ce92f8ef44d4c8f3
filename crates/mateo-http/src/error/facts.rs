//! The facts of an error: what the server said, and how the attempts went.

use std::time::Duration;

use mateo_model::Problem;

use super::{Error, Kind};
use crate::{budget::BudgetError, retry::GiveUp};

/// How the attempts went.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    pub(crate) attempts: u32,
    /// From the call to its end.
    pub(crate) elapsed: Duration,
    /// The part of it that was spent waiting: for the budget, and between attempts.
    pub(crate) waited: Duration,
    pub(crate) gave_up: Option<GiveUp>,
    pub(crate) request_id: Option<String>,
    /// How long the server asked to wait.
    pub(crate) asked_wait: Option<Duration>,
}

impl Error {
    /// The status of the server's response, where there was one.
    pub fn status(&self) -> Option<u16> {
        match self.kind() {
            Kind::Status { problem, .. } => Some(problem.status),
            Kind::OtherRange { .. } => Some(206),
            Kind::Redirect { status, .. } | Kind::Empty { status } | Kind::NotJson { status, .. } => {
                Some(*status)
            }
            _ => None,
        }
    }

    /// The error that the server responded with.
    pub fn problem(&self) -> Option<&Problem> {
        match self.kind() {
            Kind::Status { problem, .. } => Some(problem),
            _ => None,
        }
    }

    /// How the body of a response began that is no JSON.
    pub fn body_start(&self) -> Option<&str> {
        match self.kind() {
            Kind::NotJson { start, .. } => Some(start),
            _ => self.problem()?.body.as_deref(),
        }
    }

    /// How often the request was sent. 0 where it was not.
    pub fn attempts(&self) -> u32 {
        self.0.context.attempts
    }

    /// The time from the call to its failure.
    pub fn elapsed(&self) -> Duration {
        self.0.context.elapsed
    }

    /// The part of [`elapsed`](Self::elapsed) that was spent waiting: for the budget, and between attempts.
    pub fn waited(&self) -> Duration {
        self.0.context.waited
    }

    /// Why it was not tried again.
    pub fn gave_up(&self) -> Option<GiveUp> {
        self.0.context.gave_up
    }

    /// The id that the server, or a gateway before it, gave the last request: what its support will ask for.
    pub fn request_id(&self) -> Option<&str> {
        self.0.context.request_id.as_deref()
    }

    /// How long to wait before another call makes sense, where the server or the budget says so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.kind() {
            Kind::Budget(BudgetError::Deadline { wait } | BudgetError::DaySpent { wait }) => Some(*wait),
            Kind::Budget(_) => None,
            _ => self.0.context.asked_wait,
        }
    }

    /// What the request budget had against the request.
    pub fn budget(&self) -> Option<&BudgetError> {
        match self.kind() {
            Kind::Budget(error) => Some(error),
            _ => None,
        }
    }
}
