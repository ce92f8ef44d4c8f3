//! Following in progress: pass after pass, page after page.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mateo_model::{
    BadRow,
    driver::{Changes, ChangesCursor, RequestTime},
};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::ChangesPage;
use crate::connection::{Connection, Pauses};
use crate::error::Error;
use crate::list::{Arrived, Reader};

/// A page of a pass: what is new in it, each row with the cursor after it.
pub(super) struct NewRows<T> {
    pub(super) rows: Vec<(ChangesCursor, Result<T, BadRow>)>,
    /// What else is known of the page. The rows are not in it yet.
    pub(super) page: ChangesPage<T>,
}

impl<T> From<NewRows<T>> for ChangesPage<T> {
    fn from(NewRows { rows, mut page }: NewRows<T>) -> Self {
        for (_, row) in rows {
            match row {
                Ok(row) => page.rows.push(row),
                Err(bad) => page.bad_rows.push(bad),
            }
        }
        page
    }
}

pub(super) struct Follower {
    connection: Connection,
    changes: Changes,
    once: bool,
    pauses: Pauses,
    /// The wall clock as it was at the start, and when that was: with the time since, a clock that doesn't jump.
    started: (DateTime<Utc>, Instant),
    pass: Option<Reader>,
    /// The next page is due after a pause, since so many requests were made.
    pause_after: Option<u64>,
    /// Whether anything new was found since the last pause.
    found: bool,
    ended: bool,
}

impl Follower {
    pub(super) fn new(
        connection: Connection,
        changes: Changes,
        interval: (Duration, Duration),
        once: bool,
    ) -> Result<Self, Error> {
        Ok(Self {
            pauses: Pauses::new(&connection, interval),
            started: (connection.pipeline()?.wall_clock().into(), Instant::now()),
            connection,
            changes,
            once,
            pass: None,
            pause_after: None,
            found: false,
            ended: false,
        })
    }

    /// The next page; `None` after the only pass. After an error it goes on where it stood.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> Option<Result<NewRows<T>, Error>> {
        if self.ended {
            return None;
        }
        if let Some(requests) = self.pause_after {
            self.pauses.pause(requests, self.found).await;
            self.pause_after = None;
            self.found = false;
        }
        let pass = self
            .pass
            .get_or_insert_with(|| Reader::new(self.connection.clone(), self.changes.begin_pass()));
        let (wall, started) = self.started;
        let sent = wall.checked_add_signed(delta(started.elapsed()));
        let Arrived { page, source } = match pass.page().await? {
            Ok(arrived) => arrived,
            Err(error) => {
                self.pause_after = Some(1);
                return Some(Err(error));
            }
        };
        let time = RequestTime {
            sent: sent.unwrap_or(wall),
            took: delta(source.took),
            date: source.date.map(DateTime::from),
        };
        let listing = pass.listing();
        let cursors = self.changes.page_arrived(listing, source.rows(), time);
        let rows: Vec<_> = cursors
            .into_iter()
            .zip(page.into_results())
            .filter_map(|(cursor, row)| Some((cursor?, row)))
            .collect();
        self.found |= !rows.is_empty();
        let completes_pass = listing.completion().is_some();
        let page = ChangesPage {
            rows: Vec::with_capacity(rows.len()),
            bad_rows: Vec::new(),
            cursor: self.changes.cursor().clone(),
            completes_pass,
            expected: if completes_pass {
                Some(listing.received())
            } else {
                listing.counted()
            },
            watermark: self.changes.watermark(),
        };
        if completes_pass {
            self.ended = self.once;
            self.pause_after = Some(pass.requests());
            self.pass = None;
        }
        Some(Ok(NewRows { rows, page }))
    }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
