//! The script and the ledger of mateo-http take every step alike: two of each, driven by budgets in paused time.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod server;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};
use mateo_http::{
    BoxFuture, Budget,
    budget::{BudgetError, BudgetStore, KeyBudget, Ledger, Operation, Priority, Reply},
    headers::ResponseFacts,
};
use redis::{Connection, Script};
use server::Server;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

/// A small generator of repeatable numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

struct Both {
    ledger: Ledger,
    older: Vec<(Ledger, Option<String>)>,
    connection: Connection,
    script: Script,
    start: Instant,
    steps: u64,
}

impl std::fmt::Debug for Both {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Both")
    }
}

const NAME: &str = "{a}";

/// Beyond 2026, in milliseconds as a server's clock gives them.
const BEGIN: Duration = Duration::from_secs(1_790_000_000);

impl Both {
    fn apply(&mut self, operation: &Operation) -> Reply {
        let now = BEGIN + self.start.elapsed();
        let expected = self.ledger.apply(operation, now);
        let json = serde_json::to_string(operation).unwrap();
        let mut call = self.script.key(NAME);
        let text: String = call
            .arg(&json)
            .arg(now.as_millis().to_string())
            .invoke(&mut self.connection)
            .unwrap();
        let reply: Reply = serde_json::from_str(&text).unwrap();
        assert_eq!(reply, expected, "step {} at {now:?}: {json}\n{text}", self.steps);
        self.steps += 1;
        reply
    }

    fn stored(&mut self) -> Option<String> {
        redis::cmd("GET").arg(NAME).query(&mut self.connection).unwrap()
    }

    /// Loses everything, or what has happened since some time.
    fn lose(&mut self, older: Option<usize>) {
        let older = older.and_then(|index| self.older.get(index).cloned());
        let (ledger, stored) = older.unwrap_or_default();
        self.ledger = ledger;
        let mut command = match &stored {
            Some(_) => redis::cmd("SET"),
            None => redis::cmd("DEL"),
        };
        command.arg(NAME);
        if let Some(stored) = stored {
            command.arg(stored);
        }
        command.exec(&mut self.connection).unwrap();
    }
}

#[derive(Debug, Clone)]
struct Store(Arc<Mutex<Both>>);

impl BudgetStore for Store {
    fn apply<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, BudgetError>> {
        Box::pin(async { Ok(self.0.lock().unwrap().apply(operation)) })
    }
}

fn facts(random: &mut Random) -> ResponseFacts {
    let mut headers = HeaderMap::new();
    let mut set = |name: &'static str, value: String| {
        headers.insert(name, HeaderValue::try_from(value).unwrap());
    };
    let kind = random.below(12);
    match kind {
        0 => set("retry-after", random.below(4).to_string()),
        1 | 2 => {
            set("ratelimit-limit", (1 + random.below(4)).to_string());
            set("ratelimit-remaining", random.below(2).to_string());
            set("ratelimit-reset", random.below(3).to_string());
        }
        3 => {
            let limit = 1 + random.below(200);
            set("ratelimit", format!("\"s\";r={};t=1", random.below(2)));
            set(
                "ratelimit-policy",
                format!("\"s\";q={limit};w={}", 1 + random.below(3)),
            );
        }
        4 => {
            set(
                "ratelimit",
                format!("\"d\";r={};t={}", random.below(3000), 10 + random.below(9000)),
            );
            set(
                "ratelimit-policy",
                format!("\"d\";q={};w=86400", 500 + random.below(900)),
            );
        }
        _ => {}
    }
    let status = if kind == 0 || random.below(40) == 0 {
        StatusCode::TOO_MANY_REQUESTS
    } else {
        StatusCode::OK
    };
    ResponseFacts::read(status, &headers, std::time::UNIX_EPOCH)
}

async fn call(budget: KeyBudget, seed: u64) {
    let mut random = Random(seed);
    for _ in 0..12 {
        let deadline =
            (random.below(4) == 0).then(|| Instant::now() + Duration::from_millis(random.below(4000)));
        let priority = if random.below(3) == 0 {
            Priority::Bulk
        } else {
            Priority::Interactive
        };
        let Ok(acquired) = tokio::time::timeout(
            Duration::from_millis(random.below(20_000)),
            budget.acquire(priority, deadline),
        )
        .await
        else {
            continue;
        };
        let Ok(mut permit) = acquired else {
            sleep(Duration::from_millis(random.below(60_000))).await;
            continue;
        };
        match random.below(10) {
            0 => permit.give_back().await,
            1 => {
                permit.sent();
                sleep(Duration::from_millis(random.below(8000))).await;
            }
            _ => {
                permit.sent();
                let longest = if random.below(20) == 0 { 7000 } else { 90 };
                sleep(Duration::from_millis(random.below(longest))).await;
                permit.answered(&facts(&mut random)).await;
            }
        }
        if random.below(30) == 0 {
            sleep(Duration::from_secs(random.below(40_000))).await;
        }
    }
}

async fn run(server: &Server, seed: u64) -> u64 {
    server.command("FLUSHALL");
    let both = Both {
        ledger: Ledger::default(),
        older: Vec::new(),
        connection: redis::Client::open(server.url())
            .unwrap()
            .get_connection()
            .unwrap(),
        script: Script::new(include_str!("../src/ledger.lua")),
        start: Instant::now(),
        steps: 0,
    };
    let store = Store(Arc::new(Mutex::new(both)));
    let mut random = Random(seed);
    let mut tasks = JoinSet::new();
    for process in 0..4 {
        let mut settings = KeyBudget::builder();
        if process % 2 == 0 {
            settings = settings.per_second([0.4, 2.0, 5.0, 100.0][usize::try_from(random.below(4)).unwrap()]);
        }
        if process == 1 {
            settings = settings.per_day(20 + random.below(400));
        }
        let budget = settings.store(store.clone()).build();
        for _ in 0..3 {
            tasks.spawn(call(budget.clone(), random.below(1 << 30)));
        }
    }
    let losing = store.clone();
    let loser = tokio::spawn(async move {
        loop {
            sleep(Duration::from_millis(1000 + random.below(30_000))).await;
            let mut both = losing.0.lock().unwrap();
            match random.below(4) {
                0 => both.lose(None),
                1 => {
                    let count = both.older.len() as u64;
                    let older = usize::try_from(random.below(count.max(1))).unwrap();
                    both.lose(Some(older));
                }
                _ => {
                    let stored = both.stored();
                    let ledger = both.ledger.clone();
                    if stored.is_some() {
                        both.older.push((ledger, stored));
                    }
                }
            }
        }
    });
    tasks.join_all().await;
    loser.abort();
    store.0.lock().unwrap().steps
}

#[test]
fn the_script_takes_every_step_as_the_ledger_does() {
    let Some(server) = Server::start(&["--save", ""]) else {
        return;
    };
    let seeds = std::env::var("MATEO_SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok());
    let mut steps = 0;
    for seed in 0..seeds.unwrap_or(2) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        steps += runtime.block_on(run(&server, seed));
    }
    assert!(steps > 1000, "{steps} steps");
}
