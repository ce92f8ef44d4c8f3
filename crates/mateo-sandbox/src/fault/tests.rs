use std::collections::BTreeSet;

use bytes::Bytes;
use chrono::DateTime;
use http::{Request, Response, header};

use super::*;

const PAGE: &str = r#"[{"id":"a","type":"t","payload":null},{"type":"t","id":"b","payload":{"n": 1.0},"created_at":"x"},{"id":"c"}]"#;

fn shaped(fault: Fault, page: &'static str) -> Shaped {
    let request = Request::get("/api/v1/import?a=b")
        .body(Bytes::new())
        .expect("a request");
    shape(
        &[fault],
        &request,
        DateTime::UNIX_EPOCH,
        "https://files.test",
        |_| Response::new(Bytes::from_static(page.as_bytes())),
    )
}

fn rows(fault: Fault) -> Vec<String> {
    let body = shaped(fault, PAGE).response.into_body();
    let rows: Vec<Box<serde_json::value::RawValue>> = serde_json::from_slice(&body).expect("still JSON");
    rows.iter().map(|row| row.get().to_owned()).collect()
}

/// Which of the first nine requests a rule strikes.
fn struck(rule: FaultRule) -> Vec<u64> {
    let mut plan = Plan::new(1);
    plan.add(rule);
    (1..10)
        .filter(|_| !plan.strike(Stage::Answer, false).is_empty())
        .collect()
}

