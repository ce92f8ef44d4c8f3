//! The client: a pipeline to the server, and what can be asked of it.

use std::sync::Arc;

use mateo_http::{
    Budget, KeyProvider, Observer, Pipeline, PipelineBuilder, Request, Retry, TimeLimits, Transport,
};
use mateo_model::{ChangesCursor, Import, ImportQuery, Listing, RawJson};
use uuid::Uuid;

use crate::changes::ChangesRequest;
use crate::connection::{Connection, prefer};
use crate::download::{Download, ImportFile, SourceUrl};
use crate::error::Error;
use crate::get;
use crate::list::ListRequest;
use crate::wait::WaitRequest;

/// A client of the imports API. Clones are cheap and share the connections and the request budget: use one client
/// for all that a program does with one API key.
///
/// ```no_run
/// use mateo_imports::{ApiKey, Client};
///
/// # async fn example(key: String) -> Result<(), mateo_imports::Error> {
/// let client = Client::new(ApiKey::new(key));
/// let newest = client.list().order(mateo_imports::columns::CREATED_AT.desc()).limit(10).all().await?;
/// println!("{} imports", newest.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    connection: Connection,
}

/// Settings of a [`Client`].
///
/// ```
/// use mateo_imports::{ApiKey, Client, LocalBudget};
///
/// # #[cfg(feature = "rustls")] {
/// let client = Client::builder(ApiKey::new("…"))
///     .base_url("http://127.0.0.1:8080") // http is accepted to this machine only
///     .budget(LocalBudget::builder().per_second(5.0).build())
///     .build()?;
/// # let _ = client;
/// # }
/// # Ok::<(), mateo_imports::Error>(())
/// ```
#[must_use]
#[derive(Debug)]
pub struct ClientBuilder(PipelineBuilder);

impl ClientBuilder {
    /// Where the API is: https, or http to this machine. hellomateo's own address unless set.
    ///
    /// ```
    /// use mateo_imports::{ApiKey, Client};
    ///
    /// # #[cfg(feature = "rustls")] {
    /// let client = Client::builder(ApiKey::new("…")).base_url("http://127.0.0.1:8080").build()?;
    /// assert!(Client::builder(ApiKey::new("…")).base_url("http://example.com").build().is_err());
    /// # }
    /// # Ok::<(), mateo_imports::Error>(())
    /// ```
    pub fn base_url(self, url: impl Into<String>) -> Self {
        Self(self.0.base_url(url))
    }

    /// How requests are sent; reqwest unless set, where one of its features is on.
    ///
    /// ```
    /// use mateo_imports::{ApiKey, Client, Transport};
    ///
    /// # fn example(mine: impl Transport + 'static) -> Result<(), mateo_imports::Error> {
    /// let client = Client::builder(ApiKey::new("…")).transport(mine).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn transport(self, transport: impl Transport + 'static) -> Self {
        Self(self.0.transport(transport))
    }

    /// How many requests may be sent; 2 a second and 10,000 a day unless set.
    ///
    /// ```
    /// use mateo_imports::{ApiKey, Client, LocalBudget};
    ///
    /// // A contract with a tenth of the documented requests.
    /// let budget = LocalBudget::builder().per_second(0.2).per_day(1_000).build();
    /// let settings = Client::builder(ApiKey::new("…")).budget(budget);
    /// ```
    pub fn budget(self, budget: impl Budget + 'static) -> Self {
        Self(self.0.budget(budget))
    }

    /// What is tried again.
    ///
    /// ```
    /// use mateo_imports::{ApiKey, Client, Retry};
    ///
    /// let settings = Client::builder(ApiKey::new("…")).retry(Retry::default().attempts(8));
    /// ```
    pub fn retry(self, retry: Retry) -> Self {
        Self(self.0.retry(retry))
    }

    /// How long each part of a request may take.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mateo_imports::{ApiKey, Client, TimeLimits};
    ///
    /// let limits = TimeLimits::default().overall(Duration::from_secs(30));
    /// let settings = Client::builder(ApiKey::new("…")).time_limits(limits);
    /// ```
    pub fn time_limits(self, limits: TimeLimits) -> Self {
        Self(self.0.time_limits(limits))
    }

    /// The `User-Agent` of requests.
    ///
    /// ```
    /// use mateo_imports::{ApiKey, Client};
    ///
    /// let settings = Client::builder(ApiKey::new("…")).user_agent("crm-sync/1.4");
    /// ```
    pub fn user_agent(self, user_agent: impl Into<String>) -> Self {
        Self(self.0.user_agent(user_agent))
    }

    /// How large a page may be, decompressed.
    ///
    /// ```
    /// use mateo_imports::{ApiKey, Client};
    ///
    /// let settings = Client::builder(ApiKey::new("…")).max_page_bytes(8 << 20); // 8 MiB
    /// ```
    pub fn max_page_bytes(self, bytes: usize) -> Self {
        Self(self.0.max_page_bytes(bytes))
    }

    /// Who is told what happens to requests.
    ///
    /// ```
    /// use mateo_imports::http::{Event, Observer};
    /// use mateo_imports::{ApiKey, Client};
    ///
    /// #[derive(Debug)]
    /// struct Waits;
    ///
    /// impl Observer for Waits {
    ///     fn event(&self, event: &Event) {
    ///         if let Event::Retrying { attempt, after } = event {
    ///             eprintln!("attempt {attempt} failed, the next follows in {after:?}");
    ///         }
    ///     }
    /// }
    ///
    /// let settings = Client::builder(ApiKey::new("…")).observer(Waits);
    /// ```
    pub fn observer(self, observer: impl Observer + 'static) -> Self {
        Self(self.0.observer(observer))
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// Settings that can't work: [`Error::is_usage`].
    ///
    /// ```
    /// use mateo_imports::{ApiKey, Client};
    ///
    /// # #[cfg(feature = "rustls")] {
    /// let client = Client::builder(ApiKey::new("…")).build()?;
    ///
    /// let error = Client::builder(ApiKey::new("…")).base_url("no url").build().map(drop);
    /// assert!(error.is_err_and(|error| error.is_usage()));
    /// # }
    /// # Ok::<(), mateo_imports::Error>(())
    /// ```
    pub fn build(self) -> Result<Client, Error> {
        Ok(Client {
            connection: Connection::new(Ok(self.0.build()?)),
        })
    }
}

