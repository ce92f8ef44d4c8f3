//! `mateo sandbox` and `--sandbox`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use snapbox::cmd::cargo_bin;
use snapbox::str;

use crate::support::{ROWS, bare, stdout_of};

#[test]
fn the_first_command_of_the_readme() {
    bare(&["--sandbox", "imports", "list", "--limit", "3"])
        .assert()
        .success()
        .stdout_eq(str![[r#"
ID                                    TYPE     AGE  STATE    OK/FAIL/ALL  REFERENCE
ee788dfd-2abd-4803-a531-895293b7d9e0  contact  [..]s  pending        -/-/-  newsletter sign-ups
13da5f34-8b6e-4974-bdee-7f900f32c99f  deal     [..]m  28%          19/1/71  nightly [..]
4216568d-30d9-44c9-bf1c-49a348e38c6c  contact  [..]m  53%        119/2/225

"#]])
        .stderr_eq(str![[r#"
the newest 3 of 64 imports
2 with failures: 'mateo imports failures ID' says why

"#]]);
}

/// Ends the server however the test ends.
struct Serving(std::process::Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_server_of_its_own_is_found_by_its_first_line() {
    let mut rows = tempfile::NamedTempFile::new().unwrap();
    rows.write_all(ROWS.as_bytes()).unwrap();
    let path = rows.path().to_str().unwrap();
    let mut command = Command::new(cargo_bin!("mateo"));
    command
        .args(["sandbox", "--rows", path, "--rate", "none", "--api-key", "it's"])
        .env("MATEO_CONFIG", "/dev/null");
    let mut serving = Serving(
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut url = String::new();
    BufReader::new(serving.0.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    let url = url.trim_end();

    let mut told = Vec::new();
    for line in BufReader::new(serving.0.stderr.take().unwrap()).lines().take(5) {
        told.push(line.unwrap());
    }
    let port = url.rsplit(':').next().unwrap();
    let told = told.join("\n").replace(port, "PORT");
    snapbox::assert_data_eq!(
        told,
        str![[r#"
serving 6 imports at http://127.0.0.1:PORT/api/v1/import, files at http://127.0.0.1:[..], with the key it's
try:
  MATEO_API_KEY='it'/''s' mateo --base-url http://127.0.0.1:PORT imports list
  curl --header 'Authorization: Bearer it'/''s' 'http://127.0.0.1:PORT/api/v1/import?order=created_at.desc&limit=5'
Ctrl-C ends it
"#]]
    );

    let list = bare(&["--base-url", url, "imports", "list", "-o", "ndjson"]).env("MATEO_API_KEY", "it's");
    assert_eq!(stdout_of(list).lines().count(), 6);
    bare(&["--base-url", url, "imports", "list"])
        .env("MATEO_API_KEY", "its")
        .assert()
        .code(3)
        .stdout_eq("");
}

#[test]
fn rows_with_a_broken_line_are_refused_by_its_number() {
    let dir = tempfile::tempdir().unwrap();
    let first = ROWS.lines().next().unwrap();
    let run = |rows: String| {
        std::fs::write(dir.path().join("rows.jsonl"), rows).unwrap();
        bare(&["sandbox", "--rows", "rows.jsonl"]).current_dir(dir.path())
    };
    run(format!("{first}\n{{\"id\":\n"))
        .assert()
        .code(9)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: rows.jsonl, line 2 is no row of imports: not a JSON object: EOF while parsing a value at column 6
help: each line must be one import as a JSON object

"#]]);
    run(format!("{}\n", first.replace("38d889d2-", "zzz-")))
        .assert()
        .code(9)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: rows.jsonl, line 1 is no row of imports: column "id" can't hold the value: invalid input syntax for type uuid: "zzz-b47a-4c1d-8a3a-b343ac333b68"
help: each line must be one import as a JSON object

"#]]);
    bare(&["sandbox", "--rows", "nowhere.jsonl"])
        .assert()
        .code(9)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: could not read nowhere.jsonl: no such file or directory
help: check --rows

"#]]);
}

#[test]
fn slips() {
    bare(&["sandbox", "--fault", "bad-gatway"])
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: --fault: there is no fault "bad-gatway"; did you mean bad-gateway?
help: 'mateo sandbox --fault list' shows all

"#]]);
    bare(&["sandbox", "--rate", "fast"])
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: --rate 'fast' is not a number of requests a second
help: give a whole number above 0, or none

"#]]);
    bare(&["sandbox", "--listen", "203.0.113.1:1"])
        .assert()
        .code(9)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: could not listen on 203.0.113.1:1: cannot assign requested address
help: give another --listen; port 0 takes a free one

"#]]);
    bare(&["sandbox", "--rows", "x", "--generate", "5"])
        .assert()
        .code(2)
        .stdout_eq("");
}

#[test]
fn faults_are_listed() {
    let text = stdout_of(bare(&["sandbox", "--fault", "list"]));
    assert!(
        text.lines().count() > 20 && text.contains("\nbad-gateway "),
        "{text}"
    );
}

#[test]
fn a_server_that_other_machines_reach_with_the_well_known_key_warns() {
    for (arguments, warns) in [
        (&["--listen", "0.0.0.0:0"][..], true),
        (&["--listen", "0.0.0.0:0", "--api-key", "another"], false),
        (&["--listen", "127.0.0.1:0"], false),
    ] {
        let mut command = Command::new(cargo_bin!("mateo"));
        command
            .arg("sandbox")
            .args(arguments)
            .env("MATEO_CONFIG", "/dev/null");
        let mut serving = Serving(
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let lines = BufReader::new(serving.0.stderr.take().unwrap()).lines();
        let lines = lines.map(Result::unwrap);
        let said: Vec<String> = lines.take_while(|line| !line.contains("Ctrl-C")).collect();
        assert_eq!(
            said.iter().any(|line| line.contains("warning:")),
            warns,
            "{arguments:?} {said:?}"
        );
    }
}
