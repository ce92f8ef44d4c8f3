//! A hook for a caller who wants the numbers: what happens between a call and its result.

#[cfg(feature = "opentelemetry")]
mod metrics;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

#[cfg(feature = "opentelemetry")]
pub use metrics::metrics;

use crate::transport::TransportErrorKind;

/// Something that happened to a request: what an [observer](crate::PipelineBuilder::observer) gets. The same is in the spans
/// that `tracing` gets, with OpenTelemetry's names.
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
///
/// use mateo_http::{ApiKey, Pipeline, observe::Event};
///
/// let refusals = Arc::new(AtomicU64::new(0));
/// let counted = Arc::clone(&refusals);
/// let pipeline = Pipeline::builder(ApiKey::new("…")).observer(move |event| {
///     if let Event::AttemptFinished { status: Some(status), .. } = event
///         && status.as_u16() == 429
///     {
///         counted.fetch_add(1, Ordering::Relaxed);
///     }
/// });
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The request has to wait for its turn.
    BudgetWaiting {
        /// How long it probably takes.
        estimate: Duration,
    },
    /// The budget let the request pass, after this wait.
    BudgetGranted {
        /// The time in the queue.
        waited: Duration,
        /// How many requests are left in the day, where that is known.
        remaining_today: Option<u64>,
    },
    /// The request is being sent.
    AttemptStarted {
        /// Which attempt it is; the first is 1.
        attempt: u32,
    },
    /// An attempt ended: with a status, or with an error, or with both where the body broke off.
    AttemptFinished {
        /// Which attempt it was.
        attempt: u32,
        /// The host that it went to.
        host: Arc<str>,
        /// The port that it went to.
        port: u16,
        /// The status, where the server responded.
        status: Option<StatusCode>,
        /// What went wrong, where no complete response came.
        error: Option<TransportErrorKind>,
        /// How long it took.
        took: Duration,
    },
    /// Another attempt follows after a wait.
    Retrying {
        /// Which attempt failed.
        attempt: u32,
        /// The wait.
        after: Duration,
    },
}
