//! Output that nobody reads, signals, and terminals that aren't.

use std::io::{BufRead as _, BufReader, Read as _};

use crate::support::{ROWS, child, mateo, serve};

#[test]
fn who_closes_the_pipe_early_hears_nothing_more() {
    let rows = include_str!("../../../mateo-sandbox/conformance/rows.jsonl");
    let served = serve(rows);
    let mut child = child(&served, &["imports", "list", "--all", "-o", "ndjson"]);
    let mut first = String::new();
    BufReader::with_capacity(64, child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(first.starts_with('{'));
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).as_ref()
        ),
        (Some(0), "")
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure() {
    let served = serve(ROWS);
    let full = std::fs::File::create("/dev/full").unwrap();
    let mut command = std::process::Command::new(snapbox::cmd::cargo_bin!("mateo"));
    let output = command
        .args(["imports", "list", "-o", "ndjson"])
        .env("MATEO_API_KEY", "test-key")
        .env("MATEO_BASE_URL", &served.url)
        .env("MATEO_CONFIG", "/dev/null")
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(9));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: could not write the output: no space left on device\n"
    );
}

#[cfg(unix)]
fn signal(child: &std::process::Child, name: &str) {
    let status = std::process::Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_with_its_code() {
    let served = serve(ROWS);
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let mut child = child(&served, &["imports", "watch", "--interval", "1h"]);
        // The first lines say that it runs.
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut String::new()).unwrap();
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (
                output.status.code(),
                String::from_utf8_lossy(&output.stderr).as_ref()
            ),
            (Some(code), "")
        );
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_listing_ends_at_a_lines_end() {
    let rows = include_str!("../../../mateo-sandbox/conformance/rows.jsonl");
    let served = serve(rows);
    let mut child = child(
        &served,
        &["--max-rps", "1", "imports", "list", "--all", "-o", "ndjson"],
    );
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    stdout.read_line(&mut text).unwrap();
    signal(&child, "INT");
    stdout.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(text.ends_with("}\n"));
    assert!(
        text.lines()
            .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
    );
}

#[test]
fn there_is_no_colour_in_a_pipe_and_none_where_it_is_not_wanted() {
    let served = serve(ROWS);
    let has_colour = |command: snapbox::cmd::Command| command.output().unwrap().stdout.contains(&0x1b);
    let list = ["imports", "list"];
    assert!(!has_colour(mateo(&served, &list)));
    assert!(has_colour(mateo(&served, &list).env("CLICOLOR_FORCE", "1")));
    assert!(!has_colour(
        mateo(&served, &list)
            .env("CLICOLOR_FORCE", "1")
            .env("NO_COLOR", "1")
            .args(["--color", "never"])
    ));
    assert!(has_colour(
        mateo(&served, &["--color", "always", "imports", "list"]).env("NO_COLOR", "1")
    ));
}
