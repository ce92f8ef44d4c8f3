//! A file's bytes as they are stored, over as many requests as it takes: one version of the file, or an error.

use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, header};
use mateo_http::{Body, DownloadRange, Response};

use super::DownloadProgress;
use super::source::Source;
use crate::error::{Error, Kind};

/// How often in a row a download may break off without having received anything new.
const FRUITLESS: u32 = 5;

/// The coding of a file that is stored as it is.
pub(super) const IDENTITY: &str = "identity";

/// The bytes of a file.
///
/// What was received is never joined to another version of the file. With a validator, the rest is asked for, and taken if
/// the validator and the length are the same. Else the file is read anew from its beginning, and what was received must
/// come again: byte for byte, by its hash.
pub(super) struct Stored {
    source: Source,
    body: Option<Body>,
    pub(super) progress: DownloadProgress,
    /// How the file is encoded where it is stored (`Content-Encoding`); known after the first piece.
    pub(super) coding: Option<String>,
    /// What tells whether the file is still the same.
    validator: Option<String>,
    /// Ranges of this file were not what was asked for.
    no_ranges: bool,
    /// The hash of all that was received. Its keys are random, so that no file is made to collide.
    seen: DefaultHasher,
    keys: RandomState,
    again: Option<Again>,
    fruitless: u32,
    renewed: bool,
    ended: bool,
}

/// A file that is read anew: what must come again before anything new does.
struct Again {
    missing: u64,
    hash: DefaultHasher,
}

impl Stored {
    pub(super) fn new(source: Source) -> Self {
        let keys = RandomState::new();
        Self {
            source,
            body: None,
            progress: DownloadProgress::default(),
            coding: None,
            validator: None,
            no_ranges: false,
            seen: keys.build_hasher(),
            keys,
            again: None,
            fruitless: 0,
            renewed: false,
            ended: false,
        }
    }

    /// Forgets everything that was received.
    pub(super) fn start_again(&mut self) {
        let resumed = self.progress.resumed + 1;
        *self = Self::new(self.source.clone());
        self.progress.resumed = resumed;
    }

