//! Waiting for imports to finish: which of them to ask about next, and what the answers say.

use std::collections::{HashMap, HashSet, VecDeque};

use serde::Deserialize;
use uuid::Uuid;

use crate::columns;
use crate::driver::listing::{Listing, PAGE_ROWS};
use crate::progress::Progress;
use crate::query::ImportQuery;
use crate::select::Select;

/// Waiting in progress, as a value: rounds of requests, 50 ids and four columns each, until nothing is left.
///
/// Each request is a [`Listing`], so that an import that a lowered cap held back isn't taken for one that
/// doesn't exist.
///
/// ```
/// use mateo_model::{Progress, driver::{PageFacts, WaitEvent, WaitRow, Waiting}};
///
/// let id: uuid::Uuid = "38d889d2-b47a-4c1d-8a3a-b343ac333b68".parse()?;
/// let mut waiting = Waiting::new([id]);
/// waiting.begin_round();
/// let mut part = waiting.next_part().unwrap();
/// assert_eq!(part.next_page().unwrap().query.to_string(),
///     "id=in.(%2238d889d2-b47a-4c1d-8a3a-b343ac333b68%22)\
///      &select=id,total_count,success_count,failed_count&order=id&limit=50");
///
/// let row: WaitRow = serde_json::from_str(
///     r#"{"id":"38d889d2-b47a-4c1d-8a3a-b343ac333b68","total_count":5,"success_count":4,"failed_count":1}"#)?;
/// let finished = Progress::Finished { total: 5, failed: 1 };
/// assert_eq!(waiting.told(&row), Some(WaitEvent::Finished { id, progress: finished }));
/// assert!(waiting.unfinished().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Waiting {
    /// In the order they were given.
    unfinished: Vec<Uuid>,
    progress: HashMap<Uuid, Progress>,
    /// The parts of the round that are still to be asked.
    round: VecDeque<Vec<Uuid>>,
    /// The ids of the part that was asked last, and those of them that came.
    asked: Vec<Uuid>,
    came: HashSet<Uuid>,
}

/// What an answer says about one import.
///
/// ```
/// use mateo_model::{Progress, driver::WaitEvent};
///
/// fn line(event: &WaitEvent) -> String {
///     match event {
///         WaitEvent::Finished { id, progress } => format!("{id}: done, {progress:?}"),
///         WaitEvent::Missing { id } => format!("{id}: no such import"),
///         other => format!("{other:?}"),
///     }
/// }
/// let id = uuid::Uuid::nil();
/// assert_eq!(line(&WaitEvent::Missing { id }), format!("{id}: no such import"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitEvent {
    /// It is further than it was.
    Progressed {
        /// The import.
        id: Uuid,
        /// How far it is.
        progress: Progress,
    },
    /// It is done. It isn't asked about again.
    Finished {
        /// The import.
        id: Uuid,
        /// How it ended.
        progress: Progress,
    },
    /// There is no such import, or not any more. It isn't asked about again.
    Missing {
        /// The id that was waited for.
        id: Uuid,
    },
}

/// The columns that waiting asks for.
///
/// ```
/// use mateo_model::driver::WaitRow;
///
/// let row: WaitRow = serde_json::from_str(
///     r#"{"id":"38d889d2-b47a-4c1d-8a3a-b343ac333b68","total_count":5,"success_count":null,"failed_count":0}"#)?;
/// assert_eq!((row.total_count, row.success_count), (Some(5), None));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct WaitRow {
    /// The import.
    pub id: Uuid,
    /// Its entities, where known.
    pub total_count: Option<i32>,
    /// Those imported.
    pub success_count: Option<i32>,
    /// Those failed.
    pub failed_count: Option<i32>,
}

impl Waiting {
    /// Waits for `ids`, each counted once.
    ///
    /// ```
    /// use mateo_model::driver::Waiting;
    ///
    /// let id = uuid::Uuid::from_u128(1);
    /// assert_eq!(Waiting::new([id, id]).unfinished(), [id]);
    /// ```
    pub fn new(ids: impl IntoIterator<Item = Uuid>) -> Self {
        let mut known = HashSet::new();
        let unfinished = ids.into_iter().filter(|id| known.insert(*id)).collect();
        Self {
            unfinished,
            progress: HashMap::new(),
            round: VecDeque::new(),
            asked: Vec::new(),
            came: HashSet::new(),
        }
    }

    /// The imports that are neither finished nor missing, in the order they were given.
    ///
    /// ```
    /// use mateo_model::driver::Waiting;
    /// use uuid::Uuid;
    ///
    /// let ids = [Uuid::from_u128(2), Uuid::from_u128(1)];
    /// assert_eq!(Waiting::new(ids).unfinished(), ids);
    /// ```
    pub fn unfinished(&self) -> &[Uuid] {
        &self.unfinished
    }

