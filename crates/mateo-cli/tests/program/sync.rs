//! `mateo imports sync`: the copy is the server's table, however often the program is killed.

#[path = "../../../mateo-sync/tests/common/server.rs"]
pub(crate) mod server;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use mateo_sandbox::{Endpoint, Limits, Row, Sandbox};
use mateo_sync::{Postgres, SqliteStore, Store};
use serde_json::Value;
use snapbox::str;
use uuid::Uuid;

use crate::support::{ROWS, Served, bare, child, mateo, serve, serve_with, stdout_of};

fn sync<'a>(copy: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["imports", "sync", copy], more].concat()
}

fn stderr_of(served: &Served, args: &[&str]) -> (i32, String) {
    let output = mateo(served, args).output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The rows of a copy that are not deleted, by id.
async fn live(store: &mut impl Store) -> BTreeMap<Uuid, Value> {
    let columns = store.columns().clone();
    let rows = store.rows(None, 1_000_000).await.unwrap();
    let live = rows.into_iter().filter(|stored| stored.deleted_at.is_none());
    live.map(|stored| {
        (
            stored.row.id,
            serde_json::from_str(&stored.row.to_json(&columns)).unwrap(),
        )
    })
    .collect()
}

fn assert_equal(store: &mut impl Store, served: &Served) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    compare(&runtime.block_on(live(store)), served, store);
}

fn compare(copy: &BTreeMap<Uuid, Value>, served: &Served, store: &impl Store) {
    let rows = served.endpoint.sandbox().rows();
    assert_eq!(copy.len(), rows.len());
    for row in rows {
        let row = mateo_sync::Row::read(&serde_json::to_string(&row).unwrap(), store.columns()).unwrap();
        let expected: Value = serde_json::from_str(&row.to_json(store.columns())).unwrap();
        assert_eq!(copy.get(&row.id), Some(&expected));
    }
}

