//! `Progress`: how far an import has come, as far as its counts tell.

use std::fmt;

/// How far an import has come.
///
/// The API has no status column: "an import is finished when `success_count + failed_count` reaches `total_count`"
/// (API.md). What the counts don't say, this doesn't either: as long as the total is unknown, or neither of the other
/// counts is there, an import is [`Pending`](Self::Pending), whether the server has begun with it or not.
///
/// ```
/// use mateo_model::Progress;
///
/// let progress = Progress::from_counts(Some(200), Some(40), Some(10));
/// assert_eq!(progress, Progress::Running { done: 50, total: 200 });
/// assert_eq!(progress.fraction(), Some(0.25));
///
/// let progress = Progress::from_counts(Some(200), Some(190), Some(10));
/// assert!(progress.is_finished() && progress.has_failures());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// Not begun, or not known to have begun.
    Pending,
    /// Some of the entities are done.
    Running {
        /// How many are done, imported or failed: fewer than `total`.
        done: u32,
        /// How many there are.
        total: u32,
    },
    /// All of the entities are done.
    Finished {
        /// How many there were.
        total: u32,
        /// How many of them failed.
        failed: u32,
    },
}

impl Progress {
    /// The progress that an import's three counts tell.
    ///
    /// A count of the two that is null beside one that isn't is taken as 0, as is a negative one. A negative total is
    /// no total. More done than there are is finished.
    pub fn from_counts(total: Option<i32>, success: Option<i32>, failed: Option<i32>) -> Self {
        let Some(total) = total.and_then(|total| u32::try_from(total).ok()) else {
            return Self::Pending;
        };
        if success.is_none() && failed.is_none() {
            return Self::Pending;
        }
        let count = |count: Option<i32>| u32::try_from(count.unwrap_or(0)).unwrap_or(0);
        let failed = count(failed);
        // Two numbers of 31 bits: the sum always fits.
        let done = count(success).saturating_add(failed);
        if done >= total {
            Self::Finished { total, failed }
        } else {
            Self::Running { done, total }
        }
    }

    /// Whether every entity is done.
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Finished { .. })
    }

    /// Whether it finished with at least one entity that failed. Of an import that still runs nothing is said.
    pub fn has_failures(self) -> bool {
        matches!(self, Self::Finished { failed: 1.., .. })
    }

    /// How much is done, from 0 to 1: exactly 1 when finished and never before, `None` while pending.
    pub fn fraction(self) -> Option<f64> {
        match self {
            Self::Pending => None,
            Self::Running { done, total } => Some(f64::from(done) / f64::from(total)),
            Self::Finished { .. } => Some(1.0),
        }
    }
}

/// For people: `pending`, `running, 50 of 200`, `finished, 10 of 200 failed`.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.pad("pending"),
            Self::Running { done, total } => write!(f, "running, {done} of {total}"),
            Self::Finished { failed: 0, .. } => f.pad("finished"),
            Self::Finished { failed, total } => write!(f, "finished, {failed} of {total} failed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Progress;
    use crate::testing::cases;

    fn of(
        total: impl Into<Option<i32>>,
        success: impl Into<Option<i32>>,
        failed: impl Into<Option<i32>>,
    ) -> Progress {
        Progress::from_counts(total.into(), success.into(), failed.into())
    }

    #[test]
    fn without_a_total_or_without_counts_it_is_pending() {
        assert_eq!(of(None, None, None), Progress::Pending);
        assert_eq!(of(None, 3, 4), Progress::Pending);
        assert_eq!(of(100, None, None), Progress::Pending);
        assert_eq!(of(0, None, None), Progress::Pending);
        assert_eq!(of(-1, 0, 0), Progress::Pending);
    }

    #[test]
    fn one_count_is_enough_to_have_begun() {
        assert_eq!(of(5, 0, None), Progress::Running { done: 0, total: 5 });
        assert_eq!(of(5, None, 0), Progress::Running { done: 0, total: 5 });
        assert_eq!(of(5, None, 5), Progress::Finished { total: 5, failed: 5 });
        assert_eq!(of(5, 5, None), Progress::Finished { total: 5, failed: 0 });
    }

    #[test]
    fn more_done_than_there_are_is_finished() {
        assert_eq!(of(5, 5, 5), Progress::Finished { total: 5, failed: 5 });
        assert_eq!(of(i32::MAX, i32::MAX, i32::MAX).fraction(), Some(1.0));
    }

    #[test]
    fn negative_counts_are_nothing_done() {
        assert_eq!(of(5, -3, 2), Progress::Running { done: 2, total: 5 });
        assert_eq!(of(5, i32::MIN, i32::MIN), Progress::Running { done: 0, total: 5 });
    }

    #[test]
    fn only_a_finished_import_has_failures() {
        assert!(!of(5, 0, 2).has_failures());
        assert!(of(5, 3, 2).has_failures());
        assert!(!of(5, 5, 0).has_failures());
    }

    #[test]
    fn it_reads_as_words() {
        assert_eq!(of(None, None, None).to_string(), "pending");
        assert_eq!(of(5, 1, 1).to_string(), "running, 2 of 5");
        assert_eq!(of(5, 5, 0).to_string(), "finished");
        assert_eq!(of(5, 4, 1).to_string(), "finished, 1 of 5 failed");
    }

    proptest! {
        #![proptest_config(cases(512))]

        #[test]
        fn the_fraction_is_one_exactly_when_finished(total: Option<i32>, success: Option<i32>, failed: Option<i32>) {
            let progress = Progress::from_counts(total, success, failed);
            match progress.fraction() {
                None => prop_assert_eq!(progress, Progress::Pending),
                Some(fraction) => {
                    prop_assert!((0.0..=1.0).contains(&fraction));
                    prop_assert_eq!(fraction >= 1.0, progress.is_finished());
                }
            }
        }
    }
}
