//! The client: a pipeline to the server, and what can be asked of it.

use mateo_http::{KeyProvider, Pipeline, PipelineBuilder, Request};
use mateo_model::{
    Import, ImportQuery, RawJson,
    driver::{ChangesCursor, Listing},
};
use uuid::Uuid;

use crate::changes::ChangesRequest;
use crate::connection::{Connection, prefer};
use crate::download::{Download, ImportFile, SourceUrl};
use crate::error::Error;
use crate::get;
use crate::import_id::ImportId;
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

    /// A client with settings of its own: those of [`Pipeline`], which it is made from.
    ///
    /// ```
    /// use mateo_imports::{ApiKey, Client, KeyBudget};
    ///
    /// # #[cfg(feature = "rustls")] {
    /// let client = Client::builder(ApiKey::new("…"))
    ///     .base_url("http://127.0.0.1:8080") // http is accepted for this machine only
    ///     .budget(KeyBudget::builder().per_second(5.0).build())
    ///     .build()?;
    /// # let _ = client;
    /// # }
    /// # Ok::<(), mateo_imports::Error>(())
    /// ```
    pub fn builder(key: impl KeyProvider + 'static) -> PipelineBuilder<Self, Error> {
        PipelineBuilder::new(key, |pipeline| pipeline.map(Self::from).map_err(Error::of))
    }

    /// The pipeline that the client sends through: its budget, its time limits, and single requests.
    ///
    /// ```
    /// use mateo_imports::{ApiKey, Client};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::new(ApiKey::new("…"));
    /// let budget = client.pipeline()?.budget(); // all clones share it
    /// println!("{:?} requests left today", budget.state(1).await?.left_today);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Where [`Client::new`] could set up no pipeline: [`Error::is_usage`].
    pub fn pipeline(&self) -> Result<&Pipeline, Error> {
        self.connection.pipeline()
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
    pub async fn get(&self, id: impl ImportId) -> Result<Option<Import>, Error> {
        get::one(&self.connection, id.import_id()?).await
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
    pub async fn get_raw(&self, id: impl ImportId) -> Result<Option<RawJson>, Error> {
        get::one(&self.connection, id.import_id()?).await
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
    pub async fn get_many(
        &self,
        ids: impl IntoIterator<Item = impl ImportId>,
    ) -> Result<Vec<Option<Import>>, Error> {
        let ids: Result<_, _> = ids.into_iter().map(ImportId::import_id).collect();
        get::many(&self.connection, ids?).await
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
    pub fn wait(&self, ids: impl IntoIterator<Item = impl ImportId>) -> WaitRequest {
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
        Download::new(self.connection.clone(), url.source_url(), None)
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
        Download::new(self.connection.clone(), None, Some((id, file)))
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
        let request = self.connection.pipeline()?.request(&query, &prefer(count));
        request.map_err(Error::of)
    }
}

impl From<Pipeline> for Client {
    fn from(pipeline: Pipeline) -> Self {
        Self {
            connection: Connection::new(Ok(pipeline)),
        }
    }
}
