//! A simulation of imports that appear, run, finish and vanish, on a clock that is passed in.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    clock::{after, shifted},
    generate::{Draft, Outcome, count, of},
    random::Random,
    row::Row,
    sandbox::Sandbox,
};

/// Imports that appear, run and finish, some of them with failures; and, on request, bulk updates and deletions.
///
/// As on the real server each change is a transaction: its `updated_at` is the time at which it began, and it becomes
/// visible when it commits. So rows become visible after others that are newer. Unfinished rows that the sandbox
/// begins with are worked on, too.
///
/// ```
/// use std::time::Duration;
///
/// use chrono::{DateTime, TimeDelta};
/// use mateo_sandbox::{Sandbox, Simulation};
///
/// let sandbox = Sandbox::new();
/// let mut simulation = Simulation::new(7).every(Duration::from_secs(10));
/// let start = DateTime::UNIX_EPOCH;
/// simulation.advance(&sandbox, start);
/// assert!(sandbox.is_empty());
/// simulation.advance(&sandbox, start + TimeDelta::minutes(10));
/// assert!(sandbox.len() > 30);
/// ```
#[derive(Debug)]
#[must_use]
pub struct Simulation {
    random: Random,
    pace: f64,
    failing: f64,
    least_delay: Duration,
    most_delay: Duration,
    imports: Schedule,
    bulk_updates: Option<(Schedule, usize)>,
    deletions: Option<Schedule>,
    has_begun: bool,
    changes: BinaryHeap<Reverse<Change>>,
    planned: u64,
}

/// One transaction that was begun.
#[derive(Debug)]
struct Change {
    visible_at: DateTime<Utc>,
    /// Of those that become visible at the same time, the one planned first is the first.
    number: u64,
    effect: Effect,
}

#[derive(Debug)]
enum Effect {
    Insert(Row),
    Update(Uuid, Row),
    /// So many of the rows that are there, from a random one on.
    Touch(u64, usize, DateTime<Utc>),
    /// One of the rows that are there.
    Delete(u64),
}

/// When something happens again and again. Its random numbers are its own: what happens does not depend on how often
/// the simulation is advanced.
#[derive(Debug)]
struct Schedule {
    random: Random,
    every: Duration,
    next: Option<DateTime<Utc>>,
}

impl Schedule {
    fn new(every: Duration, random: Random) -> Self {
        Self {
            random,
            every: every.max(Duration::from_micros(1)),
            next: None,
        }
    }

    /// The next time it happens, if that is no later than `now`. The first call sets the clock.
    fn due(&mut self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let next = match self.next {
            Some(next) => next,
            None => after(now, self.gap()),
        };
        // At the calendar's end nothing is after the last time.
        let is_due = next <= now && next < DateTime::<Utc>::MAX_UTC;
        self.next = Some(if is_due { after(next, self.gap()) } else { next });
        is_due.then_some(next)
    }

    fn gap(&mut self) -> Duration {
        let gap = self.random.up_to(self.every.saturating_mul(2));
        gap.max(Duration::from_micros(1))
    }
}

/// The most rows among which unfinished ones are searched for.
const MOST_ADOPTED: usize = 10_000;

/// How many steps an import's counts make.
const STEPS: u64 = 8;