#[test]
fn every_fault_is_found_by_its_name_and_says_what_it_does() {
    let names: BTreeSet<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
    assert_eq!(names.len(), Fault::ALL.len());
    for fault in Fault::ALL {
        assert_eq!(fault.to_string().parse(), Ok(*fault));
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
    assert_eq!("502".parse(), Ok(Fault::BadGateway));
}

#[test]
fn a_rule_is_read_back_as_it_was_written() {
    for (text, rule) in [
        ("endless", Fault::Endless.into()),
        ("bad-row:1", Fault::BadRow.on(When::ONCE)),
        ("bad-row:every-3", Fault::BadRow.on(When::Every(3))),
        (
            "files/reset-in-body:from-2",
            Fault::ResetInBody.on(When::From(2)).for_files(),
        ),
        ("server-error:2.5%", Fault::ServerError.on(When::Chance(0.025))),
    ] {
        assert_eq!(text.parse(), Ok(rule), "{text}");
        assert_eq!(rule.to_string(), text);
    }
    assert_eq!("503:once".parse(), Ok(Fault::Unavailable.on(When::ONCE)));
}

#[test]
fn what_is_no_rule_is_refused_with_the_nearest_name() {
    let message = |text: &str| text.parse::<FaultRule>().map_err(|error| error.to_string());
    let unknown = "there is no fault \"reset-in-bdy\"; did you mean reset-in-body?";
    assert_eq!(message("reset-in-bdy:2"), Err(unknown.to_owned()));
    assert_eq!(
        message("earthquake"),
        Err("there is no fault \"earthquake\"".to_owned())
    );
    for when in ["", "0", "-1", "every-0", "from-", "101%", "NaN%", "twice"] {
        let expected = format!("{when:?} says no requests: write once, 3, every-3, from-3 or 10%");
        assert_eq!(message(&format!("bad-row:{when}")), Err(expected));
    }
}

#[test]
fn rules_strike_the_requests_they_say() {
    let rule = |when| Fault::BadRow.on(when);
    assert_eq!(struck(rule(When::Always)).len(), 9);
    assert_eq!(struck(rule(When::ONCE)), [1]);
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
    plan.add(Fault::ResetBefore.on(When::ONCE));
    plan.add(Fault::BadGateway.on(When::ONCE).for_files());
    assert_eq!(plan.strike(Stage::Answer, false), []);
    assert_eq!(plan.strike(Stage::Answer, true), [Fault::BadGateway]);
    assert_eq!(plan.strike(Stage::Connection, false), [Fault::ResetBefore]);
    assert_eq!(plan.strike(Stage::Answer, false), [Fault::BadRow]);
}

#[test]
fn a_refused_connection_is_known_before_it_comes() {
    let mut plan = Plan::new(0);
    plan.add(Fault::ConnectionRefused.on(When::Nth(2)));
    assert!(!plan.refuses_next(false));
    assert_eq!(plan.strike(Stage::Connection, false), []);
    assert!(plan.refuses_next(false) && !plan.refuses_next(true));
    assert_eq!(plan.strike(Stage::Connection, false), [Fault::ConnectionRefused]);
    assert!(!plan.refuses_next(false));
}

#[test]
fn one_row_in_the_middle_is_changed_and_the_others_are_the_bytes_they_were() {
    let plain = rows(Fault::ClockOff);
    for fault in [Fault::BadRow, Fault::UnknownType, Fault::LargeRow] {
        let rows = rows(fault);
        assert_eq!((&rows[0], &rows[2]), (&plain[0], &plain[2]), "{fault}");
        assert_ne!(rows[1], plain[1], "{fault}");
    }
    assert_eq!(
        rows(Fault::BadRow)[1],
        r#"{"type":"t","id":"b","payload":{"n": 1.0},"created_at":"yesterday"}"#
    );
    assert_eq!(
        rows(Fault::UnknownType)[1],
        r#"{"type":"note_details","id":"b","payload":{"n": 1.0},"created_at":"x"}"#
    );
    assert!(rows(Fault::LargeRow)[1].len() > Fault::LARGE_ROW_BYTES);
    assert!(
        rows(Fault::UnknownColumn)
            .iter()
            .all(|row| row.ends_with(r#","hints":["a hint"]}"#))
    );
}

#[test]
fn faults_of_rows_leave_an_empty_page_and_an_object_alone() {
    for page in ["[]", r#"{"id":"a"}"#, ""] {
        for fault in [Fault::BadRow, Fault::UnknownType, Fault::UnknownColumn] {
            let body = shaped(fault, page).response.into_body();
            assert_eq!(body, page, "{fault}");
        }
    }
}

#[test]
fn answers_that_come_instead_of_rows_have_their_status_and_form() {
    for (fault, status, begins) in [
        (Fault::TooManyRequests, 429, "{"),
        (Fault::ServerError, 500, "{"),
        (Fault::StatementTimeout, 500, r#"{"code":"57014""#),
        (Fault::BadGateway, 502, "<html>"),
        (Fault::Unavailable, 503, ""),
        (Fault::NoContent, 204, ""),
        (Fault::EmptyBody, 200, ""),
        (Fault::Redirect, 302, ""),
        (Fault::BrokenJson, 200, "["),
    ] {
        let shaped = shaped(fault, PAGE);
        assert_eq!(shaped.response.status(), status, "{fault}");
        assert!(shaped.response.body().starts_with(begins.as_bytes()), "{fault}");
        assert_eq!(
            shaped.delay == STATEMENT_TIMEOUT,
            fault == Fault::StatementTimeout,
            "{fault}"
        );
    }
    let location = shaped(Fault::Redirect, PAGE).response.headers()[header::LOCATION].clone();
    assert_eq!(location, "https://files.test/elsewhere/api/v1/import?a=b");
}

#[test]
fn a_date_to_come_back_at_is_told_by_the_servers_own_clock() {
    let request = Request::get("/").body(Bytes::new()).expect("a request");
    let retry_after = |faults: &[Fault]| {
        let shaped = shape(faults, &request, DateTime::UNIX_EPOCH, "", |_| {
            Response::default()
        });
        shaped.response.headers()[header::RETRY_AFTER].clone()
    };
    assert_eq!(retry_after(&[Fault::RetryAfterSeconds]), "2");
    assert_eq!(
        retry_after(&[Fault::RetryAfterDate]),
        "Thu, 01 Jan 1970 00:00:02 GMT"
    );
    let is_off = [Fault::RetryAfterDate, Fault::ClockOff];
    assert_eq!(retry_after(&is_off), "Thu, 01 Jan 1970 01:00:02 GMT");
}

#[test]
fn a_slow_count_strikes_only_requests_that_count() {
    let ask = |prefer: &str| {
        let request = Request::get("/")
            .header("prefer", prefer)
            .body(Bytes::new())
            .expect("a request");
        shape(&[Fault::SlowCount], &request, DateTime::UNIX_EPOCH, "", |_| {
            Response::default()
        })
    };
    assert_eq!(ask("handling=strict, count=exact").response.status(), 500);
    assert_eq!(ask("count=planned").response.status(), 200);
    assert_eq!(ask("count=planned").delay, Duration::ZERO);
}
