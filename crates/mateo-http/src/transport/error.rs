//! Why no response came: a typed kind, which drives the retry, and the cause.

use std::error::Error as StdError;

/// What went wrong between a request and its response.
///
/// ```
/// use mateo_http::TransportErrorKind;
///
/// assert_eq!(TransportErrorKind::TooLarge.as_str(), "too_large");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "record", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "record", serde(rename_all = "snake_case"))]
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
    #[cfg_attr(feature = "record", serde(other))]
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
        self.word_and_sentence().0
    }

    const fn word_and_sentence(self) -> (&'static str, &'static str) {
        match self {
            Self::Connect => ("connect", "could not connect to the server"),
            Self::Dns => ("dns", "could not resolve the server's name"),
            Self::Tls => ("tls", "could not agree on a secure connection with the server"),
            Self::Timeout => ("timeout", "the server took too long"),
            Self::Reset => ("reset", "the connection ended before the response began"),
            Self::Body => ("body", "the connection ended within the response's body"),
            Self::Decode => ("decode", "the response could not be decoded"),
            Self::TooLarge => ("too_large", "the response's body is larger than accepted"),
            Self::Request => ("request", "the request could not be sent"),
            Self::Other => ("other", "the request failed"),
        }
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
#[derive(Debug, thiserror::Error)]
#[error("{}", kind.word_and_sentence().1)]
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

/// An error and its causes, those within an I/O error included, which passes over them when it is asked for its source.
#[cfg(any(feature = "rustls", feature = "native-tls", feature = "tower"))]
pub(crate) fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let io = error.downcast_ref::<std::io::Error>();
        match io.and_then(std::io::Error::get_ref) {
            Some(within) => Some(within),
            None => error.source(),
        }
    })
}
