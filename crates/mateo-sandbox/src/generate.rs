//! Realistic rows from a seed: the same number and seed give the same rows, on every machine.

mod draft;
mod hostile;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use draft::{Draft, draw_share, of};

use draft::Outcome;

use crate::clock::shifted;
use crate::random::Random;
use crate::row::Row;
use crate::sandbox::Sandbox;

/// Makes rows that look like the imports of real companies, oldest first: most have finished, some with failures, the
/// newest are pending or running.
///
/// ```
/// use mateo_sandbox::Generator;
///
/// assert_eq!(Generator::new(240, 7).hostile_text(true).sandbox().len(), 240);
/// ```
#[derive(Debug)]
#[must_use]
pub struct Generator {
    random: Random,
    count: u64,
    until: DateTime<Utc>,
    hostile: bool,
}

/// 2026-07-01T12:00:00Z, unless another time is chosen: rows must not depend on when they were made.
const UNTIL: i64 = 1_782_907_200;

impl Generator {
    /// So many rows.
    pub fn new(count: u64, seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            count,
            until: DateTime::from_timestamp(UNTIL, 0).unwrap_or_default(),
            hostile: false,
        }
    }

    /// The time at which the rows are looked at: the newest is a little older. It is a fixed time unless set.
    pub fn until(mut self, until: DateTime<Utc>) -> Self {
        self.until = until;
        self
    }

    /// Whether `reference_id` and a name in `payload` hold text that is hostile to programs that print or quote it: escape
    /// sequences, control characters, bidirectional overrides, right-to-left, very wide and combining characters,
    /// line breaks, quotes, the syntax of CSV, of SQL and of query strings.
    pub fn hostile_text(mut self, hostile: bool) -> Self {
        self.hostile = hostile;
        self
    }

    /// A sandbox with the rows.
    pub fn sandbox(mut self) -> Sandbox {
        let sandbox = Sandbox::new();
        for made in 0..self.count {
            // Rejected where its time has no form in JSON, before the year 0 or after 9999: then there are fewer.
            let _ = sandbox.insert(self.row(made));
        }
        sandbox
    }

    fn row(&mut self, made: u64) -> Row {
        let from_end = self.count - made;
        let steps = u32::try_from(from_end).unwrap_or(u32::MAX);
        // The seconds between two rows: as a company would send them, but all of them within three years.
        let gap = (3 * 365 * 86_400 / self.count).clamp(1, 7200);
        let jitter = Duration::from_micros(self.random.below(gap * 1_000_000));
        // A row that is being worked on is minutes old, whatever the gap.
        let age = match from_end {
            1 => Duration::from_secs(4) + jitter / 4096,
            2..=4 => Duration::from_secs(50) * steps + jitter / 512,
            _ => (Duration::from_secs(gap) * steps).saturating_sub(jitter),
        };
        let age = TimeDelta::from_std(age).unwrap_or(TimeDelta::MAX);
        let draft = Draft::draw(&mut self.random, shifted(self.until, -age));
        let outcome = match from_end {
            1 => Outcome::Pending,
            2..=4 => Outcome::Running,
            // A few were never begun, or the server no longer knows.
            _ if self.random.chance(0.01) => Outcome::Pending,
            _ => Outcome::Finished(draw_share(&mut self.random)),
        };
        let row = draft.row(&mut self.random, outcome, self.until);
        if self.hostile {
            hostile::spoil(row, made)
        } else {
            row
        }
    }
}

/// The seed of the example, chosen for rows that show every state.
const EXAMPLE_SEED: u64 = 11;

impl Sandbox {
    /// So many rows from a seed: see [`Generator`].
    pub fn generate(count: u64, seed: u64) -> Self {
        Generator::new(count, seed).sandbox()
    }

    /// A small company's last imports as seen at `now`.
    pub fn example(now: DateTime<Utc>) -> Self {
        Generator::new(64, EXAMPLE_SEED).until(now).sandbox()
    }
}

#[cfg(test)]
mod tests;
