//! The client.

use mateo_http::{KeyProvider, Pipeline, PipelineBuilder, Request};
use mateo_model::driver::ChangesCursor;
use mateo_model::{Import, ImportQuery, RawJson};
use uuid::Uuid;

use super::requests::{ChangesRequest, Download, ListRequest, WaitRequest};
use super::runtime::Runtime;
use crate::download::{ImportFile, SourceUrl};
use crate::error::Error;
use crate::import_id::ImportId;

/// A client of the imports API that blocks; see [`Client`](crate::Client). Clones are cheap and share the connections, the
/// request budget and the thread in the background.
///
/// ```no_run
/// use mateo_imports::{ApiKey, blocking::Client};
///
/// fn main() -> Result<(), mateo_imports::Error> {
///     let client = Client::new(ApiKey::new("…"));
///     let waited = client.wait(["38d889d2-b47a-4c1d-8a3a-b343ac333b68"]).all()?;
///     println!("{waited:?}");
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    client: crate::client::Client,
    runtime: Runtime,
}

impl Client {
    /// A client of hellomateo's API.
    pub fn new(key: impl KeyProvider + 'static) -> Self {
        crate::client::Client::new(key).into()
    }

    /// A client with settings of its own; see [`Client::builder`](crate::Client::builder).
    pub fn builder(key: impl KeyProvider + 'static) -> PipelineBuilder<Self, Error> {
        PipelineBuilder::new(key, |pipeline| pipeline.map(Self::from).map_err(Error::of))
    }

    /// The async client, with the same connections and the same budget.
    pub fn as_async(&self) -> &crate::client::Client {
        &self.client
    }

    /// See [`Client::pipeline`](crate::Client::pipeline).
    ///
    /// # Errors
    ///
    /// Settings that can't work.
    pub fn pipeline(&self) -> Result<&Pipeline, Error> {
        self.client.pipeline()
    }

    /// See [`Client::list`](crate::Client::list).
    pub fn list(&self) -> ListRequest {
        self.client.list().run_by(self.runtime.clone()).0
    }

    /// See [`Client::by_reference`](crate::Client::by_reference).
    pub fn by_reference(&self, reference: impl AsRef<str>) -> ListRequest {
        self.client.by_reference(reference).run_by(self.runtime.clone()).0
    }

    /// See [`Client::get`](crate::Client::get).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn get(&self, id: impl ImportId) -> Result<Option<Import>, Error> {
        self.runtime.run(self.client.get(id))?
    }

    /// See [`Client::get_raw`](crate::Client::get_raw).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn get_raw(&self, id: impl ImportId) -> Result<Option<RawJson>, Error> {
        self.runtime.run(self.client.get_raw(id))?
    }

    /// See [`Client::get_many`](crate::Client::get_many).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn get_many(
        &self,
        ids: impl IntoIterator<Item = impl ImportId>,
    ) -> Result<Vec<Option<Import>>, Error> {
        self.runtime.run(self.client.get_many(ids))?
    }

    /// See [`Client::changes`](crate::Client::changes).
    pub fn changes(&self, cursor: ChangesCursor) -> ChangesRequest {
        self.client.changes(cursor).run_by(self.runtime.clone()).0
    }

    /// See [`Client::wait`](crate::Client::wait).
    pub fn wait(&self, ids: impl IntoIterator<Item = impl ImportId>) -> WaitRequest {
        self.client.wait(ids).run_by(self.runtime.clone()).0
    }

    /// See [`Client::download`](crate::Client::download).
    pub fn download(&self, url: impl SourceUrl) -> Download {
        self.client.download(url).run_by(self.runtime.clone()).0
    }

    /// See [`Client::download_file`](crate::Client::download_file).
    pub fn download_file(&self, id: Uuid, file: ImportFile) -> Download {
        self.client.download_file(id, file).run_by(self.runtime.clone()).0
    }

    /// See [`Client::preview`](crate::Client::preview).
    ///
    /// # Errors
    ///
    /// A query that can't be sent.
    pub fn preview(&self, query: &ImportQuery) -> Result<Request, Error> {
        self.client.preview(query)
    }
}

impl From<crate::client::Client> for Client {
    fn from(client: crate::client::Client) -> Self {
        Self {
            client,
            runtime: Runtime::new(),
        }
    }
}

impl From<Pipeline> for Client {
    fn from(pipeline: Pipeline) -> Self {
        crate::client::Client::from(pipeline).into()
    }
}
