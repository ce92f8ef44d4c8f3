//! Where following stands, as a value that outlives the program.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::watermark::Watermark;
use crate::driver::listing::CursorError;
use crate::query::ImportQuery;

const VERSION: u32 = 2;

/// Where following changes stands, to be saved when a change has been dealt with and given to the next run.
///
/// It holds the [watermark](ChangesCursor::watermark) of the last complete pass, the position in the pass under way, and the
/// rows that the next pass would meet again: those that changed within the overlap. A clone is cheap however many those are;
/// serialising writes them all.
///
/// Its JSON is stable: `{"version":2,"query":"…","watermark":"…","sent":"…","pass":{…},"yielded":{"updated_at":["id",…]}}`.
/// Version 1 can still be read.
///
/// ```
/// use mateo_model::driver::ChangesCursor;
///
/// let saved = serde_json::to_string(&ChangesCursor::since("2026-01-02T00:00:00Z".parse().unwrap()))?;
/// assert_eq!(saved, r#"{"version":2,"watermark":"2026-01-02T00:00:00Z"}"#);
/// let cursor: ChangesCursor = serde_json::from_str(&saved)?;
/// assert_eq!(cursor.watermark(), Some("2026-01-02T00:00:00Z".parse().unwrap()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "State", from = "State")]
pub struct ChangesCursor {
    /// The state at the start of a page, shared by the cursors of its rows.
    state: Arc<State>,
    /// The page, and how many of its rows are before the cursor.
    within: Option<(Arc<PageRows>, usize)>,
}

/// What is known between two pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    /// In version 1 the latest `updated_at` seen.
    #[serde(default, alias = "updated_at", skip_serializing_if = "Option::is_none")]
    watermark: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pass: Option<Pass>,
    #[serde(default, skip_serializing_if = "Yielded::is_empty")]
    pub(super) yielded: Yielded,
    /// Of version 1: the rows yielded shortly before the latest, as `id` and `updated_at`.
    #[serde(default, skip_serializing)]
    given: Vec<(String, String)>,
}

/// A pass under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pass {
    /// The watermark once it is complete.
    #[serde(flatten)]
    pub(super) next: Watermark,
    /// `updated_at` and `id` of the last row it has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<(String, String)>,
}

/// The rows yielded that may be met again, a part for each page.
#[derive(Clone, Debug, Default)]
pub(super) struct Yielded(pub(super) Vec<Arc<[Seen]>>);

/// A row in one of its states.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) at: Arc<str>,
    pub(super) id: Arc<str>,
}

/// The rows of a page, as far as its cursors need them.
#[derive(Debug)]
pub(super) struct PageRows {
    /// The watermark once the pass of the page is complete.
    pub(super) next: Watermark,
    pub(super) rows: Vec<RowRead>,
}

/// A row that was read, and what it means for what comes.
#[derive(Debug)]
pub(super) struct RowRead {
    pub(super) seen: Seen,
    /// Whether the pass can go on after it.
    pub(super) is_position: bool,
    /// Whether it was yielded and may be met again.
    pub(super) is_remembered: bool,
}

impl ChangesCursor {
    /// Before the first import.
    pub fn beginning() -> Self {
        Self::from(State {
            version: VERSION,
            query: None,
            watermark: None,
            sent: None,
            pass: None,
            yielded: Yielded::default(),
            given: Vec::new(),
        })
    }

    /// Before everything that changed at `time` or later; what changed within the overlap before it comes too.
    pub fn since(time: DateTime<Utc>) -> Self {
        let mut state = Self::beginning().state();
        state.watermark = Some(time);
        Self::from(state)
    }

    /// The server's time at which the last complete pass began to read, or the time given to
    /// [`since`](ChangesCursor::since); `None` before the first pass is complete. What became visible before it has been
    /// yielded.
    pub fn watermark(&self) -> Option<DateTime<Utc>> {
        self.state.watermark
    }

    /// The cursor after the first `taken` rows of the page that follows this one.
    pub(super) fn within(&self, page: &Arc<PageRows>, taken: usize) -> Self {
        Self {
            state: Arc::clone(&self.state),
            within: Some((Arc::clone(page), taken)),
        }
    }

