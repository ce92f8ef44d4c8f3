//! The ledger as a function of time.

use super::*;

const SECOND: i64 = 1000;
const TRIP: i64 = 40;

fn terms() -> Terms {
    Terms {
        rate: Rate::per_second(2.0),
        rate_is_set: false,
        per_day: Some(10_000),
        day_is_set: false,
        lease: 5 * SECOND,
    }
}

/// A process with what it remembers.
struct Process {
    who: i64,
    terms: Terms,
    known: Option<Ledger>,
}

impl Process {
    fn new(who: i64) -> Self {
        Self {
            who,
            terms: terms(),
            known: None,
        }
    }

    fn step(&mut self, ledger: &mut Ledger, act: Act, now: i64) -> Verdict {
        let mut operation = Operation {
            act,
            terms: self.terms.clone(),
            known: self.known.as_ref().and_then(Ledger::name),
            ledger: None,
            fresh: self.who * 1_000_000 + now % 1_000_000 + 1,
        };
        let now = Duration::from_millis(now.unsigned_abs());
        let mut reply = ledger.apply(&operation, now);
        if reply.verdict == Verdict::Lost {
            operation.ledger = self.known.clone();
            reply = ledger.apply(&operation, now);
        }
        self.known = Some(reply.ledger);
        reply.verdict
    }

    fn acquire(&mut self, ledger: &mut Ledger, id: i64, now: i64) -> Verdict {
        let act = Act::Acquire(Acquire {
            who: self.who,
            id,
            patience: 0,
            within: i64::MAX / 2,
        });
        self.step(ledger, act, now)
    }

    /// Asks until the turn is granted, and returns when it is.
    fn turn(&mut self, ledger: &mut Ledger, id: i64, mut now: i64) -> i64 {
        loop {
            match self.acquire(ledger, id, now) {
                Verdict::Granted { after } => return now + after,
                Verdict::Wait { after } => now += after,
                other => panic!("{other:?}"),
            }
        }
    }

    fn answered(&mut self, ledger: &mut Ledger, id: i64, answer: Answer, now: i64) {
        assert_eq!(self.step(ledger, Act::Answer { id, answer }, now), Verdict::Done);
    }
}

fn left(ledger: &Ledger) -> Option<u64> {
    ledger.day.left(&terms())
}

fn rejected() -> Answer {
    Answer {
        rejected: true,
        ..Answer::default()
    }
}

#[test]
fn rates_as_settings_give_them() {
    let rate = |per_second| Rate::per_second(per_second).map(|rate| (rate.limit, rate.window));
    assert_eq!(rate(2.0), Some((2, SECOND)));
    assert_eq!(rate(2.5), Some((2, 800)));
    assert_eq!(rate(0.5), Some((1, 2 * SECOND)));
    assert_eq!(rate(1e-9), Some((1, 3600 * SECOND)));
    // 640 in a second are at most 64 in every tenth of it.
    assert_eq!(rate(640.0), Some((64, 100)));
    for none in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        assert_eq!(rate(none), None, "{none}");
    }
}

#[test]
fn the_third_request_leaves_a_window_after_the_answer_to_the_first() {
    let (mut ledger, mut process, mut now, mut times) =
        (Ledger::default(), Process::new(1), 7 * SECOND, Vec::new());
    for id in 1..=4 {
        now = process.turn(&mut ledger, id, now);
        times.push(now - 7 * SECOND);
        now += TRIP;
        process.answered(&mut ledger, id, Answer::default(), now);
    }
    let window = TRIP + SECOND + MORE_THAN;
    assert_eq!(times, [0, 150, window, window + 150]);
}

