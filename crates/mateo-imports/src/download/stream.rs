//! The pieces of a file as they arrive, over as many requests as it takes.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use mateo_http::{Body, DownloadRange, Response};
use mateo_model::Import;
use uuid::Uuid;

use super::{DownloadProgress, ImportFile};
use crate::connection::Connection;
use crate::error::Error;
use crate::get;

/// How often in a row a download may break off without having received anything new.
const FRUITLESS: u32 = 5;

/// Where the file is, and how to find out anew.
pub(super) struct Source {
    connection: Connection,
    url: Option<String>,
    import: Option<(Uuid, ImportFile)>,
}

impl Source {
    pub(super) fn of_url(connection: Connection, url: Option<String>) -> Self {
        Self {
            connection,
            url,
            import: None,
        }
    }

    pub(super) fn of_import(connection: Connection, id: Uuid, file: ImportFile) -> Self {
        Self {
            connection,
            url: None,
            import: Some((id, file)),
        }
    }

    /// The URL, read from the import where it is not known.
    async fn url(&mut self) -> Result<String, Error> {
        if let Some(url) = &self.url {
            return Ok(url.clone());
        }
        let Some((id, file)) = self.import else {
            return Err(Error::no_file("the import has no such file: its URL is null"));
        };
        let import = get::one::<Import>(&self.connection, id)
            .await?
            .ok_or_else(|| Error::missing(vec![id]))?;
        let (url, what) = match file {
            ImportFile::Failed => (import.failed_url, "file of failed contacts"),
            ImportFile::Payload => (import.payload_url, "payload file"),
        };
        let url = url.ok_or_else(|| Error::no_file(format!("import {id} has no {what}")))?;
        self.url = Some(url.clone());
        Ok(url)
    }

    /// Whether an URL that is refused can be read anew; it then will be.
    fn forget_url(&mut self) -> bool {
        self.import.is_some() && self.url.take().is_some()
    }
}

/// The pieces of a file.
pub(crate) struct Chunks {
    source: Source,
    max_bytes: Option<u64>,
    progress: Option<Box<dyn FnMut(DownloadProgress) + Send>>,
    body: Option<Body>,
    received: u64,
    /// Bytes to pass over: the file began anew because the server has no ranges.
    again: u64,
    total: Option<u64>,
    /// What tells whether the file is still the same.
    validator: Option<String>,
    resumed: u32,
    fruitless: u32,
    renewed: bool,
    ended: bool,
}

impl Chunks {
    pub(super) fn new(
        source: Source,
        max_bytes: Option<u64>,
        progress: Option<Box<dyn FnMut(DownloadProgress) + Send>>,
    ) -> Self {
        Self {
            source,
            max_bytes,
            progress,
            body: None,
            received: 0,
            again: 0,
            total: None,
            validator: None,
            resumed: 0,
            fruitless: 0,
            renewed: false,
            ended: false,
        }
    }

    /// Bytes given out so far.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// The next piece; `None` at the end of the file.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while !self.ended {
            let mut body = match self.body.take() {
                Some(body) => body,
                None => self.source_body().await?,
            };
            let chunk = body.chunk().await;
            self.body = Some(body);
            match chunk {
                Ok(Some(chunk)) => {
                    if let Some(chunk) = self.take(chunk)? {
                        return Ok(Some(chunk));
                    }
                }
                Ok(None) if self.total.is_none_or(|total| self.received >= total) => self.ended = true,
                // It broke off, or ended before its announced length.
                Ok(None) | Err(_) => self.broke_off()?,
            }
        }
        Ok(None)
    }

    /// What of a piece is new.
    fn take(&mut self, mut chunk: Bytes) -> Result<Option<Bytes>, Error> {
        let passed = self.again.min(chunk.len() as u64);
        self.again -= passed;
        let _ = chunk.split_to(usize::try_from(passed).unwrap_or(chunk.len()));
        if chunk.is_empty() {
            return Ok(None);
        }
        self.received += chunk.len() as u64;
        self.fruitless = 0;
        if let Some(limit) = self.max_bytes
            && self.received > limit
        {
            return Err(Error::too_large(limit));
        }
        let told = DownloadProgress {
            received: self.received,
            total: self.total,
            resumed: self.resumed,
        };
        if let Some(progress) = &mut self.progress {
            progress(told);
        }
        Ok(Some(chunk))
    }

    fn broke_off(&mut self) -> Result<(), Error> {
        self.body = None;
        self.fruitless += 1;
        self.resumed += 1;
        if self.fruitless > FRUITLESS {
            return Err(Error::cut_short(self.received));
        }
        Ok(())
    }

    /// The file from where it broke off.
    async fn source_body(&mut self) -> Result<Body, Error> {
        loop {
            let url = self.source.url().await?;
            let mut range = DownloadRange::from_byte(self.received);
            if let Some(validator) = &self.validator {
                range = range.if_unchanged(validator.clone());
            }
            match self
                .source
                .connection
                .pipeline()?
                .download(&url, &range, None)
                .await
            {
                Ok(response) => return self.begin(response),
                // The URL has expired; the import may have a new one. Once, or it would be a loop.
                Err(error)
                    if matches!(error.status(), Some(400 | 401 | 403 | 404 | 410))
                        && !self.renewed
                        && self.source.forget_url() =>
                {
                    self.renewed = true;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn begin(&mut self, response: Response) -> Result<Body, Error> {
        let validator = validator(response.headers());
        let continued = response.status() == StatusCode::PARTIAL_CONTENT && self.received > 0;
        if self.received > 0 {
            let same = validator.is_some() && validator == self.validator;
            // Another file would be joined to the half that is here.
            if !(same || continued && self.validator.is_none()) {
                return Err(Error::changed(self.received));
            }
        }
        self.again = if continued { 0 } else { self.received };
        self.total =
            length(response.headers()).map(|length| if continued { self.received + length } else { length });
        self.validator = validator;
        Ok(response.into_body())
    }
}

/// A strong `ETag`, else `Last-Modified` (RFC 9110, section 13.1.5).
fn validator(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let strong = text(header::ETAG).filter(|etag| !etag.starts_with("W/"));
    strong.or_else(|| text(header::LAST_MODIFIED)).map(str::to_owned)
}

/// The announced length, which says nothing of a body that was compressed on its way.
fn length(headers: &HeaderMap) -> Option<u64> {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return None;
    }
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks")
            .field("received", &self.received)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}