impl Simulation {
    /// Three imports a minute, a quarter of them with failures, and changes that become visible up to two seconds after
    /// their `updated_at`; no bulk updates and no deletions.
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            pace: 1.0,
            failing: 0.25,
            least_delay: Duration::ZERO,
            most_delay: Duration::from_secs(2),
            imports: Schedule::new(Duration::from_secs(20), Random::new(seed.rotate_left(16))),
            bulk_updates: None,
            deletions: None,
            has_begun: false,
            changes: BinaryHeap::new(),
            planned: 0,
        }
    }

    /// The time between two new imports on average, at least a microsecond.
    pub fn every(mut self, time: Duration) -> Self {
        self.imports.every = time.max(Duration::from_micros(1));
        self
    }

    /// How fast imports are worked on: 1.0 is a second and 12 ms for each entry, 2.0 twice as fast.
    pub fn pace(mut self, factor: f64) -> Self {
        self.pace = if factor.is_finite() {
            factor.max(0.001)
        } else {
            1.0
        };
        self
    }

    /// The share of imports with failures, from 0.0 to 1.0.
    pub fn failing(mut self, share: f64) -> Self {
        self.failing = share;
        self
    }

    /// How long after its `updated_at` a change becomes visible: at least and at most.
    pub fn visible_after(mut self, least: Duration, most: Duration) -> Self {
        (self.least_delay, self.most_delay) = (least, most.max(least));
        self
    }

    /// A transaction every so often, on average, that gives so many rows one `updated_at`.
    pub fn bulk_updates(mut self, every: Duration, rows: usize) -> Self {
        let random = Random::new(self.random.clone().next() ^ 1);
        self.bulk_updates = Some((Schedule::new(every, random), rows));
        self
    }

    /// A row is deleted every so often, on average.
    pub fn deletions(mut self, every: Duration) -> Self {
        let random = Random::new(self.random.clone().next() ^ 2);
        self.deletions = Some(Schedule::new(every, random));
        self
    }

    /// Makes the changes that are visible by `now`, and returns how many. A time before the last one makes none.
    ///
    /// The first call sets the clock: the simulation begins at that time.
    pub fn advance(&mut self, sandbox: &Sandbox, now: DateTime<Utc>) -> usize {
        if !self.has_begun {
            self.has_begun = true;
            self.adopt(sandbox, now);
        }
        while let Some(at) = self.imports.due(now) {
            self.plan_import(at);
        }
        if let Some((mut schedule, rows)) = self.bulk_updates.take() {
            while let Some(at) = schedule.due(now) {
                let delay = schedule.random.between_times(self.least_delay, self.most_delay);
                let pick = schedule.random.next();
                self.push(after(at, delay), Effect::Touch(pick, rows, at));
            }
            self.bulk_updates = Some((schedule, rows));
        }
        if let Some(mut schedule) = self.deletions.take() {
            while let Some(at) = schedule.due(now) {
                let pick = schedule.random.next();
                self.push(at, Effect::Delete(pick));
            }
            self.deletions = Some(schedule);
        }

        let mut visible = 0;
        while self
            .changes
            .peek()
            .is_some_and(|Reverse(change)| change.visible_at <= now)
            && let Some(Reverse(change)) = self.changes.pop()
        {
            visible += usize::from(change.effect.make(sandbox));
        }
        visible
    }

    fn push(&mut self, visible_at: DateTime<Utc>, effect: Effect) {
        self.changes.push(Reverse(Change {
            visible_at,
            number: self.planned,
            effect,
        }));
        self.planned += 1;
    }

    fn plan_import(&mut self, created_at: DateTime<Utc>) {
        let draft = Draft::draw(&mut self.random, created_at);
        let (id, total) = (draft.id, draft.total);
        let row = draft.clone().row_begun(&mut self.random);
        let seen = self.plan(Effect::Insert(row), created_at, created_at);
        let start = after(created_at, self.random.up_to(Duration::from_secs(8)));
        self.plan_run(
            &Run {
                id,
                total,
                done: 0,
                failed: 0,
            },
            &draft,
            start,
            seen,
        );
    }

    /// Plans the rest of an import from `start` on; nothing of it becomes visible before `seen`.
    fn plan_run(&mut self, run: &Run, draft: &Draft, start: DateTime<Utc>, mut seen: DateTime<Utc>) {
        let share = if self.random.chance(self.failing) {
            match Outcome::draw_finished(&mut self.random) {
                Outcome::Finished(share) if share > 0.0 => share,
                _ => 0.05,
            }
        } else {
            0.0
        };
        let left = run.total.saturating_sub(run.done);
        let duration = scaled(draft.duration(), 1.0 / self.pace);
        for step in 0..=STEPS {
            let part = i32::try_from(step).unwrap_or_default();
            let at = shifted(start, duration * part / i32::try_from(STEPS).unwrap_or(1));
            let done = run.done + left * step / STEPS;
            let failed = run.failed + of(left * step / STEPS, share);
            let is_over = step == STEPS;
            let url = if is_over { draft.failed_url(failed) } else { None };
            let changes = Row::new()
                .set("updated_at", at)
                .set("total_count", count(run.total))
                .set("success_count", count(done.saturating_sub(failed)))
                .set("failed_count", count(failed))
                .set("failed_url", url);
            seen = self.plan(Effect::Update(run.id, changes), at, seen);
        }
    }

    /// Plans one transaction that begins at `at`; two of one row become visible in the order they began.
    fn plan(&mut self, effect: Effect, at: DateTime<Utc>, earliest: DateTime<Utc>) -> DateTime<Utc> {
        // Most transactions are short, a few take as long as any.
        let most = if self.random.chance(0.25) {
            self.most_delay
        } else {
            self.least_delay.max(self.most_delay / 10)
        };
        let delay = self.random.between_times(self.least_delay, most);
        let visible_at = after(at, delay).max(earliest);
        self.push(visible_at, effect);
        visible_at
    }

    /// Plans the rest of the unfinished rows that are there.
    fn adopt(&mut self, sandbox: &Sandbox, now: DateTime<Utc>) {
        if sandbox.len() > MOST_ADOPTED {
            return;
        }
        // Those that were left long ago are not touched: nobody would wait for them.
        let oldest = shifted(now, -TimeDelta::hours(1));
        for row in sandbox.rows() {
            let Some((run, updated_at)) = Run::of(&row) else {
                continue;
            };
            if updated_at < oldest {
                continue;
            }
            let mut draft = Draft::draw(&mut self.random, now);
            draft.id = run.id;
            let run = Run {
                total: if run.total == 0 { draft.total } else { run.total },
                ..run
            };
            draft.total = run.total;
            let start = after(now, self.random.up_to(Duration::from_secs(8)));
            self.plan_run(&run, &draft, start, now);
        }
    }
}

