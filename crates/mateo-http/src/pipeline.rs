//! A query in, a page out: the whole way to the server and back, and its settings.

mod builder;
mod call;
mod download;
mod page;
mod telemetry;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use http::HeaderValue;
use mateo_model::{ContentRange, Count, ImportQuery, Prefer, Select, columns};
use tokio::time::Instant;
use tracing::Instrument;

pub use builder::PipelineBuilder;
pub use download::DownloadRange;
pub use page::PageResponse;

use crate::budget::Priority;
use crate::budget::contract::Budget;
use crate::endpoint;
use crate::error::{Error, Kind};
use crate::limits::TimeLimits;
use crate::observe::Event;
use crate::origin::BaseUrl;
use crate::retry::Retry;
use crate::secret::KeyProvider;
use crate::transport::{Request, Response, Transport};

/// Sends queries: authentication, retry, budget and time limits in front of a [`Transport`]. Clones are cheap and share
/// all of it.
///
/// ```no_run
/// use mateo_http::{ApiKey, Pipeline};
/// use mateo_model::{Count, ImportQuery, Prefer};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let pipeline = Pipeline::builder(ApiKey::new("…")).build()?;
/// let page = pipeline.page(&ImportQuery::new().limit(50), &Prefer::new().count(Count::Exact), None).await?;
/// println!("{} bytes, {:?} rows in all", page.body.len(), page.content_range.and_then(|range| range.total()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Pipeline(Arc<Parts>);

struct Parts {
    base: BaseUrl,
    transport: Arc<dyn Transport>,
    user_agent: HeaderValue,
    settings: Settings,
}

struct Settings {
    key: Arc<dyn KeyProvider>,
    budget: Arc<dyn Budget>,
    priority: Priority,
    retry: Retry,
    limits: TimeLimits,
    max_page_bytes: usize,
    observers: Vec<Arc<Observer>>,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

type Observer = dyn Fn(&Event) + Send + Sync;

impl Pipeline {
    /// The base URL of hellomateo's API.
    pub const BASE_URL: &str = "https://integration.getmateo.com";

    /// Settings, beginning from an [`ApiKey`](crate::ApiKey) or another [`KeyProvider`].
    pub fn builder(key: impl KeyProvider + 'static) -> PipelineBuilder {
        PipelineBuilder::new(key, std::convert::identity)
    }

    /// The first request that [`page`](Self::page) would send, without the key. Nothing is sent.
    ///
    /// ```
    /// # #[cfg(feature = "rustls")] {
    /// use mateo_http::{ApiKey, Pipeline};
    /// use mateo_model::{ImportQuery, Prefer};
    ///
    /// let pipeline = Pipeline::builder(ApiKey::new("secret")).build()?;
    /// let request = pipeline.request(&ImportQuery::new().limit(50), &Prefer::new())?;
    /// assert_eq!(request.uri(), "https://integration.getmateo.com/api/v1/import?limit=50");
    /// assert!(!request.headers().contains_key("authorization"));
    /// # }
    /// # Ok::<(), mateo_http::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::is_usage`] where the query cannot be written for the server.
    pub fn request(&self, query: &ImportQuery, prefer: &Prefer) -> Result<Request, Error> {
        endpoint::page_request(&self.0.base, &self.0.user_agent, query, prefer).map_err(Kind::bare)
    }

    /// Asks for one page.
    ///
    /// `deadline` bounds everything; `None` is the overall limit of [`TimeLimits`] from now.
    ///
    /// The body is JSON by its looks and its type, and complete; its rows are not read here.
    ///
    /// Where `prefer` asks for a count and that seems to fail (a time limit, 408, any 5xx), the page is asked for without it:
    /// see [`PageResponse::count_failed`].
    ///
    /// # Cancelling
    /// Dropping the future cancels the request; a place in the budget that was not used goes back to it.
    ///
    /// # Errors
    /// See [`Error`]'s predicates.
    pub async fn page(
        &self,
        query: &ImportQuery,
        prefer: &Prefer,
        deadline: Option<Instant>,
    ) -> Result<PageResponse, Error> {
        let uncounted = prefer.counting().map(|_| prefer.clone().uncounted());
        self.send(self.request(query, prefer)?, uncounted, deadline).await
    }

    async fn send(
        &self,
        request: Request,
        uncounted: Option<Prefer>,
        deadline: Option<Instant>,
    ) -> Result<PageResponse, Error> {
        let page = page::page(&self.0, request, uncounted, deadline);
        page.instrument(telemetry::page()).await
    }

    /// How many rows meet the filters of `query`; its limit, offset, order and columns play no part.
    ///
    /// # Errors
    /// See [`Error`]'s predicates: [`is_timeout`](Error::is_timeout) where the server does not count them within its two
    /// seconds, [`is_decode`](Error::is_decode) where it does not say.
    pub async fn count(&self, query: &ImportQuery, deadline: Option<Instant>) -> Result<u64, Error> {
        let filters = query.filters().iter().cloned();
        let query = filters.fold(ImportQuery::new(), ImportQuery::filter);
        let query = query.select(Select::all().and(columns::ID)).limit(1);
        let request = self.request(&query, &Prefer::new().count(Count::Exact))?;
        let page = self.send(request, None, deadline).await?;
        let total = page.content_range.and_then(ContentRange::total);
        total.ok_or_else(|| Kind::NotCounted.bare())
    }

    /// Downloads from a URL that a row gave (`failed_url`, `payload_url`): usually another host, so the **key is never
    /// sent** and the request budget not used. Only https is accepted, redirects are followed up to five times, from https
    /// to https only, and neither leads to this machine or a private network, unless the API itself is on this machine.
    ///
    /// The response's body streams without a bound and without holding more than a chunk; it fails where it is silent for
    /// longer than the [idle limit](TimeLimits::idle). To go on after it broke off, download again with the [range](DownloadRange)
    /// that is missing: status 206 is its continuation, status 200 means that it begins anew, status 416 that there is no more.
    ///
    /// ```no_run
    /// use mateo_http::{ApiKey, DownloadRange, Pipeline};
    ///
    /// # async fn example(url: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// let pipeline = Pipeline::builder(ApiKey::new("…")).build()?;
    /// let mut body = pipeline.download(url, &DownloadRange::whole(), None).await?.into_body();
    /// while let Some(chunk) = body.chunk().await? {
    ///     println!("{} bytes", chunk.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`Error`]'s predicates. `deadline` bounds the time until the body begins.
    pub async fn download(
        &self,
        url: &str,
        range: &DownloadRange,
        deadline: Option<Instant>,
    ) -> Result<Response, Error> {
        let request = download::request(&self.0, url, range).map_err(Kind::bare)?;
        let download = download::download(&self.0, request, range, deadline);
        download.instrument(telemetry::download()).await
    }

    /// The request budget.
    pub fn budget(&self) -> &Arc<dyn Budget> {
        &self.0.settings.budget
    }

    /// The time by the wall clock.
    pub fn wall_clock(&self) -> SystemTime {
        (self.0.settings.clock)()
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("origin", &self.0.base.origin())
            .field("budget", &self.0.settings.budget)
            .field("retry", &self.0.settings.retry)
            .field("limits", &self.0.settings.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
