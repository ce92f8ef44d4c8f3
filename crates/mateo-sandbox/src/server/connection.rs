//! One connection: requests in, responses out, and how it can break.

use std::{
    io,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::watch,
    time,
};

use super::{
    Origin,
    body::ServerBody,
    breaks::{Breaks, Broken},
    stopped,
    target::Targets,
};
use crate::reply::{NoResponse, Reply};

/// The most bytes of a request's body that are read: no request of this API has one.
const MOST_BODY: usize = 64 << 10;

/// How long a connection may wait for its next request and its headers.
const HEADERS_WITHIN: Duration = Duration::from_secs(30);

/// How long a request's body may take.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// Serves one connection to its end.
pub(crate) async fn serve(
    stream: TcpStream,
    origin: Origin,
    mut stop: watch::Receiver<bool>,
    refusal: watch::Sender<u64>,
) {
    // Small responses are sent at once; where that can't be set they are only slower.
    let _ = stream.set_nodelay(true);
    let breaks = Breaks::default();
    let socket = Socket {
        stream,
        breaks: breaks.clone(),
        targets: Targets::default(),
        escaped: BytesMut::new(),
    };
    let mut refused = refusal.subscribe();
    let service = service_fn(|request| respond(request, &origin, &breaks, &refusal));
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_WITHIN)
            .serve_connection(TokioIo::new(socket), service)
    );
    tokio::select! {
        // A broken connection, of either side's making, concerns nobody else.
        _ = connection.as_mut() => return,
        () = stopped(&mut stop) => {}
        _ = refused.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

async fn respond(
    request: Request<Incoming>,
    origin: &Origin,
    breaks: &Breaks,
    refusal: &watch::Sender<u64>,
) -> Result<Response<ServerBody>, Broken> {
    let (head, incoming) = request.into_parts();
    let body = if hyper::body::Body::is_end_stream(&incoming) {
        Bytes::new()
    } else {
        match time::timeout(BODY_WITHIN, Limited::new(incoming, MOST_BODY).collect()).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(_)) | Err(_) => return Err(Broken),
        }
    };
    let request = Request::from_parts(head, body);
    let reply = if origin.is_for_files {
        origin.endpoint.exchange_file(&request).await
    } else {
        origin.endpoint.exchange(&request, &origin.front).await
    };
    let is_last = origin.endpoint.refuses_next(origin.is_for_files);
    if is_last {
        refusal.send_modify(|times| *times += 1);
    }
    match reply {
        Reply::Answer(answer) => {
            let mut response = ServerBody::respond(answer, breaks.clone());
            if is_last {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
            Ok(response)
        }
        // A request that came although the port was to be closed, on a connection that was still open.
        Reply::Nothing(NoResponse::Refused | NoResponse::Reset) => {
            breaks.reset();
            Err(Broken)
        }
        Reply::Nothing(NoResponse::Silence) => std::future::pending().await,
    }
}

/// A socket that can end by a reset, and that takes targets as they come.
struct Socket {
    stream: TcpStream,
    breaks: Breaks,
    targets: Targets,
    /// What was read and not passed on yet.
    escaped: BytesMut,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.breaks.is_reset() {
            // With nothing to linger for, closing sends RST instead of FIN.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if self.escaped.is_empty() {
            ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
            let read = buf.filled().get(before..).unwrap_or_default();
            match self.targets.escape(read) {
                None => return Poll::Ready(Ok(())),
                Some(escaped) => self.escaped = escaped,
            }
            buf.set_filled(before);
        }
        // Escaped bytes take more room: what does not fit is read the next time.
        let length = self.escaped.len().min(buf.remaining());
        buf.put_slice(&self.escaped.split_to(length));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.breaks.is_reset() {
            // A FIN would be an orderly close.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
