//! A transport that responds from a recording.

use std::fmt;
use std::io::{self, BufReader, Read};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream;

use super::exchange::{Exchange, RecordedOutcome, RecordedRequest};
use crate::transport::{Body, BoxFuture, Request, Response, Transport, TransportError, TransportErrorKind};

/// Responds from what a [`Recorder`](super::Recorder) wrote: to each request with the next response that was recorded for
/// it, with each response once.
///
/// Requests are the same if method, path and query are, and the headers `Prefer`, `Range` and `If-Range`; the host only
/// counts for downloads. A request without a response is an error that names it, and [`unused`](Self::unused) names the
/// responses that nobody asked for.
///
/// ```
/// use mateo_http::{record::Replay, Transport};
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
    signature: String,
    /// `None` once it was given.
    outcome: Option<RecordedOutcome>,
}

impl Replay {
    /// Reads a recording. Empty lines are passed over.
    ///
    /// # Errors
    /// Where it cannot be read, or is none: the error names the line.
    pub fn from_reader(reader: impl Read) -> io::Result<Self> {
        let exchanges = serde_json::Deserializer::from_reader(BufReader::new(reader)).into_iter();
        let exchanges = exchanges.map(|exchange| {
            let Exchange { request, outcome } = exchange?;
            Ok(Recorded {
                signature: request.signature(),
                outcome: Some(outcome),
            })
        });
        Ok(Self {
            exchanges: Mutex::new(exchanges.collect::<Result<_, serde_json::Error>>()?),
        })
    }

    /// The requests whose responses were not asked for, in the order they were recorded.
    pub fn unused(&self) -> Vec<String> {
        let exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        let unused = exchanges.iter().filter(|recorded| recorded.outcome.is_some());
        unused.map(|recorded| recorded.signature.clone()).collect()
    }

    fn respond(&self, request: &Request) -> Result<Response, TransportError> {
        let other = |what: String| TransportError::new(TransportErrorKind::Other, what);
        let signature = RecordedRequest::new(request).signature();
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        let mut same: Vec<_> = exchanges
            .iter_mut()
            .filter(|recorded| recorded.signature == signature)
            .collect();
        match same.iter_mut().find_map(|recorded| recorded.outcome.take()) {
            Some(RecordedOutcome::Response(recorded)) => {
                let broke_off = recorded.broke_off;
                let response = recorded.read().map_err(|what| other(what.to_owned()))?;
                Ok(response.map(|body| match broke_off {
                    None => Body::from(body),
                    Some(kind) => Body::from_stream(stream::iter([Ok(Bytes::from(body)), Err(kind.into())])),
                }))
            }
            Some(RecordedOutcome::Error(kind)) => Err(kind.into()),
            None if same.is_empty() => Err(other(format!("no response is recorded for {signature}"))),
            None => {
                let given = same.len();
                Err(other(format!(
                    "no response is recorded for {signature} any more ({given} were given)"
                )))
            }
        }
    }
}

impl Transport for Replay {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(std::future::ready(self.respond(&request)))
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