#[test]
fn a_request_without_an_answer_takes_one_place_until_its_lease_ends() {
    let (mut ledger, mut process) = (Ledger::default(), Process::new(1));
    assert_eq!(process.turn(&mut ledger, 1, 0), 0); // its sender dies
    let (mut now, mut times) = (0, Vec::new());
    for id in 2..=9 {
        now = process.turn(&mut ledger, id, now);
        times.push(now);
        process.answered(&mut ledger, id, Answer::default(), now);
    }
    // One a window for five seconds and a window, then two.
    let step = SECOND + MORE_THAN;
    assert_eq!(
        times[..6],
        [
            150,
            150 + step,
            150 + 2 * step,
            150 + 3 * step,
            150 + 4 * step,
            150 + 5 * step
        ]
    );
    assert_eq!(times[6], 5 * SECOND + step);
}

#[test]
fn whoever_waits_is_granted_its_turn_when_it_asks_again() {
    let mut ledger = Ledger::default();
    let mut processes: Vec<_> = (1..=8).map(Process::new).collect();
    // All ask at once; each asks again when it was told to, and its answer comes after 40 ms.
    let mut events: Vec<(i64, usize, bool)> = (0..8).map(|index| (0, index, false)).collect();
    let (mut asked, mut granted, mut ids) = (0, Vec::new(), vec![0; 8]);
    while granted.len() < 200 {
        events.sort_unstable_by(|one, other| other.cmp(one));
        let (now, index, answered) = events.pop().unwrap();
        let process = &mut processes[index];
        if answered {
            process.answered(&mut ledger, ids[index], Answer::default(), now);
            events.push((now, index, false));
            continue;
        }
        asked += 1;
        ids[index] = 1000 * i64::try_from(index).unwrap() + now;
        match process.acquire(&mut ledger, ids[index], now) {
            Verdict::Granted { after } => {
                granted.push((now + after, index));
                events.push((now + after + TRIP, index, true));
            }
            Verdict::Wait { after } => events.push((now + after, index, false)),
            other => panic!("{other:?}"),
        }
    }
    // First come, first served, and each has its share.
    for (index, chunk) in granted.chunks(8).enumerate().skip(1) {
        let mut who: Vec<_> = chunk.iter().map(|(_, who)| *who).collect();
        who.sort_unstable();
        assert_eq!(who, (0..8).collect::<Vec<_>>(), "round {index}: {chunk:?}");
    }
    let took = granted.last().unwrap().0;
    assert!(took <= 99 * (SECOND + TRIP + 3), "{took}");
    assert!(asked <= 200 * 9 / 4, "{asked} questions for 200 turns");
}

#[test]
fn a_ticket_whose_holder_does_not_come_is_passed_over() {
    let mut ledger = Ledger::default();
    let (mut one, mut dead, mut other) = (Process::new(1), Process::new(2), Process::new(3));
    for id in 1..=2 {
        let now = one.turn(&mut ledger, id, 0);
        one.answered(&mut ledger, id, Answer::default(), now + TRIP);
    }
    assert!(matches!(
        dead.acquire(&mut ledger, 3, 150),
        Verdict::Granted { .. }
    ));
    let mut killed = Process::new(4);
    assert!(matches!(
        killed.acquire(&mut ledger, 4, 150),
        Verdict::Wait { .. }
    ));
    let turn = other.turn(&mut ledger, 5, 160);
    assert!(turn <= 2 * SECOND, "{turn}");
}

#[test]
fn a_turn_asked_for_twice_is_counted_once() {
    let (mut ledger, mut process) = (Ledger::default(), Process::new(1));
    for now in [0, 10] {
        assert_eq!(
            process.acquire(&mut ledger, 7, now),
            Verdict::Granted { after: 0 }
        );
        assert_eq!(left(&ledger), Some(9_999));
    }
}

#[test]
fn a_turn_given_back_is_as_if_never_granted() {
    let (mut ledger, mut process) = (Ledger::default(), Process::new(1));
    for id in 1..=2 {
        process.acquire(&mut ledger, id, 0);
    }
    for id in 1..=3 {
        process.step(&mut ledger, Act::Return { id }, 0);
    }
    assert_eq!(left(&ledger), Some(10_000));
    assert_eq!(process.turn(&mut ledger, 4, 0), 0);
}

