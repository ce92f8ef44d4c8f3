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
#[derive(Clone, Debug)]
pub struct ChangesCursor {
    /// The state at the start of a page, shared by the cursors of its rows.
    state: Arc<State>,
    /// The page, and how many of its rows are before the cursor.
    within: Option<(Arc<PageRows>, usize)>,
}

/// What is known between two pages.
#[derive(Clone, Debug)]
pub(super) struct State {
    version: u32,
    query: Option<String>,
    pub(super) watermark: Option<Watermark>,
    pub(super) pass: Option<Pass>,
    /// The rows yielded that may be met again, a part for each page.
    pub(super) yielded: Vec<Arc<[Seen]>>,
}

/// A pass under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pass {
    /// The watermark once it is complete.
    pub(super) next: Watermark,
    /// The last row it has read.
    pub(super) after: Option<Seen>,
}

/// A row in one of its states.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
        Self::of(None, None)
    }

    /// Before everything that changed at `time` or later; what changed within the overlap before it comes too.
    pub fn since(time: DateTime<Utc>) -> Self {
        Self::of(None, Some(Watermark { at: time, sent: None }))
    }

    fn of(query: Option<String>, watermark: Option<Watermark>) -> Self {
        Self::at(State {
            version: VERSION,
            query,
            watermark,
            pass: None,
            yielded: Vec::new(),
        })
    }

    /// The server's time at which the last complete pass began to read, or the time given to
    /// [`since`](ChangesCursor::since); `None` before the first pass is complete. What became visible before it has been
    /// yielded.
    pub fn watermark(&self) -> Option<DateTime<Utc>> {
        self.state.watermark.map(|watermark| watermark.at)
    }

    pub(super) fn at(state: State) -> Self {
        Self {
            state: Arc::new(state),
            within: None,
        }
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

    /// The cursor, bound to the query it is used for.
    pub(super) fn for_query(self, query: &ImportQuery) -> Result<Self, CursorError> {
        let mut state = self.state();
        if !(1..=VERSION).contains(&state.version) {
            return Err(CursorError::Version {
                version: state.version,
            });
        }
        state.version = VERSION;
        let query = query.to_string();
        match state.query.replace(query.clone()) {
            Some(other) if other != query => Err(CursorError::OtherQuery { cursor: other }),
            _ => Ok(Self::at(state)),
        }
    }
}

impl Default for ChangesCursor {
    fn default() -> Self {
        Self::beginning()
    }
}

impl State {
    /// Takes note of rows that were read in a pass.
    pub(super) fn read(&mut self, next: Watermark, rows: &[RowRead]) {
        let after = match rows.iter().rfind(|row| row.is_position) {
            Some(last) => Some(last.seen.clone()),
            None => self.pass.take().and_then(|pass| pass.after),
        };
        self.pass = Some(Pass { next, after });
        let remembered: Arc<[Seen]> = rows
            .iter()
            .filter(|row| row.is_remembered)
            .map(|row| row.seen.clone())
            .collect();
        if !remembered.is_empty() {
            self.yielded.push(remembered);
        }
    }

    /// The rows yielded that may be met again, in the order in which they were.
    pub(super) fn yielded(&self) -> impl Iterator<Item = &Seen> {
        self.yielded.iter().flat_map(|part| part.iter())
    }
}

/// Two cursors are equal if they go on alike.
impl PartialEq for ChangesCursor {
    fn eq(&self, other: &Self) -> bool {
        Stored::from(&self.state()) == Stored::from(&other.state())
    }
}

impl Eq for ChangesCursor {}

/// The cursor as JSON.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    watermark: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pass: Option<StoredPass>,
    /// The ids by `updated_at`: a bulk update gives thousands of rows the same one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    yielded: BTreeMap<String, BTreeSet<String>>,

    // Version 1: the latest `updated_at` seen, and the rows yielded shortly before it.
    #[serde(default, skip_serializing)]
    updated_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing)]
    given: Vec<(String, String)>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StoredPass {
    watermark: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent: Option<DateTime<Utc>>,
    /// `updated_at` and `id` of the last row read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<(String, String)>,
}

impl From<&State> for Stored {
    fn from(state: &State) -> Self {
        let latest: HashMap<&str, &str> = state.yielded().map(|row| (&*row.id, &*row.at)).collect();
        let mut yielded: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (id, at) in latest {
            match yielded.get_mut(at) {
                Some(ids) => {
                    ids.insert(id.to_owned());
                }
                None => {
                    yielded.insert(at.to_owned(), BTreeSet::from([id.to_owned()]));
                }
            }
        }
        Self {
            version: state.version,
            query: state.query.clone(),
            watermark: state.watermark.map(|watermark| watermark.at),
            sent: state.watermark.and_then(|watermark| watermark.sent),
            pass: state.pass.as_ref().map(|pass| StoredPass {
                watermark: pass.next.at,
                sent: pass.next.sent,
                after: pass
                    .after
                    .as_ref()
                    .map(|row| (row.at.to_string(), row.id.to_string())),
            }),
            yielded,
            updated_at: None,
            given: Vec::new(),
        }
    }
}

impl From<Stored> for State {
    fn from(stored: Stored) -> Self {
        let seen = |at: &Arc<str>, id: String| Seen {
            at: Arc::clone(at),
            id: id.into(),
        };
        let mut yielded: Vec<Seen> = Vec::new();
        for (at, ids) in stored.yielded {
            let at = at.into();
            yielded.extend(ids.into_iter().map(|id| seen(&at, id)));
        }
        yielded.extend(stored.given.into_iter().map(|(id, at)| seen(&at.into(), id)));
        Self {
            version: stored.version,
            query: stored.query,
            watermark: stored.watermark.or(stored.updated_at).map(|at| Watermark {
                at,
                sent: stored.sent,
            }),
            pass: stored.pass.map(|pass| Pass {
                next: Watermark {
                    at: pass.watermark,
                    sent: pass.sent,
                },
                after: pass.after.map(|(at, id)| seen(&at.into(), id)),
            }),
            yielded: if yielded.is_empty() {
                Vec::new()
            } else {
                vec![yielded.into()]
            },
        }
    }
}

impl Serialize for ChangesCursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored::from(&self.state()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ChangesCursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::at(Stored::deserialize(deserializer)?.into()))
    }
}
