//! An adapter that makes a transport of any tower service over HTTP.

use std::{
    error::Error as StdError,
    fmt, future, io,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use futures_util::stream;
use http_body::{Body as HttpBody, Frame};
use tower_service::Service;

use crate::{Body, BoxFuture, Request, Response, Transport, TransportError, TransportErrorKind};

/// Sends requests through a tower service: a client with layers of your own, or a server in the same process.
///
/// Every request goes to a clone of the service. What the service does must keep to [the
/// contract](Transport#the-contract): no retry, no redirects, no decompression.
///
/// An error of the service is a [`TransportError`] of its kind if it is one, else judged by the I/O error among its causes.
///
/// ```
/// # use std::{convert::Infallible, future::{Ready, ready}, task::{Context, Poll}};
/// use mateo_http::{Body, Request, Response, TowerTransport, Transport};
/// use tower_service::Service;
///
/// #[derive(Clone)]
/// struct Hello;
///
/// impl Service<Request> for Hello {
///     type Response = Response;
///     type Error = Infallible;
///     type Future = Ready<Result<Response, Infallible>>;
///
///     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn call(&mut self, _: Request) -> Self::Future {
///         ready(Ok(Response::new(Body::from("[]"))))
///     }
/// }
///
/// let transport = TowerTransport::new(Hello);
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let response = transport.send(http::Request::get("https://api.test/").body("".into())?).await?;
/// assert_eq!(response.into_body().collect(10).await?, "[]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TowerTransport<S> {
    /// Behind a lock only to be cloned: many services can move between threads and not be shared by them.
    service: Mutex<S>,
}

impl<S: Clone> TowerTransport<S> {
    /// A transport that sends through clones of `service`.
    ///
    /// ```
    /// use mateo_http::TowerTransport;
    ///
    /// # fn example<S: Clone>(service: S) {
    /// let transport = TowerTransport::new(service);
    /// # }
    /// ```
    pub fn new(service: S) -> Self {
        Self {
            service: Mutex::new(service),
        }
    }
}

impl<S, B> Transport for TowerTransport<S>
where
    S: Service<Request, Response = http::Response<B>> + Clone + Send + 'static,
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
            let failed = |error: S::Error| failure(error.into(), TransportErrorKind::Other);
            future::poll_fn(|cx| service.poll_ready(cx))
                .await
                .map_err(failed)?;
            let response = service.call(request).await.map_err(failed)?;
            Ok(response.map(stream_of))
        })
    }
}

impl<S> fmt::Debug for TowerTransport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TowerTransport")
    }
}

/// The data of a body; trailers are passed over.
fn stream_of<B>(body: B) -> Body
where
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let mut body: Pin<Box<B>> = Box::pin(body);
    Body::from_stream(stream::poll_fn(move |cx| {
        loop {
            return match ready!(body.as_mut().poll_frame(cx)) {
                None => None.into(),
                Some(Err(error)) => Some(Err(failure(error.into(), TransportErrorKind::Body))).into(),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(mut data) => Some(Ok::<Bytes, _>(data.copy_to_bytes(data.remaining()))).into(),
                    Err(_trailers) => continue,
                },
            };
        }
    }))
}

/// So that a service may answer with a [`Body`], too.
impl HttpBody for Body {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        self.poll_next(cx)
            .map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }
}

fn failure(error: Box<dyn StdError + Send + Sync>, otherwise: TransportErrorKind) -> TransportError {
    match error.downcast::<TransportError>() {
        Ok(error) => *error,
        Err(error) => TransportError::new(kind_of(&*error).unwrap_or(otherwise), error),
    }
}

/// The kind by the first I/O error among the causes.
fn kind_of(error: &(dyn StdError + 'static)) -> Option<TransportErrorKind> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return match error.kind() {
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
            };
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests;
