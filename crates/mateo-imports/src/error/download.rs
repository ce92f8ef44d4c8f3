//! Why a file could not be downloaded, where the server is not what failed.

use std::error::Error as StdError;
use std::fmt;

use mateo_http::transport::TransportError;

/// Why a file could not be downloaded.
#[derive(Debug)]
pub(crate) enum DownloadError {
    TooLarge { limit: u64 },
    CutShort { received: u64 },
    Changed { received: u64 },
    Coding(String),
    BrokenGzip(TransportError),
    Record { index: u64, source: serde_json::Error },
    RecordTooLarge { index: u64, limit: usize },
    NotAnArray,
}

impl DownloadError {
    pub(crate) fn is_retryable(&self) -> bool {
        matches!(self, Self::CutShort { .. } | Self::Changed { .. })
    }

    pub(crate) fn is_decode(&self) -> bool {
        matches!(
            self,
            Self::Coding(_) | Self::BrokenGzip(_) | Self::Record { .. } | Self::NotAnArray
        )
    }

    pub(crate) fn is_too_large(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::RecordTooLarge { .. })
    }

    pub(crate) fn is_changed(&self) -> bool {
        matches!(self, Self::Changed { .. })
    }
}

impl fmt::Display for DownloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "the file is larger than the {limit} bytes allowed"),
            Self::CutShort { received } => write!(
                f,
                "the download broke off after {received} bytes, again and again at the same place"
            ),
            Self::Changed { received } => write!(
                f,
                "the file changed while it was downloaded, after {received} bytes; download it again"
            ),
            Self::Coding(coding) => write!(
                f,
                "the file is stored with the content coding {coding:?}, which can only be downloaded as it is stored"
            ),
            Self::BrokenGzip(_) => f.write_str("the file is stored gzipped, and its gzip is broken"),
            Self::Record { index, .. } => write!(f, "record {index} of the file could not be read"),
            Self::RecordTooLarge { index, limit } => {
                write!(
                    f,
                    "record {index} of the file is larger than the {limit} bytes allowed"
                )
            }
            Self::NotAnArray => f.write_str("the file is not a JSON array"),
        }
    }
}

impl StdError for DownloadError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::BrokenGzip(source) => Some(source),
            Self::Record { source, .. } => Some(source),
            _ => None,
        }
    }
}