#[test]
fn rejections_halve_the_rate_once_a_window_and_success_restores_it() {
    let (mut ledger, mut process) = (Ledger::default(), Process::new(1));
    let (mut now, mut id) = (0, 0);
    let mut send = |ledger: &mut Ledger, now: &mut i64, answer: Answer| {
        id += 1;
        *now = process.turn(ledger, id, *now);
        process.answered(ledger, id, answer, *now + TRIP);
        ledger.unused
    };
    assert_eq!(send(&mut ledger, &mut now, rejected()), 500);
    let window = |ledger: &Ledger| ledger.rate(&terms()).map(|rate| rate.window);
    assert_eq!(window(&ledger), Some(2 * SECOND));
    for _ in 0..20 {
        send(&mut ledger, &mut now, rejected());
    }
    assert_eq!(ledger.unused, WHOLE - LEAST_SHARE);
    for _ in 0..100 {
        send(&mut ledger, &mut now, Answer::default());
    }
    assert_eq!(window(&ledger), Some(SECOND));
}

#[test]
fn a_hold_ends_with_a_later_success() {
    let (mut ledger, mut process) = (Ledger::default(), Process::new(1));
    let mut elsewhere = Process::new(2);
    elsewhere.terms.rate = None;
    process.acquire(&mut ledger, 1, 0);
    let hour = Answer {
        wait: Some(3600 * SECOND),
        ..rejected()
    };
    process.answered(&mut ledger, 1, hour, TRIP);
    assert_eq!(ledger.hold, TRIP + 3600 * SECOND);
    // One that was sent before says nothing about it, one that was sent after it does.
    ledger.remember(&terms(), 2, 0, 1);
    ledger.remember(&terms(), 3, SECOND, 1);
    process.answered(&mut ledger, 2, Answer::default(), SECOND);
    assert_eq!(ledger.hold, TRIP + 3600 * SECOND);
    process.answered(&mut ledger, 3, Answer::default(), SECOND + TRIP);
    assert_eq!(ledger.hold, 0);
}

#[test]
fn a_stated_rate_may_lower_ours_and_raises_it_only_where_it_is_sure_and_ours_was_not_set() {
    let stated = |limit, window, sure| StatedRate { limit, window, sure };
    let mut terms = terms();
    let rate = |terms: &Terms, stated| {
        let ledger = Ledger {
            stated: Some(stated),
            ..Ledger::default()
        };
        ledger.rate(terms).map(|rate| (rate.limit, rate.window))
    };
    assert_eq!(rate(&terms, stated(1, SECOND, 0)), Some((1, SECOND)));
    assert_eq!(rate(&terms, stated(5, SECOND, 0)), Some((2, SECOND)));
    assert_eq!(rate(&terms, stated(5, SECOND, 1)), Some((5, SECOND)));
    terms.rate_is_set = true;
    assert_eq!(rate(&terms, stated(5, SECOND, 1)), Some((2, SECOND)));
    assert_eq!(rate(&terms, stated(1, SECOND, 1)), Some((1, SECOND)));
}

#[test]
fn a_ledger_that_was_emptied_gets_back_what_the_processes_know() {
    let mut ledger = Ledger::default();
    let (mut one, mut other) = (Process::new(1), Process::new(2));
    for id in 1..=10 {
        let now = one.turn(&mut ledger, id, id * 2 * SECOND);
        one.answered(&mut ledger, id, Answer::default(), now + TRIP);
    }
    // The other saw ten, the first one more, and then all is lost.
    other.step(&mut ledger, Act::Look, 25 * SECOND);
    one.turn(&mut ledger, 11, 26 * SECOND);
    let mut ledger = Ledger::default();
    // A newcomer begins a new one.
    let now = 27 * SECOND;
    let mut newcomer = Process::new(3);
    newcomer.acquire(&mut ledger, 12, now);
    assert_eq!(left(&ledger), Some(9_999));
    let turn = other.turn(&mut ledger, 13, now);
    assert!(turn >= now + 5 * SECOND, "{turn}: others had requests in flight");
    assert_eq!(left(&ledger), Some(10_000 - 12));
    one.step(&mut ledger, Act::Look, now);
    assert_eq!(left(&ledger), Some(10_000 - 13));
    // And nothing is counted twice.
    for process in [&mut newcomer, &mut other, &mut one] {
        process.step(&mut ledger, Act::Look, now);
    }
    assert_eq!(left(&ledger), Some(10_000 - 13));
}

