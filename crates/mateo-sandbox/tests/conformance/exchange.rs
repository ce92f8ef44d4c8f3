//! The recorded exchanges: reading them, asking them again, and telling what differs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Error};
use std::path::Path;

use bytes::Bytes;
use http::{Request, Response};
use mateo_http::{ReqwestTransport, Transport};
use mateo_model::columns;
use mateo_sandbox::Sandbox;
use serde::Deserialize;
use serde_json::Value;

/// An answer may be this long.
const MAX_BODY: usize = 16 << 20;

/// What was recorded: see `conformance/README.md`.
#[derive(Debug, Deserialize)]
pub(crate) struct Exchange {
    /// A name for the case.
    pub(crate) id: String,
    /// The rule it is about.
    pub(crate) group: String,
    method: String,
    pub(crate) query: String,
    headers: BTreeMap<String, String>,
    status: u16,
    content_range: Option<String>,
    content_type: Option<String>,
    body: Value,
}

/// A file of the recordings.
pub(crate) fn data(name: &str) -> Result<BufReader<File>, Error> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    File::open(folder.join(name)).map(BufReader::new)
}

/// The recorded rows, in a table that has the columns of the recorded server: the first 13 of the model's.
pub(crate) fn recorded() -> Result<Sandbox, Error> {
    let sandbox = Sandbox::with_columns(&columns::ALL[..13]);
    sandbox.insert_jsonl(data("rows.jsonl")?).map_err(Error::other)?;
    Ok(sandbox)
}

/// All exchanges, in the order of the file.
pub(crate) fn exchanges() -> Result<Vec<Exchange>, Error> {
    let lines = data("exchanges.jsonl")?.lines();
    lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

impl Exchange {
    /// The recorded request, to the table at `url`.
    pub(crate) fn request(&self, url: &str) -> Result<Request<Bytes>, http::Error> {
        // `>` is what the recordings have that `http::Uri` can't hold as it stands.
        let uri = format!("{url}?{}", self.query.replace('>', "%3E"));
        let mut request = Request::builder().method(self.method.as_str()).uri(uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Bytes::new())
    }

    /// What differs between the recorded answer and `response`, in what a client can rely on; `None` if nothing does.
    pub(crate) fn difference(&self, response: &Response<Bytes>) -> Option<String> {
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let body: Value = match serde_json::from_slice(response.body()) {
            Ok(json) => json,
            Err(_) if response.body().is_empty() => Value::Null,
            Err(_) => Value::String(String::from_utf8_lossy(response.body()).into_owned()),
        };
        let difference = if response.status() != self.status {
            format!("status {} for {}: {body}", response.status(), self.status)
        } else if header("content-range") != self.content_range.as_deref() {
            format!("content-range {:?}", header("content-range"))
        } else if header("content-type") != self.content_type.as_deref() {
            format!("content-type {:?}", header("content-type"))
        } else if self.status >= 400 && body.get("code") == self.body.get("code") || body == self.body {
            return None;
        } else {
            format!("body {body}")
        };
        let Self {
            id,
            group,
            method,
            query,
            headers,
            ..
        } = self;
        let told = format!("{id} ({group}): {method} {query} {headers:?}: {difference}");
        Some(told.chars().take(600).collect())
    }
}

/// Asks over HTTP, with a key where there is one, and reads the whole answer.
pub(crate) async fn ask(
    transport: &ReqwestTransport,
    mut request: Request<Bytes>,
    key: Option<&str>,
) -> Result<Response<Bytes>, Box<dyn std::error::Error>> {
    if let Some(key) = key {
        let mut value: http::HeaderValue = format!("Bearer {key}").parse()?;
        value.set_sensitive(true);
        request.headers_mut().insert(http::header::AUTHORIZATION, value);
    }
    let (head, body) = transport.send(request).await?.into_parts();
    Ok(Response::from_parts(head, body.collect(MAX_BODY).await?))
}
