//! The budget that programs with the same key share.

use mateo_sandbox::{Endpoint, Limits, Window};
use tempfile::TempDir;

use crate::support::{ROWS, Served, mateo, sandbox_of, serve_with, stdout_of};

fn served() -> Served {
    let limits = Limits::default().window(Window::Sliding);
    serve_with(Endpoint::builder(sandbox_of(ROWS)).limits(limits))
}

/// The program with the state folder `state`, and the limits that hellomateo has.
fn shared(served: &Served, state: &TempDir, args: &[&str]) -> snapbox::cmd::Command {
    mateo(served, args)
        .env("XDG_STATE_HOME", state.path())
        .env("MATEO_BUDGET", "file")
        .env("MATEO_MAX_RPS", "2")
}

#[cfg(target_os = "linux")]
#[test]
fn programs_one_after_another_provoke_no_429_and_know_what_is_left_today() {
    let (served, state) = (served(), tempfile::tempdir().unwrap());
    for _ in 0..6 {
        // With one attempt, a 429 would fail it.
        let list = ["--attempts", "1", "imports", "list", "-n", "1"];
        shared(&served, &state, &list).assert().success();
    }
    let config = stdout_of(shared(&served, &state, &["config"]));
    let budget = config.lines().find(|line| line.starts_with("budget")).unwrap();
    assert!(budget.contains("9,994 requests left today, kept in "), "{budget}");
    assert!(!config.contains("test-key"), "{config}");
    let doctor = stdout_of(shared(&served, &state, &["doctor"]));
    assert!(
        doctor.contains("ok    budget    9,994 requests left today"),
        "{doctor}"
    );
    // Another key has another budget, and so has a program that was told to share none.
    let other = shared(&served, &state, &["config"]).env("MATEO_API_KEY", "another");
    assert!(stdout_of(other).contains("10,000 requests left today"));
    let alone = shared(&served, &state, &["--no-shared-budget", "config"]).env_remove("MATEO_BUDGET");
    let alone = stdout_of(alone);
    assert!(
        alone.contains("10,000 requests left today, kept in this process alone"),
        "{alone}"
    );
    assert!(alone.contains("--no-shared-budget"), "{alone}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_budget_that_can_not_be_kept_says_how_to_go_on() {
    let (served, state) = (served(), tempfile::tempdir().unwrap());
    std::fs::write(state.path().join("mateo"), "no folder").unwrap();
    let output = shared(&served, &state, &["imports", "list"]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(9), "{text}");
    assert!(
        text.contains("mateo cannot be used") && text.contains("--no-shared-budget"),
        "{text}"
    );
    let damaged = tempfile::tempdir().unwrap();
    shared(&served, &damaged, &["imports", "list"]).assert().success();
    let folder = std::fs::read_dir(damaged.path().join("mateo")).unwrap();
    for file in folder {
        std::fs::write(file.unwrap().path(), vec![7; 40_000]).unwrap();
    }
    let output = shared(&served, &damaged, &["imports", "list"]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(9), "{text}");
    assert!(text.contains("is damaged; delete it"), "{text}");
}

#[test]
fn a_budget_that_is_none_of_them_is_a_mistake() {
    let served = served();
    let output = mateo(&served, &["--budget", "everywhere", "config"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("budget is 'everywhere' (--budget)"), "{text}");
}

#[test]
fn a_server_of_the_budget_that_is_away_stops_the_program_and_shows_no_password() {
    let served = served();
    let url = "redis://:s3cret@127.0.0.1:9";
    let output = mateo(&served, &["imports", "list"])
        .env("MATEO_BUDGET", url)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(9), "{text}");
    assert!(
        text.contains("the budget's server at redis://127.0.0.1:9 cannot be reached"),
        "{text}"
    );
    assert!(
        text.contains("--no-shared-budget") && !text.contains("s3cret"),
        "{text}"
    );
    let wrong = mateo(&served, &["config"])
        .env("MATEO_BUDGET", "http://s3cret@h")
        .output()
        .unwrap();
    let text = String::from_utf8([wrong.stdout, wrong.stderr].concat()).unwrap();
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn programs_share_the_budget_of_a_server() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let Some(mut redis) = ["valkey-server", "redis-server"].iter().find_map(|program| {
        let arguments = ["--save", "", "--port", &port.to_string()].map(ToOwned::to_owned);
        std::process::Command::new(program)
            .args(arguments)
            .stdout(std::process::Stdio::null())
            .spawn()
            .ok()
    }) else {
        assert!(
            std::env::var("MATEO_REQUIRE_SERVICES").as_deref() != Ok("1"),
            "no Valkey, no Redis"
        );
        eprintln!("skipped: there is neither valkey-server nor redis-server on the PATH");
        return;
    };
    let served = served();
    let url = format!("redis://127.0.0.1:{port}");
    let run = |args: &[&str]| {
        stdout_of(
            mateo(&served, args)
                .env("MATEO_BUDGET", &url)
                .env("MATEO_MAX_RPS", "2"),
        )
    };
    for _ in 0..3 {
        run(&["--attempts", "1", "imports", "list", "-n", "1"]);
    }
    let config = run(&["config"]);
    let expected = format!("9,997 requests left today, kept in {url}");
    redis.kill().unwrap();
    redis.wait().unwrap();
    assert!(config.contains(&expected), "{config}");
}
