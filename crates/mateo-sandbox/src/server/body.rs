//! A response's body as hyper takes it.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;
use http::{Response, Version};
use http_body::{Frame, SizeHint};

use super::breaks::{Breaks, Broken};
use crate::reply::{Answer, Cut, Delivery};

/// A body that is there at once, or one that comes in chunks and may break.
pub(crate) enum ServerBody {
    Whole(Option<Bytes>),
    Chunks {
        chunks: Pin<Box<dyn Stream<Item = Result<Bytes, Cut>> + Send>>,
        announced: Option<u64>,
        breaks: Breaks,
    },
}

impl ServerBody {
    /// The answer as a response; `breaks` is its connection's.
    pub(crate) fn respond(answer: Answer, breaks: Breaks) -> Response<Self> {
        if let Some(bytes) = answer.at_once() {
            let bytes = (!bytes.is_empty()).then_some(bytes);
            return Response::from_parts(answer.head, Self::Whole(bytes));
        }
        let mut head = answer.head.clone();
        if answer.delivery == Delivery::CutShort {
            // Where no length is announced, HTTP/1.0 ends a body by closing the connection.
            head.version = Version::HTTP_10;
        }
        let announced = answer.announced();
        let body = if announced == Some(0) {
            Self::Whole(None)
        } else {
            Self::Chunks {
                chunks: Box::pin(answer.into_chunks()),
                announced,
                breaks,
            }
        };
        Response::from_parts(head, body)
    }
}

impl http_body::Body for ServerBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Chunks {
                chunks,
                announced,
                breaks,
            } => {
                let frame = match ready!(chunks.as_mut().poll_next(cx)) {
                    None => None,
                    Some(Ok(chunk)) => {
                        if let Some(left) = announced {
                            *left = left.saturating_sub(chunk.len() as u64);
                        }
                        Some(Ok(Frame::data(chunk)))
                    }
                    Some(Err(cut)) => {
                        if cut == Cut::Reset {
                            breaks.reset();
                        }
                        Some(Err(Broken))
                    }
                };
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Chunks { announced, .. } => announced.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}
