use std::collections::BTreeSet;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, Response, header};

use super::*;
use crate::fault::rows::LARGE_ROW_BYTES;
use crate::reply::Answer;

const PAGE: &str = r#"[{"id":"a","type":"t","payload":null},{"type":"t","id":"b","payload":{"n": 1.0},"created_at":"x"},{"id":"c"}]"#;

fn request(uri: &str, prefer: &str) -> Request<Bytes> {
    let builder = Request::get(uri).header("prefer", prefer);
    builder.body(Bytes::new()).expect("a request")
}

/// What is sent instead of a response, with what it takes.
fn instead(fault: Fault, prefer: &str) -> Option<(Response<Bytes>, Duration)> {
    let asked = Asked {
        request: &request("/api/v1/import?a=b", prefer),
        now: DateTime::UNIX_EPOCH + Duration::from_secs(3600),
        files_url: "https://files.test",
    };
    match Strike::new(vec![fault]).instead(&asked)? {
        Reply::Answer(answer) => {
            let body = answer.at_once().expect("a body in memory");
            Some((Response::from_parts(answer.head, body), answer.delay))
        }
        Reply::Nothing(_) => Some((Response::default(), Duration::MAX)),
    }
}

/// A response as a fault leaves it, where it has an effect.
fn shaped(fault: Fault, headers: &[(header::HeaderName, &str)], body: &'static str) -> Option<Answer> {
    let mut answer = Answer::from(Response::new(Bytes::from_static(body.as_bytes())));
    for (name, value) in headers {
        let value = value.parse().expect("a header's value");
        answer.head.headers.insert(name, value);
    }
    let mut strike = Strike::new(vec![fault]);
    strike.shape(&mut answer);
    (strike.struck() == [fault]).then_some(answer)
}

/// The rows of a page as a fault leaves them.
fn rows(fault: Fault) -> Vec<String> {
    let body = shaped(fault, &[], PAGE).and_then(|answer| answer.at_once());
    let rows: Vec<Box<serde_json::value::RawValue>> =
        serde_json::from_slice(&body.expect("a body")).expect("still JSON");
    rows.iter().map(|row| row.get().to_owned()).collect()
}

/// A header as a fault leaves it.
fn header_under(fault: Fault, name: header::HeaderName, value: &str) -> Option<String> {
    let answer = shaped(fault, &[(name.clone(), value)], PAGE)?;
    let value = answer.head.headers.get(name)?;
    value.to_str().ok().map(str::to_owned)
}

fn struck_by(plan: &mut Plan, stage: Stage, is_for_files: bool) -> Vec<Fault> {
    plan.strike(stage, is_for_files).faults
}

/// Which of the first nine requests a rule strikes.
fn struck(rule: FaultRule) -> Vec<u64> {
    let mut plan = Plan::new(1);
    plan.add(rule);
    (1..10)
        .filter(|_| !struck_by(&mut plan, Stage::Response, false).is_empty())
        .collect()
}

#[test]
fn every_fault_is_found_by_its_name_and_says_what_it_does() {
    let names: BTreeSet<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
    assert_eq!(names.len(), Fault::ALL.len());
    for fault in Fault::ALL {
        let read: FaultRule = fault.name().parse().expect("a rule");
        assert_eq!(read.fault, *fault);
        assert!(
            fault
                .name()
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
            "{fault}"
        );
        assert!(
            !fault.help().is_empty() && !fault.help().ends_with('.'),
            "{fault}"
        );
    }
    let aliased: FaultRule = "502:once".parse().expect("a rule");
    assert_eq!(aliased.fault, Fault::BadGateway);
}

#[test]
fn a_rule_is_read_back_as_it_was_written() {
    for (text, rule) in [
        ("endless", Fault::Endless.into()),
        ("bad-row:1", Fault::BadRow.on(When::Nth(1))),
        ("bad-row:every-3", Fault::BadRow.on(When::Every(3))),
        (
            "files/reset-in-body:from-2",
            Fault::ResetInBody.on(When::From(2)).for_files(),
        ),
        ("server-error:2.5%", Fault::ServerError.on(When::Chance(0.025))),
    ] {
        assert_eq!(rule.to_string(), text);
        let read: FaultRule = text.parse().expect("a rule");
        assert_eq!(format!("{read:?}"), format!("{rule:?}"));
    }
}

#[test]
fn what_is_no_rule_is_refused_with_the_nearest_name() {
    let message = |text: &str| text.parse::<FaultRule>().expect_err("no rule").to_string();
    let unknown = "there is no fault \"reset-in-bdy\"; did you mean reset-in-body?";
    assert_eq!(message("reset-in-bdy:2"), unknown);
    assert_eq!(message("earthquake"), "there is no fault \"earthquake\"");
    for when in ["", "0", "-1", "every-0", "from-", "101%", "NaN%", "twice"] {
        let expected = format!("{when:?} says no requests: write once, 3, every-3, from-3 or 10%");
        assert_eq!(message(&format!("bad-row:{when}")), expected);
    }
}