impl Effect {
    /// Makes the change; `false` where it concerns no row: one that a test has deleted meanwhile stays deleted.
    fn make(self, sandbox: &Sandbox) -> bool {
        match self {
            Self::Insert(row) => sandbox.insert(row).is_ok(),
            Self::Update(id, changes) => sandbox.update(id, changes).is_ok_and(|is_there| is_there),
            Self::Touch(pick, rows, at) => sandbox.touch(pick, rows, at) > 0,
            Self::Delete(pick) => sandbox.pick(pick).is_some_and(|id| sandbox.delete(id)),
        }
    }
}

/// How far a row has come.
struct Run {
    id: Uuid,
    /// 0 where it isn't known.
    total: u64,
    done: u64,
    failed: u64,
}

impl Run {
    /// A row that has not finished, with the time of its last change.
    fn of(row: &Map<String, Value>) -> Option<(Self, DateTime<Utc>)> {
        let text = |column: &str| row.get(column).and_then(Value::as_str);
        let number = |column: &str| row.get(column).and_then(Value::as_u64);
        let failed = number("failed_count").unwrap_or_default();
        let done = number("success_count").unwrap_or_default() + failed;
        let total = number("total_count");
        if total.is_some_and(|total| done >= total) || (total.is_none() && done > 0) {
            return None;
        }
        let run = Self {
            id: text("id")?.parse().ok()?,
            total: total.unwrap_or_default(),
            done,
            failed,
        };
        let updated_at = DateTime::parse_from_rfc3339(text("updated_at")?).ok()?;
        Some((run, updated_at.to_utc()))
    }
}

fn scaled(time: TimeDelta, factor: f64) -> TimeDelta {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of minutes")]
    let millis = time.num_milliseconds() as f64 * factor;
    #[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates")]
    let millis = millis.round() as i64;
    TimeDelta::try_milliseconds(millis)
        .unwrap_or(TimeDelta::MAX)
        .min(TimeDelta::days(365))
}

impl Ord for Change {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.visible_at, self.number).cmp(&(other.visible_at, other.number))
    }
}

impl PartialOrd for Change {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Change {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Change {}

#[cfg(test)]
mod tests;
