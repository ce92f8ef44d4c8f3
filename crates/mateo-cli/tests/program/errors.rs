//! What goes wrong: a line on stderr and one that says what to do, the documented exit code, nothing on stdout.

use mateo_sandbox::{Endpoint, Fault, Limits, When};
use snapbox::str;

use crate::support::{ROWS, bare, mateo, sandbox_of, serve, serve_with};

/// Runs the program, which fails with this code, and returns what it says: what is wrong, and what to do.
fn line(command: snapbox::cmd::Command, code: i32) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    assert!(text.lines().count() <= 3, "{text}");
    assert!(
        !text.contains("test-key") && !text.contains("wrong-key"),
        "{text}"
    );
    text
}

#[test]
fn no_key() {
    snapbox::assert_data_eq!(
        line(bare(&["imports", "list"]), 3),
        str![[r#"
error: no API key
help: set MATEO_API_KEY, run 'mateo login', or try without a key: mateo --sandbox imports list

"#]]
    );
}

#[test]
fn a_wrong_key() {
    let served = serve(ROWS);
    let command = mateo(&served, &["imports", "list"]).env("MATEO_API_KEY", "wrong-key");
    snapbox::assert_data_eq!(
        line(command, 3),
        str![[r#"
error: the server rejected the API key: the server answered 403: the API key is not valid (FORBIDDEN); check the key for a missing character, or make a new one
help: check MATEO_API_KEY or the key's file

"#]]
    );
}

#[test]
fn a_key_file_that_is_not_there_or_that_others_may_read() {
    let served = serve(ROWS);
    let dir = tempfile::tempdir().unwrap();
    let in_dir = |args: &[&str]| mateo(&served, args).current_dir(dir.path());
    snapbox::assert_data_eq!(
        line(in_dir(&["--api-key-file", "key", "imports", "list"]), 9),
        str![[r#"
error: could not read the API key in key: no such file or directory
help: check --api-key-file, MATEO_API_KEY_FILE or the settings ('mateo config')

"#]]
    );
    std::fs::write(dir.path().join("key"), "wrong-key").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(dir.path().join("key"), std::fs::Permissions::from_mode(0o644)).unwrap();
        snapbox::assert_data_eq!(
            line(in_dir(&["--api-key-file", "key", "imports", "list"]), 3),
            str![[r#"
error: others may read the API key in key (mode 644)
help: run: chmod 600 key

"#]]
        );
    }
}

#[test]
fn a_host_that_does_not_exist() {
    let command = bare(&[
        "--attempts",
        "1",
        "--base-url",
        "https://no-such-host.invalid",
        "imports",
        "list",
    ])
    .env("MATEO_API_KEY", "k");
    let text = line(command, 4);
    assert!(
        text.starts_with("error: could not reach https://no-such-host.invalid: "),
        "{text}"
    );
    assert!(text.contains("\nhelp: check --base-url"), "{text}");
}

#[test]
fn a_refused_connection() {
    // Bound and never listened on by anyone else while the test runs.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("http://127.0.0.1:{port}");
    let text = line(
        bare(&["--attempts", "1", "--base-url", &url, "imports", "list"]).env("MATEO_API_KEY", "k"),
        4,
    )
    .replace(&url, "URL");
    snapbox::assert_data_eq!(
        text,
        str![[r#"
error: could not reach URL: connection refused
help: check --base-url (MATEO_BASE_URL), the network, the proxy ('mateo config'), and that the server runs

"#]]
    );
}

#[test]
fn http_to_another_machine() {
    let command = bare(&["--base-url", "http://api.example", "imports", "list"]).env("MATEO_API_KEY", "k");
    snapbox::assert_data_eq!(
        line(command, 2),
        str![[r#"
error: http://api.example (--base-url) can't be used: the base URL must be https: the API key would travel in the clear (http is accepted for this machine only)
help: give --base-url as https://HOST, or http:// to this machine

"#]]
    );
}

#[test]
fn an_unknown_column() {
    snapbox::assert_data_eq!(
        line(
            bare(&["--sandbox", "imports", "list", "--where", "referenceid=5"]),
            2
        ),
        str![[r#"
error: --where: there is no column 'referenceid'
help: did you mean reference_id? A column that is newer than this program: --query 'referenceid=eq.VALUE'

"#]]
    );
}

#[test]
fn values_of_the_wrong_type() {
    let of = |condition: &str| line(bare(&["--sandbox", "imports", "list", "--where", condition]), 2);
    snapbox::assert_data_eq!(
        of("id=38d889d2"),
        str![[r#"
error: --where 'id=38d889d2': id is a uuid such as 38d889d2-b47a-4c1d-8a3a-b343ac333b68, and '38d889d2' is not one

"#]]
    );
    snapbox::assert_data_eq!(
        of("total_count>many"),
        str![[r#"
error: --where 'total_count>many': total_count is a whole number from -2147483648 to 2147483647, and 'many' is not one

"#]]
    );
    snapbox::assert_data_eq!(
        of("created_at>soon"),
        str![[r#"
error: --where 'created_at>soon': created_at is a time, expected a time: 2d (ago), today, 2026-01-02, '2026-01-02 10:00' or 2026-01-02T10:00:00Z

"#]]
    );
    snapbox::assert_data_eq!(
        of("type=contracts"),
        str![[r#"
error: --where 'type=contracts': there is no type 'contracts'; the types are contact_details, deal_details, appointment_details; for one that is newer than this program use --query 'type=eq.contracts'

"#]]
    );
    snapbox::assert_data_eq!(
        of("reference_id~a*b"),
        str![[r#"
error: --where 'reference_id~a*b': the server can't search for a literal *, which it reads as any text; use = or leave it out

"#]]
    );
    snapbox::assert_data_eq!(
        of("total_count"),
        str![[r#"
error: --where 'total_count' is not a condition
help: write COLUMN=VALUE with = != > >= < <= or ~, 'COLUMN is null', 'COLUMN is not null' or 'COLUMN in A|B'

"#]]
    );
}

#[test]
fn other_slips() {
    let of = |args: &[&str]| line(bare(&[&["--sandbox", "imports"], args].concat()), 2);
    snapbox::assert_data_eq!(
        of(&["list", "--query", "total_count=gt.1&limit=5"]),
        str![[r#"
error: --query takes filters only, and 'limit' is not one
help: use --limit

"#]]
    );
    snapbox::assert_data_eq!(
        of(&["list", "--query", "total_count=GT.1"]),
        str![[r#"
error: --query 'total_count=GT.1': expected an operator (eq, gt, ...) at column 13 of the query string, found 'G'
help: see 'mateo help imports list' for examples

"#]]
    );
    snapbox::assert_data_eq!(
        of(&["list", "--order", "create_at.desc"]),
        str![[r#"
error: --order: there is no column 'create_at'
help: did you mean created_at? In quotes ("create_at") it is sent as it is

"#]]
    );
    snapbox::assert_data_eq!(
        of(&["list", "--since", "soon"]),
        str![[r#"
error: --since 'soon': expected a time: 2d (ago), today, 2026-01-02, '2026-01-02 10:00' or 2026-01-02T10:00:00Z

"#]]
    );
    snapbox::assert_data_eq!(
        of(&["list", "--type", "contracts"]),
        str![[r#"
error: --type: there is no type 'contracts'; the types are contact_details, deal_details, appointment_details; for one that is newer than this program use --query 'type=eq.contracts'

"#]]
    );
    snapbox::assert_data_eq!(
        of(&["list", "--unfinished", "--select", "id"]),
        str![[r#"
error: --state and --unfinished look at counts that --select leaves out
help: add total_count,success_count,failed_count to --select

"#]]
    );
}

#[test]
fn a_flag_that_does_not_exist_is_answered_with_the_closest() {
    bare(&["imports", "list", "--whre", "a=b"])
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: unexpected argument '--whre' found

  tip: a similar argument exists: '--where'

Usage: mateo imports list --where <CONDITION>

For more information, try '--help'.

"#]]);
    bare(&["imports", "lst"])
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: unrecognized subcommand 'lst'

  tip: some similar subcommands exist: 'ls', 'list'

Usage: mateo imports [OPTIONS] <COMMAND>

For more information, try '--help'.

"#]]);
}

#[test]
fn an_answer_that_is_no_answer() {
    let served = serve_with(
        Endpoint::builder(sandbox_of(ROWS))
            .limits(Limits::none())
            .fault(Fault::WrongContentType),
    );
    let output = mateo(&served, &["imports", "list"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    snapbox::assert_data_eq!(
        String::from_utf8(output.stderr).unwrap(),
        str![[r#"
error: the server answered 200 with text/html; charset=utf-8 instead of JSON
help: something else than the API may answer there: check --base-url, or run 'mateo doctor'

"#]]
    );
}

#[test]
fn a_listing_that_breaks_off_is_a_failure_and_no_json() {
    let rows = include_str!("../../../mateo-sandbox/conformance/rows.jsonl");
    let served = serve_with(
        Endpoint::builder(sandbox_of(rows))
            .limits(Limits::none())
            .fault(Fault::WrongContentType.on(When::From(3))),
    );
    let output = mateo(&served, &["imports", "list", "--all", "-o", "json"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 100, "what came is there");
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
}

#[test]
fn a_column_that_the_server_has_not() {
    let served = serve(ROWS);
    snapbox::assert_data_eq!(
        line(mateo(&served, &["imports", "list", "--select", "id,zzz"]), 1),
        str![[r#"
error: the server answered 400: column import.zzz does not exist (42703)
help: this program knows id, created_at, updated_at, organisation_id, type, payload, contact_list_id, failed_url, payload_url, total_count, success_count, failed_count, reference_id

"#]]
    );
}