#[test]
fn rules_strike_the_requests_they_say() {
    let rule = |when| Fault::BadRow.on(when);
    assert_eq!(struck(rule(When::Always)).len(), 9);
    assert_eq!(struck(rule(When::Nth(1))), [1]);
    assert_eq!(struck(rule(When::Nth(4))), [4]);
    assert_eq!(struck(rule(When::Every(3))), [3, 6, 9]);
    assert!(struck(rule(When::Every(0))).is_empty());
    assert_eq!(struck(rule(When::From(8))), [8, 9]);
    assert!(struck(rule(When::Chance(0.0))).is_empty());
    let by_chance = struck(rule(When::Chance(0.5)));
    assert!((2..8).contains(&by_chance.len()), "{by_chance:?}");
    assert_eq!(by_chance, struck(rule(When::Chance(0.5))));
}

#[test]
fn rules_of_one_origin_and_stage_do_not_count_the_requests_of_another() {
    let mut plan = Plan::new(0);
    plan.add(Fault::BadRow.on(When::Nth(2)));
    plan.add(Fault::ResetBefore.on(When::Nth(1)));
    plan.add(Fault::BadGateway.on(When::Nth(1)).for_files());
    let mut struck = |stage, is_for_files| struck_by(&mut plan, stage, is_for_files);
    assert_eq!(struck(Stage::Response, false), []);
    assert_eq!(struck(Stage::Response, true), [Fault::BadGateway]);
    assert_eq!(struck(Stage::Connection, false), [Fault::ResetBefore]);
    assert_eq!(struck(Stage::Response, false), [Fault::BadRow]);
}

#[test]
fn a_refused_connection_is_known_before_it_comes() {
    let mut plan = Plan::new(0);
    plan.add(Fault::ConnectionRefused.on(When::Nth(2)));
    assert!(!plan.refuses_next(false));
    assert_eq!(struck_by(&mut plan, Stage::Connection, false), []);
    assert!(plan.refuses_next(false) && !plan.refuses_next(true));
    assert_eq!(
        struck_by(&mut plan, Stage::Connection, false),
        [Fault::ConnectionRefused]
    );
    assert!(!plan.refuses_next(false));
}

