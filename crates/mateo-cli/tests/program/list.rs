//! `mateo imports list`, in every form.

use snapbox::str;

use crate::support::{ROWS, mateo, serve, stdout_of};

#[test]
fn a_table_for_a_person() {
    let served = serve(ROWS);
    mateo(&served, &["imports", "list", "--exact-times"])
        .assert()
        .success()
        .stdout_eq(str![[r#"
ID                                    TYPE               CREATED (UTC)  STATE     OK/FAIL/ALL  REFERENCE
38d889d2-b47a-4c1d-8a3a-b343ac333b68  contact      2026-01-05 08:00:00  pending         -/-/-  spring newsletter
5ead703a-84c4-4877-a785-37a368e58909  contact      2026-01-04 09:30:00  35%       400/20/1200  crm /u{1b}[31mexport
d419c772-3226-4b94-bc3a-e353fb14628e  deal         2026-01-04 07:15:00  finished        3/0/3  =SUM(A1)
4372a2a7-84a6-4245-a398-d022d4351df4  contact      2026-01-02 23:59:59  failed       97/3/100
0b2f1c66-0f0e-4f6e-9a53-6a3a4a1f6c11  appointment  2026-01-02 10:00:00  failed        0/50/50  calendar "old", 2025
0b2f1c66-77aa-4a0b-8d14-2f3f9f1e2d3c  deal         2026-01-01 00:00:00  finished        0/0/0

"#]])
        .stderr_eq(str![[r#"
6 imports
3 with failures: 'mateo imports failures ID' says why

"#]]);
}

#[test]
fn the_table_fits_a_narrow_terminal_and_says_what_it_cut() {
    let served = serve(ROWS);
    mateo(&served, &["imports", "list", "-x", "--width", "60"])
        .assert()
        .success()
        .stdout_eq(str![[r#"
ID                   CREATED (UTC)  STATE     REFERENCE
38d889d2-b47a  2026-01-05 08:00:00  pending   spring newsle…
5ead703a-84c4  2026-01-04 09:30:00  35%       crm /u{1b}[31…
d419c772-3226  2026-01-04 07:15:00  finished  =SUM(A1)
4372a2a7-84a6  2026-01-02 23:59:59  failed
0b2f1c66-0f0e  2026-01-02 10:00:00  failed    calendar "old…
0b2f1c66-77aa  2026-01-01 00:00:00  finished

"#]])
        .stderr_eq(str![[r#"
6 imports
left out to fit 60 columns: type, ok/fail/all
cut to fit 60 columns: 3 texts in reference
3 with failures: 'mateo imports failures ID' says why

"#]]);
}

#[test]
fn fewer_than_there_are() {
    let served = serve(ROWS);
    mateo(
        &served,
        &[
            "imports",
            "list",
            "--limit",
            "2",
            "--order",
            "failed_count.desc.nullslast",
            "-x",
        ],
    )
    .assert()
    .success()
    .stdout_eq(str![[r#"
ID                                    TYPE               CREATED (UTC)  STATE   OK/FAIL/ALL  REFERENCE
0b2f1c66-0f0e-4f6e-9a53-6a3a4a1f6c11  appointment  2026-01-02 10:00:00  failed      0/50/50  calendar "old", 2025
5ead703a-84c4-4877-a785-37a368e58909  contact      2026-01-04 09:30:00  35%     400/20/1200  crm /u{1b}[31mexport

"#]])
    .stderr_eq(str![[r#"
the first 2 of 6 imports
2 with failures: 'mateo imports failures ID' says why

"#]]);
}

#[test]
fn colour_where_it_is_asked_for() {
    let served = serve(ROWS);
    mateo(
        &served,
        &[
            "--color",
            "always",
            "imports",
            "list",
            "-x",
            "--where",
            "total_count in 3|100|1200",
        ],
    )
    .assert()
    .success()
    .stdout_eq(str![[r#"
[1mID[0m                                    [1mTYPE[0m           [1mCREATED (UTC)[0m  [1mSTATE[0m     [1mOK/FAIL/ALL[0m  [1mREFERENCE[0m
5ead703a-84c4-4877-a785-37a368e58909  contact  2026-01-04 09:30:00  [33m35%[0m       400/20/1200  crm /u{1b}[31mexport
d419c772-3226-4b94-bc3a-e353fb14628e  deal     2026-01-04 07:15:00  [32mfinished[0m        3/0/3  =SUM(A1)
4372a2a7-84a6-4245-a398-d022d4351df4  contact  2026-01-02 23:59:59  [1m[31mfailed[0m       97/3/100

"#]]);
}

#[test]
fn the_columns_that_are_selected() {
    let served = serve(ROWS);
    mateo(
        &served,
        &[
            "imports",
            "list",
            "--select",
            "id,payload->0->>title,n:total_count",
            "--type",
            "deal",
        ],
    )
    .assert()
    .success()
    .stdout_eq(str![[r#"
ID                                    TITLE        N
d419c772-3226-4b94-bc3a-e353fb14628e  Roof, 40 m²  3
0b2f1c66-77aa-4a0b-8d14-2f3f9f1e2d3c               0

"#]])
    .stderr_eq(str![[r#"
2 imports

"#]]);
}

#[test]
fn a_star_stands_for_every_documented_column() {
    let served = serve(ROWS);
    let text = stdout_of(mateo(
        &served,
        &[
            "imports",
            "list",
            "--select",
            "n:total_count,*",
            "-o",
            "csv",
            "-n",
            "1",
        ],
    ));
    let header = text.lines().next().unwrap();
    assert!(
        header.starts_with("n,id,created_at,") && header.contains(",reference_id"),
        "{header}"
    );
}

#[test]
fn rows_for_a_program_are_the_servers_own() {
    let served = serve(ROWS);
    let all = ["imports", "list", "--all", "--order", "created_at.desc", "-o"];
    let ndjson = stdout_of(mateo(&served, &[&all[..], &["ndjson"]].concat()));
    assert_eq!(ndjson, deserialize_as_served(&served));
    let json = stdout_of(mateo(&served, &[&all[..], &["json"]].concat()));
    let array: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(array.len(), 6);
    mateo(
        &served,
        &["imports", "list", "--reference", "nobody", "-o", "json"],
    )
    .assert()
    .success()
    .stdout_eq("[]\n")
    .stderr_eq("");
}

/// The rows as the server writes them, a line each.
fn deserialize_as_served(served: &crate::support::Served) -> String {
    let request = http::Request::get("/api/v1/import?order=created_at.desc")
        .body(bytes::Bytes::new())
        .unwrap();
    let response = served
        .endpoint
        .sandbox()
        .handle(&request, chrono::DateTime::UNIX_EPOCH);
    let rows: Vec<Box<serde_json::value::RawValue>> = serde_json::from_slice(response.body()).unwrap();
    // Over a socket files are on an origin of that server.
    let lines: String = rows.iter().map(|row| row.get().to_owned() + "\n").collect();
    lines.replace("https://files.sandbox.invalid", &served.files_url)
}

#[test]
fn csv_for_a_spreadsheet() {
    let served = serve(ROWS);
    mateo(
        &served,
        &[
            "imports",
            "list",
            "-o",
            "csv",
            "--select",
            "id,type,total_count,payload,reference_id",
        ],
    )
    .assert()
    .success()
    .stdout_eq(str![[r#"
id,type,total_count,payload,reference_id
38d889d2-b47a-4c1d-8a3a-b343ac333b68,contact_details,,,spring newsletter
5ead703a-84c4-4877-a785-37a368e58909,contact_details,1200,,crm [31mexport
d419c772-3226-4b94-bc3a-e353fb14628e,deal_details,3,"[{""title"": ""Roof, 40 m²"", ""value"": 1.10}]",=SUM(A1)
4372a2a7-84a6-4245-a398-d022d4351df4,contact_details,100,,
0b2f1c66-0f0e-4f6e-9a53-6a3a4a1f6c11,appointment_details,50,,"calendar ""old"", 2025"
0b2f1c66-77aa-4a0b-8d14-2f3f9f1e2d3c,deal_details,0,,

"#]])
    .stderr_eq(str![[""]]);
}

#[test]
fn conditions_of_every_kind() {
    let served = serve(ROWS);
    let ids = |args: &[&str]| {
        let all = [
            &[
                "imports",
                "list",
                "--select",
                "id",
                "-o",
                "csv",
                "--order",
                "created_at",
            ],
            args,
        ]
        .concat();
        let text = stdout_of(mateo(&served, &all));
        text.lines()
            .skip(1)
            .map(|id| id.chars().take(13).collect::<String>())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(ids(&["--where", "reference_id="]), "0b2f1c66-77aa");
    assert_eq!(ids(&["--where", "reference_id is null"]), "4372a2a7-84a6");
    assert_eq!(ids(&["--where", "reference_id==SUM(A1)"]), "d419c772-3226");
    assert_eq!(ids(&["--where", "reference_id~\"OLD\""]), "0b2f1c66-0f0e");
    assert_eq!(
        ids(&["--where", "total_count>=100", "-w", "failed_count>3"]),
        "5ead703a-84c4"
    );
    assert_eq!(ids(&["--where", "payload->0->>title~roof"]), "d419c772-3226");
    assert_eq!(
        ids(&["--failed", "--until", "2026-01-03"]),
        "0b2f1c66-0f0e 4372a2a7-84a6"
    );
    assert_eq!(
        ids(&["--since", "2026-01-04", "--type", "contact"]),
        "5ead703a-84c4 38d889d2-b47a"
    );
    assert_eq!(
        ids(&["--query", "or=(total_count.eq.0,total_count.is.null)"]),
        "0b2f1c66-77aa 38d889d2-b47a"
    );
    assert_eq!(ids(&["--reference", "crm \u{1b}[31mexport"]), "5ead703a-84c4");
    let unfinished = stdout_of(mateo(
        &served,
        &["imports", "list", "--unfinished", "-o", "ndjson", "-n", "1"],
    ));
    assert!(unfinished.contains("38d889d2") && unfinished.lines().count() == 1);
}

#[test]
fn nothing_that_matches() {
    let served = serve(ROWS);
    mateo(&served, &["imports", "list", "--where", "total_count>5000"])
        .assert()
        .success()
        .stdout_eq("")
        .stderr_eq("no imports match\n");
}

#[test]
fn the_request_as_a_curl_command_and_nothing_sent() {
    let served = serve(ROWS);
    mateo(
        &served,
        &[
            "--base-url",
            "https://api.example",
            "imports",
            "list",
            "--print-request",
            "--reference",
            "it's $(me)",
        ],
    )
    .env_remove("MATEO_API_KEY")
    .assert()
    .success()
    .stdout_eq(str![[r#"
printf 'header = "Authorization: Bearer %s"/n' "$MATEO_API_KEY" | curl --config - --request GET --header 'accept: application/json' --header 'prefer: count=exact' 'https://api.example/api/v1/import?reference_id=eq.it%27s%20%24%28me%29&select=id,type,created_at,total_count,success_count,failed_count,reference_id&order=created_at.desc,id&limit=50'

"#]])
    .stderr_eq("");
    assert_eq!(served.endpoint.counters().requests, 0);
}

#[test]
fn all_240_recorded_rows_come_as_they_are() {
    let rows = include_str!("../../../mateo-sandbox/conformance/rows.jsonl");
    let served = serve(rows);
    let text = stdout_of(mateo(
        &served,
        &["imports", "list", "--all", "--output", "ndjson", "--order", "id"],
    ));
    let sorted = |text: &str| {
        let mut rows: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        rows.sort_by_key(|row| row["id"].to_string());
        rows
    };
    assert_eq!(text.lines().count(), 240);
    for (ours, theirs) in sorted(&text).into_iter().zip(sorted(rows)) {
        assert_eq!(without_times(ours), without_times(theirs));
    }
}

/// Times are compared as times: the server writes them without trailing zeros. A NULL is as good as none: the rows may be
/// older than a column.
fn without_times(mut row: serde_json::Value) -> serde_json::Value {
    if let Some(row) = row.as_object_mut() {
        row.retain(|_, value| !value.is_null());
    }
    for name in ["created_at", "updated_at"] {
        let time = mateo_imports::model::timestamp::parse(row[name].as_str().unwrap()).unwrap();
        row[name] = time.to_rfc3339().into();
    }
    row
}
