//! The pieces of a file as its reader gets them: decoded, bounded, counted.

use std::fmt;

use bytes::Bytes;
use mateo_http::gzip::Gunzip;

use super::DownloadProgress;
use super::source::Source;
use super::stored::{IDENTITY, Stored};
use crate::error::{Error, Kind};

/// How often a file may change while it is downloaded before that is an error.
const CHANGES: u32 = 3;

/// The pieces of a file.
pub(super) struct Chunks {
    stored: Stored,
    pub(super) max_bytes: Option<u64>,
    pub(super) as_stored: bool,
    pub(super) progress: Option<Box<dyn FnMut(DownloadProgress) + Send>>,
    written: u64,
    /// What was received and is not decoded yet.
    encoded: Bytes,
    /// `None` where nothing needs decoding.
    gunzip: Option<Gunzip>,
    changes: u32,
    began: bool,
    ended: bool,
}

impl Chunks {
    pub(super) fn new(source: Source) -> Self {
        Self {
            stored: Stored::new(source),
            max_bytes: None,
            as_stored: false,
            progress: None,
            written: 0,
            encoded: Bytes::new(),
            gunzip: None,
            changes: 0,
            began: false,
            ended: false,
        }
    }

    /// Bytes yielded so far.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Whether the file can be read anew, because `error` says that it changed. It then begins from its first byte.
    pub(super) fn starts_again(&mut self, error: &Error) -> bool {
        if !matches!(*error.0, Kind::FileChanged { .. }) || self.changes == CHANGES {
            return false;
        }
        self.changes += 1;
        self.stored.start_again();
        (self.written, self.encoded, self.gunzip) = (0, Bytes::new(), None);
        (self.began, self.ended) = (false, false);
        true
    }

    /// The next piece; `None` at the end of the file.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let mut piece = None;
        while piece.is_none() && !self.ended {
            piece = match self.decoded()? {
                None => self.receive().await?,
                piece => piece,
            };
        }
        self.written += piece.as_ref().map_or(0, Bytes::len) as u64;
        match self.max_bytes {
            Some(limit) if self.written > limit => Err(Kind::FileTooLarge { limit }.into()),
            _ => Ok(piece),
        }
    }

    /// What the received bytes give, if anything.
    fn decoded(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(gunzip) = &mut self.gunzip else {
            return Ok(None);
        };
        Ok(gunzip.feed(&mut self.encoded).map_err(Kind::BrokenGzip)?)
    }

    /// The next piece that needs no decoding; `None` where there is something to decode, or the end.
    async fn receive(&mut self) -> Result<Option<Bytes>, Error> {
        let chunk = self.stored.next().await?;
        if !self.began {
            self.began = true;
            self.gunzip = match self.stored.coding.as_deref() {
                _ if self.as_stored => None,
                None | Some(IDENTITY) => None,
                Some("gzip" | "x-gzip") => Some(Gunzip::default()),
                Some(other) => return Err(Kind::Coding(other.to_owned()).into()),
            };
        }
        let Some(chunk) = chunk else {
            self.ended = true;
            let Some(gunzip) = self.gunzip.take() else {
                return Ok(None);
            };
            let rest = gunzip.finish().map_err(Kind::BrokenGzip)?;
            return Ok((!rest.is_empty()).then_some(rest));
        };
        if let Some(report) = &mut self.progress {
            report(self.stored.progress);
        }
        if self.gunzip.is_none() {
            return Ok(Some(chunk));
        }
        self.encoded = chunk;
        Ok(None)
    }
}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks")
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}
