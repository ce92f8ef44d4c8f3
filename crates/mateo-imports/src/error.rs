//! The one error of this crate.

mod download;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mateo_model::{
    BadRow, EncodeError, PageError, ParseError, Problem,
    driver::{ChangesError, CursorError, ListingError},
};
use uuid::Uuid;

pub(crate) use download::DownloadError;

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
pub struct Error(Box<Kind>);

#[derive(Debug)]
pub(crate) enum Kind {
    Http(mateo_http::Error),
    Setup(Arc<mateo_http::Error>),
    Row(BadRow),
    Page(PageError),
    Listing(ListingError),
    Changes(ChangesError),
    Cursor(CursorError),
    Encode(EncodeError),
    Parse(ParseError),
    Unfinished {
        ids: Vec<Uuid>,
        waited: Duration,
        last: Option<Error>,
    },
    /// What can't work as it was asked for, in a sentence.
    Usage(String),
    Missing(Vec<Uuid>),
    NoFile(String),
    Download(DownloadError),
    NotBegun,
    Io {
        doing: String,
        source: std::io::Error,
    },
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

    pub(crate) fn setup(error: Arc<mateo_http::Error>) -> Self {
        Kind::Setup(error).into()
    }

    pub(crate) fn unfinished(ids: Vec<Uuid>, waited: Duration) -> Self {
        Kind::Unfinished {
            ids,
            waited,
            last: None,
        }
        .into()
    }

    /// The end of a timeout, with the error that made waiting futile.
    pub(crate) fn because_of(mut self, error: Option<Self>) -> Self {
        if let Kind::Unfinished { last, .. } = &mut *self.0 {
            *last = error;
        }
        self
    }

    pub(crate) fn is_unfinished(&self) -> bool {
        matches!(*self.0, Kind::Unfinished { .. })
    }

    pub(crate) fn usage(why: impl Into<String>) -> Self {
        Kind::Usage(why.into()).into()
    }

    pub(crate) fn missing(ids: Vec<Uuid>) -> Self {
        Kind::Missing(ids).into()
    }

    pub(crate) fn no_file(what: impl Into<String>) -> Self {
        Kind::NoFile(what.into()).into()
    }

    /// Whether a file changed while it was downloaded.
    pub(crate) fn is_changed(&self) -> bool {
        matches!(&*self.0, Kind::Download(error) if error.is_changed())
    }

    pub(crate) fn not_begun() -> Self {
        Kind::NotBegun.into()
    }

