//! A simulation of imports that appear, run, finish and vanish, on a clock that is passed in.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mateo_model::Import;
use serde_json::Value;
use uuid::Uuid;

use crate::clock::{after, shifted};
use crate::generate::{Draft, draw_share, of};
use crate::random::Random;
use crate::row::Row;
use crate::sandbox::Sandbox;

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
    least_delay: Duration,
    most_delay: Duration,
    imports: Schedule,
    bulk_updates: Option<(Schedule, usize)>,
    deletions: Option<Schedule>,
    changes: Changes,
}

/// The transactions that were begun, by the time at which they become visible; of two at the same time, the one planned
/// first is the first.
#[derive(Debug, Default)]
struct Changes {
    planned: u64,
    by_time: BTreeMap<(DateTime<Utc>, u64), Change>,
}

/// What a transaction does.
#[derive(Debug)]
enum Change {
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
            every,
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

impl Changes {
    fn push(&mut self, visible_at: DateTime<Utc>, change: Change) {
        self.planned += 1;
        self.by_time.insert((visible_at, self.planned), change);
    }

    /// The next change that is visible by `now`.
    fn pop(&mut self, now: DateTime<Utc>) -> Option<Change> {
        let next = self.by_time.first_entry()?;
        (next.key().0 <= now).then(|| next.remove())
    }
}

/// The most rows among which unfinished ones are searched for.
const MOST_ADOPTED: usize = 10_000;

/// How many steps an import's counts make.
const STEPS: u32 = 8;

impl Simulation {
    /// Three imports a minute, a quarter of them with failures, and changes that become visible up to two seconds after
    /// their `updated_at`; no bulk updates and no deletions.
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            pace: 1.0,
            least_delay: Duration::ZERO,
            most_delay: Duration::from_secs(2),
            imports: Schedule::new(Duration::from_secs(20), Random::new(seed.rotate_left(16))),
            bulk_updates: None,
            deletions: None,
            changes: Changes::default(),
        }
    }

    /// The time between two new imports on average, at least a microsecond.
    pub fn every(mut self, time: Duration) -> Self {
        self.imports.every = time;
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
        if self.imports.next.is_none() {
            self.adopt(sandbox, now);
        }
        while let Some(at) = self.imports.due(now) {
            self.plan_import(at);
        }
        if let Some((schedule, rows)) = &mut self.bulk_updates {
            while let Some(at) = schedule.due(now) {
                let delay = schedule.random.between_times(self.least_delay, self.most_delay);
                let pick = schedule.random.next();
                self.changes
                    .push(after(at, delay), Change::Touch(pick, *rows, at));
            }
        }
        if let Some(schedule) = &mut self.deletions {
            while let Some(at) = schedule.due(now) {
                self.changes.push(at, Change::Delete(schedule.random.next()));
            }
        }

        let mut visible = 0;
        while let Some(change) = self.changes.pop(now) {
            visible += usize::from(change.make(sandbox));
        }
        visible
    }

    fn plan_import(&mut self, created_at: DateTime<Utc>) {
        let draft = Draft::draw(&mut self.random, created_at);
        let row = draft.row_begun(&mut self.random);
        let seen = self.plan(Change::Insert(row), created_at, created_at);
        self.plan_run(&draft, (0, 0), created_at, seen);
    }

    /// Plans the rest of an import, of which so many entries are done and have failed, from some seconds after `now` on;
    /// nothing of it becomes visible before `seen`.
    fn plan_run(
        &mut self,
        draft: &Draft,
        (done, failed): (u64, u64),
        now: DateTime<Utc>,
        mut seen: DateTime<Utc>,
    ) {
        let start = after(now, self.random.up_to(Duration::from_secs(8)));
        let share = if self.random.chance(0.25) {
            let share = draw_share(&mut self.random);
            if share > 0.0 { share } else { 0.05 }
        } else {
            0.0
        };
        let left = draft.total.saturating_sub(done);
        let duration = draft.duration().div_f64(self.pace);
        for step in 0..=STEPS {
            let at = after(start, duration * step / STEPS);
            let now_done = left * u64::from(step) / u64::from(STEPS);
            let (done, failed) = (done + now_done, failed + of(now_done, share));
            let failed_url = draft.failed_url(failed).filter(|_| step == STEPS);
            let changes = Row::new()
                .set("updated_at", at)
                .set("total_count", draft.total)
                .set("success_count", done.saturating_sub(failed))
                .set("failed_count", failed)
                .set("failed_url", failed_url);
            seen = self.plan(Change::Update(draft.id, changes), at, seen);
        }
    }

    /// Plans one transaction that begins at `at`; two of one row become visible in the order they began.
    fn plan(&mut self, change: Change, at: DateTime<Utc>, earliest: DateTime<Utc>) -> DateTime<Utc> {
        // Most transactions are short, a few take as long as any.
        let most = if self.random.chance(0.25) {
            self.most_delay
        } else {
            self.least_delay.max(self.most_delay / 10)
        };
        let delay = self.random.between_times(self.least_delay, most);
        let visible_at = after(at, delay).max(earliest);
        self.changes.push(visible_at, change);
        visible_at
    }

    /// Plans the rest of the unfinished rows that are there.
    fn adopt(&mut self, sandbox: &Sandbox, now: DateTime<Utc>) {
        if sandbox.len() > MOST_ADOPTED {
            return;
        }
        // Those that were left long ago are not touched: nobody would wait for them.
        let oldest = shifted(now, -TimeDelta::hours(1));
        let rows = sandbox.rows().into_iter();
        let imports = rows.filter_map(|row| serde_json::from_value::<Import>(Value::Object(row)).ok());
        for import in imports.filter(|import| !import.progress().is_finished() && import.updated_at >= oldest)
        {
            let number = |count: Option<i32>| u64::try_from(count.unwrap_or_default()).unwrap_or_default();
            let failed = number(import.failed_count);
            let done = number(import.success_count) + failed;
            let mut draft = Draft::draw(&mut self.random, now);
            draft.id = import.id;
            draft.total = match number(import.total_count) {
                0 => draft.total.max(done),
                total => total,
            };
            self.plan_run(&draft, (done, failed), now, now);
        }
    }
}

impl Change {
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

#[cfg(test)]
mod tests;
