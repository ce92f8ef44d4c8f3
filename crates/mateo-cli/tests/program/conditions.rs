//! Conditions as people try them: they work, or it is said what to write.

use snapbox::str;

use crate::support::{ROWS, bare, mateo, serve, stdout_of};

#[test]
fn values_that_are_no_texts_may_be_written_in_many_ways() {
    let served = serve(ROWS);
    let count = |condition: &str| {
        let list = ["imports", "list", "-o", "ndjson", "--where", condition];
        stdout_of(mateo(&served, &list)).lines().count()
    };
    for (condition, found) in [
        ("type=contact", 3),
        ("type==deals", 2),
        ("type=\"contact_details\"", 3),
        ("type in contact|deal", 5),
        ("total_count==100", 1),
        ("total_count='100'", 1),
        ("created_at>=\"2026-01-05\"", 1),
        ("id='d419c772-3226-4b94-bc3a-e353fb14628e'", 1),
    ] {
        assert_eq!(count(condition), found, "{condition}");
    }
}

#[test]
fn a_text_is_compared_literally_and_it_is_said_where_it_looks_otherwise() {
    let served = serve(ROWS);
    mateo(
        &served,
        &[
            "imports",
            "list",
            "-o",
            "ndjson",
            "--where",
            "reference_id=spring*",
        ],
    )
    .assert()
    .success()
    .stdout_eq("")
    .stderr_eq(str![[r#"
--where 'reference_id=spring*' compares with the text spring* as it is; for texts that contain a part, write 'reference_id~spring'

"#]]);
}

#[test]
fn what_can_not_be_meant_costs_no_request() {
    let of = |args: &[&str]| {
        // Nothing listens there.
        let output = bare(&[&["--base-url", "http://127.0.0.1:9", "imports", "list"], args].concat())
            .env("MATEO_API_KEY", "k")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    snapbox::assert_data_eq!(
        of(&["--where", "failed>0"]),
        str![[r#"
error: --where: there is no column 'failed'
help: did you mean failed_count? A column that is newer than this program: --query 'failed=eq.VALUE'

"#]]
    );
    snapbox::assert_data_eq!(
        of(&["--where", "status=done"]),
        str![[r#"
error: --where: there is no column 'status'
help: use --state pending, running, finished or failed

"#]]
    );
    snapbox::assert_data_eq!(
        of(&["--where", "failed_count=null"]),
        str![[r#"
error: --where 'failed_count=null': failed_count is a whole number from -2147483648 to 2147483647, and 'null' is not one
help: write 'failed_count is null'

"#]]
    );
    snapbox::assert_data_eq!(
        of(&["--where", "zzz=1"]),
        str![[r#"
error: --where: there is no column 'zzz'
help: the columns are id, created_at, updated_at, organisation_id, type, payload, contact_list_id, failed_url, payload_url, total_count, success_count, failed_count, reference_id; for one that is newer than this program use --query 'zzz=eq.VALUE'

"#]]
    );
    snapbox::assert_data_eq!(
        of(&["--order", "zzz.desc"]),
        str![[r#"
error: --order: there is no column 'zzz'
help: the columns are id, created_at, updated_at, organisation_id, type, payload, contact_list_id, failed_url, payload_url, total_count, success_count, failed_count, reference_id; for one that is newer than this program write "zzz" in quotes

"#]]
    );
    snapbox::assert_data_eq!(
        of(&["--order", "created_at DESC"]),
        str![[r#"
error: --order: there is no column 'created_at DESC'
help: write COLUMN.asc or COLUMN.desc, several with commas: failed_count.desc,created_at

"#]]
    );
}
