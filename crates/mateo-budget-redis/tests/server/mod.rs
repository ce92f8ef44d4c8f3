//! A real server for a test: `redis-server` or `valkey-server` from the PATH. Without one, tests say that they were skipped,
//! and with `MATEO_REQUIRE_SERVICES=1` that fails them.

#![allow(
    dead_code,
    clippy::print_stderr,
    reason = "each test uses a part of it, and says what it skips"
)]

use std::env;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) struct Server {
    program: &'static str,
    arguments: Vec<String>,
    child: Option<Child>,
    pub(crate) port: u16,
    folder: TempDir,
}

/// A port that is free now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

impl Server {
    /// Starts a server; `None` where there is none.
    pub(crate) fn start(arguments: &[&str]) -> Option<Self> {
        let works = |program: &&str| {
            let version = Command::new(program).arg("--version").output();
            version.is_ok_and(|output| output.status.success())
        };
        let Some(program) = ["valkey-server", "redis-server"].into_iter().find(works) else {
            assert!(
                env::var("MATEO_REQUIRE_SERVICES").as_deref() != Ok("1"),
                "MATEO_REQUIRE_SERVICES=1, and there is neither valkey-server nor redis-server"
            );
            eprintln!("skipped: there is neither valkey-server nor redis-server on the PATH");
            return None;
        };
        let mut server = Self {
            program,
            arguments: arguments.iter().map(ToString::to_string).collect(),
            child: None,
            port: free_port(),
            folder: tempfile::tempdir().unwrap(),
        };
        server.run();
        Some(server)
    }

    /// Starts it again, on the same port and with its data.
    pub(crate) fn run(&mut self) {
        let mut command = Command::new(self.program);
        if self
            .arguments
            .first()
            .is_some_and(|first| first.contains("sentinel.conf"))
        {
            command.arg(&self.arguments[0]).args(&self.arguments[1..]);
        } else {
            command.args(&self.arguments);
        }
        let child = command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--dir", self.folder.path().to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let end = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < end, "the server did not start");
            std::thread::yield_now();
        }
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops its process where it is, or lets it go on.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(status.success());
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sends a command, and returns the start of what it answers.
    pub(crate) fn command(&self, line: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream
            .write_all(format!("{line}\r\nQUIT\r\n").as_bytes())
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    /// How many scripts it has run.
    pub(crate) fn scripts(&self) -> u64 {
        let stats = self.command("INFO commandstats");
        let calls = stats
            .lines()
            .find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
        calls.map_or(0, |calls| calls.split(',').next().unwrap().parse().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
