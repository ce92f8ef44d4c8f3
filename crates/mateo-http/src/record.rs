//! Recording and replaying: a transport that writes down what goes through it, without secrets, and one that responds
//! from that.

mod exchange;
mod redact;
mod replay;

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use http::{HeaderMap, HeaderValue, StatusCode, header};

pub use replay::Replay;

use self::exchange::{
    Exchange, RecordedBody, RecordedOutcome, RecordedRequest, RecordedResponse, plain_headers,
};
use crate::gzip;
use crate::secret::ApiKey;
use crate::transport::{Body, BoxFuture, Request, Response, Transport, TransportError, TransportErrorKind};

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
/// use mateo_http::{record::{Recorder, Replay}, Transport};
/// # use mateo_http::{Body, BoxFuture, Request, Response, TransportError};
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
    without_columns: Vec<String>,
    tape: Arc<Mutex<Tape<W>>>,
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
            without_columns: Vec::new(),
            tape: Arc::new(Mutex::new(tape)),
        }
    }

    /// Writes null in the place of these columns' values.
    #[must_use]
    pub fn without_columns<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.without_columns.extend(columns.into_iter().map(Into::into));
        self
    }

    /// Flushes the writer.
    ///
    /// # Errors
    /// The first failure to write since the last time.
    pub fn flush(&self) -> io::Result<()> {
        let mut tape = lock(&self.tape);
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
        let writer = lock(&self.tape).writer.take();
        writer.ok_or_else(|| io::Error::other("the recording has ended"))
    }
}

impl<T: Transport, W: Write + Send + 'static> Transport for Recorder<T, W> {
    fn send(&self, mut request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            // Bodies are read here, to take columns out of them.
            let identity = HeaderValue::from_static("identity");
            request.headers_mut().insert(header::ACCEPT_ENCODING, identity);
            let recorded = lock(&self.tape).request(&request);
            match self.transport.send(request).await {
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    let recording = Recording {
                        request: recorded,
                        status: head.status,
                        headers: head.headers.clone(),
                        body: Vec::new(),
                        broke_off: Some(TransportErrorKind::Body),
                        without_columns: self.without_columns.clone(),
                        tape: Arc::clone(&self.tape),
                    };
                    Ok(Response::from_parts(head, recording.of(body)))
                }
                Err(error) => {
                    lock(&self.tape).write(recorded, RecordedOutcome::Error(error.kind()));
                    Err(error)
                }
            }
        })
    }
}

impl<T, W: Write> fmt::Debug for Recorder<T, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("without_columns", &self.without_columns)
            .finish_non_exhaustive()
    }
}

/// Where exchanges are written.
struct Tape<W> {
    /// `None` once it was given back.
    writer: Option<W>,
    failed: Option<io::Error>,
    /// Every key that was sent: a download, which has none, may repeat one in its URL.
    keys: Vec<ApiKey>,
}

fn lock<W>(tape: &Mutex<Tape<W>>) -> MutexGuard<'_, Tape<W>> {
    tape.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<W: Write> Tape<W> {
    fn request(&mut self, request: &Request) -> RecordedRequest {
        let authorization = request.headers().get(header::AUTHORIZATION);
        if let Some(value) = authorization.and_then(|value| value.to_str().ok()) {
            let key = ApiKey::new(value.strip_prefix("Bearer ").unwrap_or(value));
            if !self.keys.iter().any(|known| known.is_same(&key)) {
                self.keys.push(key);
            }
        }
        let mut recorded = RecordedRequest::new(request);
        recorded.uri = self.text_without_keys(&recorded.uri);
        recorded.headers = self.headers_without_keys(recorded.headers);
        recorded
    }

    fn write(&mut self, request: RecordedRequest, outcome: RecordedOutcome) {
        let Some(writer) = &mut self.writer else {
            return;
        };
        let line = serde_json::to_string(&Exchange { request, outcome }).map_err(io::Error::other);
        if let Err(error) = line.and_then(|line| writeln!(writer, "{line}")) {
            self.failed.get_or_insert(error);
        }
    }

    fn without_keys(&self, text: &[u8]) -> Vec<u8> {
        let keys = self.keys.iter();
        keys.fold(text.to_vec(), |text, key| key.censor(&text).into_owned())
    }

    fn text_without_keys(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.without_keys(text.as_bytes())).into_owned()
    }

    fn headers_without_keys(&self, headers: Vec<(String, String)>) -> Vec<(String, String)> {
        let headers = headers.into_iter();
        headers
            .map(|(name, value)| (name, self.text_without_keys(&value)))
            .collect()
    }
}

/// An exchange that is going on. Dropping it writes it: a reader that drops a body before its end has seen no more than
/// this.
struct Recording<W: Write> {
    request: RecordedRequest,
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
    broke_off: Option<TransportErrorKind>,
    without_columns: Vec<String>,
    tape: Arc<Mutex<Tape<W>>>,
}

impl<W: Write + Send + 'static> Recording<W> {
    /// The body, which is kept as it passes.
    fn of(self, body: Body) -> Body {
        Body::from_stream(stream::unfold(
            (body, Some(self)),
            async |(mut body, mut recording)| {
                let item = body.chunk().await.transpose();
                if let Some(mut kept) = recording.take() {
                    match &item {
                        Some(Ok(chunk)) => kept.body.extend_from_slice(chunk),
                        Some(Err(error)) => kept.broke_off = Some(error.kind()),
                        None => kept.broke_off = None,
                    }
                    if kept.body.len() > LARGEST_BODY {
                        kept.broke_off = Some(TransportErrorKind::TooLarge);
                    } else if matches!(item, Some(Ok(_))) {
                        recording = Some(kept);
                    }
                }
                Some((item?, (body, recording)))
            },
        ))
    }
}

impl<W: Write> Drop for Recording<W> {
    fn drop(&mut self) {
        let (body, broke_off) = match decoded(&self.headers, std::mem::take(&mut self.body)) {
            Ok(body) => match redact::redacted(&body, &self.without_columns) {
                Some(body) => (body, self.broke_off),
                None => (Vec::new(), self.broke_off.or(Some(TransportErrorKind::Body))),
            },
            Err(error) => (Vec::new(), Some(error.kind())),
        };
        let mut tape = lock(&self.tape);
        let response = RecordedResponse {
            status: self.status.as_u16(),
            headers: tape.headers_without_keys(plain_headers(&self.headers)),
            body: RecordedBody::new(tape.without_keys(&body)),
            broke_off,
        };
        tape.write(self.request.clone(), RecordedOutcome::Response(response));
    }
}

/// The bytes of a body that has come.
fn decoded(headers: &HeaderMap, body: Vec<u8>) -> Result<Bytes, TransportError> {
    let body = gzip::decode(headers, body.into())?.collect(LARGEST_BODY);
    body.now_or_never()
        .unwrap_or_else(|| Err(TransportErrorKind::Decode.into()))
}

#[cfg(test)]
mod tests;
