//! Which answer a request gets.

use super::*;

fn line(uri: &str, prefer: &str, body: &str) -> String {
    serde_json::json!({
        "request": {"method": "GET", "uri": uri, "headers": [["prefer", prefer], ["user-agent", "x"]]},
        "response": {"status": 200, "headers": [["content-type", "application/json"]], "body": body},
    })
    .to_string()
}

async fn ask(replay: &Replay, uri: &str, prefer: &str) -> Result<Bytes, String> {
    let request = http::Request::get(uri)
        .header("authorization", "Bearer x")
        .header("prefer", prefer)
        .header("user-agent", "y")
        .body(Bytes::new())
        .unwrap();
    match replay.send(request).await {
        Ok(response) => Ok(response.into_body().collect(100).await.unwrap()),
        Err(error) => Err(std::error::Error::source(&error).unwrap().to_string()),
    }
}

#[tokio::test]
async fn the_same_request_gets_its_answers_in_turn() {
    let lines = ["[1]", "[2]"]
        .map(|body| line("https://a.test/x?y", "", body))
        .join("\n\n");
    let replay = Replay::from_reader(lines.as_bytes()).unwrap();
    assert_eq!(ask(&replay, "https://b.test:1/x?y", "").await.unwrap(), "[1]");
    assert_eq!(ask(&replay, "https://b.test:1/x?y", "").await.unwrap(), "[2]");
    let error = ask(&replay, "https://b.test:1/x?y", "").await.unwrap_err();
    assert_eq!(
        error,
        "no response is recorded for GET /x?y, prefer:  any more (2 were given)"
    );
}

#[tokio::test]
async fn a_request_without_an_answer_is_named() {
    let replay = Replay::from_reader(line("https://a.test/x?y", "count=exact", "[]").as_bytes()).unwrap();
    let error = ask(&replay, "https://a.test/x?z", "count=exact")
        .await
        .unwrap_err();
    assert_eq!(error, "no response is recorded for GET /x?z, prefer: count=exact");
    ask(&replay, "https://a.test/x?y", "").await.unwrap_err();
    assert_eq!(replay.unused(), ["GET /x?y, prefer: count=exact"]);
    ask(&replay, "https://a.test/x?y", "count=exact").await.unwrap();
    assert_eq!(replay.unused(), Vec::<String>::new());
}

#[test]
fn a_line_that_is_no_exchange_is_named() {
    let lines = format!("{}\n{{}}", line("https://a.test/", "", "[]"));
    let error = Replay::from_reader(lines.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(error.to_string().contains("line 2"), "{error}");
}

#[tokio::test]
async fn a_recording_that_was_changed_by_hand_is_an_error_and_no_panic() {
    let broken = [
        line("https://a.test/", "", "").replace("200", "20"),
        line("https://a.test/", "", "zz").replace("body", "body_hex"),
        line("https://a.test/", "", "").replace("content-type", "no header"),
    ];
    for line in broken {
        let replay = Replay::from_reader(line.as_bytes()).unwrap();
        ask(&replay, "https://a.test/", "").await.unwrap_err();
    }
}
