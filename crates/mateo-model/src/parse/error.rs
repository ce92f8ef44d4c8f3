//! Why a query string can't be read, and where.

use thiserror::Error;

/// A query string that the server would reject, with the place in it.
///
/// ```
/// use mateo_model::{ImportQuery, ParseErrorKind};
///
/// let error = ImportQuery::parse("limit=5&or=(total_count.gt.1").unwrap_err();
/// assert_eq!(error.kind(), ParseErrorKind::Syntax);
/// assert_eq!(error.position(), 28);
/// assert_eq!(error.to_string(), "expected \",\" or \")\" at column 29 of the query string, found its end");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected {expected} at column {} of the query string, found {found}", position + 1)]
pub struct ParseError {
    pub(super) kind: ParseErrorKind,
    pub(super) position: usize,
    pub(super) expected: &'static str,
    pub(super) found: String,
}

impl ParseError {
    /// What sort of refusal it is.
    pub fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// Where the query string stops making sense, in bytes from its start.
    pub fn position(&self) -> usize {
        self.position
    }

    /// What could have stood there.
    pub fn expected(&self) -> &str {
        self.expected
    }
}

/// The sorts of refusal, each with an error code of its own on the server.
///
/// ```
/// use mateo_model::{ImportQuery, ParseErrorKind};
///
/// let error = ImportQuery::parse("select=contact_lists(name)").unwrap_err();
/// assert_eq!(error.kind(), ParseErrorKind::Relationship);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The text is not of the grammar (PGRST100).
    Syntax,
    /// A filter or order on an embedded resource, of which this endpoint has none (PGRST108).
    Embedded,
    /// A resource to embed, of which this endpoint has none (PGRST200).
    Relationship,
    /// An aggregate function, which the server doesn't allow (PGRST123).
    Aggregate,
    /// Bytes that are no UTF-8.
    NotUtf8,
    /// Groups nested deeper than 100 levels. The server has no such bound.
    TooDeep,
}
