//! `mateo imports changes`: every change is in the output, and the cursor never runs ahead of it.

use std::collections::BTreeSet;
use std::io::Read as _;

use crate::support::{ROWS, Served, child, mateo, serve, stdout_of};

fn once<'a>(cursor: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["imports", "changes", "--once", "--cursor-file", cursor], more].concat()
}

#[test]
fn a_second_run_goes_on_where_the_first_ended() {
    let served = serve(ROWS);
    let dir = tempfile::tempdir().unwrap();
    let cursor = dir.path().join("c");
    let cursor = cursor.to_str().unwrap();
    let run = |more: &[&str]| stdout_of(mateo(&served, &once(cursor, more)));
    assert_eq!(run(&[]).lines().count(), 6);
    assert_eq!(run(&[]), "");
    touch(&served, "d419c772-3226-4b94-bc3a-e353fb14628e");
    let changed = run(&[]);
    assert!(
        changed.lines().count() == 1 && changed.contains("d419c772"),
        "{changed}"
    );
}

/// A change of now: the server's clock is this machine's.
fn touch(served: &Served, id: &str) {
    let row = mateo_sandbox::Row::new().set("updated_at", chrono::Utc::now());
    assert!(
        served
            .endpoint
            .sandbox()
            .update(id.parse().unwrap(), row)
            .unwrap()
    );
}

#[test]
fn without_a_cursor_it_begins_where_it_is_told() {
    let served = serve(ROWS);
    let text = stdout_of(mateo(
        &served,
        &["imports", "changes", "--once", "--since", "2026-01-04T09:00:00Z"],
    ));
    let ids: Vec<&str> = text.lines().filter_map(|line| line.get(7..15)).collect();
    assert_eq!(ids, ["5ead703a", "38d889d2"]);
}

#[test]
fn a_cursor_of_other_conditions_is_refused() {
    let served = serve(ROWS);
    let dir = tempfile::tempdir().unwrap();
    let run = |more: &[&str]| mateo(&served, &once("c", more)).current_dir(dir.path());
    run(&["--type", "deal"]).assert().success();
    let saved = std::fs::read(dir.path().join("c")).unwrap();
    run(&[])
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(snapbox::str![[r#"
error: the cursor belongs to another query (type=eq.deal_details), so rows would be missed or repeated
help: use the conditions that c was made with, or another file; conditions with ages (2d) change from run to run

"#]]);
    assert_eq!(std::fs::read(dir.path().join("c")).unwrap(), saved);
    std::fs::write(dir.path().join("c"), "not a cursor").unwrap();
    run(&[])
        .assert()
        .code(9)
        .stdout_eq("")
        .stderr_eq(snapbox::str![[r#"
error: c is not a cursor file
help: name the file that an earlier run wrote, or one that doesn't exist to start over

"#]]);
}

#[test]
fn the_cursor_stays_where_nobody_took_the_lines() {
    let rows = include_str!("../../../mateo-sandbox/conformance/rows.jsonl");
    let served = serve(rows);
    let dir = tempfile::tempdir().unwrap();
    let cursor = dir.path().join("c");
    let mut run = child(&served, &once(cursor.to_str().unwrap(), &[]));
    drop(run.stdout.take());
    assert_eq!(run.wait().unwrap().code(), Some(0));
    assert!(!cursor.exists());
    let all = stdout_of(mateo(&served, &once(cursor.to_str().unwrap(), &[])));
    assert_eq!(all.lines().count(), 240);
}

/// Killed after so many bytes of its output were read, again and again until a run ends by itself: together the outputs
/// have every row, and each cursor on the way stands behind lines that were out.
#[test]
fn killed_at_any_moment_it_loses_nothing() {
    let rows = include_str!("../../../mateo-sandbox/conformance/rows.jsonl");
    let served = serve(rows);
    let all: BTreeSet<String> = rows.lines().map(id_of).collect();
    let seeds = std::env::var("MATEO_SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(12_u64);
    for seed in 0..seeds {
        let dir = tempfile::tempdir().unwrap();
        let cursor = dir.path().join("c");
        let cursor = cursor.to_str().unwrap();
        let mut collected = BTreeSet::new();
        let mut random = seed;
        for _ in 0..6 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let bytes = usize::try_from(random >> 40).unwrap() % 60_000;
            let mut run = child(&served, &once(cursor, &[]));
            let mut out = run.stdout.take().unwrap();
            let mut text = vec![0; bytes];
            let mut read = 0;
            while read < bytes {
                match out.read(&mut text[read..]).unwrap() {
                    0 => break,
                    more => read += more,
                }
            }
            let _ = run.kill();
            // What was written before it was killed is in the pipe.
            text.truncate(read);
            out.read_to_end(&mut text).unwrap();
            let _ = run.wait();
            let text = String::from_utf8(text).unwrap();
            let whole = text.rfind('\n').map_or("", |end| &text[..end]);
            collected.extend(whole.lines().map(id_of));
        }
        let rest = stdout_of(mateo(&served, &once(cursor, &[])));
        collected.extend(rest.lines().map(id_of));
        assert_eq!(collected, all, "seed {seed}");
    }
}

fn id_of(line: &str) -> String {
    let row: serde_json::Value = serde_json::from_str(line).unwrap();
    row["id"].as_str().unwrap().to_owned()
}
