//! What can go wrong between a client and the endpoint, each fault by name.

mod plan;
mod rule;
mod shape;

use std::{fmt, str::FromStr, time::Duration};

pub(crate) use plan::{Plan, Stage};
pub use rule::{FaultRule, ParseFaultError, When};
pub(crate) use shape::{STATEMENT_TIMEOUT, Shaped, shape, statement_timeout};

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal $(or $alias:literal)?, $help:literal;)+) => {
        /// Something that goes wrong on request.
        ///
        /// A fault is asked for by a [`FaultRule`], which says [`When`]:
        ///
        /// ```
        /// use mateo_sandbox::{Fault, FaultRule, When};
        ///
        /// let rule = Fault::ResetInBody.on(When::Nth(2));
        /// assert_eq!("reset-in-body:2".parse(), Ok(rule));
        /// assert_eq!(rule.to_string(), "reset-in-body:2");
        /// assert!(Fault::ALL.contains(&rule.fault()));
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name, as [`Display`](fmt::Display) writes it and [`FromStr`] reads it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What it does, in one line for a person.
            pub const fn help(self) -> &'static str {
                match self {
                    $(Self::$variant => $help,)+
                }
            }

            fn named(name: &str) -> Option<Self> {
                match name {
                    $($name $(| $alias)? => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

faults! {
    /// No connection can be made. Over a socket the port is closed for [`Fault::REFUSED_FOR`], or for ever where every
    /// request from some number on is meant.
    ConnectionRefused = "connection-refused", "no connection can be made";
    /// The connection is reset before the answer begins.
    ResetBefore = "reset-before", "the connection is reset before the answer begins";
    /// The connection is reset after half of the body.
    ResetInBody = "reset-in-body", "the connection is reset in the middle of the body";
    /// The right length is announced, half of the body comes, and the connection is closed in good order.
    TruncatedBody = "truncated-body", "the body ends half way, though its whole length was announced";
    /// The body comes in [`Fault::PIECES`] pieces, [`Fault::PAUSE`] apart.
    SlowBody = "slow-body", "the body comes in small pieces, 1.5 seconds in all";
    /// Half of the body comes, then nothing, and the connection stays open.
    StalledBody = "stalled-body", "half of the body comes, then nothing more";
    /// The request is taken and never answered.
    NoAnswer = "no-answer", "the request is taken and never answered";
    /// 429 that says nothing about when to come back.
    TooManyRequests = "too-many-requests" or "429", "429 without retry-after";
    /// 429 with `retry-after` in seconds: [`Fault::RETRY_AFTER`].
    RetryAfterSeconds = "retry-after-seconds", "429 with retry-after: 2";
    /// 429 with `retry-after` as a date, [`Fault::RETRY_AFTER`] from now by the server's own clock.
    RetryAfterDate = "retry-after-date", "429 with retry-after as a date, two seconds on";
    /// 500 with the documented error body.
    ServerError = "server-error" or "500", "500 with an error body";
    /// The query runs into the server's two seconds: 500 with the code 57014, after those seconds.
    StatementTimeout = "statement-timeout", "500 with code 57014, after two seconds";
    /// The same, but only for a request with `Prefer: count=exact`.
    SlowCount = "slow-count", "as statement-timeout, but only where an exact count is asked for";
    /// 502 with a page of HTML, as a gateway writes it.
    BadGateway = "bad-gateway" or "502", "502 with a page of HTML";
    /// 503 without a body.
    Unavailable = "unavailable" or "503", "503 without a body";
    /// 204 instead of rows.
    NoContent = "no-content" or "204", "204 instead of rows";
    /// 200 with an empty body: not even an empty array.
    EmptyBody = "empty-body" or "empty-200", "200 without a body";
    /// The body is cut in the middle, and its length announced as if that were all.
    BrokenJson = "broken-json", "200 with half of the JSON, announced as if it were all";
    /// One row, in the middle of the page, has a time that is none.
    BadRow = "bad-row", "one row that cannot be read";
    /// Each row has the column `hints`, newer than this release's 13.
    UnknownColumn = "unknown-column", "each row has a column more";
    /// One row, in the middle of the page, has the type `note_details`.
    UnknownType = "unknown-type", "one row of a type that nobody knows";
    /// The rows come as `text/html`.
    WrongContentType = "wrong-content-type", "the rows come labelled as text/html";
    /// 302 to another origin, which answers an empty list to whoever follows and counts keys.
    Redirect = "redirect" or "302", "302 to another origin";
    /// No more than [`Fault::LOWER_CAP`] rows come, whatever is asked.
    LowerCap = "lower-cap", "17 rows at most instead of the usual cap";
    /// The `date` header is [`Fault::CLOCK_OFF`] ahead, and so is whatever else the server says of the time.
    ClockOff = "clock-off", "the server's clock is an hour ahead";
    /// One row, in the middle of the page, has a payload of [`Fault::LARGE_ROW_BYTES`].
    LargeRow = "large-row", "one row with a payload of 16 MiB";
    /// 200, and rows that never end.
    Endless = "endless", "rows that never end";
}

impl Fault {
    /// How long the port stays closed for [`Fault::ConnectionRefused`]: attempts to connect cannot be counted.
    pub const REFUSED_FOR: Duration = Duration::from_millis(250);
    /// How many pieces [`Fault::SlowBody`] makes of a body.
    pub const PIECES: u32 = 16;
    /// What [`Fault::SlowBody`] waits between two pieces.
    pub const PAUSE: Duration = Duration::from_millis(100);
    /// What `retry-after` says.
    pub const RETRY_AFTER: Duration = Duration::from_secs(2);
    /// The cap of [`Fault::LowerCap`], in rows.
    pub const LOWER_CAP: u64 = 17;
    /// How far [`Fault::ClockOff`] is ahead.
    pub const CLOCK_OFF: Duration = Duration::from_secs(60 * 60);
    /// The payload of [`Fault::LargeRow`], in bytes.
    pub const LARGE_ROW_BYTES: usize = 16 << 20;

    /// This fault, at these requests.
    pub fn on(self, when: When) -> FaultRule {
        FaultRule::from(self).when(when)
    }

    /// Whether it strikes before a request is read at all.
    pub(crate) const fn is_of_the_connection(self) -> bool {
        matches!(self, Self::ConnectionRefused | Self::ResetBefore | Self::NoAnswer)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::named(name).ok_or_else(|| ParseFaultError::unknown(name))
    }
}

#[cfg(test)]
mod tests;