#[test]
fn a_run_says_how_it_ended_and_the_next_reads_nothing_again() {
    let served = serve(ROWS);
    let dir = tempfile::tempdir().unwrap();
    let run = |more: &[&str]| mateo(&served, &sync("imports.db", more)).current_dir(dir.path());
    run(&["--dry-run"]).assert().success().stdout_eq(str![[r#"
the copy has 0 imports, the server 6
a run would read 6 imports in about 2 requests, 1s; nothing was written

"#]]);
    assert!(!dir.path().join("imports.db").exists());
    run(&[]).assert().success().stdout_eq("").stderr_eq(str![[r#"
6 imports, complete at [..]Z (6 new or changed)

"#]]);
    served.endpoint.take_counters();
    run(&[]).assert().success().stderr_eq(str![[r#"
6 imports, complete at [..]Z

"#]]);
    assert_eq!(served.endpoint.take_counters().requests, 2);
    run(&["--quiet"]).assert().success().stderr_eq("");
    run(&["--dry-run"]).assert().success().stdout_eq(str![[r#"
the copy has 6 imports, complete at [..]Z, the server 6
a run would read 0 imports in about 2 requests, 1s; nothing was written

"#]]);
    served
        .endpoint
        .sandbox()
        .delete("d419c772-3226-4b94-bc3a-e353fb14628e".parse().unwrap());
    run(&[]).assert().success().stderr_eq(str![[r#"
5 imports, complete at [..]Z (1 marked as deleted)

"#]]);
}

#[test]
fn what_keeps_a_copy_from_being_written_is_one_clear_error() {
    let served = serve(ROWS);
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(
        path("notes.db"),
        "these are notes and no database at all, whatever they are called".repeat(9),
    )
    .unwrap();
    let foreign = rusqlite::Connection::open(path("foreign.db")).unwrap();
    foreign.execute_batch("CREATE TABLE imports (id)").unwrap();
    let newer = path("newer.db");
    mateo(&served, &sync(&newer, &[])).assert().success();
    rusqlite::Connection::open(&newer)
        .unwrap()
        .execute("UPDATE sync_state SET version = 99", [])
        .unwrap();
    let held = path("held.db");
    let store = SqliteStore::open(&held, "").unwrap();
    for (copy, code, expected) in [
        (path("notes.db"), 9, "is no SQLite database"),
        (
            path("foreign.db"),
            9,
            "has a table imports that mateo did not make",
        ),
        (newer, 9, "was made by a newer release of mateo"),
        (held.clone(), 9, "another process writes the copy"),
        (path("nowhere/a.db"), 9, "no such file or directory"),
        (
            "mysql://me:secret@db/crm".to_owned(),
            2,
            "mysql://…@db/crm' is no place for a copy",
        ),
        (
            "postgres://me:secret@127.0.0.1:1/crm".to_owned(),
            9,
            "PostgreSQL at 127.0.0.1:1/crm can't be reached",
        ),
    ] {
        let (found, text) = stderr_of(&served, &sync(&copy, &[]));
        assert_eq!(found, code, "{text}");
        assert!(text.starts_with("error: ") && text.contains(expected), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    drop(store);
    mateo(&served, &sync(&held, &[])).assert().success();
}

#[test]
fn the_key_of_another_organisation_changes_nothing() {
    let served = serve_with(Endpoint::builder(many()).limits(Limits::none()));
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("imports.db").to_str().unwrap().to_owned();
    mateo(&served, &sync(&copy, &[])).assert().success();
    let row = Row::import(Uuid::from_u128(7), Utc::now()).set("organisation_id", Uuid::max());
    let sandbox = Sandbox::new();
    sandbox.insert(row).unwrap();
    let other = serve_with(Endpoint::builder(sandbox).limits(Limits::none()));
    let (code, text) = stderr_of(&other, &sync(&copy, &[]));
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("the key reads the imports of organisation ffffffff"),
        "{text}"
    );
    assert_equal(&mut SqliteStore::open(&copy, "").unwrap(), &served);
    // In the same file, under a name of its own.
    mateo(&other, &sync(&copy, &["--schema", "other"]))
        .assert()
        .success();
    assert_equal(&mut SqliteStore::open(&copy, "other_").unwrap(), &other);
}

#[test]
fn it_follows_until_it_is_told_to_end() {
    let served = serve_with(Endpoint::builder(many()).limits(Limits::none()));
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("imports.db").to_str().unwrap().to_owned();
    let mut running = child(
        &served,
        &sync(&copy, &["--every", "50ms", "--metrics", "127.0.0.1:0"]),
    );
    let mut lines = std::io::BufReader::new(running.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut lines, &mut line).unwrap();
    let url = line.trim().strip_prefix("metrics at http://").unwrap().to_owned();
    line.clear();
    std::io::BufRead::read_line(&mut lines, &mut line).unwrap();
    assert!(line.starts_with("430 imports, complete at "), "{line}");
    let new = Row::import(Uuid::from_u128(7), Utc::now() - TimeDelta::seconds(5));
    served
        .endpoint
        .sandbox()
        .insert(new.set("organisation_id", organisation(&served)))
        .unwrap();
    line.clear();
    std::io::BufRead::read_line(&mut lines, &mut line).unwrap();
    // Where it came between a run's reading and its counting, the count found it.
    let found = line.contains("(1 new or changed)") || line.contains("(1 mended)");
    assert!(line.starts_with("431 imports, complete at ") && found, "{line}");
    let text = get(&url);
    assert!(
        text.contains("mateo_sync_rows 431\n") && text.contains("mateo_sync_requests_left_today "),
        "{text}"
    );
    let ended = std::process::Command::new("kill")
        .arg(running.id().to_string())
        .status()
        .unwrap();
    assert!(ended.success());
    assert_eq!(running.wait().unwrap().code(), Some(143));
    assert_equal(&mut SqliteStore::open(&copy, "").unwrap(), &served);
}

fn organisation(served: &Served) -> String {
    let rows = served.endpoint.sandbox().rows();
    rows.first().unwrap()["organisation_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// What a server answers to a GET, without its headers.
fn get(url: &str) -> String {
    use std::io::Write as _;
    let (host, path) = url.split_once('/').unwrap();
    let mut socket = std::net::TcpStream::connect(host).unwrap();
    write!(
        socket,
        "GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    text.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn a_command_is_run_for_each_import_that_failed_until_it_succeeds() {
    let served = serve(ROWS);
    let dir = tempfile::tempdir().unwrap();
    let run = |command: &str| {
        let args = sync("imports.db", &["--on-failed", command]);
        let output = mateo(&served, &args).current_dir(dir.path()).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let seen = || std::fs::read_to_string(dir.path().join("seen")).unwrap_or_default();
    run("cat >> seen");
    assert_eq!(seen(), "", "what had failed before is no news");
    let id = Uuid::from_u128(7);
    let failed = Row::import(id, Utc::now() - TimeDelta::seconds(5))
        .set("organisation_id", organisation(&served))
        .set("total_count", 3)
        .set("success_count", 1)
        .set("failed_count", 2);
    served.endpoint.sandbox().insert(failed).unwrap();
    let text = run("exit 3");
    assert!(
        text.contains(&format!("--on-failed of import {id}: the command failed")),
        "{text}"
    );
    run("cat >> seen");
    run("cat >> seen");
    let seen = seen();
    assert_eq!(seen.lines().count(), 1, "{seen}");
    let row: Value = serde_json::from_str(seen.trim()).unwrap();
    assert_eq!(
        (row["id"].as_str(), row["failed_count"].as_i64()),
        (Some(id.to_string().as_str()), Some(2))
    );
}

#[test]
fn a_copy_can_be_queried_and_not_changed() {
    let served = serve(ROWS);
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("imports.db").to_str().unwrap().to_owned();
    mateo(&served, &sync(&copy, &[])).assert().success();
    let query = |more: &[&str]| bare(&[&["imports", "query", copy.as_str()], more].concat());
    let count = stdout_of(query(&[
        "SELECT count(*) AS n FROM imports",
        "--output",
        "ndjson",
    ]));
    assert_eq!(count, "{\"n\":6}\n");
    let csv = stdout_of(query(&[
        "SELECT type, count(*) AS n FROM imports GROUP BY type LIMIT 1",
        "-o",
        "csv",
    ]));
    assert!(csv.starts_with("type,n\r\n"), "{csv}");
    query(&["DELETE FROM imports"])
        .assert()
        .code(2)
        .stderr_eq(str![[r#"
error: the query can't be run: it is no SELECT, and the copy is not to be changed

"#]]);
    bare(&["imports", "query", "nowhere.db", "SELECT 1"])
        .assert()
        .code(9);
}

/// How often the program is killed: `default`, or `MATEO_KILLS`.
fn kills(default: u64) -> u64 {
    std::env::var("MATEO_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(default)
}

/// The rows of the tests that kill: 430 of them, made a while ago.
const MANY: u64 = 430;

fn many() -> Sandbox {
    let sandbox = Sandbox::new();
    for number in 0..MANY {
        sandbox.insert(numbered(number)).unwrap();
    }
    sandbox
}

fn numbered(number: u64) -> Row {
    let at = Utc::now() - TimeDelta::hours(1) + TimeDelta::seconds(i64::try_from(number / 3).unwrap());
    Row::import(number_id(number), at).set("payload", serde_json::json!([{ "n": number }]))
}

fn number_id(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 64 | u128::from(number))
}

/// Kills the program with SIGKILL again and again: at its first, second, third… request and up to some milliseconds
/// later, where it writes. Rows change in between. Then it is let run to its end.
fn survives_kills(copy: &str, kills: u64) -> Served {
    let (requests, at) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(u64::MAX)));
    let (reached, is_reached) = mpsc::channel::<()>();
    let (seen, wanted, reached) = (Arc::clone(&requests), Arc::clone(&at), Mutex::new(reached));
    let endpoint = Endpoint::builder(many()).limits(Limits::none());
    let served = serve_with(endpoint.on_request(move |_, _, _| {
        if seen.fetch_add(1, Relaxed) + 1 == wanted.load(Relaxed) {
            let _ = reached.lock().unwrap().send(());
        }
    }));
    let mut killed = 0;
    for round in 0..kills {
        requests.store(0, Relaxed);
        at.store(1 + round % 12, Relaxed);
        let mut running = child(&served, &sync(copy, &[]));
        // It may have less to do.
        while is_reached.recv_timeout(Duration::from_millis(5)).is_err() {
            if running.try_wait().unwrap().is_some() {
                break;
            }
        }
        std::thread::sleep(Duration::from_micros(round * 397 % 5_000));
        running.kill().unwrap();
        killed += u64::from(running.wait().unwrap().code().is_none());
        let now = Utc::now() - TimeDelta::seconds(5) + TimeDelta::microseconds(i64::try_from(round).unwrap());
        let sandbox = served.endpoint.sandbox();
        sandbox
            .update(number_id(round * 7 % MANY), Row::new().set("updated_at", now))
            .unwrap();
        sandbox.delete(number_id(round * 11 % MANY));
        sandbox
            .insert(
                numbered(MANY + round)
                    .set("created_at", now)
                    .set("updated_at", now),
            )
            .unwrap();
    }
    assert!(
        killed * 2 > kills,
        "{killed} of {kills} runs were killed before their end"
    );
    at.store(u64::MAX, Relaxed);
    mateo(&served, &sync(copy, &[])).assert().success();
    served
}

#[test]
fn a_copy_in_sqlite_survives_being_killed_at_any_request_and_commit() {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("imports.db");
    let served = survives_kills(copy.to_str().unwrap(), kills(36));
    assert_equal(&mut SqliteStore::open(&copy, "").unwrap(), &served);
    assert!(is_sound(&copy));
}

fn is_sound(copy: &Path) -> bool {
    let connection = rusqlite::Connection::open(copy).unwrap();
    let check: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    check == "ok"
}

#[test]
fn a_copy_in_postgresql_survives_being_killed_at_any_request_and_commit() {
    let Some(server) = server::server() else { return };
    server.database("kills");
    let copy = server.socket_url("kills");
    let killed = survives_kills(&copy, kills(24));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut store = Postgres::new(&copy).open().await.unwrap();
        let copy = live(&mut store).await;
        compare(&copy, &killed, &store);
    });
}