    pub(crate) fn io(doing: impl Into<String>, source: std::io::Error) -> Self {
        Kind::Io {
            doing: doing.into(),
            source,
        }
        .into()
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
            Kind::Setup(error) => Some(error),
            _ => None,
        }
    }

    fn of_download(&self, is: impl Fn(&DownloadError) -> bool) -> bool {
        matches!(&*self.0, Kind::Download(error) if is(error))
    }

    fn of_http(&self, is: impl Fn(&mateo_http::Error) -> bool) -> bool {
        self.http().is_some_and(is)
    }

    /// Whether the same may work later.
    ///
    /// ```
    /// # fn example(error: &mateo_imports::Error) {
    /// if error.is_retryable() {
    ///     eprintln!("run it again later: {error}");
    /// }
    /// # }
    /// ```
    pub fn is_retryable(&self) -> bool {
        self.of_http(mateo_http::Error::is_retryable)
            || self.of_download(DownloadError::is_retryable)
            || matches!(
                *self.0,
                Kind::Listing(ListingError::Withheld { .. }) | Kind::Unfinished { .. }
            )
    }

    /// Whether the key is missing, wrong, or may not do this.
    ///
    /// ```
    /// # fn example(error: &mateo_imports::Error) {
    /// if error.is_auth() {
    ///     eprintln!("check the API key: {error}");
    /// }
    /// # }
    /// ```
    pub fn is_auth(&self) -> bool {
        self.of_http(mateo_http::Error::is_auth)
    }

    /// Whether the server refused because of its rate limit.
    ///
    /// ```
    /// # fn example(error: &mateo_imports::Error) {
    /// if error.is_rate_limited() {
    ///     eprintln!("another program uses the same key: {error}");
    /// }
    /// # }
    /// ```
    pub fn is_rate_limited(&self) -> bool {
        self.of_http(mateo_http::Error::is_rate_limited)
    }

    /// Whether the client's own request budget refused: nothing was sent.
    ///
    /// ```
    /// # fn example(error: &mateo_imports::Error) {
    /// if error.is_budget() {
    ///     eprintln!("no place in the request budget: {error}");
    /// }
    /// # }
    /// ```
    pub fn is_budget(&self) -> bool {
        self.of_http(mateo_http::Error::is_budget)
    }

    /// Whether time ran out, waiting for imports included.
    ///
    /// ```
    /// # fn example(error: &mateo_imports::Error) {
    /// if error.is_timeout() {
    ///     eprintln!("it took too long: {error}");
    /// }
    /// # }
    /// ```
    pub fn is_timeout(&self) -> bool {
        self.of_http(mateo_http::Error::is_timeout) || matches!(*self.0, Kind::Unfinished { .. })
    }

    /// Whether the server could not be reached.
    ///
    /// ```
    /// # fn example(error: &mateo_imports::Error) {
    /// if error.is_connect() {
    ///     eprintln!("check the network and the base URL: {error}");
    /// }
    /// # }
    /// ```
    pub fn is_connect(&self) -> bool {
        self.of_http(mateo_http::Error::is_connect)
    }

    /// Whether the server answered with what is no answer of this API: a page, a row, or a record of a file.
    ///
    /// ```
    /// # fn example(error: &mateo_imports::Error) {
    /// if error.is_decode() {
    ///     eprintln!("is this the API? {error}");
    /// }
    /// # }
    /// ```
    pub fn is_decode(&self) -> bool {
        self.of_http(mateo_http::Error::is_decode)
            || self.of_download(DownloadError::is_decode)
            || matches!(*self.0, Kind::Row(_) | Kind::Page(_) | Kind::Listing(_))
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
        self.of_http(mateo_http::Error::is_usage)
            || matches!(
                *self.0,
                Kind::Changes(_) | Kind::Cursor(_) | Kind::Encode(_) | Kind::Parse(_) | Kind::Usage(_)
            )
    }

    /// Whether an import, or a file of one, doesn't exist.
    ///
    /// ```
    /// # fn example(error: &mateo_imports::Error) {
    /// if error.is_missing() {
    ///     eprintln!("look up the ids again: {:?}", error.ids());
    /// }
    /// # }
    /// ```
    pub fn is_missing(&self) -> bool {
        matches!(*self.0, Kind::Missing(_) | Kind::NoFile(_))
    }

    /// Whether a file of this machine could not be written or read.
    ///
    /// ```
    /// # fn example(error: &mateo_imports::Error) {
    /// if error.is_io() {
    ///     eprintln!("check the disk: {error}");
    /// }
    /// # }
    /// ```
    pub fn is_io(&self) -> bool {
        matches!(*self.0, Kind::Io { .. })
    }

    /// Whether a download, or one record of it, was longer than it was allowed to be.
    ///
    /// ```
    /// # fn example(error: &mateo_imports::Error) {
    /// if error.is_too_large() {
    ///     eprintln!("raise the limit of the download: {error}");
    /// }
    /// # }
    /// ```
    pub fn is_too_large(&self) -> bool {
        self.of_download(DownloadError::is_too_large)
    }

    /// The row that could not be read, where it is one. The rows behind it can still be asked for.
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
    ///
    /// ```
    /// # fn example(error: &mateo_imports::Error) {
    /// for id in error.ids() {
    ///     eprintln!("not finished: {id}");
    /// }
    /// # }
    /// ```
    pub fn ids(&self) -> &[Uuid] {
        match &*self.0 {
            Kind::Unfinished { ids, .. } | Kind::Missing(ids) => ids,
            _ => &[],
        }
    }

    /// The HTTP status, where the server answered.
    ///
    /// ```
    /// # fn example(error: &mateo_imports::Error) {
    /// if error.status() == Some(503) {
    ///     eprintln!("the server is away: {error}");
    /// }
    /// # }
    /// ```
    pub fn status(&self) -> Option<u16> {
        self.http()?.status()
    }

    /// What the server said of the error, where it said something.
    ///
    /// ```
    /// # fn example(error: &mateo_imports::Error) {
    /// if let Some(problem) = error.problem() {
    ///     eprintln!("{:?} {:?}", problem.code, problem.message);
    /// }
    /// # }
    /// ```
    pub fn problem(&self) -> Option<&Problem> {
        self.http()?.problem()
    }
}

impl From<DownloadError> for Error {
    fn from(error: DownloadError) -> Self {
        Self::of(error)
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

macro_rules! from {
    ($($source:ty => $kind:ident),+ $(,)?) => {
        $(
            impl From<$source> for Kind {
                fn from(source: $source) -> Self {
                    Self::$kind(source)
                }
            }
        )+
    };
}

from! {
    mateo_http::Error => Http,
    BadRow => Row,
    PageError => Page,
    ListingError => Listing,
    ChangesError => Changes,
    CursorError => Cursor,
    EncodeError => Encode,
    ParseError => Parse,
    DownloadError => Download,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Http(error) => error.fmt(f),
            Kind::Setup(error) => error.fmt(f),
            Kind::Row(row) => write!(f, "a row could not be read: {row}"),
            Kind::Page(error) => error.fmt(f),
            Kind::Listing(error) => error.fmt(f),
            Kind::Changes(error) => error.fmt(f),
            Kind::Cursor(error) => error.fmt(f),
            Kind::Encode(error) => error.fmt(f),
            Kind::Parse(error) => error.fmt(f),
            Kind::Usage(why) => write!(f, "{why}"),
            Kind::Unfinished { ids, waited, .. } => {
                write!(f, "not finished after {} s: {}", waited.as_secs(), Listed(ids))
            }
            Kind::Missing(ids) => write!(f, "there is no import {}", Listed(ids)),
            Kind::NoFile(what) => write!(f, "{what}"),
            Kind::Download(error) => error.fmt(f),
            Kind::NotBegun => write!(f, "the listing never began, so there is nothing to go on from"),
            Kind::Io { doing, .. } => write!(f, "could not {doing}"),
        }
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

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &*self.0 {
            // Their text is this error's own, so what they come from is what comes next.
            Kind::Http(error) => error.source(),
            Kind::Setup(error) => error.source(),
            Kind::Page(error) => error.source(),
            Kind::Unfinished { last: Some(last), .. } => Some(last),
            Kind::Download(error) => error.source(),
            Kind::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
