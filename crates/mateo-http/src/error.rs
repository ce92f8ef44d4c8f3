//! Why a call failed: one opaque type, with predicates for what to do and facts for who looks into it.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use mateo_model::Problem;

use crate::budget::BudgetError;
use crate::classify::{self, Class};
use crate::retry::GiveUp;
use crate::secret::KeyError;
use crate::transport::{TransportError, TransportErrorKind};

/// A call failed.
///
/// Ask the predicates what to do, and the facts ([`status`](Self::status), [`problem`](Self::problem),
/// [`attempts`](Self::attempts) …) what happened. It never holds the API key, nor the query of a URL.
///
/// ```
/// # fn handle(error: &mateo_http::Error) -> &'static str {
/// if error.is_auth() {
///     "check the key"
/// } else if error.is_retryable() {
///     "go on later, from where the listing stopped"
/// } else {
///     "look into it"
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    context: Context,
}

/// How the attempts went.
#[derive(Debug, Default)]
pub(crate) struct Context {
    pub(crate) attempts: u32,
    /// From the call to its end.
    pub(crate) elapsed: Duration,
    /// The part of it that was spent waiting: for the budget, and between attempts.
    pub(crate) waited: Duration,
    pub(crate) gave_up: Option<GiveUp>,
    pub(crate) request_id: Option<String>,
    /// How long the server asked to wait.
    pub(crate) asked_wait: Option<Duration>,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    /// A setting, a URL or the query cannot be used as it is.
    #[error("{0}")]
    Usage(Cow<'static, str>),
    /// The key cannot stand in a header.
    #[error("{0}")]
    IllegalKey(&'static str),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Budget(#[from] BudgetError),
    /// No complete response came.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The server responded with an error.
    #[error("{problem}")]
    Status { problem: Box<Problem>, class: Class },
    /// The server sends us elsewhere, and we don't follow.
    #[error("the server answered {status} and redirects to {to}: {why}")]
    Redirect {
        status: u16,
        to: String,
        why: &'static str,
    },
    /// A 2xx response that is no page, as the next is none.
    #[error("the server answered {status} with an empty body instead of JSON")]
    Empty { status: u16 },
    #[error("the server answered {status} with {} instead of JSON", content_type.escape_debug())]
    NotJson {
        status: u16,
        content_type: String,
        start: String,
    },
    /// The server continued a download at another place than asked.
    #[error("the server did not continue the download at byte {asked}")]
    OtherRange { asked: u64 },
    /// A count was asked for, and the response has none.
    #[error("the server did not say how many rows there are")]
    NotCounted,
    #[error("the deadline passed before a response came")]
    Deadline,
}

impl Error {
    pub(crate) fn new(kind: Kind, context: Context) -> Self {
        Self(Box::new(Inner { kind, context }))
    }

    /// Whether the same call may well succeed later: connections that failed, time limits, 408, 429, 502, 503, 504, a
    /// statement timeout, a budget that is spent for now.
    ///
    /// # Troubleshooting
    /// The pipeline has already tried again as often as [`Retry`](crate::Retry) and the deadline allow:
    /// [`attempts`](Self::attempts) and [`gave_up`](Self::gave_up) say how that ended. Resume later from where the listing
    /// stopped, give it more attempts, or a later deadline.
    pub fn is_retryable(&self) -> bool {
        self.0.kind.class() != Class::Final
    }

    /// Whether the key was missing, rejected (401, 403), or could not be sent.
    ///
    /// # Troubleshooting
    /// Check that the key is the one hellomateo shows, for the organisation that is meant, and not revoked; that it was read
    /// without the end of its line; and that the base URL is hellomateo's and not a proxy's with a login of its own.
    pub fn is_auth(&self) -> bool {
        match &self.0.kind {
            Kind::IllegalKey(_) | Kind::Key(_) => true,
            Kind::Status { problem, .. } => problem.is_auth(),
            _ => false,
        }
    }

    /// Whether the server rejected the request for its rate limit (429), and went on doing so.
    ///
    /// # Troubleshooting
    /// The budget keeps to 2 requests a second and 10,000 a day by itself: another program uses the same key. Give each its
    /// own key, or each a part of the rate, or one budget to share. Where your contract allows less than that, set it.
    pub fn is_rate_limited(&self) -> bool {
        matches!(&self.0.kind, Kind::Status { problem, .. } if problem.is_rate_limited())
    }

    /// Whether the request budget of this side is in the way: the day is spent, or the request's turn comes after the
    /// deadline. Nothing was sent.
    ///
    /// # Troubleshooting
    /// [`retry_after`](Self::retry_after) says when there is a place. Many callers that wait at once need a later deadline;
    /// fewer requests are needed where several ids are asked for in one.
    pub fn is_budget(&self) -> bool {
        matches!(self.0.kind, Kind::Budget(_))
    }

    /// Whether a time limit ran out: this side's, the server's two seconds for a query (57014), or a gateway's (408, 504).
    ///
    /// # Troubleshooting
    /// A query that the server ends after two seconds needs a narrower filter, an order that an index serves, or to go without
    /// a count. Where the network is slow, raise the [limits](crate::TimeLimits).
    pub fn is_timeout(&self) -> bool {
        match &self.0.kind {
            Kind::Deadline => true,
            Kind::Transport(error) => error.kind() == TransportErrorKind::Timeout,
            Kind::Status { problem, .. } => classify::is_timeout(problem),
            _ => false,
        }
    }

    /// Whether a response came that is not the API's: HTML, nothing at all, a broken encoding, more than the bound.
    ///
    /// # Troubleshooting
    /// [`body_start`](Self::body_start) shows how the response began. A login page or a provider's notice means that something
    /// else than the API responded: check the base URL and any proxy between. For pages that are larger than the bound,
    /// raise it, or select fewer columns.
    pub fn is_decode(&self) -> bool {
        match &self.0.kind {
            Kind::Empty { .. } | Kind::NotJson { .. } | Kind::OtherRange { .. } | Kind::NotCounted => true,
            Kind::Transport(error) => matches!(
                error.kind(),
                TransportErrorKind::Decode | TransportErrorKind::TooLarge
            ),
            _ => false,
        }
    }

    /// Whether no connection was made: refused, unreachable, a name that does not resolve, TLS that was not agreed on.
    ///
    /// # Troubleshooting
    /// Check the base URL, the network and its proxy. Proxies are not read from the environment unless that is asked for. A
    /// TLS error names the certificate's problem in its source; a proxy that opens TLS needs its root certificate added.
    pub fn is_connect(&self) -> bool {
        let Kind::Transport(error) = &self.0.kind else {
            return false;
        };
        matches!(
            error.kind(),
            TransportErrorKind::Connect | TransportErrorKind::Dns | TransportErrorKind::Tls
        )
    }

    /// Whether the server sent us elsewhere and we did not follow.
    ///
    /// # Troubleshooting
    /// The key goes to the base URL's origin only. Where the API has moved, set the base URL to where it sends us.
    pub fn is_redirect(&self) -> bool {
        matches!(self.0.kind, Kind::Redirect { .. })
    }

    /// Whether nothing was sent because a setting, a URL or the query cannot be used as it is.
    ///
    /// # Troubleshooting
    /// The message names what is wrong. It is the same on every call until that is changed.
    ///
    /// ```
    /// use mateo_http::{ApiKey, Pipeline};
    ///
    /// let rejected = Pipeline::builder(ApiKey::new("…")).base_url("http://example.com").build();
    /// assert!(rejected.is_err_and(|error| error.is_usage())); // the key would be sent in the clear
    /// ```
    pub fn is_usage(&self) -> bool {
        matches!(self.0.kind, Kind::Usage(_))
    }

    /// The status of the server's response, where there was one.
    pub fn status(&self) -> Option<u16> {
        match &self.0.kind {
            Kind::Status { problem, .. } => Some(problem.status),
            Kind::OtherRange { .. } => Some(206),
            Kind::Redirect { status, .. } | Kind::Empty { status } | Kind::NotJson { status, .. } => {
                Some(*status)
            }
            _ => None,
        }
    }

    /// The error that the server responded with.
    pub fn problem(&self) -> Option<&Problem> {
        match &self.0.kind {
            Kind::Status { problem, .. } => Some(problem),
            _ => None,
        }
    }

    /// How the body of a response began that is no JSON.
    pub fn body_start(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::NotJson { start, .. } => Some(start),
            _ => self.problem()?.body.as_deref(),
        }
    }

    /// How often the request was sent. 0 where it was not.
    pub fn attempts(&self) -> u32 {
        self.0.context.attempts
    }

    /// The time from the call to its failure.
    pub fn elapsed(&self) -> Duration {
        self.0.context.elapsed
    }

    /// The part of [`elapsed`](Self::elapsed) that was spent waiting: for the budget, and between attempts.
    pub fn waited(&self) -> Duration {
        self.0.context.waited
    }

    /// Why it was not tried again.
    pub fn gave_up(&self) -> Option<GiveUp> {
        self.0.context.gave_up
    }

    /// The id that the server, or a gateway before it, gave the last request: what its support will ask for.
    pub fn request_id(&self) -> Option<&str> {
        self.0.context.request_id.as_deref()
    }

    /// How long to wait before another call makes sense, where the server or the budget says so.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.0.kind {
            Kind::Budget(BudgetError::Deadline { wait } | BudgetError::DaySpent { wait }) => Some(*wait),
            Kind::Budget(_) => None,
            _ => self.0.context.asked_wait,
        }
    }

    /// What the request budget had against the request.
    pub fn budget(&self) -> Option<&BudgetError> {
        match &self.0.kind {
            Kind::Budget(error) => Some(error),
            _ => None,
        }
    }
}

