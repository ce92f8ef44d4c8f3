//! Recording and replaying: a transport that writes down what goes through it, without secrets, and one that responds
//! from that.

mod exchange;
mod redact;
mod replay;

use std::{
    fmt,
    io::{self, Write},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Uri, header};

pub use replay::{Replay, ReplayError};

use self::{
    exchange::{Exchange, RecordedBody, RecordedOutcome, RecordedRequest, RecordedResponse, plain_headers},
    redact::{Redaction, without_query},
};
use crate::{
    gzip,
    secret::ApiKey,
    transport::{Body, BoxFuture, Request, Response, Transport, TransportError, TransportErrorKind},
};

/// The most bytes of a body that are kept for its recording. Of a larger one, this start is written.
const LARGEST_BODY: usize = 16 << 20;

/// Sends through another transport and writes every exchange as a line of JSON, from which [`Replay`]
/// answers.
///
/// Left out are the `Authorization` and cookie headers; the key itself, wherever the server may repeat it; the query of
/// every URL that was downloaded from or that a row gives for a download, since it may be a signature; and the columns
/// that are [chosen](Self::without_columns). **Everything else is customers' data as it came:** leave out the columns that
/// nobody should see.
///
/// An exchange is written when its body has been read, or dropped. A failure to write never fails a request:
/// [`flush`](Self::flush) tells of it.
///
/// ```
/// use mateo_http::{record::{Recorder, Replay}, transport::Transport};
/// # use mateo_http::transport::{Body, BoxFuture, Request, Response, TransportError};
/// # struct Inner;
/// # impl Transport for Inner {
/// #     fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
/// #         Box::pin(async { Ok(Response::new(Body::from(r#"[{"id":1,"payload":{}}]"#))) })
/// #     }
/// # }
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let request = || http::Request::get("https://api.test/api/v1/import").header("authorization", "Bearer x").body("".into());
/// let recorder = Recorder::new(Inner, Vec::new()).without_columns(["payload"]);
/// recorder.send(request()?).await?.into_body().collect(1024).await?;
/// let lines = recorder.finish()?;
///
/// let replay = Replay::from_reader(&lines[..])?;
/// let body = replay.send(request()?).await?.into_body().collect(1024).await?;
/// assert_eq!(body, r#"[{"id":1,"payload":null}]"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Recorder<T, W: Write> {
    transport: T,
    redaction: Redaction,
    tape: Arc<Mutex<Tape<W>>>,
}

struct Tape<W> {
    /// `None` once it was given back.
    writer: Option<W>,
    failed: Option<io::Error>,
    /// Every key that was sent: a download, which has none, may repeat one in its URL.
    keys: Vec<ApiKey>,
}

impl<W> Tape<W> {
    fn without_keys(&self, text: &[u8]) -> Vec<u8> {
        self.keys
            .iter()
            .fold(text.to_vec(), |text, key| key.censor(&text).into_owned())
    }

    fn text_without_keys(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.without_keys(text.as_bytes())).into_owned()
    }

    fn headers_without_keys(&self, headers: &mut [(String, String)]) {
        for (_, value) in headers {
            *value = self.text_without_keys(value);
        }
    }
}

impl<T: Transport, W: Write + Send + 'static> Recorder<T, W> {
    /// Records what goes through `transport` to `writer`.
    pub fn new(transport: T, writer: W) -> Self {
        let tape = Tape {
            writer: Some(writer),
            failed: None,
            keys: Vec::new(),
        };
        Self {
            transport,
            redaction: Redaction::default(),
            tape: Arc::new(Mutex::new(tape)),
        }
    }

    /// Writes null in the place of these columns' values.
    #[must_use]
    pub fn without_columns<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.redaction.columns.extend(columns.into_iter().map(Into::into));
        self
    }

    /// Flushes the writer.
    ///
    /// # Errors
    /// The first failure to write since the last time.
    pub fn flush(&self) -> io::Result<()> {
        let mut tape = self.tape.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = tape.failed.take() {
            return Err(error);
        }
        tape.writer.as_mut().map_or(Ok(()), Write::flush)
    }

    /// Ends the recording and gives the writer back. Bodies that are still being read are no longer recorded.
    ///
    /// # Errors
    /// The first failure to write.
    pub fn finish(self) -> io::Result<W> {
        self.flush()?;
        let mut tape = self.tape.lock().unwrap_or_else(PoisonError::into_inner);
        tape.writer
            .take()
            .ok_or_else(|| io::Error::other("the recording has ended"))
    }
}

impl<T: Transport, W: Write + Send + 'static> Transport for Recorder<T, W> {
    fn send(&self, mut request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            // Bodies are read here, to take columns out of them.
            request
                .headers_mut()
                .insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            let mut recording = Recording::new(&request, self.redaction.clone(), Arc::clone(&self.tape));
            match self.transport.send(request).await {
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    recording.response = Some((head.status.as_u16(), head.headers.clone()));
                    let body = Body::from_stream(Recorded {
                        body,
                        recording: Some(recording),
                    });
                    Ok(Response::from_parts(head, body))
                }
                Err(error) => {
                    recording.write(Some(error.kind()));
                    Err(error)
                }
            }
        })
    }
}

