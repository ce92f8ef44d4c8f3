//! A response's body: chunks that stream, collected only as far as the caller accepts.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

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
    /// A body without a byte.
    pub const fn empty() -> Self {
        Self(Inner::Whole(None))
    }

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
    pub async fn collect(self, max_bytes: usize) -> Result<Bytes, TransportError> {
        self.collect_expecting(0, max_bytes).await
    }

    /// The same, for a body that is said to have `expected` bytes.
    pub(crate) async fn collect_expecting(
        mut self,
        expected: usize,
        max_bytes: usize,
    ) -> Result<Bytes, TransportError> {
        let Some(first) = self.chunk().await? else {
            return Ok(Bytes::new());
        };
        if first.len() > max_bytes {
            return Err(too_large(max_bytes));
        }
        // Small pages come in one chunk: those are not copied.
        let Some(second) = self.chunk().await? else {
            return Ok(first);
        };
        let likely = expected.max((first.len() + second.len()).saturating_mul(2));
        let mut whole = BytesMut::with_capacity(likely.min(max_bytes));
        whole.extend_from_slice(&first);
        let mut next = Some(second);
        while let Some(chunk) = next {
            if chunk.len() > max_bytes - whole.len() {
                return Err(too_large(max_bytes));
            }
            whole.extend_from_slice(&chunk);
            next = self.chunk().await?;
        }
        Ok(whole.freeze())
    }

    /// The first bytes of a body, at most `max_bytes`, whatever comes after: for what an error shows.
    pub(crate) async fn start(mut self, max_bytes: usize) -> Bytes {
        let mut start = BytesMut::new();
        while start.len() < max_bytes
            && let Some(Ok(chunk)) = self.next().await
        {
            let room = (max_bytes - start.len()).min(chunk.len());
            start.extend_from_slice(chunk.get(..room).unwrap_or_default());
        }
        start.freeze()
    }
}

fn too_large(max_bytes: usize) -> TransportError {
    TransportError::new(
        TransportErrorKind::TooLarge,
        format!("the bound is {max_bytes} bytes"),
    )
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
        Self::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Whole((!bytes.is_empty()).then_some(bytes)))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
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
