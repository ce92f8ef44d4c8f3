//! A socket that takes targets as they come, and that can end by a reset.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::target::Targets;

/// What hyper reads from and writes to.
pub(super) struct Socket {
    stream: TcpStream,
    /// Whether it ends with a reset instead of an orderly close.
    is_reset: Arc<AtomicBool>,
    targets: Targets,
    /// What was read and not passed on yet.
    escaped: BytesMut,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, is_reset: Arc<AtomicBool>) -> Self {
        Self {
            stream,
            is_reset,
            targets: Targets::default(),
            escaped: BytesMut::new(),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.is_reset.load(Relaxed) {
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
        let this = &mut *self;
        if this.escaped.is_empty() {
            let before = buf.filled().len();
            ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
            let read = buf.filled().get(before..).unwrap_or_default();
            this.targets.escape(read, &mut this.escaped);
            buf.set_filled(before);
        }
        // Escaped bytes take more room: what does not fit is read the next time.
        let length = this.escaped.len().min(buf.remaining());
        buf.put_slice(&this.escaped.split_to(length));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
