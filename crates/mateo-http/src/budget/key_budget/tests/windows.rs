//! Simulated servers with fixed, sliding and leaky windows behind a network with jitter.

use std::collections::VecDeque;

use tokio::time::sleep;

use super::*;

const REQUESTS: u64 = 200;
const LIMIT: usize = 2;

/// The seeds of a simulation: `default` of them, or `MATEO_SEEDS`; only `MATEO_SEED` where a failure is to be repeated.
fn seeds(default: u64) -> std::ops::Range<u64> {
    let number = |name| {
        std::env::var(name)
            .ok()
            .and_then(|value| value.parse::<u64>().ok())
    };
    match number("MATEO_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("MATEO_SEEDS").unwrap_or(default),
    }
}

/// How the server counts arrivals.
#[derive(Debug, Clone)]
enum Window {
    /// Windows of a second that begin at some phase.
    Fixed {
        phase: Duration,
        window: u128,
        count: usize,
    },
    /// At most two in the last second.
    Sliding(VecDeque<Instant>),
    /// A bucket for two that loses two a second.
    Leaky { level: f64, at: Option<Instant> },
}

impl Window {
    fn all(random: &mut Random) -> [Self; 3] {
        [
            Self::Fixed {
                phase: random.millis(0, 1000),
                window: 0,
                count: 0,
            },
            Self::Sliding(VecDeque::new()),
            Self::Leaky { level: 0.0, at: None },
        ]
    }

    fn admits(&mut self, start: Instant, now: Instant) -> bool {
        match self {
            Self::Fixed { phase, window, count } => {
                let current = (now - start + *phase).as_millis() / 1000;
                if current != *window {
                    (*window, *count) = (current, 0);
                }
                *count += 1;
                *count <= LIMIT
            }
            Self::Sliding(arrived) => {
                arrived.retain(|at| now - *at < SECOND);
                arrived.push_back(now);
                arrived.len() <= LIMIT
            }
            Self::Leaky { level, at } => {
                let since = at.map_or(Duration::ZERO, |at| now - at);
                *level = (*level - 2.0 * since.as_secs_f64()).max(0.0) + 1.0;
                *at = Some(now);
                *level <= 2.0 + 1e-9
            }
        }
    }
}

/// Where the 40 ± 30 ms are spent.
#[derive(Debug, Clone, Copy)]
enum Network {
    /// All on the way there.
    There,
    /// Half there, half back.
    Halves,
    /// All on the way there, and 200 ms of connecting before the first.
    Connecting,
    /// Up to 450 ms on the way there, and as much back, each by itself.
    Apart,
}

/// A small generator of repeatable numbers.
struct Random(u64);

impl Random {
    fn millis(&mut self, from: u64, to: u64) -> Duration {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        Duration::from_micros(from * 1000 + (self.0 >> 33) % ((to - from) * 1000))
    }
}

struct Server {
    start: Instant,
    window: Window,
    network: Network,
    random: Random,
    seen: u64,
    refused: u64,
}

impl Server {
    fn new(window: Window, network: Network, seed: u64) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            start: Instant::now(),
            window,
            network,
            random: Random(seed),
            seen: 0,
            refused: 0,
        }))
    }
}

/// One request over the simulated network.
async fn exchange(budget: &KeyBudget, server: &Mutex<Server>) -> bool {
    let mut permit = budget.acquire(Priority::default(), None).await.unwrap();
    permit.sent();
    let (there, back) = {
        let mut server = server.lock().unwrap();
        let time = server.random.millis(10, 70);
        let first = server.seen == 0;
        server.seen += 1;
        match server.network {
            Network::Halves => (time / 2, time / 2),
            Network::Apart => (server.random.millis(0, 450), server.random.millis(0, 450)),
            Network::Connecting if first => (SECOND / 5 + time, Duration::ZERO),
            Network::There | Network::Connecting => (time, Duration::ZERO),
        }
    };
    sleep(there).await;
    let admitted = {
        let mut server = server.lock().unwrap();
        let (start, now) = (server.start, Instant::now());
        let admitted = server.window.admits(start, now);
        server.refused += u64::from(!admitted);
        admitted
    };
    sleep(back).await;
    permit
        .answered(&facts(if admitted { 200 } else { 429 }, &[]))
        .await;
    admitted
}

