//! Waiting for imports to finish: which of them to ask about next, and what the answers say.

use std::collections::{HashMap, HashSet, VecDeque};

use serde::Deserialize;
use uuid::Uuid;

use crate::columns;
use crate::driver::listing::{Listing, PAGE_ROWS};
use crate::page::{BadRow, Page};
use crate::progress::Progress;
use crate::query::ImportQuery;
use crate::select::Select;

/// Waiting in progress, as a value: rounds of requests, 50 ids and four columns each, until nothing is left.
///
/// Each request is a [`Listing`], so that an import that a lowered cap held back isn't taken for one that
/// doesn't exist.
///
/// ```
/// use mateo_model::{Page, Progress, driver::{WaitEvent, Waiting}};
///
/// let id: uuid::Uuid = "38d889d2-b47a-4c1d-8a3a-b343ac333b68".parse()?;
/// let mut waiting = Waiting::new([id]);
/// waiting.begin_round();
/// let mut part = waiting.next_part().unwrap();
/// assert_eq!(part.next_page().unwrap().query.to_string(),
///     "id=in.(%2238d889d2-b47a-4c1d-8a3a-b343ac333b68%22)\
///      &select=id,total_count,success_count,failed_count&order=id&limit=50");
///
/// let page = Page::read(
///     br#"[{"id":"38d889d2-b47a-4c1d-8a3a-b343ac333b68","total_count":5,"success_count":4,"failed_count":1}]"#)?;
/// let finished = Progress::Finished { total: 5, failed: 1 };
/// assert_eq!(waiting.page_arrived(page), [Ok(WaitEvent::Finished { id, progress: finished })]);
/// assert!(waiting.unfinished().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    /// In the order they were given.
    unfinished: Vec<Uuid>,
    progress: HashMap<Uuid, Progress>,
    /// Imports whose rows could not be read, and in how many rounds in a row that is so.
    unreadable: HashMap<Uuid, u32>,
    /// Rows that had no readable id either.
    unknown: HashSet<String>,
    /// The parts of the round that are still to be asked.
    round: VecDeque<Vec<Uuid>>,
    /// The ids of the part that was asked last, and those of them that came.
    asked: Vec<Uuid>,
    came: HashSet<Uuid>,
    /// Whether the part had a row without a readable id.
    has_unknown: bool,
}