impl<T, W: Write> fmt::Debug for Recorder<T, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("redaction", &self.redaction)
            .finish_non_exhaustive()
    }
}

/// An exchange that is going on.
struct Recording<W: Write> {
    request: RecordedRequest,
    response: Option<(u16, HeaderMap)>,
    body: Vec<u8>,
    redaction: Redaction,
    tape: Arc<Mutex<Tape<W>>>,
}

impl<W: Write> Recording<W> {
    fn new(request: &Request, redaction: Redaction, tape: Arc<Mutex<Tape<W>>>) -> Self {
        let authorization = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        if let Some(value) = authorization {
            let key = ApiKey::new(value.strip_prefix("Bearer ").unwrap_or(value));
            let mut tape = tape.lock().unwrap_or_else(PoisonError::into_inner);
            if !tape.keys.iter().any(|known| known.is_same(&key)) {
                tape.keys.push(key);
            }
        }
        let is_download = authorization.is_none();
        let request = RecordedRequest {
            method: request.method().to_string(),
            uri: uri(request.uri(), is_download),
            is_download,
            headers: plain_headers(request.headers()),
        };
        Self {
            request,
            response: None,
            body: Vec::new(),
            redaction,
            tape,
        }
    }

    fn write(self, error: Option<TransportErrorKind>) {
        let Self {
            mut request,
            response,
            body,
            redaction,
            tape,
        } = self;
        let mut tape = tape.lock().unwrap_or_else(PoisonError::into_inner);
        request.uri = tape.text_without_keys(&request.uri);
        tape.headers_without_keys(&mut request.headers);
        let error = error.map(|kind| kind.as_str().to_owned());
        let outcome = match response {
            None => {
                RecordedOutcome::Error(error.unwrap_or_else(|| TransportErrorKind::Other.as_str().to_owned()))
            }
            Some((status, headers)) => {
                let (body, broke_off) = match decoded(&headers, body) {
                    Ok(body) => match redaction.body(&body) {
                        Some(body) => (RecordedBody::new(&tape.without_keys(&body)), error),
                        None => (RecordedBody::new(b""), error.or_else(|| Some("body".to_owned()))),
                    },
                    Err(failed) => (RecordedBody::new(b""), Some(failed.kind().as_str().to_owned())),
                };
                let mut headers = plain_headers(&headers);
                for (name, value) in &mut headers {
                    if name == "location" {
                        *value = without_query(value);
                    }
                }
                tape.headers_without_keys(&mut headers);
                RecordedOutcome::Response(RecordedResponse {
                    status,
                    headers,
                    body,
                    broke_off,
                })
            }
        };
        let Some(writer) = tape.writer.as_mut() else {
            return;
        };
        let written = serde_json::to_vec(&Exchange { request, outcome })
            .map_err(io::Error::other)
            .and_then(|mut line| {
                line.push(b'\n');
                writer.write_all(&line)
            });
        if let Err(error) = written {
            tape.failed.get_or_insert(error);
        }
    }
}

fn decoded(headers: &HeaderMap, body: Vec<u8>) -> Result<Bytes, TransportError> {
    let body = gzip::decode(headers, body.into())?.collect(LARGEST_BODY);
    body.now_or_never()
        .unwrap_or_else(|| Err(TransportErrorKind::Decode.into()))
}

/// Of a request without the key, the query may be a signature.
fn uri(uri: &Uri, is_download: bool) -> String {
    if is_download {
        without_query(&uri.to_string())
    } else {
        uri.to_string()
    }
}

/// A body that is kept as it passes.
struct Recorded<W: Write> {
    body: Body,
    recording: Option<Recording<W>>,
}

impl<W: Write> Recorded<W> {
    fn end(&mut self, error: Option<TransportErrorKind>) {
        if let Some(recording) = self.recording.take() {
            recording.write(error);
        }
    }
}

impl<W: Write> Stream for Recorded<W> {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = std::task::ready!(Pin::new(&mut self.body).poll_next(cx));
        match &item {
            Some(Ok(chunk)) => {
                let kept = self.recording.as_mut().map(|recording| {
                    recording.body.extend_from_slice(chunk);
                    recording.body.len()
                });
                if kept.is_some_and(|bytes| bytes > LARGEST_BODY) {
                    self.end(Some(TransportErrorKind::TooLarge));
                }
            }
            Some(Err(error)) => self.end(Some(error.kind())),
            None => self.end(None),
        }
        Poll::Ready(item)
    }
}

/// A reader that drops a body before its end has seen no more than this.
impl<W: Write> Drop for Recorded<W> {
    fn drop(&mut self) {
        self.end(Some(TransportErrorKind::Body));
    }
}

#[cfg(test)]
mod tests;
