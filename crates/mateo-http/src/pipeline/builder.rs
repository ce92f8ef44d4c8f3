//! The pipeline's settings.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use http::HeaderValue;

use super::{Parts, Pipeline, Settings};
use crate::budget::contract::Budget;
use crate::budget::{KeyBudget, Priority};
use crate::error::{Error, Kind};
use crate::limits::TimeLimits;
use crate::observe::Event;
use crate::origin::BaseUrl;
use crate::retry::Retry;
use crate::secret::KeyProvider;
use crate::transport::Transport;

/// A page has at most 50 rows; 64 MiB is more than a megabyte a row. A response beyond it is not a page of this API.
const MAX_PAGE_BYTES: usize = 64 << 20;

const USER_AGENT: &str = concat!("mateo-imports-rs/", env!("CARGO_PKG_VERSION"));

/// Settings of a [`Pipeline`], or of a client `C` that is made from one.
///
/// ```
/// use std::time::Duration;
///
/// use mateo_http::{ApiKey, Pipeline, Retry, TimeLimits, budget::KeyBudget};
///
/// # #[cfg(feature = "rustls")] {
/// let pipeline = Pipeline::builder(ApiKey::new("…"))
///     .base_url("http://127.0.0.1:8080") // http is accepted for this machine only
///     .budget(KeyBudget::builder().per_second(5.0).build())
///     .retry(Retry::default().attempts(8))
///     .time_limits(TimeLimits::default().overall(Duration::from_secs(30)))
///     .user_agent("crm-sync/1.4")
///     .build()?;
/// # let _ = pipeline;
/// # }
/// # Ok::<(), mateo_http::Error>(())
/// ```
#[must_use]
pub struct PipelineBuilder<C = Pipeline, E = Error> {
    base_url: String,
    transport: Option<Arc<dyn Transport>>,
    user_agent: String,
    settings: Settings,
    finish: fn(Result<Pipeline, Error>) -> Result<C, E>,
}

impl<C, E> PipelineBuilder<C, E> {
    /// Settings, beginning from an [`ApiKey`](crate::ApiKey) or another [`KeyProvider`], of what `finish` makes of the
    /// pipeline or of why there is none.
    pub fn new(key: impl KeyProvider + 'static, finish: fn(Result<Pipeline, Error>) -> Result<C, E>) -> Self {
        Self {
            base_url: Pipeline::BASE_URL.to_owned(),
            transport: None,
            user_agent: USER_AGENT.to_owned(),
            settings: Settings {
                key: Arc::new(key),
                budget: Arc::new(KeyBudget::default()),
                priority: Priority::default(),
                retry: Retry::default(),
                limits: TimeLimits::default(),
                max_page_bytes: MAX_PAGE_BYTES,
                observers: Vec::new(),
                clock: Arc::new(SystemTime::now),
            },
            finish,
        }
    }

    /// Where the API is: https, or http on this machine; a path is kept. [`Pipeline::BASE_URL`] unless set.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// How requests are sent. Unless set, with reqwest, where one of its features is on.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// The request budget; a [`KeyBudget`] with hellomateo's documented limits unless set. Pipelines that use the same key
    /// should be given the same budget.
    pub fn budget(mut self, budget: impl Budget + 'static) -> Self {
        self.settings.budget = Arc::new(budget);
        self
    }

    /// Whether somebody waits for the answers, [`Priority::Interactive`] unless set. Bulk jobs let interactive requests of
    /// the same budget go first.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.settings.priority = priority;
        self
    }

    /// When to try again.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.settings.retry = retry;
        self
    }

    /// How long things may take.
    pub fn time_limits(mut self, limits: TimeLimits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// What to send as `User-Agent`.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// The most bytes that a page may have after gzip is undone; 64 MiB unless set.
    pub fn max_page_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_page_bytes = bytes;
        self
    }

    /// Gets every [`Event`] as it happens; several may be added. It runs on the request's own task and should return at once.
    pub fn observer(mut self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.settings.observers.push(Arc::new(observer));
        self
    }

    /// The wall clock; the system's unless set. It is asked only for dates, where a response has no `Date` of its own:
    /// every wait and deadline is measured by tokio's clock, which cannot jump.
    pub fn wall_clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// The pipeline, or the client that is made from it.
    ///
    /// # Errors
    /// [`Error::is_usage`] where the base URL or the user agent cannot be used, where there is no transport, or where TLS
    /// cannot be set up.
    pub fn build(self) -> Result<C, E> {
        let finish = self.finish;
        finish(self.pipeline().map_err(Kind::bare))
    }

    fn pipeline(self) -> Result<Pipeline, Kind> {
        let base = BaseUrl::parse(&self.base_url).map_err(Kind::usage)?;
        let user_agent = HeaderValue::try_from(self.user_agent)
            .map_err(|_| Kind::usage("the user agent holds a byte that no header can"))?;
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport(&self.settings.limits)?,
        };
        Ok(Pipeline(Arc::new(Parts {
            base,
            transport,
            user_agent,
            settings: self.settings,
        })))
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn default_transport(limits: &TimeLimits) -> Result<Arc<dyn Transport>, Kind> {
    let transport = crate::reqwest_transport::ReqwestTransport::builder().connect_timeout(limits.connect);
    Ok(Arc::new(transport.build()?))
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
fn default_transport(_limits: &TimeLimits) -> Result<Arc<dyn Transport>, Kind> {
    let why = "no transport is set, and none is built in: turn on the feature rustls or native-tls";
    Err(Kind::usage(why))
}

impl<C, E> fmt::Debug for PipelineBuilder<C, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineBuilder")
            .field("budget", &self.settings.budget)
            .field("retry", &self.settings.retry)
            .field("limits", &self.settings.limits)
            .finish_non_exhaustive()
    }
}