impl Kind {
    pub(crate) fn usage(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Usage(why.into())
    }

    pub(crate) fn bare(self) -> Error {
        Error::new(self, Context::default())
    }

    /// What it means for another attempt, or another call.
    pub(crate) fn class(&self) -> Class {
        match self {
            Self::Transport(error) => Class::of_transport(error.kind()),
            Self::Status { class, .. } => *class,
            Self::Budget(BudgetError::Denied(_)) => Class::Final,
            Self::Budget(_) | Self::Deadline => Class::Transient { asked: None },
            _ => Class::Final,
        }
    }

    /// A short name for telemetry (`error.type`): a response's status, or what went wrong instead.
    pub(crate) fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Usage(_) => "usage".into(),
            Self::IllegalKey(_) | Self::Key(_) => "key".into(),
            Self::Budget(_) => "budget".into(),
            Self::Transport(error) => error.kind().as_str().into(),
            Self::Status { problem, .. } => problem.status.to_string().into(),
            Self::Redirect { .. } => "redirect".into(),
            Self::Empty { .. } | Self::NotJson { .. } | Self::OtherRange { .. } | Self::NotCounted => {
                "decode".into()
            }
            Self::Deadline => "timeout".into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.kind.fmt(f)?;
        let context = &self.0.context;
        if context.attempts > 1 {
            let seconds = context.elapsed.as_secs_f64();
            write!(f, " (after {} attempts in {seconds:.1} s)", context.attempts)?;
        }
        if let Some(GiveUp::Deadline { wait }) = context.gave_up {
            let seconds = wait.as_secs_f64();
            write!(
                f,
                "; another attempt was due in {seconds:.1} s, after the deadline"
            )?;
        }
        Ok(())
    }
}

/// Where the message of an error below is this error's own, its cause is the source.
impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.kind.source()
    }
}

#[cfg(test)]
mod tests;
