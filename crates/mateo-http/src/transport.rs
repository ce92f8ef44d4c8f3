//! The one trait between this crate and a socket: a request in, a response out.

mod body;
mod error;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

pub use body::Body;
#[cfg(any(feature = "rustls", feature = "native-tls", feature = "tower"))]
pub(crate) use error::causes;
pub use error::{TransportError, TransportErrorKind};

/// A boxed future that can move between threads: what a dyn-safe async method returns.
///
/// ```
/// let future: mateo_http::BoxFuture<'_, u32> = Box::pin(async { 1 });
/// ```
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a [`Transport`] is given: a complete request with an absolute URI and its whole body.
///
/// ```
/// let request: mateo_http::Request = http::Request::get("https://api.test/").body("".into())?;
/// # Ok::<(), http::Error>(())
/// ```
pub type Request = http::Request<Bytes>;

/// What a [`Transport`] gives back: status, headers and a [`Body`] that streams.
///
/// ```
/// let response = mateo_http::Response::new(mateo_http::Body::from("[]"));
/// assert_eq!(response.status(), http::StatusCode::OK);
/// ```
pub type Response = http::Response<Body>;

/// An [extension](http::Extensions) of a request for a download: its URL came from a row, so it must not reach what only
/// this machine or its network can.
///
/// The pipeline itself rejects URLs that name such an address. A transport that resolves names should fail with
/// [`TransportErrorKind::Request`] where a request has this extension and its host resolves to no address but of loopback,
/// link-local or private networks. [`ReqwestTransport`](crate::ReqwestTransport) does.
#[derive(Debug, Clone, Copy)]
pub struct PublicAddressesOnly;

/// Sends one HTTP request and gives back one response.
///
/// Everything else (authentication, retry, budget, time limits, reading the response) is before this trait, so
/// that an implementation is nothing but a way to reach a server: another HTTP library, a proxy, a test double.
///
/// # The contract
///
/// An implementation **must**
///
/// - send the request as it is: method, URI, every header, body. It adds only what the protocol needs (`Host`,
///   `Content-Length`);
/// - give the body back as it came, with its content coding: gzip is undone above, where its bound is, and a download
///   that is resumed counts bytes on the wire;
/// - give back **every** response as `Ok`, whatever its status. A 404 and a 500 are responses, not errors;
/// - make no second attempt, follow no redirect, keep no cookies, and cache nothing: the pipeline counts each
///   request against a small budget and decides where the key may go;
/// - end the body with an error when the connection ends before the body does. A body that was cut off and ends
///   like a whole one would lose rows silently;
/// - stop all work on a request when its future, or later its body, is dropped;
/// - return a [`TransportError`] with the kind that tells most, since [`Retry`](crate::Retry) decides by it;
/// - never write a header marked [sensitive](http::HeaderValue::is_sensitive) or the URI's query to a log or an
///   error, and never panic on what a server sends.
///
/// It **may** be called from many tasks at once, and need not limit time: the pipeline drops a future that takes too
/// long. A limit for *connecting* is its own to keep, because nobody else sees when the connection stands.
///
/// # Example
///
/// A transport that responds to every request from memory, and counts them:
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use http::{Method, StatusCode, header};
/// use mateo_http::{Body, BoxFuture, Request, Response, Transport, TransportError, TransportErrorKind};
///
/// #[derive(Debug, Default)]
/// struct Canned {
///     requests: AtomicU64,
/// }
///
/// impl Transport for Canned {
///     fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
///         Box::pin(async move {
///             self.requests.fetch_add(1, Ordering::Relaxed);
///             if request.method() != Method::GET {
///                 return Err(TransportError::new(TransportErrorKind::Other, "only GET is supported here"));
///             }
///             let (status, body) = match request.uri().path() {
///                 "/api/v1/import" => (StatusCode::OK, "[]"),
///                 // Not an error: the server answered.
///                 _ => (StatusCode::NOT_FOUND, r#"{"message": "not found"}"#),
///             };
///             let mut response = Response::new(Body::from(body));
///             *response.status_mut() = status;
///             response.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().expect("valid"));
///             Ok(response)
///         })
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let transport = Canned::default();
/// let request = http::Request::get("https://example.test/api/v1/import").body(bytes::Bytes::new())?;
/// let response = transport.send(request).await?;
/// assert_eq!(response.status(), StatusCode::OK);
/// assert_eq!(response.into_body().collect(1024).await?, "[]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Transport: Send + Sync {
    /// Sends `request` and gives back the response as soon as its head has arrived.
    ///
    /// # Errors
    /// A [`TransportError`] where no response came: see [the contract](Transport#the-contract).
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>>;
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        (**self).send(request)
    }
}