/// What the server says about one import.
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
    /// In how many rounds in a row an import may be unreadable: after that it isn't waited for any longer.
    pub const UNREADABLE_ROUNDS: u32 = 3;

    /// Waits for `ids`, each counted once.
    pub fn new(ids: impl IntoIterator<Item = Uuid>) -> Self {
        let mut known = HashSet::new();
        let unfinished = ids.into_iter().filter(|id| known.insert(*id)).collect();
        Self {
            unfinished,
            ..Self::default()
        }
    }

    /// The imports that are neither finished nor missing, in the order they were given.
    pub fn unfinished(&self) -> &[Uuid] {
        &self.unfinished
    }

    /// Begins a round over all that are unfinished, and says how many requests it takes.
    pub fn begin_round(&mut self) -> u64 {
        let rows = usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX);
        self.round = self.unfinished.chunks(rows).map(<[Uuid]>::to_vec).collect();
        self.round.len() as u64
    }

    /// The listing of the round's next part; `None` when the round is over.
    pub fn next_part(&mut self) -> Option<Listing> {
        self.asked = self.round.pop_front()?;
        self.came.clear();
        self.has_unknown = false;
        let query = ImportQuery::new().filter(columns::ID.in_(&self.asked));
        Some(Listing::new(query.select(Select::fields_of::<WaitRow>())))
    }

    /// Takes note of a page of the current part: what there is to report of its rows.
    ///
    /// A row that could not be read is reported once for each import. The import is asked about again, since it may have been a
    /// passing fault, for [a few rounds](Waiting::UNREADABLE_ROUNDS).
    pub fn page_arrived(&mut self, page: Page<WaitRow>) -> Vec<Result<WaitEvent, BadRow>> {
        let mut events = Vec::new();
        for row in page.into_results() {
            match row {
                Ok(row) => events.extend(self.observe(&row).map(Ok)),
                Err(bad) if self.observe_unreadable(&bad) => events.push(Err(bad)),
                Err(_) => {}
            }
        }
        events
    }

    fn observe(&mut self, row: &WaitRow) -> Option<WaitEvent> {
        let id = row.id;
        self.came.insert(id);
        if let Some(rounds) = self.unreadable.get_mut(&id) {
            *rounds = 0;
        }
        let progress = Progress::from_counts(row.total_count, row.success_count, row.failed_count);
        if progress.is_finished() {
            return self.give_up(id).then_some(WaitEvent::Finished { id, progress });
        }
        let before = self.progress.insert(id, progress);
        (before != Some(progress)).then_some(WaitEvent::Progressed { id, progress })
    }

    /// Whether the row is to be reported.
    fn observe_unreadable(&mut self, row: &BadRow) -> bool {
        let Some(id) = row.id else {
            self.has_unknown = true;
            return self.unknown.insert(row.raw.as_str().to_owned());
        };
        self.came.insert(id);
        let before = self.unreadable.get(&id).copied();
        let rounds = before.unwrap_or(0) + 1;
        self.unreadable.insert(id, rounds);
        if rounds >= Self::UNREADABLE_ROUNDS {
            self.give_up(id);
        }
        before.is_none()
    }

    /// The current part was read to its proven end: what was asked for and didn't come doesn't exist. Where a row came without a
    /// readable id, it may have been any of them.
    pub fn part_done(&mut self) -> Vec<WaitEvent> {
        let mut missing = std::mem::take(&mut self.asked);
        missing.retain(|id| !self.has_unknown && !self.came.contains(id));
        for id in &missing {
            self.give_up(*id);
        }
        missing.into_iter().map(|id| WaitEvent::Missing { id }).collect()
    }

    /// Waits for it no longer, if it was waited for.
    fn give_up(&mut self, id: Uuid) -> bool {
        let place = self.unfinished.iter().position(|unfinished| *unfinished == id);
        if let Some(place) = place {
            self.unfinished.remove(place);
        }
        place.is_some()
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
    fn each_is_reported_when_it_moves_and_once_when_it_finishes() {
        let mut waiting = Waiting::new([id(1), id(2)]);
        waiting.begin_round();
        waiting.next_part();
        let running = Progress::Running { done: 3, total: 10 };
        let finished = Progress::Finished { total: 10, failed: 0 };
        assert_eq!(
            waiting.observe(&row(1, Some(3))),
            Some(WaitEvent::Progressed {
                id: id(1),
                progress: running
            })
        );
        assert_eq!(waiting.observe(&row(1, Some(3))), None);
        assert_eq!(
            waiting.observe(&row(1, Some(10))),
            Some(WaitEvent::Finished {
                id: id(1),
                progress: finished
            })
        );
        assert_eq!(waiting.observe(&row(1, Some(10))), None);
        assert_eq!(waiting.unfinished(), [id(2)]);
    }

    #[test]
    fn an_import_that_does_not_exist_is_reported_and_not_waited_for() {
        let mut waiting = Waiting::new([id(1), id(2)]);
        waiting.begin_round();
        waiting.next_part();
        waiting.observe(&row(2, None));
        assert_eq!(waiting.part_done(), [WaitEvent::Missing { id: id(1) }]);
        assert_eq!(waiting.unfinished(), [id(2)]);
    }

    fn unreadable(id: Option<Uuid>) -> BadRow {
        let page = Page::<WaitRow>::read(b"[{\"id\":7}]").unwrap();
        let bad = page.bad_rows.into_iter().next().unwrap();
        BadRow { id, ..bad }
    }

    #[test]
    fn an_unreadable_import_is_reported_once_and_waited_for_a_few_rounds() {
        let mut waiting = Waiting::new([id(1), id(2)]);
        let bad = unreadable(Some(id(1)));
        let mut reported = Vec::new();
        for _ in 0..Waiting::UNREADABLE_ROUNDS {
            waiting.begin_round();
            waiting.next_part();
            waiting.observe(&row(2, Some(1)));
            reported.push(waiting.observe_unreadable(&bad));
            assert!(waiting.part_done().is_empty());
        }
        assert_eq!(reported, [true, false, false]);
        assert_eq!(waiting.unfinished(), [id(2)]);
    }

    #[test]
    fn an_import_that_was_unreadable_for_a_while_is_waited_for() {
        let mut waiting = Waiting::new([id(1)]);
        let bad = unreadable(Some(id(1)));
        for round in 0..Waiting::UNREADABLE_ROUNDS {
            assert_eq!(waiting.observe_unreadable(&bad), round == 0);
            waiting.observe(&row(1, Some(1)));
        }
        assert_eq!(waiting.unfinished(), [id(1)]);
    }

    #[test]
    fn beside_a_row_without_an_id_none_is_said_to_be_missing() {
        let mut waiting = Waiting::new([id(1), id(2)]);
        for round in 0..2 {
            waiting.begin_round();
            waiting.next_part();
            assert_eq!(waiting.observe_unreadable(&unreadable(None)), round == 0);
            assert!(waiting.part_done().is_empty());
        }
        assert_eq!(waiting.unfinished(), [id(1), id(2)]);
    }
}
