//! The cookbook's pages about copies: what they tell a reader to run is run, against the sandbox.

#![allow(clippy::print_stderr, clippy::panic, reason = "a test says what it skips")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mateo_sandbox::{Endpoint, Limits, Sandbox};
use snapbox::cmd::cargo_bin;

use crate::support::{Served, serve_with};
use crate::sync::server::server;

/// A page's blocks of code: what follows the fence, and the text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/cookbook")
        .join(page);
    let text = std::fs::read_to_string(path).unwrap();
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((kind.to_owned(), block.join("\n")));
        }
    }
    assert!(!blocks.is_empty(), "{page}");
    blocks
}

/// A home of its own, with the program in the path and a server that answers.
struct Home {
    directory: tempfile::TempDir,
    served: Served,
}

impl Home {
    fn new() -> Self {
        let sandbox = Sandbox::generate(120, 7);
        Self {
            directory: tempfile::tempdir().unwrap(),
            served: serve_with(Endpoint::builder(sandbox).limits(Limits::none())),
        }
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let bin = cargo_bin!("mateo");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        command
            .current_dir(self.directory.path())
            .env("HOME", self.directory.path())
            .env("PATH", format!("{}:{path}", bin.parent().unwrap().display()))
            .env("MATEO_CONFIG", "/dev/null")
            .env("MATEO_BASE_URL", &self.served.url)
            .env("MATEO_MAX_RPS", "1000");
        command
    }

    fn sh(&self, script: &str, variables: &[(&str, &str)]) -> String {
        let mut command = self.command("sh");
        command.args(["-e", "-c", script]).envs(variables.iter().copied());
        succeeded(script, &command.output().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

fn succeeded(what: &str, output: &Output) -> String {
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{what}\n{out}\n{err}");
    out.into_owned()
}

#[test]
fn cookbook_cron() {
    let home = Home::new();
    for (kind, block) in blocks("copy_with_cron.md") {
        let script = match kind.as_str() {
            "sh" => block,
            // After the five fields of the time cron gives the rest of the line to sh.
            "crontab" => block.splitn(6, ' ').nth(5).unwrap().to_owned(),
            other => panic!("a block of {other}"),
        };
        let out = home.sh(&script, &[("KEY", "test-key")]);
        if script.contains("proven_at") {
            assert!(out.contains("20"), "{out}");
        }
    }
    assert!(home.file("imports.db").is_file());
}

#[test]
fn cookbook_systemd() {
    let home = Home::new();
    let bin = cargo_bin!("mateo").display().to_string();
    let state = home.directory.path().display().to_string();
    let has_systemd = Command::new("systemd-analyze").arg("--version").output().is_ok();
    if !has_systemd {
        eprintln!("skipped: systemd-analyze is not installed");
    }
    for (index, (kind, block)) in blocks("copy_with_systemd.md").into_iter().enumerate() {
        let unit = kind.strip_prefix("ini ").unwrap();
        let block = block.replace("/usr/local/bin/mateo", &bin);
        let name = match unit {
            "timer" => "mateo-sync.timer".to_owned(),
            _ if index == 0 => "mateo-sync.service".to_owned(),
            _ => format!("mateo-sync-{index}.service"),
        };
        std::fs::write(home.file(&name), &block).unwrap();
        if has_systemd {
            let verified = home
                .command("systemd-analyze")
                .args(["verify", "--man=no"])
                .arg(home.file(&name))
                .output();
            let output = verified.unwrap();
            let err = String::from_utf8_lossy(&output.stderr);
            assert!(!err.contains("mateo-sync"), "{err}");
        }
        if let Some(start) = block.lines().find_map(|line| line.strip_prefix("ExecStart=")) {
            let start = start.replace("/var/lib/mateo", &state);
            // The one that follows is ended as systemd ends it.
            let script = if start.contains("--every") {
                let start = start.replace(":9187", ":0");
                format!("code=0; timeout 2 {start} || code=$?; test $code = 124")
            } else {
                start
            };
            home.sh(&script, &[("MATEO_API_KEY", "test-key")]);
        }
    }
    assert!(home.file("imports.db").is_file());
}

#[test]
fn cookbook_postgresql() {
    let Some(server) = server() else { return };
    server.database("cookbook");
    let url = server.socket_url("cookbook");
    let home = Home::new();
    let psql = crate::sync::server::programs().unwrap();
    for (kind, block) in blocks("copy_in_postgresql.md") {
        assert_eq!(kind, "sh");
        let script = format!("PATH=$PATH:{}; {block}", psql.display());
        home.sh(&script, &[("MATEO_API_KEY", "test-key"), ("DATABASE_URL", &url)]);
    }
    assert_eq!(
        server.sql("cookbook", "SELECT count(*) FROM mateo.imports"),
        "120"
    );
}

/// A Python that has a package: `MATEO_PYTHON`, or the one of the path.
fn python(package: &str) -> Option<String> {
    let python = std::env::var("MATEO_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python)
        .args(["-c", &format!("import {package}")])
        .output();
    if found.is_ok_and(|found| found.status.success()) {
        return Some(python);
    }
    eprintln!("skipped: {python} has no package {package}; name another by MATEO_PYTHON");
    None
}

fn with_python(page: &str, package: &str) {
    let home = Home::new();
    for (kind, block) in blocks(page) {
        if kind == "sh" {
            home.sh(&block, &[("MATEO_API_KEY", "test-key")]);
        } else {
            assert_eq!(kind, format!("python {package}"));
            let Some(python) = python(package) else { return };
            succeeded(
                &block,
                &home.command(python).args(["-c", &block]).output().unwrap(),
            );
        }
    }
}

#[test]
#[cfg(feature = "parquet")]
fn cookbook_duckdb() {
    with_python("copy_with_duckdb.md", "duckdb");
}

#[test]
fn cookbook_pandas() {
    with_python("copy_with_pandas.md", "pandas");
}
