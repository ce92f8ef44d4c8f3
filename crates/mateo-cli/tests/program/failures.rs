//! `mateo imports failures`, and imports by reference.

use snapbox::str;

use crate::support::{ROWS, mateo, serve, stdout_of};

#[test]
fn reasons_are_counted_with_examples() {
    let served = serve(ROWS);
    mateo(
        &served,
        &["imports", "failures", "4372a2a7", "calendar \"old\", 2025"],
    )
    .assert()
    .success()
    .stdout_eq(str![[r#"
4372a2a7-84a6-4245-a398-d022d4351df4: 3 of 100 failed
0b2f1c66-0f0e-4f6e-9a53-6a3a4a1f6c11 calendar "old", 2025: 50 of 50 failed

  15  another contact has this phone number
      external_id=K-217153 email=lena.1@example.com
      external_id=K-269453 email=clara.13@example.com
      external_id=K-183662 email=mehmet.15@example.com

  12  the phone number is not valid
      external_id=K-692470 email=david.2@example.com
      external_id=K-471561 email=lena.4@example.com
      external_id=K-124550 email=clara.7@example.com

  10  the email address is not valid
      external_id=K-352981 email=anna.0@example.com
      external_id=K-569436 email=lena.0@example.com
      external_id=K-409483 email=greta.1@example.com

   9  external_id is missing
      external_id=K-789867 email=anna.6@example.com
      external_id=K-059412 email=mehmet.11@example.com
      external_id=K-992761 email=jonas.16@example.com

   7  the contact has opted out
      external_id=K-031763 email=finn.2@example.com
      external_id=K-361777 email=elif.14@example.com
      external_id=K-317114 email=anna.29@example.com

"#]])
    .stderr_eq("");
}

#[test]
fn all_failed_records_come_as_csv_and_as_lines() {
    let served = serve(ROWS);
    mateo(&served, &["imports", "failures", "4372a2a7", "-o", "csv"])
        .assert()
        .success()
        .stdout_eq(str![[r#"
import_id,reference_id,reason,record
4372a2a7-84a6-4245-a398-d022d4351df4,,the email address is not valid,"{""email"":""anna.0@example.com"",""external_id"":""K-352981"",""firstname"":""Anna"",""lastname"":""Neumann"",""reason"":""the email address is not valid""}"
4372a2a7-84a6-4245-a398-d022d4351df4,,another contact has this phone number,"{""email"":""lena.1@example.com"",""external_id"":""K-217153"",""firstname"":""Lena"",""lastname"":""Kaya"",""reason"":""another contact has this phone number""}"
4372a2a7-84a6-4245-a398-d022d4351df4,,the phone number is not valid,"{""email"":""david.2@example.com"",""external_id"":""K-692470"",""firstname"":""David"",""lastname"":""Kaya"",""reason"":""the phone number is not valid""}"

"#]])
        .stderr_eq("");
    let lines = stdout_of(mateo(
        &served,
        &["imports", "failures", "0b2f1c66-0f0e", "4372a2a7", "-o", "ndjson"],
    ));
    assert_eq!(lines.lines().count(), 53);
    for line in lines.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(
            record["reason"].is_string() && record["record"].is_object(),
            "{line}"
        );
    }
}

#[test]
fn imports_without_failures_or_without_a_file_say_so() {
    let served = serve(ROWS);
    mateo(&served, &["imports", "failures", "d419c772"])
        .assert()
        .success()
        .stdout_eq(str![[r#"
d419c772-3226-4b94-bc3a-e353fb14628e =SUM(A1): no failures

"#]])
        .stderr_eq("");
    mateo(&served, &["imports", "failures", "5ead703a"])
        .assert()
        .code(7)
        .stdout_eq(str![[r#"
5ead703a-84c4-4877-a785-37a368e58909 crm /u{1b}[31mexport: 20 of 1,200 failed, no file says why

"#]])
        .stderr_eq(str![[r#"
error: 1 import with failures: no file says why
help: only a finished import has such a file

"#]]);
}

#[test]
fn references_stand_wherever_ids_do() {
    let served = serve(ROWS);
    let get = |args: &[&str]| {
        let text = stdout_of(mateo(
            &served,
            &[&["imports", "get", "-o", "json"], args].concat(),
        ));
        let ids: Vec<String> = text.lines().map(|line| line[7..15].to_owned()).collect();
        ids.join(" ")
    };
    assert_eq!(get(&["spring newsletter"]), "38d889d2");
    assert_eq!(
        get(&["d419c772", "spring newsletter", "5ead703a", "d419c772"]),
        "d419c772 38d889d2 5ead703a"
    );
    assert_eq!(get(&["--reference", "=SUM(A1)"]), "d419c772");
    mateo(
        &served,
        &["imports", "get", "nobody", "-o", "json", "d419c772", "no one"],
    )
    .assert()
    .code(7)
    .stdout_eq("{\"id\":\"d419c772-[..]\n")
    .stderr_eq(str![[r#"
error: there are no imports with the ids or references nobody, no one
help: 'mateo imports list' shows what there is

"#]]);
    mateo(&served, &["imports", "wait", "--reference", "=SUM(A1)"])
        .assert()
        .success()
        .stdout_eq("d419c772-3226-4b94-bc3a-e353fb14628e finished\n");
    mateo(
        &served,
        &[
            "imports",
            "download",
            "calendar \"old\", 2025",
            "--what",
            "failed",
            "--out",
            "-",
        ],
    )
    .assert()
    .success();
    mateo(&served, &["imports", "wait"]).assert().code(2);
}

#[test]
fn a_reference_of_several_imports_stands_for_all_of_them() {
    let twice = ROWS.replace("=SUM(A1)", "spring newsletter");
    let served = serve(&twice);
    let text = stdout_of(mateo(
        &served,
        &["imports", "get", "-o", "json", "spring newsletter"],
    ));
    assert_eq!(text.lines().count(), 2);
    mateo(
        &served,
        &["imports", "download", "spring newsletter", "--what", "failed"],
    )
    .assert()
    .code(2)
    .stdout_eq("")
    .stderr_eq(str![[r#"
error: several imports have the reference spring newsletter
help: give the id of one; 'mateo imports list --reference' shows them

"#]]);
}

#[test]
fn a_reference_that_looks_like_an_id_is_found() {
    for reference in ["20261124", "cafe0123-0000-4000-8000-000000000000"] {
        let served = serve(&ROWS.replace("spring newsletter", reference));
        let text = stdout_of(mateo(&served, &["imports", "get", "-o", "json", reference]));
        assert!(text.contains("38d889d2"), "{text}");
    }
}

#[test]
fn waiting_for_all_that_is_unfinished_ends_when_they_are() {
    let finished = ROWS.lines().skip(2).collect::<Vec<_>>().join("\n");
    mateo(&serve(&finished), &["imports", "wait", "--unfinished"])
        .assert()
        .success()
        .stdout_eq("")
        .stderr_eq("no import is unfinished\n");
    mateo(
        &serve(ROWS),
        &["imports", "wait", "--unfinished", "--timeout", "10ms"],
    )
    .assert()
    .code(6)
    .stdout_eq("")
    .stderr_eq(str![[r#"
error: not finished after 0 s: 38d889d2-b47a-4c1d-8a3a-b343ac333b68, 5ead703a-84c4-4877-a785-37a368e58909
help: give it longer with --timeout

"#]]);
}

#[test]
fn many_ids_come_from_stdin_in_few_requests() {
    let rows = include_str!("../../../mateo-sandbox/conformance/rows.jsonl");
    let served = serve(rows);
    let ids: Vec<String> = rows
        .lines()
        .map(|row| {
            let row: serde_json::Value = serde_json::from_str(row).unwrap();
            row["id"].as_str().unwrap().get(..13).unwrap().to_owned()
        })
        .collect();
    let ids = ids.join("\n");
    let text = stdout_of(mateo(&served, &["imports", "get", "-", "-o", "json"]).stdin(ids));
    assert_eq!(text.lines().count(), 240);
    assert!(served.endpoint.counters().requests < 20);
}
