//! Why no response came: a typed kind, which drives the retry, and the cause.

use std::{error::Error as StdError, fmt};

/// What went wrong between a request and its response.
///
/// ```
/// use mateo_http::TransportErrorKind;
///
/// assert_eq!(TransportErrorKind::TooLarge.as_str(), "too_large");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection was made: refused, unreachable. The server has not seen the request.
    Connect,
    /// The host's name was not resolved. The server has not seen the request.
    Dns,
    /// The TLS handshake failed, for example for a certificate that does not match. Trying again does not help.
    Tls,
    /// A time limit ran out.
    Timeout,
    /// The connection ended before the response's head was complete.
    Reset,
    /// The connection ended, or broke, within the response's body.
    Body,
    /// The body's content coding (gzip) could not be undone, or the response was not HTTP.
    Decode,
    /// The body is larger than the caller accepts.
    TooLarge,
    /// The request itself could not be sent, for example for an URI without a host.
    Request,
    /// Anything else.
    Other,
}

impl TransportErrorKind {
    /// Whether the same request may well succeed on another attempt.
    pub(crate) const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Connect | Self::Dns | Self::Timeout | Self::Reset | Self::Body
        )
    }

    /// The kind as a short word for logs and recordings, for example `connect`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Body => "body",
            Self::Decode => "decode",
            Self::TooLarge => "too_large",
            Self::Request => "request",
            Self::Other => "other",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Connect => "could not connect to the server",
            Self::Dns => "could not resolve the server's name",
            Self::Tls => "could not agree on a secure connection with the server",
            Self::Timeout => "the server took too long",
            Self::Reset => "the connection ended before the response began",
            Self::Body => "the connection ended within the response's body",
            Self::Decode => "the response could not be decoded",
            Self::TooLarge => "the response's body is larger than accepted",
            Self::Request => "the request could not be sent",
            Self::Other => "the request failed",
        }
    }
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No response came, or its body broke off.
///
/// A cause that is given must not hold secrets: neither headers nor the URI's query.
///
/// ```
/// use mateo_http::{TransportError, TransportErrorKind};
///
/// let cause = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
/// let error = TransportError::new(TransportErrorKind::Connect, cause);
/// assert_eq!(error.to_string(), "could not connect to the server");
/// assert_eq!(error.kind(), TransportErrorKind::Connect);
/// ```
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// An error of `kind` with its cause, which may be a plain text.
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    /// What went wrong.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl From<TransportErrorKind> for TransportError {
    fn from(kind: TransportErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportError")
            .field("kind", &self.kind)
            .field("source", &self.source)
            .finish()
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.sentence())
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