    /// The state at a cursor, the page it is in included.
    pub(super) fn state(&self) -> State {
        let mut state = State::clone(&self.state);
        if let Some((page, taken)) = &self.within {
            let rows = page.rows.get(..*taken).unwrap_or(&page.rows);
            state.read(page.next, rows);
        }
        state
    }

    /// The cursor, bound to the query it is used for, and of this version.
    pub(super) fn for_query(self, query: &ImportQuery) -> Result<Self, CursorError> {
        let mut state = self.state();
        let version = std::mem::replace(&mut state.version, VERSION);
        if !(1..=VERSION).contains(&version) {
            return Err(CursorError::Version { version });
        }
        let query = query.to_string();
        match state.query.replace(query.clone()) {
            Some(other) if other != query => Err(CursorError::OtherQuery { cursor: other }),
            _ => Ok(Self::from(state)),
        }
    }
}

impl Default for ChangesCursor {
    fn default() -> Self {
        Self::beginning()
    }
}

impl From<State> for ChangesCursor {
    fn from(mut state: State) -> Self {
        let given = std::mem::take(&mut state.given).into_iter();
        state.yielded.push(given.map(|(id, at)| Seen {
            at: at.into(),
            id: id.into(),
        }));
        Self {
            state: Arc::new(state),
            within: None,
        }
    }
}

impl From<ChangesCursor> for State {
    fn from(cursor: ChangesCursor) -> Self {
        cursor.state()
    }
}

/// Two cursors are equal if they go on alike.
impl PartialEq for ChangesCursor {
    fn eq(&self, other: &Self) -> bool {
        self.state() == other.state()
    }
}

impl Eq for ChangesCursor {}

impl State {
    pub(super) fn watermark(&self) -> Option<Watermark> {
        let sent = self.sent;
        self.watermark.map(|at| Watermark { at, sent })
    }

    /// Takes note of rows that were read in a pass.
    pub(super) fn read(&mut self, next: Watermark, rows: &[RowRead]) {
        let last = rows.iter().rfind(|row| row.is_position);
        let after = match last {
            Some(RowRead { seen, .. }) => Some((seen.at.to_string(), seen.id.to_string())),
            None => self.pass.take().and_then(|pass| pass.after),
        };
        self.pass = Some(Pass { next, after });
        let remembered = rows.iter().filter(|row| row.is_remembered);
        self.yielded.push(remembered.map(|row| row.seen.clone()));
    }

    /// The pass is complete, and the next one may meet these rows.
    pub(super) fn complete(&mut self, next: Watermark, yielded: impl Iterator<Item = Seen>) {
        self.watermark = Some(next.at);
        self.sent = next.sent;
        self.pass = None;
        self.yielded = Yielded::default();
        self.yielded.push(yielded);
    }
}

impl Yielded {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, rows: impl Iterator<Item = Seen>) {
        let rows: Arc<[Seen]> = rows.collect();
        if !rows.is_empty() {
            self.0.push(rows);
        }
    }

    /// In the order in which they were yielded.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Seen> {
        self.0.iter().flat_map(|part| part.iter())
    }

    /// The ids by `updated_at`: a bulk update gives thousands of rows the same one. Of a row that is there twice, its last.
    fn by_time(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let latest: HashMap<&str, &str> = self.rows().map(|row| (&*row.id, &*row.at)).collect();
        let mut by_time: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (id, at) in latest {
            by_time.entry(at).or_default().insert(id);
        }
        by_time
    }
}

impl PartialEq for Yielded {
    fn eq(&self, other: &Self) -> bool {
        self.by_time() == other.by_time()
    }
}

impl Eq for Yielded {}

impl Serialize for Yielded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.by_time().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Yielded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut yielded = Self::default();
        for (at, ids) in BTreeMap::<String, BTreeSet<String>>::deserialize(deserializer)? {
            let at: Arc<str> = at.into();
            yielded.push(ids.into_iter().map(|id| Seen {
                at: Arc::clone(&at),
                id: id.into(),
            }));
        }
        Ok(yielded)
    }
}