    /// Begins a round over all that are unfinished, and says how many requests it takes.
    ///
    /// ```
    /// use mateo_model::driver::Waiting;
    ///
    /// let mut waiting = Waiting::new((0..51).map(uuid::Uuid::from_u128));
    /// assert_eq!(waiting.begin_round(), 2); // 50 ids a request
    /// ```
    pub fn begin_round(&mut self) -> u64 {
        let rows = usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX);
        self.round = self.unfinished.chunks(rows).map(<[Uuid]>::to_vec).collect();
        self.round.len() as u64
    }

    /// The listing of the round's next part; `None` when the round is over.
    ///
    /// ```
    /// use mateo_model::driver::Waiting;
    ///
    /// let mut waiting = Waiting::new([uuid::Uuid::from_u128(1)]);
    /// assert!(waiting.next_part().is_none()); // no round was begun
    /// waiting.begin_round();
    /// assert!(waiting.next_part().is_some());
    /// assert!(waiting.next_part().is_none());
    /// ```
    pub fn next_part(&mut self) -> Option<Listing> {
        self.asked = self.round.pop_front()?;
        self.came.clear();
        let select: Select = [
            columns::ID.field(),
            columns::TOTAL_COUNT.field(),
            columns::SUCCESS_COUNT.field(),
            columns::FAILED_COUNT.field(),
        ]
        .into_iter()
        .cloned()
        .collect();
        Some(Listing::new(
            ImportQuery::new()
                .select(select)
                .filter(columns::ID.in_(&self.asked)),
        ))
    }

    /// Takes note of a row of the current part: what there is to tell, if anything.
    ///
    /// ```
    /// use mateo_model::{driver::{WaitRow, Waiting}};
    ///
    /// let id = uuid::Uuid::from_u128(1);
    /// let mut waiting = Waiting::new([id]);
    /// let row = WaitRow { id, total_count: Some(5), success_count: Some(1), failed_count: Some(0) };
    /// assert!(waiting.told(&row).is_some());
    /// assert_eq!(waiting.told(&row), None); // no further than before
    /// ```
    pub fn told(&mut self, row: &WaitRow) -> Option<WaitEvent> {
        self.came.insert(row.id);
        let progress = Progress::from_counts(row.total_count, row.success_count, row.failed_count);
        let id = row.id;
        if progress.is_finished() {
            let before = self.unfinished.len();
            self.unfinished.retain(|unfinished| *unfinished != id);
            return (self.unfinished.len() < before).then_some(WaitEvent::Finished { id, progress });
        }
        let before = self.progress.insert(id, progress);
        (before != Some(progress)).then_some(WaitEvent::Progressed { id, progress })
    }

    /// The current part was read to its proven end: what was asked for and didn't come doesn't exist.
    ///
    /// ```
    /// use mateo_model::{driver::{WaitEvent, Waiting}};
    ///
    /// let id = uuid::Uuid::from_u128(1);
    /// let mut waiting = Waiting::new([id]);
    /// waiting.begin_round();
    /// waiting.next_part();
    /// assert_eq!(waiting.part_done(), [WaitEvent::Missing { id }]); // read to its end, and no row came
    /// ```
    pub fn part_done(&mut self) -> Vec<WaitEvent> {
        let asked = std::mem::take(&mut self.asked);
        let missing: Vec<Uuid> = asked.into_iter().filter(|id| !self.came.contains(id)).collect();
        self.unfinished.retain(|id| !missing.contains(id));
        missing.into_iter().map(|id| WaitEvent::Missing { id }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn row(number: u128, success: Option<i32>) -> WaitRow {
        WaitRow {
            id: id(number),
            total_count: Some(10),
            success_count: success,
            failed_count: Some(0),
        }
    }

    #[test]
    fn a_thousand_imports_are_twenty_requests_a_round() {
        let mut waiting = Waiting::new((0..1_000).chain(0..1_000).map(id));
        assert_eq!(waiting.begin_round(), 20);
        assert_eq!(std::iter::from_fn(|| waiting.next_part()).count(), 20);
    }

    #[test]
    fn each_is_told_when_it_moves_and_once_when_it_finishes() {
        let mut waiting = Waiting::new([id(1), id(2)]);
        waiting.begin_round();
        waiting.next_part();
        let running = Progress::Running { done: 3, total: 10 };
        let finished = Progress::Finished { total: 10, failed: 0 };
        assert_eq!(
            waiting.told(&row(1, Some(3))),
            Some(WaitEvent::Progressed {
                id: id(1),
                progress: running
            })
        );
        assert_eq!(waiting.told(&row(1, Some(3))), None);
        assert_eq!(
            waiting.told(&row(1, Some(10))),
            Some(WaitEvent::Finished {
                id: id(1),
                progress: finished
            })
        );
        assert_eq!(waiting.told(&row(1, Some(10))), None);
        assert_eq!(waiting.unfinished(), [id(2)]);
    }

    #[test]
    fn an_import_that_does_not_exist_is_told_and_not_waited_for() {
        let mut waiting = Waiting::new([id(1), id(2)]);
        waiting.begin_round();
        waiting.next_part();
        waiting.told(&row(2, None));
        assert_eq!(waiting.part_done(), [WaitEvent::Missing { id: id(1) }]);
        assert_eq!(waiting.unfinished(), [id(2)]);
    }
}
