//! The README's library example is this program's text, and does what it says.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use common::{client, endpoint};

include!("readme/example.rs");

#[tokio::test(start_paused = true)]
async fn the_example_of_the_readme_runs_against_the_sandbox() {
    let endpoint = endpoint(0..240, 50).build();
    endpoint
        .sandbox()
        .update(common::id(7), mateo_sandbox::Row::new().set("failed_count", 3))
        .unwrap();
    endpoint
        .sandbox()
        .update(common::id(11), mateo_sandbox::Row::new().set("failed_count", 1))
        .unwrap();
    let references = failed_references(&client(&endpoint)).await.unwrap();
    assert_eq!(references, [r#"ERP, "0""#, r#"ERP, "7""#]);
}

#[test]
fn the_readme_shows_the_example_as_it_is() {
    let readme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    // The published package has no such file.
    let Ok(readme) = std::fs::read_to_string(readme) else {
        return;
    };
    let block = readme
        .split("```rust\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    assert_eq!(block, Some(include_str!("readme/example.rs")));
}
