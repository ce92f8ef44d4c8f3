//! Imports counted: by type and state, and failures by day.

mod terminal;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use mateo_imports::{ImportType, Progress, RawJson};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::text::thousands;
use crate::zone::Zone;
pub(crate) use terminal::text;

/// How many imports there are of each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct States {
    pub(crate) pending: u64,
    pub(crate) running: u64,
    pub(crate) finished: u64,
    /// Finished, with failures.
    pub(crate) failed: u64,
}

impl States {
    pub(crate) fn total(self) -> u64 {
        self.pending + self.running + self.finished + self.failed
    }

    fn count(&mut self, progress: Progress) {
        match progress {
            Progress::Running { .. } => self.running += 1,
            Progress::Finished { failed: 1.., .. } => self.failed += 1,
            Progress::Finished { .. } => self.finished += 1,
            _ => self.pending += 1,
        }
    }
}

/// What happened on a day, by the imports made on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Day {
    pub(crate) imports: u64,
    pub(crate) failed_imports: u64,
    pub(crate) imported: u64,
    pub(crate) failed: u64,
}

/// An import with failures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Failing {
    pub(crate) id: Uuid,
    #[serde(rename = "type")]
    pub(crate) import_type: ImportType,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) failed: u64,
    pub(crate) total: Option<u64>,
    pub(crate) reference_id: Option<String>,
}

/// Imports counted.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) imports: u64,
    pub(crate) states: States,
    pub(crate) types: BTreeMap<String, States>,
    /// Contacts, deals and appointments: imported and failed so far.
    pub(crate) imported: u64,
    pub(crate) failed: u64,
    pub(crate) days: BTreeMap<NaiveDate, Day>,
    /// Of the imports with failures, those that still run.
    pub(crate) failing_unfinished: u64,
    /// The newest first, at most [`MOST_FAILING`].
    pub(crate) failing: Vec<Failing>,
    /// Rows that could not be read and are not counted.
    pub(crate) unreadable: u64,
}

/// So many days are shown.
pub(crate) const DAYS: usize = 30;

/// A page with more isn't read.
pub(crate) const MOST_FAILING: usize = 500;

#[derive(Deserialize)]
struct Row {
    id: Uuid,
    #[serde(rename = "type")]
    import_type: ImportType,
    created_at: DateTime<Utc>,
    total_count: Option<i32>,
    success_count: Option<i32>,
    failed_count: Option<i32>,
    reference_id: Option<String>,
}

impl Summary {
    /// Counts a row, on its day in the zone; rows come newest first.
    pub(crate) fn count(&mut self, row: &RawJson, zone: &Zone) {
        let Ok(row) = row.read::<Row>() else {
            self.unreadable += 1;
            return;
        };
        let of = |count: Option<i32>| u64::try_from(count.unwrap_or(0)).unwrap_or(0);
        let (imported, failed) = (of(row.success_count), of(row.failed_count));
        let progress = Progress::from_counts(row.total_count, row.success_count, row.failed_count);
        self.imports += 1;
        self.states.count(progress);
        self.types
            .entry(row.import_type.to_string())
            .or_default()
            .count(progress);
        self.imported += imported;
        self.failed += failed;

        let day = self.days.entry(zone.day(row.created_at)).or_default();
        day.imports += 1;
        day.imported += imported;
        day.failed += failed;
        if failed > 0 {
            day.failed_imports += 1;
            self.failing_unfinished += u64::from(!progress.is_finished());
            if self.failing.len() < MOST_FAILING {
                self.failing.push(Failing {
                    id: row.id,
                    import_type: row.import_type,
                    created_at: row.created_at,
                    failed,
                    total: row.total_count.and_then(|total| u64::try_from(total).ok()),
                    reference_id: row.reference_id,
                });
            }
        }
    }

    /// How many imports have failures.
    pub(crate) fn failing_imports(&self) -> u64 {
        self.days.values().map(|day| day.failed_imports).sum()
    }