    /// The next piece; `None` at the end of the file.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while !self.ended {
            let mut body = match self.body.take() {
                Some(body) => body,
                None => match self.request().await? {
                    Some(body) => body,
                    None => continue,
                },
            };
            match body.chunk().await {
                Ok(Some(chunk)) => {
                    self.body = Some(body);
                    if let Some(chunk) = self.take(chunk)? {
                        return Ok(Some(chunk));
                    }
                }
                Ok(None) if self.is_whole() => self.ended = true,
                // It broke off, or ended before its announced length.
                Ok(None) | Err(_) => self.broke_off()?,
            }
        }
        Ok(None)
    }

    fn is_whole(&self) -> bool {
        self.again.is_none()
            && self
                .progress
                .total
                .is_none_or(|total| self.progress.received >= total)
    }

    /// What of a piece is new.
    fn take(&mut self, mut chunk: Bytes) -> Result<Option<Bytes>, Error> {
        if let Some(again) = &mut self.again {
            let length = usize::try_from(again.missing)
                .unwrap_or(usize::MAX)
                .min(chunk.len());
            let old = chunk.split_to(length);
            again.hash.write(&old);
            again.missing -= old.len() as u64;
            if again.missing == 0 {
                if again.hash.finish() != self.seen.finish() {
                    return Err(self.changed());
                }
                self.again = None;
            }
        }
        if chunk.is_empty() {
            return Ok(None);
        }
        self.seen.write(&chunk);
        self.progress.received += chunk.len() as u64;
        (self.fruitless, self.renewed) = (0, false);
        Ok(Some(chunk))
    }

    fn changed(&self) -> Error {
        Kind::FileChanged {
            received: self.progress.received,
        }
        .into()
    }

    fn broke_off(&mut self) -> Result<(), Error> {
        self.fruitless += 1;
        self.progress.resumed += 1;
        if self.fruitless > FRUITLESS {
            return Err(Kind::CutShort {
                received: self.progress.received,
            }
            .into());
        }
        Ok(())
    }

    /// The range to ask for: what is missing, where that can be told to be of the same file.
    fn range(&self) -> DownloadRange {
        match &self.validator {
            Some(validator) if self.progress.received > 0 && self.again.is_none() && !self.no_ranges => {
                DownloadRange::from_byte(self.progress.received).if_unchanged(validator)
            }
            _ => DownloadRange::whole(),
        }
    }

    /// The file, or what is missing of it; `None` where it must be asked for otherwise, or where nothing is missing.
    async fn request(&mut self) -> Result<Option<Body>, Error> {
        let url = self.source.url().await?;
        let range = self.range();
        let asked = self
            .source
            .connection
            .pipeline()?
            .download(&url, &range, None)
            .await;
        match asked {
            Ok(response) => self.begin(response, range != DownloadRange::whole()),
            // Another part than was asked for.
            Err(error) if error.status() == Some(206) && !self.no_ranges => {
                self.no_ranges = true;
                Ok(None)
            }
            // The URL has expired; the import may have a new one. Once an expiry, or it would be a loop.
            Err(error)
                if matches!(error.status(), Some(400 | 401 | 403 | 404 | 410))
                    && !self.renewed
                    && self.source.forget_url() =>
            {
                self.renewed = true;
                Ok(None)
            }
            Err(error) => Err(Error::of(error)),
        }
    }

    fn begin(&mut self, response: Response, is_rest: bool) -> Result<Option<Body>, Error> {
        let headers = response.headers();
        match response.status() {
            StatusCode::PARTIAL_CONTENT if is_rest => {
                if !self.is_continued_by(headers) {
                    self.no_ranges = true;
                    return Ok(None);
                }
                self.progress.total = range_total(headers).or(self.progress.total);
            }
            // There is no byte after those that are here.
            StatusCode::RANGE_NOT_SATISFIABLE => {
                let is_whole = range_total(headers) == Some(self.progress.received)
                    && self
                        .progress
                        .total
                        .is_none_or(|total| total == self.progress.received);
                self.ended = is_whole;
                self.no_ranges = !is_whole;
                return Ok(None);
            }
            // A part that nobody asked for, from the first byte on.
            StatusCode::PARTIAL_CONTENT => self.begin_anew(headers, range_total(headers))?,
            _ => self.begin_anew(headers, length(headers))?,
        }
        Ok(Some(response.into_body()))
    }

    /// Whether a part is of the file that the parts before were of.
    fn is_continued_by(&self, headers: &HeaderMap) -> bool {
        let total = range_total(headers);
        // The server may leave the validator out (RFC 9110, section 15.3.7), but not give another.
        let same = validator(headers).is_none_or(|validator| self.validator == Some(validator));
        same && total.is_some() && (self.progress.total.is_none() || total == self.progress.total)
    }

    fn begin_anew(&mut self, headers: &HeaderMap, total: Option<u64>) -> Result<(), Error> {
        let coding = Some(coding(headers));
        let is_other = self.coding.is_some() && coding != self.coding;
        if is_other || total.is_some_and(|total| total < self.progress.received) {
            return Err(self.changed());
        }
        self.coding = coding;
        self.again = (self.progress.received > 0).then(|| Again {
            missing: self.progress.received,
            hash: self.keys.build_hasher(),
        });
        self.progress.total = total.or(self.progress.total);
        self.validator = validator(headers);
        Ok(())
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// A strong `ETag`, else `Last-Modified` (RFC 9110, section 13.1.5).
fn validator(headers: &HeaderMap) -> Option<String> {
    let strong = text(headers, header::ETAG).filter(|etag| !etag.starts_with("W/"));
    let validator = strong.or_else(|| text(headers, header::LAST_MODIFIED))?;
    Some(validator.to_owned())
}

fn length(headers: &HeaderMap) -> Option<u64> {
    text(headers, header::CONTENT_LENGTH)?.parse().ok()
}

/// The whole file's length by `Content-Range`: `bytes 5-9/10`, `bytes */10`.
fn range_total(headers: &HeaderMap) -> Option<u64> {
    let (_, total) = text(headers, header::CONTENT_RANGE)?.rsplit_once('/')?;
    total.trim().parse().ok()
}

fn coding(headers: &HeaderMap) -> String {
    match text(headers, header::CONTENT_ENCODING).unwrap_or_default().trim() {
        "" => IDENTITY.to_owned(),
        coding => coding.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_does_not_depend_on_where_the_pieces_end() {
        let keys = RandomState::new();
        let hash = |pieces: &[&[u8]]| {
            let mut hash = keys.build_hasher();
            for piece in pieces {
                hash.write(piece);
            }
            hash.finish()
        };
        let whole = hash(&[b"0123456789abcdef0123"]);
        assert_eq!(hash(&[b"0", b"123456789", b"abcdef0", b"", b"123"]), whole);
        assert_ne!(hash(&[b"0123456789abcdef0124"]), whole);
    }
}
