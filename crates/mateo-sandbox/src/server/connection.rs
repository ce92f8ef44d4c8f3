//! One connection: requests in, responses out, and how it can break.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderValue, Method, Request, Response, Version, header};
use http_body::Frame;
use http_body_util::{BodyExt, Full, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::Watcher,
};
use tokio::{net::TcpStream, sync::Notify, time::timeout};

use super::Port;
use super::socket::Socket;
use crate::reply::{Answer, Cut, Delivery, NoResponse, Reply};

/// The most bytes of a request's body that are read: no request of this API has one.
const MOST_BODY: usize = 64 << 10;

/// How long a connection may wait for its next request and its headers.
const HEADERS_WITHIN: Duration = Duration::from_secs(30);

/// How long a request's body may take.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// There is no response, or no more of it: the connection ends.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox ends the connection")]
struct Broken;

/// Serves one connection to its end.
pub(super) async fn serve(stream: TcpStream, port: Port, open: Watcher, is_refused: Arc<Notify>) {
    // Small responses are sent at once; where that can't be set they are only slower.
    let _ = stream.set_nodelay(true);
    let is_reset = Arc::new(AtomicBool::new(false));
    let socket = Socket::new(stream, Arc::clone(&is_reset));
    let service = service_fn(|request| respond(request, &port, &is_reset, &is_refused));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .serve_connection(TokioIo::new(socket), service);
    // A broken connection, of either side's making, concerns nobody else.
    let _ = open.watch(connection).await;
}

async fn respond(
    request: Request<Incoming>,
    port: &Port,
    is_reset: &Arc<AtomicBool>,
    is_refused: &Notify,
) -> Result<Response<UnsyncBoxBody<Bytes, Broken>>, Broken> {
    let (head, body) = request.into_parts();
    let read = timeout(BODY_WITHIN, Limited::new(body, MOST_BODY).collect());
    let Ok(Ok(body)) = read.await else {
        return Err(Broken);
    };
    let request = Request::from_parts(head, body.to_bytes());
    let reply = port.endpoint.exchange(&request, port.origin()).await;
    let is_last = port.endpoint.refuses_next(port.is_for_files);
    if is_last {
        is_refused.notify_one();
    }
    match reply {
        Reply::Answer(answer) => {
            let mut response = deliver(answer, request.method(), is_reset);
            if is_last {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
            Ok(response)
        }
        // A request that came although the port was to be closed, on a connection that was still open.
        Reply::Nothing(NoResponse::Refused | NoResponse::Reset) => {
            is_reset.store(true, Relaxed);
            Err(Broken)
        }
        Reply::Nothing(NoResponse::Silence) => pending().await,
    }
}

/// The answer as hyper takes it.
fn deliver(
    mut answer: Answer,
    method: &Method,
    is_reset: &Arc<AtomicBool>,
) -> Response<UnsyncBoxBody<Bytes, Broken>> {
    answer.announce_length(method);
    if answer.delivery == Delivery::CutShort {
        // Where no length is announced, HTTP/1.0 ends a body by closing the connection.
        answer.head.version = Version::HTTP_10;
    }
    let body = if let Some(bytes) = answer.at_once() {
        Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
    } else {
        let is_reset = Arc::clone(is_reset);
        let frames = answer.chunks().map(move |chunk| match chunk {
            Ok(chunk) => Ok(Frame::data(chunk)),
            Err(cut) => {
                is_reset.fetch_or(cut == Cut::Reset, Relaxed);
                Err(Broken)
            }
        });
        StreamBody::new(frames).boxed_unsync()
    };
    Response::from_parts(answer.head, body)
}
