//! A hook for a caller who wants the numbers: what happens between a call and its result.

#[cfg(feature = "opentelemetry")]
mod metrics;

use std::{fmt, sync::Arc, time::Duration};

use http::StatusCode;

#[cfg(feature = "opentelemetry")]
pub use metrics::Metrics;

use crate::transport::TransportErrorKind;

/// Gets every [`Event`] as it happens.
///
/// It runs on the request's own task and should return at once. The same is in the spans that `tracing` gets, with
/// OpenTelemetry's names.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use mateo_http::observe::{Event, Observer};
///
/// #[derive(Debug, Default)]
/// struct Refusals(AtomicU64);
///
/// impl Observer for Refusals {
///     fn event(&self, event: &Event) {
///         if let Event::AttemptFinished { status: Some(status), .. } = event
///             && status.as_u16() == 429
///         {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Observer: fmt::Debug + Send + Sync {
    /// Something happened.
    fn event(&self, event: &Event);
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn event(&self, event: &Event) {
        (**self).event(event);
    }
}

/// Something that happened to a request.
///
/// ```
/// use mateo_http::observe::Event;
///
/// # fn example(event: &Event) {
/// if let Event::BudgetWaiting { estimate } = event {
///     eprintln!("waiting for about {estimate:?}");
/// }
/// # }
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
