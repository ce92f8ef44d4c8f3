//! The parser against recorded exchanges of a real server: it accepts and rejects what the server did.
//!
//! Not part of the published package: the recordings are the sandbox's.

use std::path::Path;

use mateo_model::{ImportQuery, ParseErrorKind};
use serde_json::Value;

#[test]
fn the_parser_refuses_exactly_what_the_server_could_not_parse() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mateo-sandbox/conformance/exchanges.jsonl");
    let exchanges = std::fs::read_to_string(file).unwrap();
    assert!(exchanges.lines().count() > 2_000);
    let mut wrong = Vec::new();
    for line in exchanges.lines() {
        let exchange: Value = serde_json::from_str(line).unwrap();
        let query = exchange["query"].as_str().unwrap();
        let expected = match exchange["body"]["code"].as_str() {
            Some("PGRST100") => Some(ParseErrorKind::Syntax),
            Some("PGRST108") => Some(ParseErrorKind::Embedded),
            Some("PGRST123") => Some(ParseErrorKind::Aggregate),
            Some("PGRST200") => Some(ParseErrorKind::Relationship),
            _ if exchange["status"] == 500 => Some(ParseErrorKind::NotUtf8),
            _ => None,
        };
        let parsed = ImportQuery::parse(query);
        if parsed.as_ref().err().map(mateo_model::ParseError::kind) != expected {
            wrong.push(format!("{query}: {parsed:?}, expected {expected:?}"));
        }
        if let Ok(parsed) = parsed
            && let Ok(encoded) = parsed.to_query_string()
        {
            assert_eq!(
                ImportQuery::parse(&encoded).unwrap(),
                parsed,
                "{query} as {encoded}"
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
