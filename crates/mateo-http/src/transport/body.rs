//! A response's body: chunks that stream, collected only as far as the caller accepts.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::StreamExt;

use super::{TransportError, TransportErrorKind};

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>;

/// A response's body, a stream of chunks.
///
/// It holds no more than one chunk at a time; [`collect`](Self::collect) is the one way to hold it whole, and asks
/// how much that may be.
///
/// ```
/// use mateo_http::Body;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let mut body = Body::from("[1,2]");
/// assert_eq!(body.chunk().await?.as_deref(), Some(&b"[1,2]"[..]));
/// assert_eq!(body.chunk().await?, None);
///
/// let too_large = Body::from(vec![0; 1025]).collect(1024).await;
/// assert_eq!(too_large.map_err(|error| error.kind()), Err(mateo_http::TransportErrorKind::TooLarge));
/// # Ok::<(), mateo_http::TransportError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Body(Inner);

enum Inner {
    /// All of it, or nothing any more.
    Whole(Option<Bytes>),
    Chunks(Chunks),
}

impl Body {
    /// A body that streams. An error ends it.
    pub fn from_stream<S>(stream: S) -> Self
    where
        S: Stream<Item = Result<Bytes, TransportError>> + Send + 'static,
    {
        Self(Inner::Chunks(Box::pin(stream)))
    }

    /// The next chunk, or `None` at the end.
    ///
    /// # Errors
    /// A [`TransportError`] when the connection breaks off before the body's end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        self.next().await.transpose()
    }

    /// The whole body, of at most `max_bytes` bytes (after any gzip is undone).
    ///
    /// # Errors
    /// [`TransportErrorKind::TooLarge`] as soon as more than `max_bytes` have come; the rest is not read. Otherwise
    /// whatever error ended the stream.
    pub async fn collect(mut self, max_bytes: usize) -> Result<Bytes, TransportError> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if chunk.len() > max_bytes - whole.len() {
                let bound = format!("the bound is {max_bytes} bytes");
                return Err(TransportError::new(TransportErrorKind::TooLarge, bound));
            }
            if whole.is_empty() {
                whole = chunk.into();
            } else {
                whole.extend_from_slice(&chunk);
            }
        }
        Ok(whole.freeze())
    }

    /// The first bytes of a body, at most `max_bytes`, whatever comes after: for what an error shows.
    pub(crate) async fn start(mut self, max_bytes: usize) -> Bytes {
        let mut start = BytesMut::new();
        while start.len() < max_bytes
            && let Some(Ok(chunk)) = self.next().await
        {
            start.extend_from_slice(&chunk);
        }
        start.truncate(max_bytes);
        start.freeze()
    }
}

impl Stream for Body {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.0 {
            Inner::Whole(bytes) => Poll::Ready(bytes.take().map(Ok)),
            Inner::Chunks(chunks) => chunks.as_mut().poll_next(cx),
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self(Inner::Whole(None))
    }
}

impl<B: Into<Bytes>> From<B> for Body {
    fn from(bytes: B) -> Self {
        let bytes = bytes.into();
        Self(Inner::Whole((!bytes.is_empty()).then_some(bytes)))
    }
}

/// Says how many bytes are there, never which: a body holds customers' data.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Whole(bytes) => write!(f, "Body({} bytes)", bytes.as_ref().map_or(0, Bytes::len)),
            Inner::Chunks(_) => f.write_str("Body(stream)"),
        }
    }
}

#[cfg(test)]
mod tests;
