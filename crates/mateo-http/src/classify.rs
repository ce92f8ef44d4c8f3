//! What a failed attempt means for another one: the one place where statuses, codes and transport errors are judged.
//! [`Retry`](crate::Retry) decides by it, and [`Error`](crate::Error) reports it.

use std::time::Duration;

use mateo_model::Problem;

use crate::headers::ResponseFacts;
use crate::transport::TransportErrorKind;

/// What a failed attempt means for another one. Every request is a GET: none can do something twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The same request may well succeed, after the wait that the server asks for.
    Transient { asked: Option<Duration> },
    /// The rate limit's (429), from a server that says when to come back: no failure but a turn that did not come.
    Refusal { asked: Duration },
    /// Another attempt would fail the same way.
    Final,
}

/// Who sent a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Api,
    /// Where a row's URL leads: any storage service.
    Files,
}

impl Class {
    pub(crate) fn of_transport(kind: TransportErrorKind) -> Self {
        if kind.is_transient() {
            Self::Transient { asked: None }
        } else {
            Self::Final
        }
    }

    pub(crate) fn of_response(server: Server, problem: &Problem, facts: &ResponseFacts) -> Self {
        let asked = facts.hold();
        match asked {
            Some(asked) if problem.is_rate_limited() => Self::Refusal { asked },
            _ if is_transient(server, problem) => Self::Transient { asked },
            _ => Self::Final,
        }
    }

    pub(crate) fn asked(self) -> Option<Duration> {
        match self {
            Self::Transient { asked } => asked,
            Self::Refusal { asked } => Some(asked),
            Self::Final => None,
        }
    }
}

fn is_transient(server: Server, problem: &Problem) -> bool {
    match problem.status {
        408 | 429 | 502..=504 => true,
        // The API's 500 is the query's fault, but for the statement timeout: its load changes. A storage service's is its
        // own, and the documented thing to do is to try again.
        500 => server == Server::Files || problem.is_statement_timeout(),
        _ => false,
    }
}

/// Whether time ran out at the server, or at a gateway before it.
pub(crate) fn is_timeout(problem: &Problem) -> bool {
    matches!(problem.status, 408 | 504) || problem.is_statement_timeout()
}

/// Whether counting can be what failed: it runs into the server's two seconds, which servers and gateways report in
/// several ways.
pub(crate) fn can_be_the_count(problem: &Problem) -> bool {
    matches!(problem.status, 408 | 500..=599)
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    fn of(server: Server, status: u16, body: &str, headers: &[(&'static str, &str)]) -> Class {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let facts = ResponseFacts::read(
            StatusCode::from_u16(status).unwrap(),
            &headers,
            std::time::UNIX_EPOCH,
        );
        Class::of_response(server, &Problem::read(status, None, body.as_bytes()), &facts)
    }

    #[test]
    fn statuses() {
        let table = [
            // status, body, API, files
            (400, "", false, false),
            (401, "", false, false),
            (403, "", false, false),
            (404, r#"{"code":"42883"}"#, false, false),
            (408, "", true, true),
            (416, "", false, false),
            (429, "", true, true),
            (500, "", false, true),
            (500, r#"{"code":"XX000"}"#, false, true),
            (500, r#"{"code":"57014"}"#, true, true),
            (501, "", false, false),
            (502, "", true, true),
            (503, "", true, true),
            (504, "", true, true),
            (505, "", false, false),
        ];
        for (status, body, api, files) in table {
            let is_transient = |server| of(server, status, body, &[]) == Class::Transient { asked: None };
            assert_eq!(is_transient(Server::Api), api, "{status} {body}");
            assert_eq!(is_transient(Server::Files), files, "{status} {body}");
        }
    }

    #[test]
    fn transport_errors() {
        use TransportErrorKind::{Body, Connect, Decode, Dns, Other, Request, Reset, Timeout, Tls, TooLarge};
        for kind in [Connect, Dns, Timeout, Reset, Body] {
            assert_eq!(
                Class::of_transport(kind),
                Class::Transient { asked: None },
                "{kind:?}"
            );
        }
        for kind in [Tls, Decode, TooLarge, Request, Other] {
            assert_eq!(Class::of_transport(kind), Class::Final, "{kind:?}");
        }
    }

    #[test]
    fn what_the_server_asks_for() {
        const DATE: (&str, &str) = ("date", "Thu, 01 Jan 1970 00:00:00 GMT");
        const SPENT: [(&str, &str); 2] = [("ratelimit-remaining", "0"), ("ratelimit-reset", "7")];
        type Headers<'a> = &'a [(&'static str, &'static str)];
        let (retry_after, both) = ([("retry-after", "2")], [("retry-after", "2"), SPENT[0], SPENT[1]]);
        let table: [(u16, Headers<'_>, Option<u64>); 12] = [
            (503, &[("retry-after", "3")], Some(3)),
            (503, &[("retry-after", "0")], None),
            (503, &[("retry-after", "soon")], None),
            (
                503,
                &[DATE, ("retry-after", "Thu, 01 Jan 1970 00:00:09 GMT")],
                Some(9),
            ),
            (
                503,
                &[DATE, ("retry-after", "Wed, 31 Dec 1969 00:00:00 GMT")],
                None,
            ),
            (429, &retry_after, Some(2)),
            (429, &both, Some(2)),
            (429, &SPENT, Some(7)),
            (429, &[("ratelimit", "\"a\";r=0;t=4, \"b\";r=3;t=60")], Some(4)),
            // A quota that is not used up has nothing to do with this failure.
            (503, &SPENT, None),
            (
                429,
                &[("ratelimit-remaining", "1"), ("ratelimit-reset", "7")],
                None,
            ),
            // Neither has one that no request is refused for.
            (429, &[("retry-after", "0")], None),
        ];
        for (status, headers, seconds) in table {
            let class = of(Server::Api, status, "", headers);
            let asked = seconds.map(Duration::from_secs);
            let expected = match asked {
                Some(asked) if status == 429 => Class::Refusal { asked },
                asked => Class::Transient { asked },
            };
            assert_eq!(class, expected, "{status} {headers:?}");
        }
    }
}
