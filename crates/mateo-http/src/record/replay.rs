//! A transport that responds from a recording.

use std::{
    fmt, io,
    io::{BufRead, BufReader, Read},
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use futures_util::stream;
use http::{StatusCode, header};

use super::exchange::{
    Exchange, RecordedOutcome, RecordedResponse, Signature, header_map, kind_of, plain_headers,
};
use crate::transport::{Body, BoxFuture, Request, Response, Transport, TransportError, TransportErrorKind};

/// Responds from what a [`Recorder`](super::Recorder) wrote: to each request with the next response that was recorded for
/// it, with each response once.
///
/// Requests are the same if method, path and query are, and the headers `Prefer`, `Range` and `If-Range`; the host only
/// counts for downloads. A request without a response is an error that names it, and [`unused`](Self::unused) names the
/// responses that nobody asked for.
///
/// ```
/// use mateo_http::{record::Replay, transport::Transport};
///
/// let line = r#"{"request":{"method":"GET","uri":"https://api.test/a","is_download":true,"headers":[]},"error":"connect"}"#;
/// let replay = Replay::from_reader(line.as_bytes())?;
/// assert_eq!(replay.unused(), ["GET https://api.test/a"]);
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let request = http::Request::get("https://api.test/b").body("".into())?;
/// let error = replay.send(request).await.map_err(|error| std::error::Error::source(&error).map(|cause| cause.to_string()));
/// let expected = "no response is recorded for GET https://api.test/b";
/// assert_eq!(error.map(drop), Err(Some(expected.to_owned())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Replay {
    exchanges: Mutex<Vec<Recorded>>,
}

struct Recorded {
    signature: Signature,
    /// `None` once it was given.
    outcome: Option<RecordedOutcome>,
}

/// A recording cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// Reading failed.
    #[error("the recording could not be read")]
    Io(#[from] io::Error),
    /// A line is no recorded exchange.
    #[error("line {line} of the recording is no exchange")]
    Line {
        /// Which line, the first being 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl Replay {
    /// Reads a recording. Empty lines are passed over.
    ///
    /// # Errors
    /// [`ReplayError`] where it cannot be read.
    pub fn from_reader(reader: impl Read) -> Result<Self, ReplayError> {
        let mut exchanges = Vec::new();
        for (index, line) in BufReader::new(reader).lines().enumerate() {
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            let Exchange { request, outcome } =
                serde_json::from_str(&line).map_err(|source| ReplayError::Line {
                    line: index + 1,
                    source,
                })?;
            let signature = Signature::new(
                &request.method,
                &request.uri,
                &request.headers,
                request.is_download,
            );
            exchanges.push(Recorded {
                signature,
                outcome: Some(outcome),
            });
        }
        Ok(Self {
            exchanges: Mutex::new(exchanges),
        })
    }

    /// The requests whose responses were not asked for, in the order they were recorded.
    pub fn unused(&self) -> Vec<String> {
        let exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        exchanges
            .iter()
            .filter(|recorded| recorded.outcome.is_some())
            .map(|recorded| recorded.signature.to_string())
            .collect()
    }

    fn respond(&self, request: &Request) -> Result<Response, TransportError> {
        let is_download = !request.headers().contains_key(header::AUTHORIZATION);
        let headers = plain_headers(request.headers());
        let signature = Signature::new(
            request.method().as_str(),
            &request.uri().to_string(),
            &headers,
            is_download,
        );
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        let mut used = 0;
        for recorded in exchanges
            .iter_mut()
            .filter(|recorded| recorded.signature == signature)
        {
            match recorded.outcome.take() {
                Some(RecordedOutcome::Response(response)) => return read(&response),
                Some(RecordedOutcome::Error(kind)) => return Err(kind_of(&kind).into()),
                None => used += 1,
            }
        }
        let more = if used > 0 {
            format!(" any more ({used} were given)")
        } else {
            String::new()
        };
        let missing = format!("no response is recorded for {signature}{more}");
        Err(TransportError::new(TransportErrorKind::Other, missing))
    }
}

fn read(recorded: &RecordedResponse) -> Result<Response, TransportError> {
    let broken = |what: &'static str| TransportError::new(TransportErrorKind::Other, what);
    let bytes = Bytes::from(
        recorded
            .body
            .bytes()
            .ok_or_else(|| broken("the recorded body is not hexadecimal"))?,
    );
    let body = match &recorded.broke_off {
        None => Body::from(bytes),
        Some(kind) => Body::from_stream(stream::iter([Ok(bytes), Err(kind_of(kind).into())])),
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(recorded.status).map_err(|_| broken("the recorded status is no status"))?;
    *response.headers_mut() =
        header_map(&recorded.headers).ok_or_else(|| broken("a recorded header is no header"))?;
    Ok(response)
}

impl Transport for Replay {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(std::future::ready(self.respond(&request)))
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Replay")
            .field("exchanges", &exchanges.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