impl Client {
    /// A client of hellomateo's API.
    ///
    /// ```
    /// use mateo_imports::{ApiKey, Client};
    ///
    /// let client = Client::new(ApiKey::new("…")); // nothing is sent yet
    /// ```
    pub fn new(key: impl KeyProvider + 'static) -> Self {
        Self {
            connection: Connection::new(Pipeline::builder(key).build()),
        }
    }

    /// A client with settings of its own.
    ///
    /// ```
    /// use mateo_imports::{ApiKey, Client};
    ///
    /// # #[cfg(feature = "rustls")] {
    /// let client = Client::builder(ApiKey::new("…")).user_agent("crm-sync/1.4").build()?;
    /// # }
    /// # Ok::<(), mateo_imports::Error>(())
    /// ```
    pub fn builder(key: impl KeyProvider + 'static) -> ClientBuilder {
        ClientBuilder(Pipeline::builder(key))
    }

    /// Lists imports: all of them unless the request is narrowed.
    ///
    /// ```no_run
    /// use mateo_imports::columns::*;
    ///
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let all = client.list().all().await?;
    /// let failed = client.list().filter(FAILED_COUNT.gt(0)).count().await?;
    /// println!("{failed} of {} have failed contacts", all.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> ListRequest {
        ListRequest::new(self.connection.clone())
    }

    /// The imports that were given `reference` by who made them; references need not be unique.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// for import in client.by_reference("ERP-2041").all().await? {
    ///     println!("{} {:?}", import.id, import.progress());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn by_reference(&self, reference: impl AsRef<str>) -> ListRequest {
        self.list()
            .filter(mateo_model::columns::REFERENCE_ID.eq(reference.as_ref()))
    }

    /// The import with this id; `None` where there is none that the key may see. One request.
    ///
    /// # Errors
    ///
    /// See [`Error`]. That the server answers 404 is an error: an import that doesn't exist is an empty answer
    /// (GRAMMAR.md, "Operators").
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, id: uuid::Uuid) -> Result<(), mateo_imports::Error> {
    /// match client.get(id).await? {
    ///     Some(import) => println!("{:?}", import.progress()),
    ///     None => println!("no such import"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get(&self, id: Uuid) -> Result<Option<Import>, Error> {
        get::one(&self.connection, id).await
    }

    /// The import with this id as the server sent it.
    ///
    /// # Errors
    ///
    /// As for [`get`](Client::get).
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, id: uuid::Uuid)
    /// # -> Result<(), mateo_imports::Error> {
    /// if let Some(row) = client.get_raw(id).await? {
    ///     println!("{row}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_raw(&self, id: Uuid) -> Result<Option<RawJson>, Error> {
        get::one(&self.connection, id).await
    }

    /// The imports with these ids, in the order of the ids, `None` where there is none. It takes a request for
    /// every 50 different ids.
    ///
    /// # Errors
    ///
    /// See [`Error`]; a row that can't be read is one.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, ids: Vec<uuid::Uuid>) -> Result<(), mateo_imports::Error> {
    /// for (id, import) in ids.iter().zip(client.get_many(ids.iter().copied()).await?) {
    ///     println!("{id}: {}", import.map_or("missing".into(), |import| format!("{:?}", import.progress())));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_many(&self, ids: impl IntoIterator<Item = Uuid>) -> Result<Vec<Option<Import>>, Error> {
        get::many(&self.connection, ids.into_iter().collect()).await
    }

    /// Follows what is inserted or changed from `cursor` on.
    ///
    /// ```no_run
    /// use mateo_imports::ChangesCursor;
    ///
    /// # async fn example(client: mateo_imports::Client) -> Result<(), mateo_imports::Error> {
    /// let mut changes = client.changes(ChangesCursor::beginning()).stream();
    /// while let Some((import, _cursor)) = changes.try_next().await? {
    ///     println!("{} {:?}", import.id, import.progress());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn changes(&self, cursor: ChangesCursor) -> ChangesRequest {
        ChangesRequest::new(self.connection.clone(), cursor)
    }

    /// Waits until imports are finished.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, ids: Vec<uuid::Uuid>)
    /// # -> Result<(), mateo_imports::Error> {
    /// for (id, progress) in client.wait(ids).all().await? {
    ///     println!("{id} is finished: {progress:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait(&self, ids: impl IntoIterator<Item = Uuid>) -> WaitRequest {
        WaitRequest::new(self.connection.clone(), ids)
    }

    /// Downloads from an import's `failed_url` or `payload_url`. The API key is not sent there.
    ///
    /// ```no_run
    /// # async fn example(client: mateo_imports::Client, import: mateo_imports::Import)
    /// # -> Result<(), mateo_imports::Error> {
    /// let failed = client.download(&import.failed_url).bytes().await?;
    /// println!("{} bytes", failed.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn download(&self, url: impl SourceUrl) -> Download {
        Download::from_url(self.connection.clone(), url.source_url())
    }

    /// Downloads a file of an import by the import's id: its URL is read first, and read anew where it has
    /// expired.
    ///
    /// ```no_run
    /// use mateo_imports::ImportFile;
    ///
    /// # async fn example(client: mateo_imports::Client, id: uuid::Uuid)
    /// # -> Result<(), mateo_imports::Error> {
    /// let bytes = client.download_file(id, ImportFile::Payload).to_file("payload.json").await?;
    /// println!("{bytes} bytes");
    /// # Ok(())
    /// # }
    /// ```
    pub fn download_file(&self, id: Uuid, file: ImportFile) -> Download {
        Download::of_import(self.connection.clone(), id, file)
    }

    /// The request budget, shared by all clones.
    ///
    /// # Errors
    ///
    /// Settings that can't work: [`Error::is_usage`].
    ///
    /// ```
    /// use mateo_imports::{ApiKey, Client};
    ///
    /// # #[cfg(feature = "rustls")] {
    /// let client = Client::new(ApiKey::new("…"));
    /// assert_eq!(client.budget()?.remaining_today(), Some(10_000));
    /// # }
    /// # Ok::<(), mateo_imports::Error>(())
    /// ```
    pub fn budget(&self) -> Result<&Arc<dyn Budget>, Error> {
        self.connection.budget()
    }

    /// The first request that listing `query` would send, without the key. Nothing is sent.
    ///
    /// # Errors
    ///
    /// A query that can't be sent.
    ///
    /// ```
    /// use mateo_imports::{ApiKey, Client, ImportQuery, columns::*};
    ///
    /// # #[cfg(feature = "rustls")] {
    /// let client = Client::new(ApiKey::new("…"));
    /// let request = client.preview(&ImportQuery::new().filter(FAILED_COUNT.gt(0)))?;
    /// assert_eq!(request.method(), "GET");
    /// assert_eq!(request.uri().path(), "/api/v1/import");
    /// # }
    /// # Ok::<(), mateo_imports::Error>(())
    /// ```
    pub fn preview(&self, query: &ImportQuery) -> Result<Request, Error> {
        let first = Listing::new(query.clone()).next_page();
        let (query, count) = first.map_or_else(|| (query.clone(), false), |page| (page.query, page.count));
        Ok(self.connection.pipeline()?.request(&query, &prefer(count))?)
    }
}