#[test]
fn one_row_in_the_middle_is_changed_and_the_others_are_the_bytes_they_were() {
    let plain: Vec<Box<serde_json::value::RawValue>> = serde_json::from_str(PAGE).expect("JSON");
    for fault in [Fault::BadRow, Fault::UnknownType, Fault::LargeRow] {
        let rows = rows(fault);
        assert_eq!(
            (&*rows[0], &*rows[2]),
            (plain[0].get(), plain[2].get()),
            "{fault}"
        );
        assert_ne!(rows[1], plain[1].get(), "{fault}");
    }
    assert_eq!(
        rows(Fault::BadRow)[1],
        r#"{"type":"t","id":"b","payload":{"n": 1.0},"created_at":"yesterday"}"#
    );
    assert_eq!(
        rows(Fault::UnknownType)[1],
        r#"{"type":"note_details","id":"b","payload":{"n": 1.0},"created_at":"x"}"#
    );
    assert!(rows(Fault::LargeRow)[1].len() > LARGE_ROW_BYTES);
    assert!(
        rows(Fault::UnknownColumn)
            .iter()
            .all(|row| row.ends_with(r#","newer":["a hint"]}"#))
    );
    let [a, b, c] = [0, 1, 2].map(|at: usize| plain[at].get());
    assert_eq!(rows(Fault::Backwards), [c, b, a]);
    assert_eq!(rows(Fault::RepeatedRow), [a, b, b, c]);
}

#[test]
fn faults_of_rows_do_not_strike_an_empty_page_or_an_object() {
    for page in ["[]", r#"{"id":"a"}"#, ""] {
        for fault in [
            Fault::BadRow,
            Fault::UnknownType,
            Fault::UnknownColumn,
            Fault::Backwards,
            Fault::RepeatedRow,
        ] {
            assert!(shaped(fault, &[], page).is_none(), "{fault}");
        }
    }
}

#[test]
fn what_comes_instead_of_rows_has_its_status_and_form() {
    for (fault, status, begins) in [
        (Fault::TooManyRequests, 429, "{"),
        (Fault::ServerError, 500, "{"),
        (Fault::PlainServerError, 500, "Internal"),
        (Fault::StatementTimeout, 500, r#"{"code":"57014""#),
        (Fault::BadGateway, 502, "<html>"),
        (Fault::Unavailable, 503, ""),
        (Fault::NoContent, 204, ""),
        (Fault::EmptyBody, 200, ""),
        (Fault::Redirect, 302, ""),
    ] {
        let (response, delay) = instead(fault, "").expect("a response");
        assert_eq!(response.status(), status, "{fault}");
        assert!(response.body().starts_with(begins.as_bytes()), "{fault}");
        let is_slow = fault == Fault::StatementTimeout;
        assert_eq!(delay == STATEMENT_TIMEOUT, is_slow, "{fault}");
    }
    let (redirect, _) = instead(Fault::Redirect, "").expect("a response");
    let location = &redirect.headers()[header::LOCATION];
    assert_eq!(location, "https://files.test/elsewhere/api/v1/import?a=b");
}

#[test]
fn retry_after_says_what_the_fault_is_called_after() {
    for (fault, value) in [
        (Fault::RetryAfterSeconds, "2"),
        (Fault::RetryAfterDate, "Thu, 01 Jan 1970 01:00:02 GMT"),
        (Fault::RetryAfterZero, "0"),
        (Fault::RetryAfterPast, "Thu, 01 Jan 1970 00:59:00 GMT"),
        (Fault::RetryAfterEpoch, "3602"),
        (Fault::RetryAfterYear, "Fri, 01 Jan 1971 01:00:00 GMT"),
    ] {
        let (response, _) = instead(fault, "").expect("a response");
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[header::RETRY_AFTER], value, "{fault}");
    }
}

#[test]
fn the_servers_clock_is_off_by_an_hour_either_way() {
    let at = |fault| Strike::new(vec![fault]).clock(DateTime::UNIX_EPOCH);
    assert_eq!(
        at(Fault::ClockAhead),
        DateTime::<Utc>::UNIX_EPOCH + Duration::from_secs(3600)
    );
    assert_eq!(
        at(Fault::ClockBehind),
        DateTime::<Utc>::UNIX_EPOCH - Duration::from_secs(3600)
    );
    assert_eq!(at(Fault::NoDate), DateTime::UNIX_EPOCH);
    assert_eq!(header_under(Fault::NoDate, header::DATE, "x"), None);
}

#[test]
fn faults_of_counting_strike_only_requests_that_count() {
    for (fault, status, delay) in [
        (Fault::SlowCount, 500, STATEMENT_TIMEOUT),
        (Fault::CountGatewayTimeout, 504, Duration::ZERO),
        (Fault::CountRequestTimeout, 408, Duration::ZERO),
        (Fault::CountHangs, 200, Duration::MAX),
    ] {
        let (response, took) = instead(fault, "handling=strict, count=exact").expect("a response");
        assert_eq!((response.status().as_u16(), took), (status, delay), "{fault}");
        assert!(instead(fault, "count=planned").is_none(), "{fault}");
    }
}

#[test]
fn a_content_range_contradicts_the_rows() {
    let under = |fault, range| header_under(fault, header::CONTENT_RANGE, range);
    for (fault, range, lie) in [
        (Fault::TotalZero, "0-49/240", Some("0-49/0")),
        (Fault::TotalZero, "0-49/*", Some("0-49/0")),
        (Fault::TotalZero, "*/0", None),
        (Fault::TotalTooSmall, "0-49/240", Some("0-49/3")),
        (Fault::TotalTooSmall, "0-2/3", None),
        (Fault::WrongSpan, "0-49/240", Some("0-99/240")),
        (Fault::WrongSpan, "*/*", None),
        (Fault::OtherTotal, "bytes 5-9/10", Some("bytes 5-9/11")),
        (Fault::OtherTotal, "0-49/240", None),
    ] {
        assert_eq!(under(fault, range).as_deref(), lie, "{fault} {range}");
    }
}

#[test]
fn a_validator_is_missing_or_weak() {
    let under = |fault| header_under(fault, header::ETAG, "\"a\"");
    assert_eq!(under(Fault::NoValidator), None);
    assert_eq!(under(Fault::WeakValidator).as_deref(), Some("W/\"a\""));
    assert!(shaped(Fault::NoValidator, &[], PAGE).is_none());
}

#[test]
fn a_shifted_page_begins_with_its_boundary() {
    let shifted = |query: &str| {
        let request = request(&format!("/api/v1/import?{query}"), "");
        let other = Strike::new(vec![Fault::ShiftedPage]).request(&request)?;
        other.uri().query().map(str::to_owned)
    };
    for (query, other) in [
        ("id=gt.5&order=id", Some("id=gte.5&order=id")),
        (
            "or=(a.lt.%221%22,and(a.eq.%221%22,id.gt.%22x%22))",
            Some("or=(a.lt.%221%22,and(a.eq.%221%22,id.gte.%22x%22))"),
        ),
        ("order=id&offset=50&limit=50", Some("order=id&offset=49&limit=50")),
        ("order=id&limit=50", None),
        ("order=id&offset=0", None),
    ] {
        assert_eq!(shifted(query).as_deref(), other, "{query}");
    }
}
