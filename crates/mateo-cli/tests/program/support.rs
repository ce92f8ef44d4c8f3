//! A server in this process, and the program beside it.

use std::process::{Child, Stdio};

use mateo_sandbox::{Endpoint, EndpointBuilder, Limits, Sandbox, Server};
use snapbox::cmd::{Command, cargo_bin};

/// Six imports in every state, with texts that a terminal and a spreadsheet would misread.
pub(crate) const ROWS: &str = include_str!("../data/rows.jsonl");

/// The sandbox over a socket, until it is dropped.
pub(crate) struct Served {
    pub(crate) url: String,
    pub(crate) files_url: String,
    pub(crate) endpoint: Endpoint,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

pub(crate) fn sandbox_of(rows: &str) -> Sandbox {
    Sandbox::from_jsonl(rows.as_bytes()).unwrap()
}

/// Serves rows without limits, with the key `test-key`.
pub(crate) fn serve(rows: &str) -> Served {
    serve_with(Endpoint::builder(sandbox_of(rows)).limits(Limits::none()))
}

pub(crate) fn serve_with(endpoint: EndpointBuilder) -> Served {
    let (started, starting) = std::sync::mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let server = Server::bind(endpoint.api_key("test-key").build(), "127.0.0.1:0")
                .await
                .unwrap();
            started
                .send((
                    server.url().to_owned(),
                    server.files_url().to_owned(),
                    server.endpoint().clone(),
                ))
                .unwrap();
            let _ = stopped.await;
        });
    });
    let (url, files_url, endpoint) = starting.recv().unwrap();
    Served {
        url,
        files_url,
        endpoint,
        stop: Some(stop),
        thread: Some(thread),
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

const VARIABLES: [&str; 24] = [
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "TZ",
    "MATEO_API_KEY",
    "MATEO_API_KEY_FILE",
    "MATEO_BASE_URL",
    "MATEO_MAX_RPS",
    "MATEO_MAX_PER_DAY",
    "MATEO_REQUEST_TIMEOUT",
    "MATEO_ATTEMPTS",
    "MATEO_COLOR",
    "NO_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "LC_ALL",
    "LC_CTYPE",
    "LANG",
    "RUST_LOG",
    "RUST_BACKTRACE",
];

/// The program with no settings but those given.
pub(crate) fn bare(args: &[&str]) -> Command {
    VARIABLES
        .into_iter()
        .fold(Command::new(cargo_bin!("mateo")), Command::env_remove)
        .env("MATEO_CONFIG", "/dev/null")
        .env("TZ", "UTC")
        // One test is about the shared budget; the others leave no files behind.
        .env("MATEO_BUDGET", "none")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("XDG_CACHE_HOME", "/nonexistent")
        .args(args)
}

/// The program against a server, with its key and without a limit that would make a test wait.
pub(crate) fn mateo(served: &Served, args: &[&str]) -> Command {
    bare(args)
        .env("MATEO_API_KEY", "test-key")
        .env("MATEO_BASE_URL", &served.url)
        .env("MATEO_MAX_RPS", "1000")
}

/// The same as a child, to be talked to while it runs.
pub(crate) fn child(served: &Served, args: &[&str]) -> Child {
    let mut command = std::process::Command::new(cargo_bin!("mateo"));
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    command
        .env("MATEO_CONFIG", "/dev/null")
        .env("TZ", "UTC")
        .env("MATEO_BUDGET", "none")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("XDG_CACHE_HOME", "/nonexistent")
        .env("MATEO_API_KEY", "test-key")
        .env("MATEO_BASE_URL", &served.url)
        .env("MATEO_MAX_RPS", "1000")
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Stdout of a run that goes well.
pub(crate) fn stdout_of(command: Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// What the program prints in a terminal, which `script` (util-linux) makes.
#[cfg(target_os = "linux")]
pub(crate) fn in_terminal(served: &Served, args: &str) -> String {
    in_terminal_with(served, args, &[])
}

#[cfg(target_os = "linux")]
pub(crate) fn in_terminal_with(served: &Served, args: &str, variables: &[(&str, &str)]) -> String {
    let command = format!("{} {args}", cargo_bin!("mateo").display());
    let mut script = std::process::Command::new("script");
    for variable in VARIABLES {
        script.env_remove(variable);
    }
    let output = script
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env("MATEO_CONFIG", "/dev/null")
        .env("TZ", "UTC")
        .env("MATEO_BUDGET", "none")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("XDG_CACHE_HOME", "/nonexistent")
        .env("MATEO_API_KEY", "test-key")
        .env("MATEO_BASE_URL", &served.url)
        .env("MATEO_MAX_RPS", "1000")
        .env("NO_COLOR", "1")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}
