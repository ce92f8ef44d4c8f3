//! The one error of this crate.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mateo_http::TransportError;
use mateo_model::{
    BadRow, PageError, ParseError, Problem,
    driver::{ChangesError, CursorError, ListingError},
};
use thiserror::Error as ThisError;
use uuid::Uuid;

/// Why something could not be done. What it is, is asked with the `is_…` methods; what is known of it, with the
/// others. It never holds the API key.
///
/// # Troubleshooting
///
/// | if | then |
/// |---|---|
/// | [`is_auth`](Error::is_auth) | the key is missing, wrong, or may not read imports |
/// | [`is_usage`](Error::is_usage) | the query or the settings can't work as they are; nothing was sent |
/// | [`is_budget`](Error::is_budget) | the request would have had to wait beyond its deadline, or the day's requests are spent |
/// | [`is_retryable`](Error::is_retryable) | it may work later; a listing goes on from its cursor |
/// | [`is_decode`](Error::is_decode) | the answer was not what the API documents; [`bad_row`](Error::bad_row) says which row |
///
/// ```
/// # fn example(error: mateo_imports::Error) {
/// if error.is_auth() {
///     eprintln!("check the API key: {error}");
/// }
/// # }
/// ```
#[derive(Debug, ThisError)]
#[error(transparent)]
pub struct Error(pub(crate) Box<Kind>);

