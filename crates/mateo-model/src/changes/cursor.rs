//! Where following stands, as a value that outlives the program.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::listing::CursorError;
use crate::query::ImportQuery;
use crate::timestamp;

const VERSION: u32 = 1;

/// Rows of the overlap window that a cursor remembers. Where there were more, the next run gives some of them
/// again: at least once, never less.
const REMEMBERED: usize = 200;

/// Where following changes stands, to be saved when a change has been dealt with and given to the next run.
///
/// Its JSON is stable: `{"version":1,"query":"…","updated_at":"…","given":[["id","updated_at"],…]}`. `given`
/// holds the last rows of the overlap window, so that a run that goes on from here doesn't give them again.
///
/// ```
/// use mateo_model::ChangesCursor;
///
/// let saved = serde_json::to_string(&ChangesCursor::since("2026-01-02T00:00:00Z".parse().unwrap()))?;
/// let cursor: ChangesCursor = serde_json::from_str(&saved)?;
/// assert_eq!(cursor.updated_at(), Some("2026-01-02T00:00:00Z".parse().unwrap()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesCursor {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    given: VecDeque<(String, String)>,
}

impl ChangesCursor {
    /// Before the first import.
    ///
    /// ```
    /// use mateo_model::ChangesCursor;
    ///
    /// assert_eq!(ChangesCursor::beginning().updated_at(), None);
    /// ```
    pub fn beginning() -> Self {
        Self {
            version: VERSION,
            ..Self::default()
        }
    }

    /// Before everything that changed at `time` or later; what changed within the overlap before it comes too.
    ///
    /// ```
    /// use mateo_model::ChangesCursor;
    ///
    /// let cursor = ChangesCursor::since("2026-01-02T00:00:00Z".parse().unwrap());
    /// assert_eq!(
    ///     serde_json::to_string(&cursor).unwrap(),
    ///     r#"{"version":1,"updated_at":"2026-01-02T00:00:00Z"}"#,
    /// );
    /// ```
    pub fn since(time: DateTime<Utc>) -> Self {
        Self {
            updated_at: Some(time),
            ..Self::beginning()
        }
    }

    /// The latest change that is behind it; `None` at the beginning.
    ///
    /// ```
    /// use mateo_model::ChangesCursor;
    ///
    /// let time = "2026-01-02T00:00:00Z".parse()?;
    /// assert_eq!(ChangesCursor::since(time).updated_at(), Some(time));
    /// # Ok::<(), chrono::ParseError>(())
    /// ```
    pub fn updated_at(&self) -> Option<DateTime<Utc>> {
        self.updated_at
    }

    pub(super) fn given(&self) -> impl Iterator<Item = (&str, &str)> {
        self.given.iter().map(|(id, at)| (id.as_str(), at.as_str()))
    }

    /// The cursor, bound to the query it is used for.
    pub(super) fn for_query(mut self, query: &ImportQuery) -> Result<Self, CursorError> {
        if self.version != VERSION {
            return Err(CursorError::Version {
                version: self.version,
            });
        }
        let query = query.to_string();
        match self.query.replace(query.clone()) {
            Some(other) if other != query => Err(CursorError::OtherQuery { cursor: other }),
            _ => Ok(self),
        }
    }

    /// Goes on behind the row; it never goes back.
    pub(super) fn advance(&mut self, id: &str, at: &str, time: DateTime<Utc>, overlap: TimeDelta) {
        let latest = self.updated_at.map_or(time, |before| before.max(time));
        self.updated_at = Some(latest);
        let floor = latest.checked_sub_signed(overlap);
        let outlived = |at: &str| floor.is_some_and(|floor| timestamp::parse(at).is_ok_and(|at| at < floor));
        while self.given.front().is_some_and(|(_, at)| outlived(at)) || self.given.len() >= REMEMBERED {
            self.given.pop_front();
        }
        self.given.push_back((id.to_owned(), at.to_owned()));
    }
}
