//! An adapter that makes a transport of any tower service over HTTP.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, future, io};

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, Full};
use tower::Service;

use crate::transport::{
    Body, BoxFuture, Request, Response, Transport, TransportError, TransportErrorKind, causes,
};

type Classify = dyn Fn(&(dyn StdError + 'static)) -> Option<TransportErrorKind> + Send + Sync;

/// Sends requests through a tower service: a client with layers of your own, or a server in the same process.
///
/// The service takes a `http::Request<Full<Bytes>>`, as hyper's client, tower-http's layers and axum's router do. Every
/// request goes to a clone of it: one that cannot be cloned (`RateLimit`) needs a `Buffer` before it. What the service does
/// must keep to [the contract](Transport#the-contract): no retry, no redirects, no decompression.
///
/// # Errors
///
/// [`Retry`](crate::Retry) decides by an error's kind. It is found by walking the causes: the kind of a [`TransportError`],
/// [`Timeout`](TransportErrorKind::Timeout) for tower's `Timeout` layer, the kind of an I/O error. What else the errors of a
/// service mean is for [`classify`](Self::classify) to say.
///
/// # Example
///
/// hyper's client with a time limit, traces and a rate limit:
///
/// ```
/// use std::time::Duration;
///
/// use bytes::Bytes;
/// use http_body_util::Full;
/// use hyper_util::{client::legacy, rt::TokioExecutor};
/// use mateo_http::{ApiKey, Pipeline, TowerTransport, TransportErrorKind};
/// use tower::ServiceBuilder;
/// use tower_http::trace::TraceLayer;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// # let _entered = runtime.enter();
/// // `build_http` reaches a sandbox on this machine; hyper-rustls and hyper-tls have connectors for https.
/// let client = legacy::Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
/// let service = ServiceBuilder::new()
///     .buffer(16)
///     .rate_limit(10, Duration::from_secs(1))
///     .timeout(Duration::from_secs(30))
///     .layer(TraceLayer::new_for_http())
///     .service(client);
/// let transport = TowerTransport::new(service).classify(|error| {
///     let error: &legacy::Error = error.downcast_ref()?;
///     Some(if error.is_connect() { TransportErrorKind::Connect } else { TransportErrorKind::Reset })
/// });
/// let pipeline = Pipeline::builder(ApiKey::new("…"))
///     .base_url("http://127.0.0.1:8080")
///     .transport(transport)
///     .build()?;
/// # let _ = pipeline;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TowerTransport<S> {
    /// Behind a lock only to be cloned: many services can move between threads and not be shared by them.
    service: Mutex<S>,
    classify: Arc<Classify>,
}

impl<S: Clone> TowerTransport<S> {
    /// A transport that sends through clones of `service`.
    pub fn new(service: S) -> Self {
        Self {
            service: Mutex::new(service),
            classify: Arc::new(|_| None),
        }
    }

    /// Says of what kind an error of the service is. It is asked about the error and each of its causes in turn, before
    /// anything else is; where it says `None` of all, they are judged as without it.
    #[must_use]
    pub fn classify(
        mut self,
        classify: impl Fn(&(dyn StdError + 'static)) -> Option<TransportErrorKind> + Send + Sync + 'static,
    ) -> Self {
        self.classify = Arc::new(classify);
        self
    }
}

impl<S, B> Transport for TowerTransport<S>
where
    S: Service<http::Request<Full<Bytes>>, Response = http::Response<B>> + Clone + Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    S::Future: Send,
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        let mut service = self
            .service
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Box::pin(async move {
            let failed = |error: S::Error| failure(error.into(), &*self.classify, TransportErrorKind::Other);
            future::poll_fn(|cx| service.poll_ready(cx))
                .await
                .map_err(failed)?;
            let response = service.call(request.map(Full::new)).await.map_err(failed)?;
            Ok(response.map(|body| stream_of(body, Arc::clone(&self.classify))))
        })
    }
}

impl<S> fmt::Debug for TowerTransport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TowerTransport")
    }
}

/// The data of a body; trailers are passed over.
fn stream_of<B>(body: B, classify: Arc<Classify>) -> Body
where
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let body = Box::pin(body).into_data_stream();
    Body::from_stream(body.map(move |data| match data {
        Ok(mut data) => Ok(data.copy_to_bytes(data.remaining())),
        Err(error) => Err(failure(error.into(), &*classify, TransportErrorKind::Body)),
    }))
}

fn failure(
    error: Box<dyn StdError + Send + Sync>,
    classify: &Classify,
    otherwise: TransportErrorKind,
) -> TransportError {
    let said = causes(&*error).find_map(classify);
    let kind = said.or_else(|| causes(&*error).find_map(known));
    match error.downcast::<TransportError>() {
        Ok(error) if kind == Some(error.kind()) => *error,
        Ok(error) => TransportError::new(kind.unwrap_or(otherwise), error),
        Err(error) => TransportError::new(kind.unwrap_or(otherwise), error),
    }
}

/// The kind of an error of this crate, of tower, or of the system.
fn known(error: &(dyn StdError + 'static)) -> Option<TransportErrorKind> {
    if let Some(error) = error.downcast_ref::<TransportError>() {
        return Some(error.kind());
    }
    if error.is::<tower::timeout::error::Elapsed>() {
        return Some(TransportErrorKind::Timeout);
    }
    match error.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::AddrNotAvailable => Some(TransportErrorKind::Connect),
        io::ErrorKind::TimedOut => Some(TransportErrorKind::Timeout),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Some(TransportErrorKind::Reset),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
