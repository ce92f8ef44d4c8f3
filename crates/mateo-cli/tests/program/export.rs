//! `mateo imports list --all` and `--out`: how an export ends, and how it goes on.

use std::io::{BufRead as _, BufReader};

use mateo_sandbox::{Endpoint, Fault, Limits, When};
use snapbox::str;

use crate::support::{ROWS, Served, child, mateo, sandbox_of, serve, serve_with};

const MANY: &str = include_str!("../../../mateo-sandbox/conformance/rows.jsonl");

/// A server whose third response is no JSON.
fn breaking() -> Served {
    serve_with(
        Endpoint::builder(sandbox_of(MANY))
            .limits(Limits::none())
            .fault(Fault::WrongContentType.on(When::Nth(3))),
    )
}

fn names(dir: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_complete_export_says_so() {
    let served = serve(MANY);
    let dir = tempfile::tempdir().unwrap();
    mateo(&served, &["imports", "list", "--out", "all.ndjson"])
        .current_dir(dir.path())
        .assert()
        .success()
        .stdout_eq("")
        .stderr_eq("240 imports, complete\n");
    assert_eq!(names(dir.path()), ["all.ndjson"]);
    let text = std::fs::read_to_string(dir.path().join("all.ndjson")).unwrap();
    assert_eq!(text.lines().count(), 240);
    mateo(&served, &["imports", "list", "--out", "all.ndjson"])
        .current_dir(dir.path())
        .assert()
        .code(9)
        .stderr_eq(str![[r#"
error: all.ndjson already exists
help: give another name, or --force to replace it

"#]]);
    mateo(&served, &["imports", "list", "--out", "all"])
        .current_dir(dir.path())
        .assert()
        .code(2)
        .stderr_eq(str![[r#"
error: --out all doesn't say which format to write
help: add --output ndjson, csv or json

"#]]);
}

#[test]
fn an_incomplete_one_leaves_no_file_and_goes_on_from_where_it_broke_off() {
    for format in ["ndjson", "json", "csv"] {
        let whole = {
            let served = serve(MANY);
            let output = mateo(&served, &["imports", "list", "--all", "-o", format])
                .output()
                .unwrap();
            // Files of the rows are on an origin of each server.
            String::from_utf8(output.stdout)
                .unwrap()
                .replace(&served.files_url, "FILES")
        };
        let served = breaking();
        let dir = tempfile::tempdir().unwrap();
        let file = format!("all.{format}");
        let list = |more: &[&str]| {
            mateo(&served, &[&["imports", "list", "--out", &file], more].concat()).current_dir(dir.path())
        };
        list(&[]).assert().code(1).stdout_eq("").stderr_eq(str![[r#"
INCOMPLETE: 100 of 240, go on with --resume
error: the server answered 200 with text/html; charset=utf-8 instead of JSON
help: something else than the API may answer there: check --base-url, or run 'mateo doctor'

"#]]);
        assert!(!dir.path().join(&file).exists() && names(dir.path()).len() == 2);
        list(&["--resume", "--failed"])
            .assert()
            .code(2)
            .stderr_eq(format!(
                "error: the incomplete export of {file} was asked for with other flags\n\
             help: give the same flags, or leave out --resume to begin again\n"
            ));
        let asked = served.endpoint.counters().requests;
        list(&["--resume"])
            .assert()
            .success()
            .stdout_eq("")
            .stderr_eq("240 imports, complete\n");
        assert_eq!(names(dir.path()), [file.as_str()]);
        assert_eq!(
            served.endpoint.counters().requests - asked,
            3,
            "what is there is not asked for again"
        );
        let text = std::fs::read_to_string(dir.path().join(&file)).unwrap();
        assert_eq!(text.replace(&served.files_url, "FILES"), whole, "{format}");
    }
}

#[test]
fn beginning_again_removes_what_a_broken_run_left() {
    let served = breaking();
    let dir = tempfile::tempdir().unwrap();
    let list = || mateo(&served, &["imports", "list", "--out", "f.csv"]).current_dir(dir.path());
    list().assert().code(1);
    list().assert().success().stderr_eq("240 imports, complete\n");
    assert_eq!(names(dir.path()), ["f.csv"]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_export_says_how_far_it_came() {
    let served = serve(MANY);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.ndjson");
    for (out, ends) in [
        ("-", "240\n"),
        (path.to_str().unwrap(), ", go on with --resume\n"),
    ] {
        let mut child = child(
            &served,
            &[
                "--max-rps",
                "0.5",
                "imports",
                "list",
                "--all",
                "-o",
                "ndjson",
                "--out",
                out,
            ],
        );
        if out == "-" {
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap())
                .read_line(&mut line)
                .unwrap();
        } else {
            while served.endpoint.counters().requests < 2 {
                std::thread::yield_now();
            }
        }
        let status = std::process::Command::new("kill")
            .args(["-s", "INT", &child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{text}");
        assert!(text.starts_with("INCOMPLETE: ") && text.ends_with(ends), "{text}");
    }
    assert!(!path.exists());
    mateo(
        &served,
        &[
            "imports",
            "list",
            "-o",
            "ndjson",
            "--resume",
            "--out",
            path.to_str().unwrap(),
        ],
    )
    .assert()
    .success()
    .stderr_eq("240 imports, complete\n");
    assert_eq!(std::fs::read_to_string(path).unwrap().lines().count(), 240);
}

#[test]
fn imports_by_state() {
    let served = serve(ROWS);
    let ids = |state: &str, note: &str| {
        let list = [
            "imports",
            "list",
            "--select",
            "id,total_count,success_count,failed_count",
        ];
        let output = mateo(
            &served,
            &[&list[..], &["-o", "ndjson", "--all", "--state", state]].concat(),
        )
        .output()
        .unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), note);
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .map(|line| line[7..20].to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(ids("pending", "1 import, complete\n"), "38d889d2-b47a");
    let looked = "looked at here, as the server can't compare counts, complete\n";
    assert_eq!(
        ids("running", &format!("1 import (running) of 4 {looked}")),
        "5ead703a-84c4"
    );
    assert_eq!(
        ids("finished", &format!("2 imports (finished) of 2 {looked}")),
        "d419c772-3226 0b2f1c66-77aa"
    );
    assert_eq!(
        ids("failed", &format!("2 imports (failed) of 3 {looked}")),
        "4372a2a7-84a6 0b2f1c66-0f0e"
    );
    assert_eq!(
        ids(
            "pending,running",
            &format!("2 imports (pending or running) of 5 {looked}")
        ),
        "38d889d2-b47a 5ead703a-84c4"
    );
}

#[test]
fn monitoring_goes_by_the_exit_code() {
    let served = serve(ROWS);
    let list = ["imports", "list", "-q", "--exit-code"];
    mateo(&served, &[&list[..], &["--state", "failed"]].concat())
        .assert()
        .code(10);
    mateo(
        &served,
        &[&list[..], &["--state", "failed", "--since", "2026-02-01"]].concat(),
    )
    .assert()
    .success()
    .stdout_eq("")
    .stderr_eq("");
}
