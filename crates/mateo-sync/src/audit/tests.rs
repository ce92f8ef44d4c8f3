use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Audit, PAGE, Step, pages};
use crate::store::Span;

/// Two sets of ids, an audit between them, and what it cost.
struct World {
    copy: BTreeSet<Uuid>,
    server: BTreeSet<Uuid>,
    /// Counts of more rows than this take too long.
    slow_above: u64,
    requests: u64,
    listed: u64,
    tombstones: Vec<Uuid>,
}

fn id(number: u64) -> Uuid {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Uuid::from_u128(u128::from(mixed) << 64 | u128::from(number))
}

/// Numbers that look random and follow from a seed.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) | 1)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

impl World {
    fn new(rows: u64) -> Self {
        let all: BTreeSet<Uuid> = (0..rows).map(id).collect();
        Self {
            copy: all.clone(),
            server: all,
            slow_above: u64::MAX,
            requests: 0,
            listed: 0,
            tombstones: Vec::new(),
        }
    }

    fn run(&mut self) -> Audit {
        let mut audit = Audit::new(self.copy.len() as u64);
        while let Some(step) = audit.next() {
            self.step(&mut audit, step);
            assert!(self.requests < 1_000_000);
        }
        audit
    }

    fn step(&mut self, audit: &mut Audit, step: Step) {
        match step {
            Step::Count(span) => {
                self.requests += 1;
                let count = within(&self.server, span).count() as u64;
                audit.counted((count <= self.slow_above).then_some(count));
            }
            Step::Cut(span) => {
                let rank = within(&self.copy, span).count() / 2;
                let at = within(&self.copy, span).nth(rank);
                audit.cut_at(at.map(|id| (id, rank as u64)));
            }
            Step::List(span) => {
                let server: BTreeSet<Uuid> = within(&self.server, span).collect();
                let copy: BTreeSet<Uuid> = within(&self.copy, span).collect();
                self.requests += pages(server.len() as u64);
                self.listed += server.len() as u64;
                audit.listed(server.len() as u64, copy.difference(&server).copied().collect());
                self.copy.extend(server);
            }
            Step::Confirm(ids) => {
                assert!(ids.len() as u64 <= PAGE);
                self.requests += 1;
                for id in ids {
                    if !self.server.contains(&id) {
                        self.copy.remove(&id);
                        self.tombstones.push(id);
                    }
                }
                audit.confirmed();
            }
        }
    }
}

fn within(ids: &BTreeSet<Uuid>, span: Span) -> impl Iterator<Item = Uuid> {
    let from = span.from.unwrap_or(Uuid::nil());
    ids.range(from..)
        .copied()
        .take_while(move |id| span.to.is_none_or(|to| *id < to))
}

#[test]
fn where_the_counts_are_equal_one_request_proves_it() {
    let mut world = World::new(1_000);
    let audit = world.run();
    assert_eq!((world.requests, audit.server()), (1, 1_000));
}

#[test]
fn one_row_that_vanished_from_a_hundred_thousand_costs_at_most_14_requests() {
    for number in [0, 1, 4_711, 50_000, 99_999] {
        let mut world = World::new(100_000);
        world.server.remove(&id(number));
        world.run();
        assert_eq!(world.copy, world.server);
        assert_eq!(world.tombstones, [id(number)]);
        assert!(world.requests <= 14, "{} requests", world.requests);
    }
}

#[test]
fn ten_rows_that_vanished_from_a_hundred_thousand_cost_about_92_requests() {
    let mut all = 0;
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let mut world = World::new(100_000);
        for _ in 0..10 {
            world.server.remove(&id(random.below(100_000)));
        }
        world.run();
        assert_eq!(world.copy, world.server);
        assert!(world.requests <= 105, "{} requests", world.requests);
        all += world.requests;
    }
    assert!(all <= 20 * 92, "{} requests on average", all / 20);
}

#[test]
fn a_row_that_the_copy_lacks_is_found_the_same_way() {
    let mut world = World::new(100_000);
    world.copy.remove(&id(4_711));
    world.run();
    assert_eq!(world.copy, world.server);
    assert!(
        world.requests <= 13 && world.tombstones.is_empty(),
        "{} requests",
        world.requests
    );
}

#[test]
fn where_most_rows_differ_they_are_listed_at_once() {
    let mut world = World::new(10_000);
    world.server.retain(|id| id.as_u128() % 2 == 0);
    world.run();
    assert_eq!(world.copy, world.server);
    let (list, confirm) = (
        pages(world.server.len() as u64),
        pages(world.tombstones.len() as u64),
    );
    assert_eq!(world.requests, 1 + list + confirm);

    let mut empty = World::new(10_000);
    empty.copy.clear();
    empty.run();
    assert_eq!(empty.copy, empty.server);
    assert_eq!(empty.requests, 1 + 200);
}

#[test]
fn what_vanished_together_is_cheaper_than_what_vanished_apart() {
    let mut world = World::new(100_000);
    let neighbours: Vec<Uuid> = world.server.iter().skip(30_000).take(40).copied().collect();
    for id in &neighbours {
        world.server.remove(id);
    }
    world.run();
    assert_eq!(world.copy, world.server);
    assert!(world.requests <= 80, "{} requests", world.requests);
}

#[test]
fn a_count_that_takes_too_long_is_cut_first() {
    let mut world = World::new(100_000);
    world.slow_above = 30_000;
    world.server.remove(&id(4_711));
    let audit = world.run();
    assert_eq!(world.copy, world.server);
    assert_eq!(audit.server(), 99_999);
    assert!(world.requests <= 22, "{} requests", world.requests);
}

#[test]
fn a_server_that_never_counts_in_time_is_listed() {
    let mut world = World::new(10_000);
    world.slow_above = 0;
    world.server.remove(&id(4_711));
    let audit = world.run();
    assert_eq!(world.copy, world.server);
    assert_eq!(audit.server(), 9_999);
    assert!(world.requests <= 200 + 20, "{} requests", world.requests);
}

#[test]
fn whatever_differs_by_number_no_row_that_exists_is_taken_for_gone() {
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let rows = 1 + random.below(3_000);
        let mut world = World::new(rows);
        if seed % 3 == 0 {
            world.slow_above = random.below(rows);
        }
        for _ in 0..random.below(rows) / (1 + random.below(20)) {
            world.server.remove(&id(random.below(rows)));
        }
        for _ in 0..random.below(30) {
            world.copy.remove(&id(random.below(rows)));
            world.server.insert(id(rows + random.below(rows)));
        }
        let audit = world.run();
        assert_eq!(audit.server(), world.server.len() as u64, "seed {seed}");
        assert!(world.tombstones.iter().all(|id| !world.server.contains(id)));
    }
}

#[test]
fn rows_that_come_and_go_meanwhile_end_no_audit_wrongly() {
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let mut world = World::new(2_000);
        for _ in 0..20 {
            world.server.remove(&id(random.below(2_000)));
        }
        let mut audit = Audit::new(2_000);
        while let Some(step) = audit.next() {
            world.step(&mut audit, step);
            if random.below(3) == 0 {
                world.server.remove(&id(random.below(2_000)));
                world.server.insert(id(random.below(4_000)));
            }
        }
        world.run();
        world.run();
        assert_eq!(world.copy.len(), world.server.len(), "seed {seed}");
    }
}
