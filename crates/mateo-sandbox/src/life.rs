//! Imports that appear, run and finish while the sandbox is watched: a simulation on a clock that is passed in.

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

/// Imports that appear, run and finish, some of them with failures.
///
/// As on the real server each change is a transaction: it carries the time it began as `updated_at`, and is seen when
/// it commits, up to an overlap later. So rows appear behind others that are newer. Unfinished rows that the sandbox
/// begins with are worked on, too.
///
/// ```
/// use std::time::Duration;
///
/// use chrono::{DateTime, TimeDelta};
/// use mateo_sandbox::{Life, Sandbox};
///
/// let sandbox = Sandbox::new();
/// let mut life = Life::new(7).every(Duration::from_secs(10));
/// let start = DateTime::UNIX_EPOCH;
/// life.advance(&sandbox, start);
/// assert!(sandbox.is_empty());
/// life.advance(&sandbox, start + TimeDelta::minutes(10));
/// assert!(sandbox.len() > 30);
/// ```
#[derive(Debug)]
#[must_use]
pub struct Life {
    random: Random,
    every: Duration,
    pace: f64,
    failing: f64,
    overlap: Duration,
    /// When the next import is made; unknown before the clock was seen.
    next: Option<DateTime<Utc>>,
    changes: BinaryHeap<Reverse<Change>>,
    planned: u64,
}

/// One transaction that was begun.
#[derive(Debug)]
struct Change {
    visible_at: DateTime<Utc>,
    /// Of those that are seen at the same time, the one planned first is seen first.
    number: u64,
    id: Uuid,
    row: Row,
    is_new: bool,
}

/// The most rows that are looked through for unfinished ones.
const MOST_ADOPTED: usize = 10_000;

/// How many steps an import's counts make.
const STEPS: u64 = 8;

impl Life {
    /// Three imports a minute, a quarter of them with failures, and changes that are seen up to two seconds late.
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            every: Duration::from_secs(20),
            pace: 1.0,
            failing: 0.25,
            overlap: Duration::from_secs(2),
            next: None,
            changes: BinaryHeap::new(),
            planned: 0,
        }
    }

    /// The time between two new imports on average, at least a microsecond.
    pub fn every(mut self, time: Duration) -> Self {
        self.every = time.max(Duration::from_micros(1));
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

    /// How late a change is seen at most, after its `updated_at`.
    pub fn overlap(mut self, time: Duration) -> Self {
        self.overlap = time;
        self
    }

    /// Makes the changes that are seen by `now`, and says how many. A time before the last one makes none.
    ///
    /// The first call sets the clock: life begins at that time.
    pub fn advance(&mut self, sandbox: &Sandbox, now: DateTime<Utc>) -> usize {
        let mut next = if let Some(next) = self.next {
            next
        } else {
            self.adopt(sandbox, now);
            after(now, self.random.up_to(self.every.saturating_mul(2)))
        };
        // At the calendar's end nothing is after the last time.
        while next <= now && next < DateTime::<Utc>::MAX_UTC {
            self.plan_import(next);
            let gap = self.random.up_to(self.every.saturating_mul(2));
            next = after(next, gap.max(Duration::from_micros(1)));
        }
        self.next = Some(next);

        let mut seen = 0;
        while self
            .changes
            .peek()
            .is_some_and(|Reverse(change)| change.visible_at <= now)
            && let Some(Reverse(change)) = self.changes.pop()
        {
            // A row that a test has deleted meanwhile stays deleted.
            let is_made = if change.is_new {
                sandbox.insert(change.row).is_ok()
            } else {
                sandbox
                    .update(change.id, change.row)
                    .is_ok_and(|is_there| is_there)
            };
            seen += usize::from(is_made);
        }
        seen
    }

    fn plan_import(&mut self, created_at: DateTime<Utc>) {
        let draft = Draft::draw(&mut self.random, created_at);
        let (id, total) = (draft.id, draft.total);
        let row = draft.clone().row_begun(&mut self.random);
        let seen = self.plan(id, row, true, created_at, created_at);
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

    /// Plans the rest of an import from `start` on; nothing of it is seen before `seen`.
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
            seen = self.plan(run.id, changes, false, at, seen);
        }
    }

    /// Plans one transaction that begins at `at`; two of one row are seen in the order they began.
    fn plan(
        &mut self,
        id: Uuid,
        row: Row,
        is_new: bool,
        at: DateTime<Utc>,
        earliest: DateTime<Utc>,
    ) -> DateTime<Utc> {
        // Most transactions are short, a few take as long as any.
        let most = if self.random.chance(0.25) {
            self.overlap
        } else {
            self.overlap / 10
        };
        let visible_at = after(at, self.random.up_to(most)).max(earliest);
        self.changes.push(Reverse(Change {
            visible_at,
            number: self.planned,
            id,
            row,
            is_new,
        }));
        self.planned += 1;
        visible_at
    }

    /// Takes on the unfinished rows that are there.
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
