//! What can be chosen about an endpoint before it answers.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::Request;
use tokio::time::Instant;

use super::{Endpoint, Settings, Shared, State};
use crate::fault::{FaultRule, Plan};
use crate::gateway::Limits;
use crate::random::Random;
use crate::sandbox::Sandbox;
use crate::simulation::Simulation;

/// The settings of an [`Endpoint`].
#[must_use]
pub struct EndpointBuilder {
    settings: Settings,
    state: State,
    rules: Vec<FaultRule>,
    seed: u64,
}

impl EndpointBuilder {
    pub(super) fn new(sandbox: Sandbox) -> Self {
        Self {
            settings: Settings {
                sandbox,
                hook: None,
                latency: (Duration::ZERO, Duration::ZERO),
                max_url_bytes: usize::MAX,
                began: (SystemTime::now().into(), Instant::now()),
            },
            state: State::default(),
            rules: Vec::new(),
            seed: 0,
        }
    }

    /// A key that is accepted; without any, every key is. Each key has its own limits.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.state.gateway.keys.insert(key.into());
        self
    }

    /// How many requests a key may send; hellomateo's [`Limits::default`] unless set.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.state.gateway.limits = limits;
        self
    }

    /// The latency of a request and its response together, plus or minus up to `jitter`; none unless set. Half of
    /// it passes before the request is read. Above two seconds the response is a statement timeout, as the real server's.
    pub fn latency(mut self, latency: Duration, jitter: Duration) -> Self {
        self.settings.latency = (latency, jitter);
        self
    }

    /// The longest path and query string that are accepted, in bytes; a longer one is 414. A query string of more than
    /// 16 KiB is 414 in any case.
    pub fn max_url_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_url_bytes = bytes;
        self
    }

    /// A fault; may be called more than once.
    pub fn fault(mut self, rule: impl Into<FaultRule>) -> Self {
        self.rules.push(rule.into());
        self
    }

    /// Imports that appear, run and finish while the endpoint is in use.
    pub fn simulation(mut self, simulation: Simulation) -> Self {
        self.state.simulation = Some(simulation);
        self
    }

    /// Calls `hook` with each request for imports that arrives, before it is answered: the place to change rows between
    /// any two requests, or to write down what was asked.
    ///
    /// ```
    /// use mateo_sandbox::{Endpoint, Row, Sandbox};
    ///
    /// let endpoint = Endpoint::builder(Sandbox::new()).on_request(|sandbox, _request, now| {
    ///     let id = uuid::Uuid::from_u128(sandbox.len() as u128);
    ///     sandbox.insert(Row::import(id, now)).expect("ids are all different");
    /// });
    /// ```
    pub fn on_request(
        mut self,
        hook: impl Fn(&Sandbox, &Request<Bytes>, DateTime<Utc>) + Send + Sync + 'static,
    ) -> Self {
        self.settings.hook = Some(Box::new(hook));
        self
    }

    /// The endpoint's time as it begins; the system's unless set. From there it runs with tokio's clock.
    pub fn starting_at(mut self, time: DateTime<Utc>) -> Self {
        self.settings.began.0 = time;
        self
    }

    /// What jitter and faults by chance follow from; 0 unless set.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The endpoint. Its clock begins to run.
    pub fn build(mut self) -> Endpoint {
        self.settings.began.1 = Instant::now();
        self.state.random = Random::new(!self.seed);
        self.state.plan = Plan::new(self.seed);
        self.rules.into_iter().for_each(|rule| self.state.plan.add(rule));
        Endpoint {
            shared: Arc::new(Shared {
                settings: self.settings,
                state: Mutex::new(self.state),
            }),
        }
    }
}

/// Never the keys.
impl fmt::Debug for EndpointBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointBuilder")
            .field("sandbox", &self.settings.sandbox)
            .finish_non_exhaustive()
    }
}
