//! Clients that nobody here wrote read the sandbox without special settings.
//!
//! They are not run unless asked for, with what they need installed anywhere:
//!
//! ```text
//! npm install @supabase/postgrest-js && NODE_PATH=$PWD/node_modules \
//!     cargo test -p mateo-sandbox --test peers postgrest_js -- --ignored
//! pip install postgrest && cargo test -p mateo-sandbox --test peers postgrest_py -- --ignored
//! ```

#![allow(
    clippy::expect_used,
    reason = "a test may; clippy.toml covers only functions marked as tests"
)]

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use mateo_sandbox::{Endpoint, Limits, Sandbox, Server};
use tokio::process::Command;

const KEY: &str = "a-key";

/// Runs a script over the recorded rows; it fails where an answer is not what the rows say.
async fn run(program: &str, script: &str) {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rows = crate_dir.join("conformance/rows.jsonl");
    let file = BufReader::new(File::open(&rows).expect("the recorded rows"));
    let endpoint = Endpoint::builder(Sandbox::from_jsonl(file).expect("rows"))
        .api_key(KEY)
        .limits(Limits::none())
        .build();
    let server = Server::bind(endpoint, "127.0.0.1:0").await.expect("a free port");
    let output = Command::new(program)
        .arg(crate_dir.join("tests/peers").join(script))
        .arg(format!("{}/api/v1", server.url()))
        .arg(KEY)
        .arg(&rows)
        .output()
        .await
        .expect("the program is installed");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complained}");
    let counters = server.endpoint().counters();
    assert!(counters.requests > 15, "{counters:?}");
    assert!(
        counters.by_status.keys().all(|status| *status < 500),
        "{counters:?}"
    );
}

#[tokio::test]
#[ignore = "needs node, and @supabase/postgrest-js where NODE_PATH says"]
async fn postgrest_js_reads_the_sandbox() {
    run("node", "read.cjs").await;
}

#[tokio::test]
#[ignore = "needs python3 with the package postgrest"]
async fn postgrest_py_reads_the_sandbox() {
    run("python3", "read.py").await;
}