#[derive(Debug, ThisError)]
pub(crate) enum Kind {
    #[error(transparent)]
    Http(Arc<mateo_http::Error>),
    #[error("a row could not be read: {0}")]
    Row(BadRow),
    #[error(transparent)]
    Page(#[from] PageError),
    #[error(transparent)]
    Listing(#[from] ListingError),
    #[error(transparent)]
    Changes(#[from] ChangesError),
    #[error(transparent)]
    Cursor(#[from] CursorError),
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// What can't work as it was asked for, in a sentence.
    #[error("{0}")]
    Usage(String),
    #[error("not finished after {} s: {}", waited.as_secs(), Listed(ids))]
    Unfinished {
        ids: Vec<Uuid>,
        waited: Duration,
        /// The error that made waiting futile.
        #[source]
        last: Option<Error>,
    },
    #[error("there is no import {}", Listed(ids))]
    Missing { ids: Vec<Uuid> },
    #[error("{0}")]
    NoFile(String),
    #[error("could not {doing}")]
    Io { doing: String, source: std::io::Error },

    // Of downloads, where the server is not what failed.
    #[error("the file is larger than the {limit} bytes allowed")]
    FileTooLarge { limit: u64 },
    #[error("record {index} of the file is larger than the {limit} bytes allowed")]
    RecordTooLarge { index: u64, limit: usize },
    #[error("the download broke off after {received} bytes, again and again at the same place")]
    CutShort { received: u64 },
    #[error("the file changed while it was downloaded, after {received} bytes; download it again")]
    FileChanged { received: u64 },
    #[error("the file is stored with the content coding {0:?}, which can only be downloaded as it is stored")]
    Coding(String),
    #[error("the file is stored gzipped, and its gzip is broken")]
    BrokenGzip(#[source] TransportError),
    #[error("record {index} of the file could not be read")]
    Record { index: u64, source: serde_json::Error },
    #[error("the file is not a JSON array")]
    NotAnArray,
}

impl Error {
    /// The error of a call that was made through [`Client::pipeline`](crate::Client::pipeline), as one of this client.
    pub fn from_pipeline(error: mateo_http::Error) -> Self {
        Self::of(error)
    }

    /// The error that one of a lower layer is here. It is no `From`: those layers' errors are no part of this crate's promise.
    pub(crate) fn of(error: impl Into<Kind>) -> Self {
        error.into().into()
    }

    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        |source| Self::of(Kind::Io { doing, source })
    }

    /// The error of the layer below, where it is one.
    ///
    /// ```
    /// # fn example(error: &mateo_imports::Error) {
    /// if let Some(http) = error.http() {
    ///     eprintln!("{} attempts in {:?}", http.attempts(), http.elapsed());
    /// }
    /// # }
    /// ```
    pub fn http(&self) -> Option<&mateo_http::Error> {
        match &*self.0 {
            Kind::Http(error) => Some(error),
            _ => None,
        }
    }

    fn is_http(&self, is: fn(&mateo_http::Error) -> bool) -> bool {
        self.http().is_some_and(is)
    }

    /// Whether the same may work later.
    pub fn is_retryable(&self) -> bool {
        self.is_http(mateo_http::Error::is_retryable)
            || matches!(
                *self.0,
                Kind::Listing(ListingError::Withheld { .. })
                    | Kind::Unfinished { .. }
                    | Kind::CutShort { .. }
                    | Kind::FileChanged { .. }
            )
    }

    /// Whether the key is missing, wrong, or may not do this.
    pub fn is_auth(&self) -> bool {
        self.is_http(mateo_http::Error::is_auth)
    }

    /// Whether the server refused because of its rate limit.
    pub fn is_rate_limited(&self) -> bool {
        self.is_http(mateo_http::Error::is_rate_limited)
    }

    /// Whether the client's own request budget refused: nothing was sent.
    pub fn is_budget(&self) -> bool {
        self.is_http(mateo_http::Error::is_budget)
    }

    /// Whether time ran out, waiting for imports included.
    pub fn is_timeout(&self) -> bool {
        self.is_http(mateo_http::Error::is_timeout) || matches!(*self.0, Kind::Unfinished { .. })
    }

    /// Whether the server could not be reached.
    pub fn is_connect(&self) -> bool {
        self.is_http(mateo_http::Error::is_connect)
    }

    /// Whether the server answered with what is no answer of this API: a page, a row, or a record of a file.
    pub fn is_decode(&self) -> bool {
        self.is_http(mateo_http::Error::is_decode)
            || matches!(
                *self.0,
                Kind::Row(_)
                    | Kind::Page(_)
                    | Kind::Listing(_)
                    | Kind::Coding(_)
                    | Kind::BrokenGzip(_)
                    | Kind::Record { .. }
                    | Kind::NotAnArray
            )
    }

    /// Whether the query, the cursor or the settings can't work as they are. Nothing was sent.
    ///
    /// ```
    /// use mateo_imports::{ApiKey, Client};
    ///
    /// let refused = Client::builder(ApiKey::new("…")).base_url("http://example.com").build();
    /// assert!(refused.is_err_and(|error| error.is_usage())); // the key would be sent in the clear
    /// ```
    pub fn is_usage(&self) -> bool {
        self.is_http(mateo_http::Error::is_usage)
            || matches!(
                *self.0,
                Kind::Changes(_) | Kind::Cursor(_) | Kind::Parse(_) | Kind::Usage(_)
            )
    }

    /// Whether an import, or a file of one, doesn't exist.
    pub fn is_missing(&self) -> bool {
        matches!(*self.0, Kind::Missing { .. } | Kind::NoFile(_))
    }

    /// Whether a file of this machine could not be written or read.
    pub fn is_io(&self) -> bool {
        matches!(*self.0, Kind::Io { .. })
    }

    /// Whether a download, or one record of it, was longer than it was allowed to be.
    pub fn is_too_large(&self) -> bool {
        matches!(*self.0, Kind::FileTooLarge { .. } | Kind::RecordTooLarge { .. })
    }

    /// The row that could not be read, where it is one. The rows after it can still be asked for.
    ///
    /// ```
    /// # fn example(error: &mateo_imports::Error) {
    /// if let Some(row) = error.bad_row() {
    ///     eprintln!("{:?}, column {:?}: {}", row.id, row.column, row.message);
    /// }
    /// # }
    /// ```
    pub fn bad_row(&self) -> Option<&BadRow> {
        match &*self.0 {
            Kind::Row(row) => Some(row),
            _ => None,
        }
    }

    /// The imports that were still unfinished when time ran out, or that don't exist.
    pub fn ids(&self) -> &[Uuid] {
        match &*self.0 {
            Kind::Unfinished { ids, .. } | Kind::Missing { ids } => ids,
            _ => &[],
        }
    }

    /// The HTTP status, where the server answered.
    pub fn status(&self) -> Option<u16> {
        self.http()?.status()
    }

    /// What the server said of the error, where it said something.
    pub fn problem(&self) -> Option<&Problem> {
        self.http()?.problem()
    }
}

/// For programs that read a query from text: `client.list().query(text.parse()?)`.
impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        Self::of(error)
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self(Box::new(kind))
    }
}

impl From<mateo_http::Error> for Kind {
    fn from(error: mateo_http::Error) -> Self {
        Self::Http(Arc::new(error))
    }
}

impl From<BadRow> for Kind {
    fn from(row: BadRow) -> Self {
        Self::Row(row)
    }
}

/// At most three ids, and how many more.
struct Listed<'a>(&'a [Uuid]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, id) in self.0.iter().take(3).enumerate() {
            write!(f, "{}{id}", if index > 0 { ", " } else { "" })?;
        }
        match self.0.len() {
            more @ 4.. => write!(f, " and {} more", more - 3),
            _ => Ok(()),
        }
    }
}
