//! A fleet: processes of one machine that use the same key at the sandbox, over real sockets, until so many requests are
//! answered.
//!
//! Each process is the test's own program, started again for the one test named `worker`.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use mateo_http::{ApiKey, Budget, Pipeline, Retry};
use mateo_model::{ImportQuery, Prefer};
use mateo_sandbox::{Counters, Endpoint, Limits, Sandbox, Server, Window};

pub(crate) const KEY: &str = "a-key";

/// What a worker is told, in its environment.
const SERVER: &str = "MATEO_FLEET_SERVER";
const STORE: &str = "MATEO_FLEET_STORE";

/// How many requests a run has: `usual`, or what `MATEO_FLEET_REQUESTS` says, and then the time is judged, too.
fn requests(usual: usize) -> (usize, bool) {
    let set = env::var("MATEO_FLEET_REQUESTS")
        .ok()
        .and_then(|number| number.parse().ok());
    (set.unwrap_or(usual), set.is_some())
}

/// The life of a worker: requests without end, a line for each.
pub(crate) fn work<B: Budget + 'static>(budget: impl FnOnce(&str, &str) -> B) {
    let (Ok(server), Ok(store)) = (env::var(SERVER), env::var(STORE)) else {
        return; // the test is not run for its own sake
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let pipeline = Pipeline::builder(ApiKey::new(KEY))
        .base_url(server.as_str())
        .budget(runtime.block_on(async { budget(&store, &server) }))
        .retry(Retry::none())
        .build()
        .unwrap();
    runtime.block_on(async {
        loop {
            let page = pipeline.page(&ImportQuery::new(), &Prefer::new(), None).await;
            let mut out = std::io::stdout();
            let line = match page {
                Ok(_) => "fleet ok".to_owned(),
                Err(error) => format!("fleet error {error}: {:?}", error.status()),
            };
            if writeln!(out, "\n{line}").and_then(|()| out.flush()).is_err() {
                return;
            }
        }
    });
}

/// The processes, and the server that they ask.
pub(crate) struct Fleet {
    runtime: tokio::runtime::Runtime,
    server: Option<Server>,
    store: String,
    children: Vec<Child>,
    lines: Receiver<(usize, String)>,
    sender: Sender<(usize, String)>,
}

impl Fleet {
    pub(crate) fn new(limits: Limits, store: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let endpoint = Endpoint::builder(Sandbox::new())
            .api_key(KEY)
            .limits(limits)
            .latency(Duration::from_millis(40), Duration::from_millis(30))
            .build();
        let server = runtime.block_on(Server::bind(endpoint, "127.0.0.1:0")).unwrap();
        let (sender, lines) = channel();
        Self {
            runtime,
            server: Some(server),
            store: store.to_owned(),
            children: Vec::new(),
            lines,
            sender,
        }
    }

    /// Starts a process, and says which.
    pub(crate) fn start(&mut self) -> usize {
        let url = self.server.as_ref().unwrap().url();
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "worker", "--nocapture", "--test-threads=1"])
            .env(SERVER, url)
            .env(STORE, &self.store)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (out, sender, who) = (
            child.stdout.take().unwrap(),
            self.sender.clone(),
            self.children.len(),
        );
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Some(line) = line.strip_prefix("fleet ") {
                    let _ = sender.send((who, line.to_owned()));
                }
            }
        });
        self.children.push(child);
        who
    }

    /// Ends a process at once, wherever it is (`kill -9`).
    pub(crate) fn kill(&mut self, who: usize) {
        self.children[who].kill().unwrap();
        self.children[who].wait().unwrap();
    }

    /// The next request that ended, with whose it was; `None` where none does within `patience`.
    pub(crate) fn next(&mut self, patience: Duration) -> Option<(usize, String)> {
        self.lines.recv_timeout(patience).ok()
    }

    pub(crate) fn counters(&self) -> Counters {
        self.server.as_ref().unwrap().endpoint().counters()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop());
        }
    }
}

/// Eight processes until so many requests are answered: none is rejected, each gets at least half of its fair share, and, in
/// long runs, no more than a twentieth of the time is lost.
pub(crate) fn eight_processes(name: &str, store: &str, window: Window) {
    const PROCESSES: usize = 8;
    let (requests, is_long) = requests(32);
    let mut fleet = Fleet::new(Limits::default().window(window), store);
    for _ in 0..PROCESSES {
        fleet.start();
    }
    // Starting takes processes a while, which is not what is measured.
    let mut started = [false; PROCESSES];
    while started != [true; PROCESSES] {
        let (who, line) = fleet
            .next(Duration::from_secs(10))
            .expect("a request in ten seconds");
        assert_eq!(line, "ok", "{name}, {window:?}");
        started[who] = true;
    }
    let (mut shares, mut begin, mut took) = ([0; PROCESSES], None, Duration::ZERO);
    for answered in 1..=requests {
        let (who, line) = fleet
            .next(Duration::from_secs(10))
            .expect("a request in ten seconds");
        assert_eq!(line, "ok", "{name}, {window:?}, request {answered}");
        let begin = *begin.get_or_insert_with(Instant::now);
        took = begin.elapsed();
        shares[who] += 1;
    }
    let rejected = fleet.counters().too_many_requests();
    // Half a second from each request to the next: the last of 200 after 99.5 s.
    let ideal = Duration::from_millis(500) * u32::try_from(requests - 1).unwrap();
    let ratio = took.as_secs_f64() / ideal.as_secs_f64();
    let least = shares.iter().min().unwrap();
    println!(
        "| {name} | {window:?} | {requests} | {rejected} | {:.1} s | {:.1} s | {ratio:.3} | {least} to {} of {} |",
        took.as_secs_f64(),
        ideal.as_secs_f64(),
        shares.iter().max().unwrap(),
        requests / PROCESSES,
    );
    assert_eq!(rejected, 0);
    assert!(least * 2 * PROCESSES >= requests, "{shares:?}");
    assert!(!is_long || ratio <= 1.05, "{ratio}");
}

/// Kills a process at a dozen moments (in long runs, at one for every two requests), wherever it is, and starts another: none is rejected, and the others go on within a
/// lease and a window.
pub(crate) fn killed(name: &str, store: &str) {
    let (requests, is_long) = requests(0);
    let moments = if is_long { requests as u64 / 2 } else { 12 };
    let mut fleet = Fleet::new(Limits::default().window(Window::Sliding), store);
    let mut alive: Vec<usize> = (0..4).map(|_| fleet.start()).collect();
    let (mut last, mut longest, mut answered) = (Instant::now(), Duration::ZERO, 0);
    for moment in 0..moments {
        // At other phases of the second each time.
        let until = Instant::now() + Duration::from_millis(50 + moment * 137 % 1000);
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            if let Some((_, line)) = fleet.next(left) {
                assert_eq!(line, "ok", "{name}");
                longest = longest.max(last.elapsed());
                (last, answered) = (Instant::now(), answered + 1);
            }
        }
        let who = alive.remove(usize::try_from(moment).unwrap() % alive.len());
        fleet.kill(who);
        alive.push(fleet.start());
        longest = longest.max(last.elapsed());
    }
    let rejected = fleet.counters().too_many_requests();
    println!(
        "| {name} | {moments} killed | {answered} answered | {rejected} rejected | longest pause {longest:.1?} |"
    );
    assert_eq!(rejected, 0);
    assert!(answered > 0 && longest <= Duration::from_secs(7), "{longest:?}");
}