    /// The last days up to the newest that has imports, at most [`DAYS`], each day there, the oldest first.
    pub(crate) fn last_days(&self) -> Vec<(NaiveDate, Day)> {
        let (Some((&first, _)), Some((&last, _))) = (self.days.first_key_value(), self.days.last_key_value())
        else {
            return Vec::new();
        };
        let mut days: Vec<(NaiveDate, Day)> = std::iter::successors(Some(last), NaiveDate::pred_opt)
            .take_while(|day| *day >= first)
            .take(DAYS)
            .map(|day| (day, self.days.get(&day).copied().unwrap_or_default()))
            .collect();
        days.reverse();
        days
    }

    /// Which days these are, for a heading.
    pub(crate) fn described_days(&self, days: &[(NaiveDate, Day)]) -> String {
        let (Some((first, _)), Some((last, _))) = (days.first(), days.last()) else {
            return String::new();
        };
        let earlier: u64 = self.days.range(..first).map(|(_, day)| day.imports).sum();
        let earlier = match earlier {
            0 => String::new(),
            earlier => format!("; {} earlier", thousands(earlier)),
        };
        let span = if first == last {
            first.to_string()
        } else {
            format!("{first} to {last}")
        };
        format!("{span}{earlier}")
    }

    /// How many imports have failures, and how many of these still run.
    pub(crate) fn described_failing(&self) -> String {
        match (self.failing_imports(), self.failing_unfinished) {
            (_, 0) => "with failures".to_owned(),
            (all, running) => format!(
                "with failures, {} finished and {} unfinished",
                thousands(all - running),
                thousands(running)
            ),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{States, Summary};
    use crate::zone::Zone;

    pub(crate) fn summary() -> Summary {
        let mut summary = Summary::default();
        for (day, kind, counts, reference) in [
            (
                9,
                "contact_details",
                [Some(100), Some(33), None],
                Some("a<b>&\"c\""),
            ),
            (
                9,
                "deal_details",
                [Some(10), Some(7), Some(3)],
                Some("=crm \u{1b}[31m"),
            ),
            (7, "contact_details", [Some(10), Some(10), Some(0)], None),
            (6, "note_details", [None, None, None], None),
        ] {
            let [total, success, failed] = counts;
            let row = serde_json::json!({
                "id": format!("00000000-0000-4000-8000-00000000000{day}"), "type": kind,
                "created_at": format!("2026-03-0{day}T10:00:00+00:00"),
                "total_count": total, "success_count": success, "failed_count": failed, "reference_id": reference,
            });
            summary.count(&row.to_string().parse().unwrap(), &Zone::utc(""));
        }
        summary.count(&"{}".parse().unwrap(), &Zone::utc(""));
        summary
    }

    #[test]
    fn every_row_is_counted_once() {
        let summary = summary();
        assert_eq!(summary.imports, 4);
        assert_eq!(
            summary.states,
            States {
                pending: 1,
                running: 1,
                finished: 1,
                failed: 1
            }
        );
        assert_eq!(
            summary.types.values().map(|states| states.total()).sum::<u64>(),
            4
        );
        assert_eq!((summary.imported, summary.failed, summary.unreadable), (50, 3, 1));
        assert_eq!(summary.failing.len(), 1);
    }

    #[test]
    fn days_without_imports_are_days() {
        let days = summary().last_days();
        let imports: Vec<(u32, u64)> = days
            .iter()
            .map(|(date, day)| (chrono::Datelike::day(date), day.imports))
            .collect();
        assert_eq!(imports, [(6, 1), (7, 1), (8, 0), (9, 2)]);
        assert_eq!(
            summary().described_days(days.get(1..).unwrap()),
            "2026-03-07 to 2026-03-09; 1 earlier"
        );
        assert_eq!(summary().described_days(&days), "2026-03-06 to 2026-03-09");
        assert!(Summary::default().last_days().is_empty());
    }
}
