//! What the endpoint gives a front to deliver: a response and how it arrives, or none.

use std::{ops::Range, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_core::Stream;
use futures_util::stream;
use http::{HeaderValue, Response, response::Parts};

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

/// A time as a header's value; `None` for one that the format cannot say (before 1970, after 9999).
pub(crate) fn http_date(time: DateTime<Utc>) -> Option<HeaderValue> {
    let is_sayable = (0..253_402_300_800).contains(&time.timestamp());
    let date = is_sayable.then(|| httpdate::fmt_http_date(time.into()))?;
    HeaderValue::try_from(date).ok()
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

impl Answer {
    pub(crate) fn whole(response: Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            head,
            range: 0..body.len() as u64,
            content: Content::Bytes(body),
            delivery: Delivery::Whole,
            delay: Duration::ZERO,
        }
    }

    /// The announced length of the body, where one is.
    pub(crate) fn announced(&self) -> Option<u64> {
        match self.delivery {
            Delivery::Endless | Delivery::CutShort => None,
            Delivery::Whole | Delivery::Cut(_) | Delivery::Slow | Delivery::Stalled => {
                Some(self.range.end - self.range.start)
            }
        }
    }

    /// The body where it arrives at once and is in memory: the case of nearly every response.
    pub(crate) fn at_once(&self) -> Option<Bytes> {
        match (&self.content, self.delivery) {
            (Content::Bytes(bytes), Delivery::Whole) => {
                let from = usize::try_from(self.range.start).ok()?;
                let to = usize::try_from(self.range.end).ok()?;
                (from <= to && to <= bytes.len()).then(|| bytes.slice(from..to))
            }
            _ => None,
        }
    }

    /// The body as it arrives, in chunks of at most [`CHUNK`] bytes.
    pub(crate) fn into_chunks(self) -> impl Stream<Item = Result<Bytes, Cut>> + Send + 'static {
        let arrival = Arrival {
            position: self.range.start,
            content: self.content,
            range: self.range,
            delivery: self.delivery,
            is_over: false,
        };
        stream::unfold(arrival, |mut arrival| async move {
            let chunk = arrival.next().await?;
            Some((chunk, arrival))
        })
    }
}

const CHUNK: u64 = 64 << 10;

/// How many pieces a slow body comes in, and the pause between two of them.
pub(crate) const PIECES: u32 = 16;
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// What an endless body waits between two chunks: enough for other tasks, and for a time limit, to have their turn.
const BREATH: Duration = Duration::from_millis(10);

struct Arrival {
    content: Content,
    range: Range<u64>,
    position: u64,
    delivery: Delivery,
    is_over: bool,
}

impl Arrival {
    async fn next(&mut self) -> Option<Result<Bytes, Cut>> {
        if self.is_over {
            return None;
        }
        let length = self.range.end - self.range.start;
        let half = self.range.start + length / 2;
        match self.delivery {
            Delivery::Whole => self.read(CHUNK, self.range.end),
            Delivery::Cut(how) => {
                if let Some(chunk) = self.read(CHUNK, half) {
                    return Some(chunk);
                }
                // What was written so far is sent before the connection ends.
                tokio::task::yield_now().await;
                self.is_over = true;
                Some(Err(how))
            }
            Delivery::CutShort => self.read(CHUNK, half),
            Delivery::Slow => {
                if self.position > self.range.start && self.position < self.range.end {
                    tokio::time::sleep(PAUSE).await;
                }
                self.read(length.div_ceil(u64::from(PIECES)), self.range.end)
            }
            Delivery::Stalled => match self.read(CHUNK, half) {
                None => std::future::pending().await,
                chunk => chunk,
            },
            Delivery::Endless => {
                // Of an array the closing bracket never comes: a comma does, and the rows again.
                if let Some(chunk) = self.read(CHUNK, self.range.end.saturating_sub(1)) {
                    return Some(chunk);
                }
                tokio::time::sleep(BREATH).await;
                self.position = self.range.start.saturating_add(1);
                let again: &[u8] = if length > 2 { b"," } else { b" " };
                Some(Ok(Bytes::from_static(again)))
            }
        }
    }

    /// The next bytes, at most `most` and none from `end` on.
    fn read(&mut self, most: u64, end: u64) -> Option<Result<Bytes, Cut>> {
        let to = end.min(self.position.saturating_add(most));
        if self.position >= to {
            return None;
        }
        let chunk = self.content.read(self.position..to);
        self.position = to;
        Some(Ok(chunk))
    }
}
