//! The endpoint in process: a transport without a socket.

use futures_util::StreamExt;
use mateo_http::{Body, BoxFuture, Request, Response, Transport, TransportError, TransportErrorKind};

use crate::endpoint::{Endpoint, Origin};
use crate::files::{FILES_HOST, ORIGIN};
use crate::reply::{Answer, Cut, NoResponse, Reply};

/// The sandbox as a [`Transport`]: no socket, and all waiting on tokio's clock, which tests can pause.
///
/// Requests to the host of files, as the sandbox's rows name it, reach the files' origin, those to any other host the
/// API. A clone is another handle to the same endpoint.
///
/// ```
/// use mateo_http::{Transport, TransportErrorKind};
/// use mateo_sandbox::{Endpoint, Fault, Sandbox, SandboxTransport, When};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?.block_on(async {
/// let endpoint = Endpoint::builder(Sandbox::new())
///     .fault(Fault::ResetInBody.on(When::Nth(1)))
///     .build();
/// let transport = SandboxTransport::new(endpoint.clone());
/// let request = || {
///     http::Request::get("https://sandbox.invalid/api/v1/import")
///         .header("authorization", "Bearer a-key")
///         .body(bytes::Bytes::new())
/// };
///
/// let cut = transport.send(request()?).await?.into_body().collect(1024).await;
/// assert_eq!(cut.map_err(|error| error.kind()), Err(TransportErrorKind::Body));
/// let whole = transport.send(request()?).await?.into_body().collect(1024).await?;
/// assert_eq!(whole, "[]");
/// assert_eq!(endpoint.counters().requests, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SandboxTransport {
    endpoint: Endpoint,
}

impl SandboxTransport {
    /// A base URL for clients. Any other does as well, but its host must not be that of the files.
    pub const BASE_URL: &str = "https://sandbox.invalid";

    /// A way to reach `endpoint`.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }
}

impl Transport for SandboxTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let host = request.uri().host().unwrap_or_default();
            let origin = Origin {
                is_for_files: host.eq_ignore_ascii_case(FILES_HOST),
                files_url: ORIGIN,
            };
            match self.endpoint.exchange(&request, origin).await {
                Reply::Answer(answer) => Ok(respond(request.method(), answer)),
                Reply::Nothing(NoResponse::Refused) => Err(failed(
                    TransportErrorKind::Connect,
                    "the sandbox refuses connections",
                )),
                Reply::Nothing(NoResponse::Reset) => Err(failed(
                    TransportErrorKind::Reset,
                    "the sandbox reset the connection",
                )),
                Reply::Nothing(NoResponse::Silence) => std::future::pending().await,
            }
        })
    }
}

fn respond(method: &http::Method, mut answer: Answer) -> Response {
    answer.announce_length(method);
    let body = match answer.at_once() {
        Some(bytes) => Body::from(bytes),
        None => Body::from_stream(answer.chunks().map(|chunk| {
            chunk.map_err(|cut| {
                let how = match cut {
                    Cut::Reset => "the sandbox reset the connection",
                    Cut::Closed => "the sandbox closed the connection early",
                };
                failed(TransportErrorKind::Body, how)
            })
        })),
    };
    Response::from_parts(answer.head, body)
}

fn failed(kind: TransportErrorKind, how: &'static str) -> TransportError {
    TransportError::new(kind, how)
}
