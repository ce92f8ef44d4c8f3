//! What a hostile server, a shared machine or a slip must not be able to do.

use std::io::Write as _;

use mateo_sandbox::{Endpoint, Fault, Limits};
use snapbox::str;

use crate::support::{ROWS, bare, mateo, sandbox_of, serve, serve_with, stdout_of};

#[test]
fn a_page_replaces_a_page_and_nothing_else() {
    let served = serve(ROWS);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("imports.html");
    let summary = |more: &[&str]| {
        let args = [&["imports", "summary", "-q", "--html", "imports.html"], more].concat();
        mateo(&served, &args).current_dir(dir.path())
    };
    summary(&[]).assert().success();
    summary(&[]).assert().success();
    std::fs::write(&file, "a thesis").unwrap();
    let asked = served.endpoint.counters().requests;
    summary(&[]).assert().code(9).stdout_eq("").stderr_eq(str![[r#"
error: imports.html already exists
help: give another name, or --force to replace it

"#]]);
    assert_eq!(
        served.endpoint.counters().requests,
        asked,
        "it is rejected before anything is asked for"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "a thesis");
    summary(&["--force"]).assert().success();
    assert!(std::fs::read_to_string(&file).unwrap().ends_with("</html>\n"));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_page_for_stdout_is_all_there_is() {
    let served = serve(ROWS);
    let text = stdout_of(mateo(&served, &["imports", "summary", "--html", "-"]));
    assert!(text.starts_with("<!DOCTYPE html>") && text.ends_with("</html>\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_is_written_through_and_stays_a_device() {
    let served = serve(ROWS);
    let through = stdout_of(mateo(&served, &["imports", "summary", "--html", "/dev/stdout"]));
    assert!(
        through.starts_with("6 imports") && through.ends_with("</html>\n"),
        "{through}"
    );
    let download = [
        "imports",
        "download",
        "4372a2a7",
        "--what",
        "failed",
        "--out",
        "/dev/null",
    ];
    mateo(&served, &download).assert().success();
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
    mateo(
        &served,
        &["imports", "changes", "--once", "--cursor-file", "/dev/null"],
    )
    .assert()
    .code(2)
    .stdout_eq("")
    .stderr_eq(str![[r#"
error: /dev/null can't hold a cursor
help: name a file with --cursor-file

"#]]);
}

#[cfg(unix)]
#[test]
fn new_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let served = serve(ROWS);
    let dir = tempfile::tempdir().unwrap();
    for args in [
        &["summary", "--html", "f"][..],
        &["download", "4372a2a7", "--what", "failed", "--out", "f"],
        &["changes", "--once", "--cursor-file", "f"],
    ] {
        mateo(&served, &[&["imports"], args].concat())
            .current_dir(dir.path())
            .assert()
            .success();
        for entry in std::fs::read_dir(dir.path()).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{args:?}: {}", entry.path().display());
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
}

#[test]
fn a_table_without_its_bad_rows_says_so_in_its_exit_code() {
    let served = serve_with(
        Endpoint::builder(sandbox_of(ROWS))
            .limits(Limits::none())
            .fault(Fault::BadRow),
    );
    let output = mateo(&served, &["imports", "list"]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("row could not be read and is not in the table"),
        "{text}"
    );
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 6);
    mateo(&served, &["imports", "summary"]).assert().code(1);
}

#[test]
fn a_key_where_a_path_belongs_is_not_echoed() {
    bare(&["imports", "list"])
        .env("MATEO_API_KEY_FILE", "hm_live_0123456789abcdef")
        .assert()
        .code(3)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: environment, MATEO_API_KEY_FILE names a file that doesn't exist (the name looks like a key and isn't shown)
help: set it to a file that holds the key, or set the key itself as MATEO_API_KEY

"#]]);
    bare(&["imports", "list"])
        .env("MATEO_API_KEY", "Bearer hm_live_0123456789abcdef")
        .assert()
        .code(3)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: MATEO_API_KEY begins with 'Bearer', which this program adds by itself
help: set it to the API key and nothing else

"#]]);
}

#[cfg(unix)]
#[test]
fn a_pipe_that_nobody_writes_to_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(dir.path().join("key"))
        .status()
        .unwrap();
    assert!(made.success());
    bare(&["--api-key-file", "key", "imports", "list"])
        .current_dir(dir.path())
        .assert()
        .code(3)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: no API key came from key
help: it is a pipe that nobody writes to: name a file, or set MATEO_API_KEY

"#]]);
}

#[cfg(unix)]
#[test]
fn the_printed_request_runs_and_shows_the_key_to_no_other_process() {
    let dir = tempfile::tempdir().unwrap();
    // In the place of curl: it prints how it was called, and what it read.
    let curl = dir.path().join("curl");
    std::fs::write(&curl, "#!/bin/sh\necho \"$@\"\ncat\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&curl, mode).unwrap();
    let mut key = tempfile::NamedTempFile::new().unwrap();
    key.write_all(b"test-key\n").unwrap();
    let path = key.path().to_str().unwrap();
    let list = ["imports", "list", "--print-request"];
    for command in [
        stdout_of(bare(&list).env("MATEO_API_KEY", "test-key")),
        stdout_of(bare(&[&["--api-key-file", path], &list[..]].concat())),
    ] {
        assert!(!command.contains("test-key"), "{command}");
        let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
        let output = std::process::Command::new("sh")
            .args(["-c", &command])
            .env("PATH", path)
            .env("MATEO_API_KEY", "test-key")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (called, read) = text.split_once('\n').unwrap();
        assert!(
            called.starts_with("--config - ") && !called.contains("test-key"),
            "{called}"
        );
        assert_eq!(read, "header = \"Authorization: Bearer test-key\"\n");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_output_sends_a_control_sequence_to_a_terminal() {
    let row = ROWS.lines().next().unwrap();
    let served = serve(&row.replace(
        "spring newsletter",
        r"a\u001b[2J\u009b31m\u007f\u202eb\u0007\rc\u0301",
    ));
    for args in [
        "imports list",
        "imports list --select id,reference_id",
        "imports list -o csv",
        "imports list --csv excel",
        "imports list -o json",
        "imports list -o ndjson",
        "imports get 38d889d2",
        "imports get 38d889d2 -o json",
        "imports changes --once",
        "imports summary --html -",
    ] {
        let text = crate::support::in_terminal(&served, args);
        assert!(text.contains("9b") || args.contains("summary"), "{args}: {text}");
        let text = text.replace("\r\r\n", "\n").replace("\r\n", "\n");
        let acts = |c: &char| c.is_control() && !matches!(c, '\n' | '\t') || *c == '\u{202e}';
        assert_eq!(text.chars().find(acts), None, "{args}: {text:?}");
    }
}
