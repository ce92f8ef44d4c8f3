//! The faults between a client and the endpoint: each with its name, its stage and its effect, in one list.

mod effect;
mod instead;
mod plan;
mod response;
mod rows;
mod rule;

use std::fmt;
use std::time::Duration;

use chrono::TimeDelta;
use http::{StatusCode, header};

use crate::reply::{Cut, Delivery, NoResponse, Reply, empty, page};

pub(crate) use effect::{Asked, Stage, Strike};
pub(crate) use instead::{ELSEWHERE, STATEMENT_TIMEOUT, statement_timeout};
pub(crate) use plan::Plan;
pub use rule::{FaultRule, ParseFaultError, When};

use effect::Effect;
use instead::{
    BAD_GATEWAY, GATEWAY_TIMEOUT, RETRY_AFTER, redirect, retry_after, retry_at, server_error, timed_out,
};
use response::{broken_json, content_range, deliver, edit, other_total, remove, shifted_page};
use rows::{LARGE_ROW_BYTES, bad_row, change, middle_row, repeated_row, unknown_column};

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal $(or $alias:literal)?, $help:literal
        => $stage:ident($effect:expr);)+) => {
        /// A fault that can be injected.
        ///
        /// A [`FaultRule`] says [`When`] it strikes:
        ///
        /// ```
        /// use mateo_sandbox::{Fault, FaultRule, When};
        ///
        /// let rule = Fault::ResetInBody.on(When::Nth(2));
        /// assert_eq!(rule.to_string(), "reset-in-body:2");
        /// assert!("reset-in-body:2".parse::<FaultRule>().is_ok());
        /// ```
        ///
        /// How often it had an effect is counted ([`Counters::strikes`](crate::Counters::strikes)): a fault of rows has
        /// none on an empty page, and one of counting has none where nothing is counted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name, as [`Display`](fmt::Display) writes it and [`FaultRule`] reads it.
            pub(crate) const fn name(self) -> &'static str {
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

            /// This fault, at these requests.
            pub fn on(self, when: When) -> FaultRule {
                FaultRule {
                    fault: self,
                    when,
                    is_for_files: false,
                }
            }

            /// The stage at which it strikes, and what it does there.
            fn effect(self) -> Effect {
                match self {
                    $(Self::$variant => Effect::$stage($effect),)+
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
    /// No connection can be made. Over a socket the port is closed for 250 ms, or for ever where every request from
    /// some number on is meant.
    ConnectionRefused = "connection-refused", "no connection can be made"
        => Connection(NoResponse::Refused);
    /// The connection is reset before the response begins.
    ResetBefore = "reset-before", "the connection is reset before the response begins"
        => Connection(NoResponse::Reset);
    /// The request is read and never answered.
    NoAnswer = "no-answer", "the request is read and never answered"
        => Connection(NoResponse::Silence);

    /// The `date` header is an hour ahead, as is everything else that the server derives from it.
    ClockAhead = "clock-ahead" or "clock-off", "the server's clock is an hour ahead"
        => Clock(3600);
    /// The `date` header is an hour behind, as is everything else that the server derives from it.
    ClockBehind = "clock-behind", "the server's clock is an hour behind"
        => Clock(-3600);

    /// The page begins with the last row of the page before: the boundary of a keyset counts as part of the page, or
    /// the offset is one less. Neither applies to a first page.
    ShiftedPage = "shifted-page", "the page begins with the last row of the page before"
        => Request(shifted_page);
    /// No more than 17 rows come, whatever is asked.
    LowerCap = "lower-cap", "17 rows at most instead of the usual cap"
        => Cap(17);

    /// 429 that says nothing about when to come back.
    TooManyRequests = "too-many-requests" or "429", "429 without retry-after"
        => Instead(|_| retry_after(None));
    /// 429 with `retry-after` in seconds: two.
    RetryAfterSeconds = "retry-after-seconds", "429 with retry-after: 2"
        => Instead(|_| retry_after(Some(RETRY_AFTER.into())));
    /// 429 with `retry-after` as a date, two seconds from now by the server's own clock.
    RetryAfterDate = "retry-after-date", "429 with retry-after as a date, two seconds ahead"
        => Instead(|asked| retry_at(asked, TimeDelta::seconds(RETRY_AFTER)));
    /// 429 with `retry-after: 0`.
    RetryAfterZero = "retry-after-zero", "429 with retry-after: 0"
        => Instead(|_| retry_after(Some(0.into())));
    /// 429 with `retry-after` as a date that was a minute ago.
    RetryAfterPast = "retry-after-past", "429 with retry-after as a date in the past"
        => Instead(|asked| retry_at(asked, TimeDelta::minutes(-1)));
    /// 429 with `retry-after` as seconds since 1970 instead of seconds from now.
    RetryAfterEpoch = "retry-after-epoch", "429 with retry-after as seconds since 1970"
        => Instead(|asked| retry_after(Some((asked.now.timestamp() + RETRY_AFTER).into())));
    /// 429 with `retry-after` as a date a year ahead.
    RetryAfterYear = "retry-after-year", "429 with retry-after as a date a year ahead"
        => Instead(|asked| retry_at(asked, TimeDelta::days(365)));
    /// 500 with the documented error body.
    ServerError = "server-error" or "500", "500 with an error body"
        => Instead(|_| server_error().into());
    /// 500 with a line of plain text, as file hosts and proxies write it.
    PlainServerError = "plain-server-error", "500 with a line of plain text"
        => Instead(|_| {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            page(status, "text/plain", "Internal Server Error\n").into()
        });
    /// The query runs into the server's two seconds: 500 with the code 57014, after those seconds.
    StatementTimeout = "statement-timeout", "500 with code 57014, after two seconds"
        => Instead(|_| timed_out());
    /// The same, but only for a request with `Prefer: count=exact`.
    SlowCount = "slow-count", "as statement-timeout, but only where an exact count is asked for"
        => Count(|_| timed_out());
    /// 504 with a page of HTML, only for a request with `Prefer: count=exact`.
    CountGatewayTimeout = "count-gateway-timeout", "504, but only where an exact count is asked for"
        => Count(|_| page(StatusCode::GATEWAY_TIMEOUT, "text/html", GATEWAY_TIMEOUT).into());
    /// 408 without a body, only for a request with `Prefer: count=exact`.
    CountRequestTimeout = "count-request-timeout", "408, but only where an exact count is asked for"
        => Count(|_| empty(StatusCode::REQUEST_TIMEOUT).into());
    /// A request with `Prefer: count=exact` is never answered.
    CountHangs = "count-hangs", "as no-answer, but only where an exact count is asked for"
        => Count(|_| Reply::Nothing(NoResponse::Silence));
    /// 408 without a body.
    RequestTimeout = "request-timeout" or "408", "408 without a body"
        => Instead(|_| empty(StatusCode::REQUEST_TIMEOUT).into());
    /// 504 with a page of HTML, as a gateway writes it.
    GatewayTimeout = "gateway-timeout" or "504", "504 with a page of HTML"
        => Instead(|_| page(StatusCode::GATEWAY_TIMEOUT, "text/html", GATEWAY_TIMEOUT).into());
    /// 502 with a page of HTML, as a gateway writes it.
    BadGateway = "bad-gateway" or "502", "502 with a page of HTML"
        => Instead(|_| page(StatusCode::BAD_GATEWAY, "text/html", BAD_GATEWAY).into());
    /// 503 without a body.
    Unavailable = "unavailable" or "503", "503 without a body"
        => Instead(|_| empty(StatusCode::SERVICE_UNAVAILABLE).into());
    /// 204 instead of rows.
    NoContent = "no-content" or "204", "204 instead of rows"
        => Instead(|_| empty(StatusCode::NO_CONTENT).into());
    /// 200 with an empty body: not even an empty array.
    EmptyBody = "empty-body" or "empty-200", "200 without a body"
        => Instead(|_| page(StatusCode::OK, "application/json; charset=utf-8", "").into());
    /// 302 to another origin, which answers with an empty list and counts keys.
    Redirect = "redirect" or "302", "302 to another origin"
        => Instead(redirect);

    /// The body is cut in the middle, and its length announced as if that were all.
    BrokenJson = "broken-json", "200 with half of the JSON, announced as if it were all"
        => Response(broken_json);
    /// The rows are labelled `text/html`.
    WrongContentType = "wrong-content-type", "the rows come labelled as text/html"
        => Response(|answer| edit(answer, &header::CONTENT_TYPE, |_| {
            Some("text/html; charset=utf-8".into())
        }));
    /// The response has no `date` header.
    NoDate = "no-date", "no date header"
        => Response(|answer| remove(answer, &header::DATE));
    /// `content-range` states a total of 0 with rows: `0-49/0`.
    TotalZero = "total-zero", "content-range says 0 rows in all, with rows"
        => Response(|answer| content_range(answer, |first, rows, _| Some((first, rows, Some(0)))));
    /// `content-range` states a total of 3 with more rows: `0-49/3`.
    TotalTooSmall = "total-too-small", "content-range says 3 rows in all, with more rows"
        => Response(|answer| content_range(answer, |first, rows, _| {
            (first + rows > 3).then_some((first, rows, Some(3)))
        }));
    /// `content-range` states twice as many rows as the page has.
    WrongSpan = "wrong-span", "content-range spans twice the rows of the page"
        => Response(|answer| content_range(answer, |first, rows, total| {
            Some((first, rows.saturating_mul(2), total))
        }));
    /// The rows of the page come in reverse.
    Backwards = "backwards", "the rows of the page come in reverse"
        => Response(|answer| change(answer, |rows| {
            rows.reverse();
            rows.len() > 1
        }));
    /// One row, in the middle of the page, comes twice.
    RepeatedRow = "repeated-row", "one row of the page comes twice"
        => Response(repeated_row);
    /// One row, in the middle of the page, has an invalid time.
    BadRow = "bad-row", "one row with an invalid time"
        => Response(|answer| middle_row(answer, bad_row));
    /// Each row has a column that this release does not know: `newer`.
    UnknownColumn = "unknown-column", "each row has one more column"
        => Response(unknown_column);
    /// One row, in the middle of the page, has the type `note_details`.
    UnknownType = "unknown-type", "one row of an unknown type"
        => Response(|answer| middle_row(answer, |row| row.set("type", "note_details")));
    /// One row, in the middle of the page, has a payload of 16 MiB.
    LargeRow = "large-row", "one row with a payload of 16 MiB"
        => Response(|answer| middle_row(answer, |row| row.set("payload", ["x".repeat(LARGE_ROW_BYTES)])));
    /// The file comes without `etag`: a resumed download cannot know whether it is the same file.
    NoValidator = "no-validator", "no etag"
        => Response(|answer| remove(answer, &header::ETAG));
    /// The file's `etag` is weak, which allows no resumed download (RFC 9110, section 13.1.5).
    WeakValidator = "weak-validator", "a weak etag"
        => Response(|answer| edit(answer, &header::ETAG, |etag| {
            (!etag.starts_with("W/")).then(|| format!("W/{etag}"))
        }));
    /// The `content-range` of a resumed download states another length of the file: one byte more.
    OtherTotal = "other-total", "the content-range of a part says another length of the whole"
        => Response(other_total);

    /// The connection is reset after half of the body.
    ResetInBody = "reset-in-body", "the connection is reset in the middle of the body"
        => Response(|answer| deliver(answer, Delivery::Cut(Cut::Reset)));
    /// The right length is announced, half of the body comes, and the connection is closed orderly.
    TruncatedBody = "truncated-body", "the body ends half way, though its whole length was announced"
        => Response(|answer| deliver(answer, Delivery::Cut(Cut::Closed)));
    /// No length is announced, half of the body comes, and the connection is closed orderly.
    CutShort = "cut-short", "the body ends half way, and no length was announced"
        => Response(|answer| deliver(answer, Delivery::CutShort));
    /// The body comes in 16 pieces, 100 ms apart.
    SlowBody = "slow-body", "the body comes in small pieces, 1.5 seconds in all"
        => Response(|answer| deliver(answer, Delivery::Slow));
    /// Half of the body comes, then nothing, and the connection stays open.
    StalledBody = "stalled-body", "half of the body comes, then nothing more"
        => Response(|answer| deliver(answer, Delivery::Stalled));
    /// 200, and rows that never end.
    Endless = "endless", "rows that never end"
        => Response(|answer| deliver(answer, Delivery::Endless));
}

impl Fault {
    /// How long the port stays closed for [`Fault::ConnectionRefused`]: attempts to connect cannot be counted.
    pub(crate) const REFUSED_FOR: Duration = Duration::from_millis(250);
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests;