async fn run(callers: u64, window: Window, network: Network, seed: u64) -> (u64, Duration) {
    let (budget, start) = (KeyBudget::default(), Instant::now());
    let server = Server::new(window, network, seed);
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (budget, server) = (budget.clone(), Arc::clone(&server));
        tasks.spawn(async move {
            for _ in 0..REQUESTS / callers {
                exchange(&budget, &server).await;
            }
        });
    }
    tasks.join_all().await;
    let refused = server.lock().unwrap().refused;
    (refused, start.elapsed())
}

/// Two in every second: the last pair of 200 after 99 s.
const IDEAL: Duration = Duration::from_secs(99);

async fn no_window_refuses(callers: u64) {
    let (mut all, mut runs) = (Duration::ZERO, 0);
    for seed in seeds(8) {
        for network in [Network::There, Network::Halves, Network::Connecting] {
            for window in Window::all(&mut Random(seed)) {
                let case = format!("{callers} callers, {network:?}, {window:?}, MATEO_SEED={seed}");
                let (refused, took) = run(callers, window, network, seed).await;
                assert_eq!(refused, 0, "{case}");
                // Round trips that happen to be long make a run longer.
                assert!(took <= IDEAL.mul_f64(1.06), "{case}: {took:?}");
                all += took;
                runs += 1;
            }
        }
    }
    let usual = all / runs;
    assert!(
        usual <= IDEAL.mul_f64(1.05),
        "{callers} callers: {usual:?} on average"
    );
}

#[tokio::test(start_paused = true)]
async fn no_window_refuses_one_caller_and_none_is_wasted() {
    no_window_refuses(1).await;
}

#[tokio::test(start_paused = true)]
async fn no_window_refuses_fifty_callers_and_none_is_wasted() {
    no_window_refuses(50).await;
}

/// 15,000 requests, of which 11 broke a sliding second as long as a part of the round trip was taken off again.
#[tokio::test(start_paused = true)]
async fn no_window_refuses_where_the_ways_there_and_back_differ_each_time() {
    for seed in seeds(25) {
        for window in Window::all(&mut Random(seed)) {
            let case = format!("{window:?}, MATEO_SEED={seed}");
            let (refused, _) = run(4, window, Network::Apart, seed).await;
            assert_eq!(refused, 0, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_programs_with_one_key_both_finish_without_a_storm() {
    for seed in seeds(8) {
        for window in Window::all(&mut Random(seed)) {
            let start = Instant::now();
            let case = format!("{window:?}, MATEO_SEED={seed}");
            let server = Server::new(window, Network::There, seed);
            let programs = [(); 2].map(|()| {
                let server = Arc::clone(&server);
                tokio::spawn(async move {
                    let budget = KeyBudget::default();
                    let mut done = 0;
                    while done < 100 {
                        done += u32::from(exchange(&budget, &server).await);
                    }
                    start.elapsed()
                })
            });
            let mut took = Duration::ZERO;
            for program in programs {
                took = took.max(program.await.unwrap());
            }
            let refused = server.lock().unwrap().refused;
            assert!(refused <= 20, "{case}: {refused} refused");
            assert!(took <= IDEAL.mul_f64(1.8), "{case}: {took:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_day_is_at_most_ten_thousand_requests_in_any_24_hours() {
    let (budget, start) = (KeyBudget::default(), Instant::now());
    let (day, mut sent) = (86_400 * SECOND, VecDeque::new());
    let mut total = 0;
    while start.elapsed() < 3 * day {
        match budget.acquire(Priority::default(), None).await {
            Ok(mut permit) => {
                permit.sent();
                permit.answered(&facts(200, &[])).await;
                total += 1;
                sent.push_back(Instant::now());
                while sent.front().is_some_and(|at| at.elapsed() >= day) {
                    sent.pop_front();
                }
                assert!(sent.len() <= 10_000, "{} after {:?}", sent.len(), start.elapsed());
            }
            Err(error) => sleep(wait_of(&error)).await,
        }
    }
    assert!(total >= 29_000, "{total} in three days");
}
