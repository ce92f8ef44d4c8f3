//! The commands about single imports: get, wait, download; and the summary.

use snapbox::str;

use crate::support::{ROWS, mateo, serve, stdout_of};

#[test]
fn an_import_as_a_page() {
    let served = serve(ROWS);
    mateo(&served, &["imports", "get", "d419c772"])
        .assert()
        .success()
        .stdout_eq(str![[r#"
Import d419c772-3226-4b94-bc3a-e353fb14628e
  type          deal_details
  state         finished
                ############################## 3 imported, 0 failed, 3 in all
  created       2026-01-04 07:15:00 UTC ([..] ago)
  updated       2026-01-04 07:15:00 UTC ([..] ago)
  reference     =SUM(A1)
  organisation  f6fadfa7-e5c1-4b62-9362-da5cc13da58a
  contact list  none
  failed        none
  payload file  none

Payload
  [
    {
      "title": "Roof, 40 m²",
      "value": 1.10
    }
  ]

"#]])
        .stderr_eq("");
    mateo(
        &served,
        &["imports", "get", "4372a2a7-84a6-4245-a398-d022d4351df4"],
    )
    .assert()
    .success()
    .stdout_eq(str![[r#"
Import 4372a2a7-84a6-4245-a398-d022d4351df4
  type          contact_details
  state         finished, 3 of 100 failed
                ############################## 97 imported, 3 failed, 100 in all
  created       2026-01-02 23:59:59.999999 UTC ([..] ago)
  updated       2026-01-02 23:59:59.999999 UTC ([..] ago)
  reference     none
  organisation  f6fadfa7-e5c1-4b62-9362-da5cc13da58a
  contact list  none
  failed        http://127.0.0.1:[..]/failed/4372a2a7-84a6-4245-a398-d022d4351df4.json?rows=3
  payload file  none
  why           mateo imports failures 4372a2a7-84a6-4245-a398-d022d4351df4

"#]]);
}

#[test]
fn an_import_as_the_server_sent_it() {
    let served = serve(ROWS);
    let row = stdout_of(mateo(&served, &["imports", "get", "d419c772", "-o", "json"]));
    assert!(
        row.contains("\"value\": 1.10") && row.lines().count() == 1,
        "{row}"
    );
}

#[test]
fn an_import_that_is_not_there_or_not_the_only_one() {
    let served = serve(ROWS);
    mateo(
        &served,
        &["imports", "get", "00000000-0000-4000-8000-000000000000"],
    )
    .assert()
    .code(7)
    .stdout_eq("")
    .stderr_eq(str![[r#"
error: there is no import with the id or reference 00000000-0000-4000-8000-000000000000
help: 'mateo imports list' shows what there is

"#]]);
    mateo(&served, &["imports", "get", "0b2f1c66"])
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: several imports' ids begin with 0b2f1c66
help: give more of the id

"#]]);
    mateo(&served, &["imports", "get", "0b2f1c66-0"])
        .assert()
        .success();
}

#[test]
fn waiting_says_how_each_ended() {
    let served = serve(ROWS);
    mateo(&served, &["imports", "wait", "d419c772"])
        .assert()
        .success()
        .stdout_eq(str![[r#"
d419c772-3226-4b94-bc3a-e353fb14628e finished

"#]])
        .stderr_eq("");
    mateo(&served, &["imports", "wait", "d419c772", "4372a2a7"])
        .assert()
        .code(8)
        .stdout_eq(str![[r#"
4372a2a7-84a6-4245-a398-d022d4351df4 finished, 3 of 100 failed
d419c772-3226-4b94-bc3a-e353fb14628e finished

"#]])
        .stderr_eq(str![[r#"
'mateo imports failures 4372a2a7-84a6-4245-a398-d022d4351df4' says why

"#]]);
    mateo(
        &served,
        &[
            "imports",
            "wait",
            "00000000-0000-4000-8000-000000000000",
            "d419c772",
        ],
    )
    .assert()
    .code(7)
    .stdout_eq(str![[r#"
d419c772-3226-4b94-bc3a-e353fb14628e finished
00000000-0000-4000-8000-000000000000 missing

"#]])
    .stderr_eq("");
    mateo(&served, &["imports", "wait", "38d889d2", "--timeout", "10ms"])
        .assert()
        .code(6)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: not finished after 0 s: 38d889d2-b47a-4c1d-8a3a-b343ac333b68
help: give it longer with --timeout

"#]]);
}

#[test]
fn a_download_is_whole_and_writes_over_nothing() {
    let served = serve(ROWS);
    let dir = tempfile::tempdir().unwrap();
    let download = |more: &[&str]| {
        let args = [&["imports", "download", "4372a2a7", "--what", "failed"], more].concat();
        mateo(&served, &args).current_dir(dir.path())
    };
    download(&[]).assert().success().stdout_eq("").stderr_eq(str![[r#"
4372a2a7-84a6-4245-a398-d022d4351df4-failed.json: 580 bytes

"#]]);
    let path = dir
        .path()
        .join("4372a2a7-84a6-4245-a398-d022d4351df4-failed.json");
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(rows.len(), 3);
    download(&[]).assert().code(9).stdout_eq("").stderr_eq(str![[r#"
error: 4372a2a7-84a6-4245-a398-d022d4351df4-failed.json already exists
help: give another name, or --force to replace it

"#]]);
    download(&["--force", "-q"]).assert().success().stderr_eq("");
    let to_stdout = stdout_of(download(&["--out", "-"]));
    assert_eq!(
        serde_json::from_str::<Vec<serde_json::Value>>(&to_stdout).unwrap(),
        rows
    );
    download(&["--out", "x", "--max-bytes", "10"])
        .assert()
        .code(1)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: the file is larger than the 10 bytes allowed
help: raise --max-bytes

"#]]);
    download(&["--out", "no/where", "-q"])
        .assert()
        .code(9)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: there is no folder no
help: create it, or give another name

"#]]);
    let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing half written is left: {names:?}");
}

#[test]
fn a_file_that_an_import_has_not() {
    let served = serve(ROWS);
    mateo(&served, &["imports", "download", "d419c772", "--what", "payload"])
        .assert()
        .code(7)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: import d419c772-3226-4b94-bc3a-e353fb14628e has no payload file
help: imports that have one: mateo imports list --where 'payload_url is not null'

"#]]);
}

#[test]
fn a_summary_as_a_table_and_bars() {
    let served = serve(ROWS);
    mateo(&served, &["imports", "summary"])
        .assert()
        .success()
        .stdout_eq(str![[r#"
6 imports: 500 imported records and 73 failed
3 with failures, 2 finished and 1 unfinished

TYPE                 IMPORTS  FINISHED  FAILED  RUNNING  PENDING
appointment_details        1         0       1        0        0
contact_details            3         0       1        1        1
deal_details               2         2       0        0        0
all                        6         2       2        1        1

Imports by state
  finished  ######################################## 2
  failed    ######################################## 2
  running   #################### 1
  pending   #################### 1

Imports by day (UTC), with failures marked
  2026-01-01 to 2026-01-05
  2026-01-01  #################### 1
  2026-01-02  ======================================== 2, 2 with 53 failures
  2026-01-03  0
  2026-01-04  ####################==================== 2, 1 with 20 failures
  2026-01-05  #################### 1

"#]])
        .stderr_eq("");
    mateo(&served, &["imports", "summary", "--reference", "nobody"])
        .assert()
        .success()
        .stdout_eq("no imports match\n")
        .stderr_eq("");
}

#[test]
fn a_summary_for_a_program_and_a_browser() {
    let served = serve(ROWS);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("imports.html");
    let args = [
        "imports",
        "summary",
        "-o",
        "json",
        "--since",
        "2026-01-02",
        "--html",
        file.to_str().unwrap(),
    ];
    let json: serde_json::Value = serde_json::from_str(&stdout_of(mateo(&served, &args))).unwrap();
    assert_eq!(
        (json["imports"].as_u64(), json["failed"].as_u64()),
        (Some(5), Some(73))
    );
    let html = std::fs::read_to_string(&file).unwrap();
    assert!(html.contains("since 2026-01-02") && html.contains("calendar &quot;old&quot;, 2025"));
}
