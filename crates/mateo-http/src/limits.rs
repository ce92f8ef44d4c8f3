//! How long each part of a request may take.

use std::time::Duration;

use tokio::time::Instant;

/// Time limits. The defaults follow from the server's own: it ends a query after two seconds, so that a response that has
/// not begun a few seconds later is not coming.
///
/// | limit | default | what it bounds |
/// |---|---|---|
/// | `connect` | 5 s | connecting, TLS included |
/// | `first_byte` | 8 s | from sending to the response's head: connecting, the server's two seconds, and a way back |
/// | `attempt` | 20 s | one attempt, its body included |
/// | `idle` | 30 s | silence within a download, which as a whole may take as long as it needs |
/// | `overall` | 5 min | everything: waiting for the budget, attempts, waits between them |
///
/// ```
/// use std::time::Duration;
///
/// let limits = mateo_http::TimeLimits::default().overall(Duration::from_secs(30));
/// # let _ = limits;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// How long connecting may take, TLS included.
    pub(crate) connect: Duration,
    /// How long the response's head may take, from sending the request on.
    pub(crate) first_byte: Duration,
    /// How long one attempt may take, its body included.
    pub(crate) attempt: Duration,
    /// How long a download may be silent.
    pub(crate) idle: Duration,
    /// How long a call may take in all.
    pub(crate) overall: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(8),
            attempt: Duration::from_secs(20),
            idle: Duration::from_secs(30),
            overall: Duration::from_secs(5 * 60),
        }
    }
}

impl TimeLimits {
    /// How long connecting may take. A [`Transport`](crate::transport::Transport) of your own keeps to its own limit.
    #[must_use]
    pub fn connect(mut self, limit: Duration) -> Self {
        self.connect = limit;
        self
    }

    /// How long after sending the response's head may take.
    #[must_use]
    pub fn first_byte(mut self, limit: Duration) -> Self {
        self.first_byte = limit;
        self
    }

    /// How long one attempt may take, its body included (that of a download excluded).
    #[must_use]
    pub fn attempt(mut self, limit: Duration) -> Self {
        self.attempt = limit;
        self
    }

    /// How long a download may be silent.
    #[must_use]
    pub fn idle(mut self, limit: Duration) -> Self {
        self.idle = limit;
        self
    }

    /// How long a call may take in all where the caller gives no deadline of its own.
    #[must_use]
    pub fn overall(mut self, limit: Duration) -> Self {
        self.overall = limit;
        self
    }
}

/// The deadline of a call that may take this long from now on. Where it takes no limit ([`Duration::MAX`]), it lies decades
/// ahead.
pub fn deadline_after(limit: Duration) -> Instant {
    after(Instant::now(), limit)
}

/// `wait` from `now` on; a limit that is as good as none is thirty years, which an `Instant` can still hold.
pub(crate) fn after(now: Instant, wait: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(24 * 365 * 30 * 60 * 60);
    now.checked_add(wait).unwrap_or_else(|| now + NEVER)
}