#[test]
fn a_ledger_that_fell_back_counts_what_it_forgot() {
    let (mut ledger, mut old) = (Ledger::default(), Ledger::default());
    let (mut one, mut other) = (Process::new(1), Process::new(2));
    for id in 1..=10 {
        let now = one.turn(&mut ledger, id, id * 2 * SECOND);
        one.answered(&mut ledger, id, Answer::default(), now + TRIP);
        if id == 4 {
            old = ledger.clone();
        }
        if id == 8 {
            other.step(&mut ledger, Act::Look, now + TRIP);
        }
    }
    other.step(&mut old, Act::Look, 25 * SECOND);
    assert_eq!(left(&old), Some(10_000 - 8));
    one.step(&mut old, Act::Look, 25 * SECOND);
    assert_eq!(left(&old), Some(10_000 - 10));
}

#[test]
fn a_ledger_stays_small_and_is_read_as_it_was_written() {
    let mut ledger = Ledger::default();
    let mut processes: Vec<_> = (1..=8).map(Process::new).collect();
    let mut now = 0;
    for id in 1..=9_000 {
        let index = usize::try_from(id % 8).unwrap();
        now = processes[index].turn(&mut ledger, id, now + 8 * SECOND);
        processes[index].answered(&mut ledger, id, Answer::default(), now + TRIP);
    }
    let json = serde_json::to_string(&ledger).unwrap();
    assert!(json.len() < 1200, "{} bytes: {json}", json.len());
    assert_eq!(serde_json::from_str::<Ledger>(&json).unwrap(), ledger);
}

#[test]
fn a_turn_given_back_ahead_of_its_time_leaves_those_before_it_counted() {
    let (mut ledger, mut process) = (Ledger::default(), Process::new(1));
    for id in 1..=2 {
        let now = process.turn(&mut ledger, id, 0);
        process.answered(&mut ledger, id, Answer::default(), now);
    }
    let third = process.turn(&mut ledger, 3, 200);
    assert_eq!(third, SECOND + MORE_THAN);
    process.step(&mut ledger, Act::Return { id: 3 }, 300);
    assert_eq!(process.turn(&mut ledger, 4, 300), third);
}

#[test]
fn the_largest_ledger_fits_where_files_keep_it() {
    const NOW: i64 = 9_999_999_000_000;
    const NAME: i64 = 70_000_000_000_000;
    let mut ledger = Ledger::default();
    let mut process = Process::new(1);
    process.terms.rate = Rate::per_second(640.0);
    for who in NAME..NAME + 200 {
        let act = Act::Acquire(Acquire {
            who,
            id: who,
            patience: 0,
            within: i64::MAX / 2,
        });
        process.step(&mut ledger, act, NOW);
    }
    for id in NAME..NAME + 200 {
        ledger.remember(&process.terms, id, NOW, 1);
    }
    ledger.day.slots = (5_000_000..5_000_050).map(|slot| (slot, 100_000)).collect();
    ledger.absorbed = vec![(NAME, 1_000_000); 16];
    assert_eq!((ledger.sent.len(), ledger.waiting.len()), (128, 64));
    let json = serde_json::to_string(&ledger).unwrap();
    assert!(json.len() < 15_900, "{} bytes", json.len());
}
