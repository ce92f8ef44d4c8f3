//! The pipeline for programs without an async runtime.
//!
//! [`Pipeline`] runs requests on a runtime of its own, on the calling thread. Any number of threads may call it at once;
//! they share the budget, and wait their turn.

use std::{
    fmt,
    io::{self, Read},
    sync::Arc,
    time::Duration,
};

use bytes::{Buf, Bytes};
use mateo_model::{ImportQuery, Prefer};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::{
    error::{Error, Kind},
    limits::deadline_after,
    pipeline::{DownloadRange, PageResponse},
    transport::{Body, Request},
};

/// A [`Pipeline`](crate::pipeline::Pipeline) that blocks.
///
/// ```no_run
/// use std::time::Duration;
///
/// use mateo_http::{ApiKey, Pipeline, blocking};
/// use mateo_model::{ImportQuery, Prefer};
///
/// let pipeline = blocking::Pipeline::new(Pipeline::builder(ApiKey::new("…")).build()?)?;
/// let page = pipeline.page(&ImportQuery::new().limit(50), &Prefer::new(), Some(Duration::from_secs(30)))?;
/// println!("{} bytes", page.body.len());
/// # Ok::<(), mateo_http::Error>(())
/// ```
#[derive(Clone)]
pub struct Pipeline {
    inner: crate::pipeline::Pipeline,
    runtime: Arc<OwnRuntime>,
}

/// `None` only while it is dropped.
struct OwnRuntime(Option<Runtime>);

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        // Dropping a runtime waits for it, which panics within another one.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl OwnRuntime {
    /// Runs `future` on this thread.
    fn run<T>(&self, future: impl Future<Output = T>) -> Result<T, Kind> {
        if Handle::try_current().is_ok() {
            return Err(Kind::Config(
                "the blocking pipeline cannot be used within an async runtime: use the async one".into(),
            ));
        }
        match &self.0 {
            Some(runtime) => Ok(runtime.block_on(future)),
            None => Err(Kind::Config("the runtime has ended".into())),
        }
    }
}

impl Pipeline {
    /// Makes a pipeline block.
    ///
    /// # Errors
    /// [`Error::is_usage`] where the system gives no runtime, for example for want of file handles.
    pub fn new(pipeline: crate::pipeline::Pipeline) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| {
                Kind::Config(format!("a runtime could not be started: {error}").into()).bare()
            })?;
        Ok(Self {
            inner: pipeline,
            runtime: Arc::new(OwnRuntime(Some(runtime))),
        })
    }

    /// The first request that [`page`](Self::page) would send, without the key. Nothing is sent.
    ///
    /// # Errors
    /// See [`Pipeline::request`](crate::pipeline::Pipeline::request).
    ///
    /// ```no_run
    /// use mateo_model::{ImportQuery, Prefer};
    ///
    /// # fn example(pipeline: &mateo_http::blocking::Pipeline) -> Result<(), Box<dyn std::error::Error>> {
    /// let request = pipeline.request(&ImportQuery::new().limit(50), &Prefer::new())?;
    /// println!("{}", request.uri());
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, query: &ImportQuery, prefer: &Prefer) -> Result<Request, Error> {
        self.inner.request(query, prefer)
    }

    /// Asks for one page, for at most `limit`; `None` is the overall limit of [`TimeLimits`](crate::TimeLimits).
    ///
    /// # Errors
    /// See [`Pipeline::page`](crate::pipeline::Pipeline::page); and [`Error::is_usage`] within an async runtime, whose thread it would block.
    pub fn page(
        &self,
        query: &ImportQuery,
        prefer: &Prefer,
        limit: Option<Duration>,
    ) -> Result<PageResponse, Error> {
        let page = async { self.inner.page(query, prefer, limit.map(deadline_after)).await };
        self.runtime.run(page).map_err(Kind::bare)?
    }

    /// Downloads from a URL that a row gave, without the key. `limit` bounds the time until the body begins.
    ///
    /// # Errors
    /// See [`Pipeline::download`](crate::pipeline::Pipeline::download); and [`Error::is_usage`] within an async runtime.
    ///
    /// ```no_run
    /// use mateo_http::DownloadRange;
    ///
    /// # fn example(pipeline: &mateo_http::blocking::Pipeline, url: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// let response = pipeline.download(url, &DownloadRange::whole(), None)?;
    /// std::io::copy(&mut response.into_body(), &mut std::fs::File::create("failed.json")?)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn download(
        &self,
        url: &str,
        range: &DownloadRange,
        limit: Option<Duration>,
    ) -> Result<http::Response<Reader>, Error> {
        let download = async { self.inner.download(url, range, limit.map(deadline_after)).await };
        let response = self.runtime.run(download).map_err(Kind::bare)??;
        Ok(response.map(|body| Reader {
            body,
            chunk: Bytes::new(),
            runtime: Arc::clone(&self.runtime),
        }))
    }

    /// The async pipeline below.
    pub fn as_async(&self) -> &crate::pipeline::Pipeline {
        &self.inner
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// A body to be read. It holds one chunk at a time; an error of the connection is an [`io::Error`] with the
/// [`TransportError`](crate::TransportError) within.
///
/// ```no_run
/// use std::io::Read;
///
/// # fn example(mut reader: mateo_http::blocking::Reader) -> Result<(), Box<dyn std::error::Error>> {
/// let mut text = String::new();
/// reader.read_to_string(&mut text)?;
/// # Ok(())
/// # }
/// ```
pub struct Reader {
    body: Body,
    chunk: Bytes,
    runtime: Arc<OwnRuntime>,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            let chunk = self
                .runtime
                .run(self.body.chunk())
                .map_err(|kind| io::Error::other(kind.bare()))?;
            match chunk.map_err(io::Error::other)? {
                Some(chunk) => self.chunk = chunk,
                None => return Ok(0),
            }
        }
        let length = self.chunk.len().min(buffer.len());
        self.chunk
            .split_to(length)
            .copy_to_slice(buffer.get_mut(..length).unwrap_or_default());
        Ok(length)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reader").field(&self.body).finish()
    }
}

#[cfg(test)]
mod tests;
