use proptest::prelude::*;

use super::{BODY_LIMIT, Problem};
use crate::testing::cases;

#[test]
fn the_documented_body_is_read() {
    let body = br#"{"code":"API_ERROR_CODE","message":"for people","hint":"how to fix it","status":400}"#;
    let problem = Problem::read(400, Some("application/json"), body);
    assert_eq!(problem.code.as_deref(), Some("API_ERROR_CODE"));
    assert_eq!(problem.message.as_deref(), Some("for people"));
    assert_eq!(problem.hint.as_deref(), Some("how to fix it"));
    assert_eq!((problem.details, problem.body), (None, None));
}

#[test]
fn a_body_of_postgrest_is_read() {
    let body = br#"{"code":"PGRST103","details":"An offset of 241 was requested, but there are only 240 rows.","hint":null,"message":"Requested range not satisfiable"}"#;
    let problem = Problem::read(416, Some("application/json; charset=utf-8"), body);
    assert_eq!(problem.code.as_deref(), Some("PGRST103"));
    assert_eq!(
        problem.to_string(),
        "the server answered 416: Requested range not satisfiable (PGRST103); \
         An offset of 241 was requested, but there are only 240 rows."
    );
}

#[test]
fn the_answers_status_is_believed_not_the_bodys() {
    assert_eq!(
        Problem::read(500, None, br#"{"message":"m","status":200}"#).status,
        500
    );
}

#[test]
fn a_field_of_another_type_does_not_lose_the_others() {
    let body =
        br#"{"code":57014,"message":["a", 1],"hint":{"do":"this"},"details":[{"x":null}],"message":"last"}"#;
    let problem = Problem::read(500, None, body);
    assert!(problem.is_statement_timeout());
    assert_eq!(
        problem.message.as_deref(),
        Some("last"),
        "of a repeated key the last counts"
    );
    assert_eq!(problem.hint.as_deref(), Some(r#"{"do":"this"}"#));
    assert_eq!(problem.details.as_deref(), Some(r#"[{"x":null}]"#));
}

#[test]
fn a_body_without_a_message_keeps_its_start() {
    for body in [
        r#"{"error":"nope"}"#,
        r#"["nope"]"#,
        "nope",
        r#"{"message":"cut of"#,
        "null",
        "12",
    ] {
        let problem = Problem::read(400, Some("application/json"), body.as_bytes());
        assert_eq!(problem.body.as_deref(), Some(body));
        assert_eq!(problem.message, None);
        assert!(problem.to_string().contains(body), "{problem}");
    }
}

#[test]
fn html_gives_its_title_and_its_start() {
    let body = "<!DOCTYPE HTML>\n<html><TITLE> 504\n Gateway Time-out </TITLE><body>é</body>";
    for content_type in [Some("text/html; charset=utf-8"), None] {
        let problem = Problem::read(504, content_type, body.as_bytes());
        assert_eq!(
            problem.to_string(),
            "the server answered 504: 504 Gateway Time-out"
        );
        assert_eq!(problem.body.as_deref(), Some(body));
    }
    let untitled = Problem::read(502, Some("TEXT/HTML"), b"<p>Bad gateway</p>");
    assert_eq!(
        untitled.to_string(),
        "the server answered 502: <p>Bad gateway</p>"
    );
}

#[test]
fn json_labelled_html_is_still_read() {
    assert_eq!(
        Problem::read(400, Some("text/html"), br#"{"code":"22P02"}"#)
            .code
            .as_deref(),
        Some("22P02")
    );
}

#[test]
fn nothing_is_a_problem_too() {
    for body in ["", " \r\n", "\u{feff}", "{}"] {
        let problem = Problem::read(503, None, body.as_bytes());
        assert_eq!(
            (problem.message.as_deref(), problem.code.as_deref()),
            (None, None)
        );
    }
    assert_eq!(Problem::read(503, None, b"").body, None);
}

#[test]
fn an_unreadable_body_is_cut_between_characters() {
    let problem = Problem::read(500, None, "xé".repeat(1000).as_bytes());
    let body = problem.body.unwrap();
    assert!(body.len() <= BODY_LIMIT && body.len() > BODY_LIMIT - 4);
    assert!("xé".repeat(1000).starts_with(&body));
}

#[test]
fn the_sentence_is_one_line_without_control_characters() {
    let problem = Problem::read(
        500,
        None,
        b"{\"message\":\"a\\n\\tb \\u001b[31mred\",\"code\":\"x\\r\\ny\"}",
    );
    assert_eq!(problem.to_string(), "the server answered 500: a b [31mred (x y)");
    let long = Problem::read(500, None, "é".repeat(400).as_bytes());
    assert_eq!(long.to_string().chars().filter(|c| *c == 'é').count(), 200);
    assert!(long.to_string().ends_with('…'));
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn every_body_is_a_problem(status: u16, body in proptest::collection::vec(any::<u8>(), 0..600)) {
        let problem = Problem::read(status, None, &body);
        prop_assert_eq!(problem.status, status);
        prop_assert!(problem.body.as_ref().is_none_or(|body| body.len() <= BODY_LIMIT));
        prop_assert!(!problem.to_string().contains(char::is_control));
    }

    #[test]
    fn what_a_server_writes_is_what_is_kept(code in "[A-Z0-9]{5,8}", message in "\\PC{1,20}", hint in proptest::option::of(".{0,20}")) {
        let body = serde_json::json!({ "code": code, "message": message, "details": null, "hint": hint }).to_string();
        let problem = Problem::read(400, None, body.as_bytes());
        prop_assert_eq!((problem.code, problem.message, problem.hint), (Some(code), Some(message), hint));
    }
}
