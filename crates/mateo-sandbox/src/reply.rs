//! What the endpoint gives a front to deliver: a response and how it arrives, or none.

use std::iter;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use http::{HeaderValue, Method, Response, StatusCode, header, response::Parts};
use tokio::{task::yield_now, time::sleep};

use crate::content::Content;

/// What a client sees.
#[derive(Debug)]
pub(crate) enum Reply {
    Nothing(NoResponse),
    Answer(Answer),
}

/// How an exchange ends without a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoResponse {
    /// No connection.
    Refused,
    /// The connection is reset.
    Reset,
    /// Nothing comes, for ever.
    Silence,
}

/// A response, and how its body arrives.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Parts,
    pub(crate) content: Content,
    /// The bytes of the content that are the body.
    pub(crate) range: Range<u64>,
    pub(crate) delivery: Delivery,
    /// What the server spends on it, beyond the network's latency.
    pub(crate) delay: Duration,
}

/// How a body arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    /// Half of it, then the connection ends.
    Cut(Cut),
    /// Half of it, without an announced length, then an orderly close.
    CutShort,
    /// In pieces, with a pause before each but the first.
    Slow,
    /// Half of it, then nothing.
    Stalled,
    /// Again and again, without an announced length.
    Endless,
}

/// How a connection ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Reset,
    Closed,
}

/// A response without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// A response with a body of this type.
pub(crate) fn page(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut response = empty(status).map(|_| body.into());
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// A time as a header's value; `None` for one that the format cannot say (before 1970, after 9999).
pub(crate) fn http_date(time: DateTime<Utc>) -> Option<HeaderValue> {
    let is_sayable = (0..253_402_300_800).contains(&time.timestamp());
    let date = is_sayable.then(|| httpdate::fmt_http_date(time.into()))?;
    HeaderValue::try_from(date).ok()
}

/// The whole of it, at once.
impl From<Response<Bytes>> for Answer {
    fn from(response: Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            head,
            range: 0..body.len() as u64,
            content: Content::Bytes(body),
            delivery: Delivery::Whole,
            delay: Duration::ZERO,
        }
    }
}

impl From<Response<Bytes>> for Reply {
    fn from(response: Response<Bytes>) -> Self {
        Self::Answer(response.into())
    }
}

const CHUNK: u64 = 64 << 10;

/// How many pieces a slow body comes in, and the pause between two of them.
pub(crate) const PIECES: u32 = 16;
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// What an endless body waits before it begins again: enough for other tasks, and for a time limit, to have their turn.
const BREATH: Duration = Duration::from_millis(10);

impl Answer {
    /// Announces the body's length, unless a header does, it isn't to be known, or there can be no body.
    pub(crate) fn announce_length(&mut self, method: &Method) {
        let has_length = !matches!(self.delivery, Delivery::Endless | Delivery::CutShort);
        if has_length && method != Method::HEAD && self.head.status != StatusCode::NO_CONTENT {
            let length = self.range.end - self.range.start;
            let header = self.head.headers.entry(header::CONTENT_LENGTH);
            header.or_insert_with(|| length.into());
        }
    }

    /// The body where it arrives at once and is in memory: the case of nearly every response.
    pub(crate) fn at_once(&self) -> Option<Bytes> {
        match (&self.content, self.delivery) {
            (Content::Bytes(_), Delivery::Whole) => Some(self.content.read(self.range.clone())),
            _ => None,
        }
    }

    /// The body as it arrives, in chunks of at most [`CHUNK`] bytes.
    pub(crate) fn chunks(&self) -> BoxStream<'static, Result<Bytes, Cut>> {
        let (content, Range { start, end }) = (self.content.clone(), self.range.clone());
        let half = start + (end - start) / 2;
        match self.delivery {
            Delivery::Whole => stream::iter(chunks(content, start..end, CHUNK)).boxed(),
            Delivery::CutShort => stream::iter(chunks(content, start..half, CHUNK)).boxed(),
            Delivery::Cut(how) => {
                let cut = stream::once(async move {
                    // What was written so far is sent before the connection ends.
                    yield_now().await;
                    Err(how)
                });
                stream::iter(chunks(content, start..half, CHUNK))
                    .chain(cut)
                    .boxed()
            }
            Delivery::Stalled => {
                let half = stream::iter(chunks(content, start..half, CHUNK));
                half.chain(stream::pending()).boxed()
            }
            Delivery::Slow => {
                let size = (end - start).div_ceil(u64::from(PIECES));
                let pieces = stream::iter(chunks(content, start..end, size).enumerate());
                let paused = pieces.then(|(number, piece)| async move {
                    if number > 0 {
                        sleep(PAUSE).await;
                    }
                    piece
                });
                paused.boxed()
            }
            Delivery::Endless => {
                // Of an array the closing bracket never comes: a comma does, and the rows again.
                let last = end.saturating_sub(1);
                let between = if end - start > 2 { "," } else { " " };
                let first = stream::iter(chunks(content.clone(), start..last, CHUNK));
                let again = stream::repeat(()).then(|()| sleep(BREATH)).flat_map(move |()| {
                    let rows = chunks(content.clone(), start + 1..last, CHUNK);
                    stream::iter(iter::once(Ok(between.into())).chain(rows))
                });
                first.chain(again).boxed()
            }
        }
    }
}

/// The content's bytes of `range`, `size` at a time.
fn chunks(content: Content, range: Range<u64>, size: u64) -> impl Iterator<Item = Result<Bytes, Cut>> {
    let Range { start: mut at, end } = range;
    iter::from_fn(move || {
        let chunk = at..end.min(at.saturating_add(size));
        at = chunk.end;
        (!chunk.is_empty()).then(|| Ok(content.read(chunk)))
    })
}
