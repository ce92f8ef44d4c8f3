//! Every error as a person reads it, and what its predicates say.

use std::fmt::Write;
use std::time::Duration;

use mateo_model::{Filter, ImportQuery, Prefer, columns::REFERENCE_ID};

use super::*;
use crate::endpoint;
use crate::headers::ResponseFacts;
use crate::origin::{self, BaseUrl};
use crate::secret::ApiKey;

const SECOND: Duration = Duration::from_secs(1);

fn status(status: u16, body: &str) -> Kind {
    let problem = Box::new(Problem::read(status, None, body.as_bytes()));
    let facts = ResponseFacts::read(
        http::StatusCode::from_u16(status).unwrap(),
        &http::HeaderMap::new(),
        std::time::UNIX_EPOCH,
    );
    let class = Class::of_response(classify::Server::Api, &problem, &facts);
    Kind::Status { problem, class }
}

fn not_json() -> Kind {
    let (content_type, start) = ("text/html".to_owned(), "<html>".to_owned());
    Kind::NotJson {
        status: 200,
        content_type,
        start,
    }
}

fn too_long() -> Kind {
    let base = BaseUrl::parse("https://api.example").unwrap();
    let agent = http::HeaderValue::from_static("test");
    let query = ImportQuery::new().filter(REFERENCE_ID.eq("x".repeat(70_000)));
    endpoint::page_request(&base, &agent, &query, &Prefer::new()).unwrap_err()
}

fn too_deep() -> Kind {
    let filter = (0..101).fold(REFERENCE_ID.is_null(), |filter, _| Filter::any([filter]));
    let error = ImportQuery::new().filter(filter).to_query_string().unwrap_err();
    Kind::Usage(error.to_string().into())
}

fn kinds() -> Vec<Kind> {
    let io = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    vec![
        Kind::Usage("no transport is set".into()),
        Kind::Usage(BaseUrl::parse("http://api.example").unwrap_err().into()),
        Kind::Usage(origin::parse("the URL to download from", "x").unwrap_err().into()),
        too_deep(),
        too_long(),
        Kind::IllegalKey(ApiKey::new("s3cret\n").header().unwrap_err()),
        Kind::Key(KeyError::new("the vault is sealed")),
        Kind::Budget(BudgetError::Deadline { wait: 3 * SECOND }),
        Kind::Budget(BudgetError::DaySpent { wait: 7200 * SECOND }),
        Kind::Budget(BudgetError::Unavailable(io().into())),
        Kind::Transport(TransportError::new(TransportErrorKind::Connect, io())),
        Kind::Transport(TransportErrorKind::Dns.into()),
        Kind::Transport(TransportErrorKind::Tls.into()),
        Kind::Transport(TransportErrorKind::Timeout.into()),
        Kind::Transport(TransportErrorKind::Reset.into()),
        Kind::Transport(TransportErrorKind::Body.into()),
        Kind::Transport(TransportErrorKind::Decode.into()),
        Kind::Transport(TransportErrorKind::TooLarge.into()),
        Kind::Transport(TransportErrorKind::Request.into()),
        Kind::Transport(TransportErrorKind::Other.into()),
        status(
            400,
            r#"{"code":"22P02","message":"invalid input syntax","hint":null,"status":400}"#,
        ),
        status(401, ""),
        status(403, r#"{"message":"key invalid"}"#),
        status(
            404,
            r#"{"code":"42883","message":"operator does not exist","details":null,"hint":"cast"}"#,
        ),
        status(408, ""),
        status(429, "slow down"),
        status(
            500,
            r#"{"code":"57014","message":"canceling statement due to statement timeout"}"#,
        ),
        status(500, ""),
        status(502, "<html><title>Bad Gateway</title></html>"),
        status(504, ""),
        Kind::Redirect {
            status: 302,
            to: "https://other.test".to_owned(),
            why: "only https is followed",
        },
        Kind::Empty { status: 204 },
        not_json(),
        Kind::OtherRange { asked: 10 },
        Kind::NotCounted,
        Kind::Deadline,
    ]
}

#[test]
fn every_error_reads_as_a_sentence_and_says_what_to_do() {
    let mut table = String::new();
    for kind in kinds() {
        let error = kind.bare();
        let predicates = [
            ("retryable", error.is_retryable()),
            ("auth", error.is_auth()),
            ("rate_limited", error.is_rate_limited()),
            ("budget", error.is_budget()),
            ("timeout", error.is_timeout()),
            ("decode", error.is_decode()),
            ("connect", error.is_connect()),
            ("redirect", error.is_redirect()),
            ("usage", error.is_usage()),
        ];
        let holds: Vec<_> = predicates
            .into_iter()
            .filter_map(|(name, holds)| holds.then_some(name))
            .collect();
        let source = error
            .source()
            .map(|source| format!(" <- {source}"))
            .unwrap_or_default();
        writeln!(table, "{error}{source} [{}]", holds.join(" ")).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn attempts_and_a_deadline_are_part_of_the_sentence() {
    let context = Context {
        attempts: 3,
        elapsed: 4 * SECOND,
        gave_up: Some(GiveUp::Deadline { wait: 5 * SECOND }),
        ..Context::default()
    };
    let error = Error::new(status(503, ""), context);
    assert_eq!(
        error.to_string(),
        "the server answered 503 and did not say why (after 3 attempts in 4.0 s); another attempt was due in 5.0 s, \
         after the deadline"
    );
}
