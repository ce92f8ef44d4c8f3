//! The endpoint as a client sees it: the sandbox behind its gateway, with simulation, faults, files and counters.

mod builder;
mod exchange;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::Request;
use tokio::time::Instant;

pub use builder::EndpointBuilder;
pub(crate) use exchange::Origin;

use crate::clock::after;
use crate::counters::{Counters, Tally};
use crate::fault::{FaultRule, Plan};
use crate::files::{Expiry, Files};
use crate::gateway::Gateway;
use crate::random::Random;
use crate::sandbox::Sandbox;
use crate::simulation::Simulation;

/// A [`Sandbox`] behind its gateway: what [`SandboxTransport`](crate::SandboxTransport) and
/// [`Server`](crate::Server) serve. A clone is another handle to the same endpoint.
///
/// Its clock begins at a time that can be chosen and runs with tokio's, so that a test that pauses tokio's clock moves
/// the sandbox's. Everything can be changed while it answers.
///
/// ```
/// use mateo_sandbox::{Endpoint, Fault, Limits, Sandbox, When};
///
/// let endpoint = Endpoint::builder(Sandbox::new())
///     .api_key("a-key")
///     .limits(Limits::none())
///     .fault(Fault::BadGateway.on(When::Nth(2)))
///     .build();
/// endpoint.inject(Fault::SlowBody);
/// endpoint.clear_faults();
/// ```
#[derive(Clone)]
pub struct Endpoint {
    shared: Arc<Shared>,
}

type Hook = Box<dyn Fn(&Sandbox, &Request<Bytes>, DateTime<Utc>) + Send + Sync>;

struct Shared {
    settings: Settings,
    state: Mutex<State>,
}

/// What stays as it was chosen.
struct Settings {
    sandbox: Sandbox,
    hook: Option<Hook>,
    /// On average, and at most so much more or less.
    latency: (Duration, Duration),
    max_url_bytes: usize,
    began: (DateTime<Utc>, Instant),
}

#[derive(Default)]
struct State {
    gateway: Gateway,
    plan: Plan,
    files: Files,
    simulation: Option<Simulation>,
    random: Random,
    tally: Tally,
}

impl Endpoint {
    /// The endpoint with hellomateo's limits, which accepts any key.
    pub fn new(sandbox: Sandbox) -> Self {
        Self::builder(sandbox).build()
    }

    /// To choose keys, limits, latency, faults and the rest.
    pub fn builder(sandbox: Sandbox) -> EndpointBuilder {
        EndpointBuilder::new(sandbox)
    }

    /// The rows, to change them while the endpoint answers.
    pub fn sandbox(&self) -> &Sandbox {
        &self.shared.settings.sandbox
    }

    /// The endpoint's time.
    pub fn now(&self) -> DateTime<Utc> {
        let (date, instant) = self.shared.settings.began;
        after(date, instant.elapsed())
    }

    /// What it has seen so far.
    pub fn counters(&self) -> Counters {
        self.state().tally.counters.clone()
    }

    /// What it has seen so far; the counters restart at zero.
    pub fn take_counters(&self) -> Counters {
        self.state().tally.take()
    }

    /// Injects a fault from the next request on. Earlier rules stay in force.
    pub fn inject(&self, rule: impl Into<FaultRule>) {
        self.state().plan.add(rule.into());
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.state().plan.clear();
    }

    /// When links to files expire; `None`: never, and they need no signature.
    pub fn expire_files(&self, expiry: impl Into<Option<Expiry>>) {
        self.state().files.links.expiry = expiry.into();
    }

    /// Whether the files' origin ignores `Range` and sends every file whole.
    pub fn ignore_ranges(&self, ignored: bool) {
        self.state().files.ignores_ranges = ignored;
    }

    /// Puts a file on the files' origin, or another content in its place, and gives the URL that a row can name it by.
    ///
    /// A [`Server`](crate::Server) answers rows with its own origin in the URL's place.
    ///
    /// ```
    /// # use mateo_sandbox::{Endpoint, Row, Sandbox};
    /// # let (endpoint, id) = (Endpoint::new(Sandbox::new()), uuid::Uuid::from_u128(1));
    /// let url = endpoint.put_file("failed.json", r#"[{"reason":"no email"}]"#);
    /// endpoint.sandbox().insert(Row::import(id, endpoint.now()).set("failed_url", url))?;
    /// # Ok::<(), mateo_sandbox::RowError>(())
    /// ```
    pub fn put_file(&self, name: &str, content: impl Into<Bytes>) -> String {
        self.state().files.put(name, content.into(), false)
    }

    /// The same for a file that is stored gzipped: it is sent as it is, with `content-encoding: gzip`, whatever the
    /// request accepts, and ranges are of the gzipped bytes.
    pub fn put_gzipped_file(&self, name: &str, content: impl Into<Bytes>) -> String {
        self.state().files.put(name, content.into(), true)
    }

    /// Whether the next connection is to be refused, as far as a fault has decided already.
    pub(crate) fn refuses_next(&self, is_for_files: bool) -> bool {
        self.state().plan.refuses_next(is_for_files)
    }

    /// Counts what a port that was closed cannot: one request that found no connection.
    pub(crate) fn was_refused(&self, is_for_files: bool) {
        self.state().break_connection(is_for_files);
    }

    // A panic while the lock was held leaves counters and limits that are still whole numbers.
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Never the keys.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("sandbox", self.sandbox())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
