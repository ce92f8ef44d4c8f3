//! Why a run could not be done.

use std::error::Error as StdError;
use std::fmt;

use uuid::Uuid;

use crate::store::StoreError;

/// Why a run could not be done. What was applied before stays, and the next run goes on from there.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The server could not be asked, or its answer not be read.
    Client(mateo_imports::Error),
    /// The database could not do its part.
    Store(StoreError),
    /// The key reads the imports of an organisation whose copy this is not. Nothing of it was written.
    OtherOrganisation {
        /// The organisation whose imports the key reads.
        key: Uuid,
        /// One whose copy this is.
        copy: Uuid,
    },
    /// The key sees no import at all of the organisation whose copy this is. Nothing was marked as deleted; see
    /// [`Syncer::allow_empty`](crate::Syncer::allow_empty).
    NothingVisible {
        /// One of the copy's organisations.
        copy: Uuid,
        /// How many imports the copy holds.
        rows: u64,
    },
}

impl Error {
    /// Whether the same may work later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Client(error) => error.is_retryable(),
            Self::Store(error) => error.kind() == crate::store::StoreErrorKind::Unavailable,
            _ => false,
        }
    }
}

impl From<mateo_imports::Error> for Error {
    fn from(error: mateo_imports::Error) -> Self {
        Self::Client(error)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
            Self::OtherOrganisation { key, copy } => write!(
                f,
                "this is a copy of organisation {copy}, and the key reads the imports of organisation {key}"
            ),
            Self::NothingVisible { copy, rows } => write!(
                f,
                "the key sees no import of organisation {copy}, of which this copy holds {rows}: it may be the key of \
                 another organisation"
            ),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            // Their text is this error's own.
            Self::Client(error) => error.source(),
            Self::Store(error) => error.source(),
            _ => None,
        }
    }
}
