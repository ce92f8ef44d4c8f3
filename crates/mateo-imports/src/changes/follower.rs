//! Following in progress: pass after pass, page after page.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mateo_model::{
    BadRow,
    driver::{Changes, ChangesCursor, PollInterval, RequestTime},
};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::connection::Connection;
use crate::day::Day;
use crate::error::Error;
use crate::list::{Arrived, Reader};

/// A page of a pass: what is new in it, each row with the cursor after it.
pub(super) struct NewRows<T> {
    pub(super) rows: Vec<(ChangesCursor, Result<T, BadRow>)>,
    /// The cursor after all of them.
    pub(super) cursor: ChangesCursor,
    pub(super) completes_pass: bool,
    pub(super) expected: Option<u64>,
    pub(super) watermark: Option<DateTime<Utc>>,
}

pub(super) struct Follower {
    connection: Connection,
    changes: Changes,
    once: bool,
    interval: PollInterval,
    day: Day,
    clock: Option<SteadyClock>,
    pass: Option<Reader>,
    state: State,
    /// Whether the pass has found something new.
    found: bool,
}

enum State {
    /// The next pass may begin, or the current one go on.
    Due,
    /// The next pass, or the next attempt to go on with the current one, is due after a wait.
    Waiting { requests: u64 },
    /// The only pass is over.
    Ended,
}

/// The wall clock as it was at the start, and the time since: it doesn't jump.
struct SteadyClock {
    started: Instant,
    wall: DateTime<Utc>,
}

impl SteadyClock {
    fn at(&self, instant: Instant) -> DateTime<Utc> {
        self.wall
            .checked_add_signed(delta(instant.saturating_duration_since(self.started)))
            .unwrap_or(self.wall)
    }
}

impl Follower {
    pub(super) fn new(
        connection: Connection,
        changes: Changes,
        interval: (Duration, Duration),
        once: bool,
    ) -> Self {
        Self {
            interval: PollInterval::between(interval.0, interval.1),
            day: Day::new(&connection),
            connection,
            changes,
            once,
            clock: None,
            pass: None,
            state: State::Due,
            found: false,
        }
    }

    /// The next page; `None` after the only pass. After an error it goes on where it stood.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> Option<Result<NewRows<T>, Error>> {
        loop {
            match self.state {
                State::Ended => return None,
                State::Waiting { requests } => {
                    let wait = self.interval.next(requests, self.found, self.day.left().await);
                    tokio::time::sleep(wait).await;
                    self.found = false;
                    self.state = State::Due;
                }
                State::Due => {
                    let page = self.page().await;
                    if page.is_err() {
                        self.state = State::Waiting { requests: 1 };
                    }
                    return Some(page);
                }
            }
        }
    }

    /// Reads a page of the pass.
    async fn page<T: DeserializeOwned>(&mut self) -> Result<NewRows<T>, Error> {
        let clock = match &self.clock {
            Some(clock) => clock,
            None => self.clock.insert(SteadyClock {
                started: Instant::now(),
                wall: self.connection.pipeline()?.wall_clock().into(),
            }),
        };
        let pass = match &mut self.pass {
            Some(pass) => pass,
            None => self.pass.insert(Reader::new(
                self.connection.clone(),
                self.changes.begin_pass().map_err(Error::of)?,
                None,
            )),
        };
        let sent = clock.at(Instant::now());
        // A pass that is complete is put away below, so there is a page to come.
        let Some(arrived) = pass.page::<T>().await else {
            return Err(Error::not_begun());
        };
        let Arrived { page, source } = arrived?;
        let time = RequestTime {
            sent,
            took: delta(source.took),
            date: source.date.map(DateTime::from),
        };
        let cursors = self.changes.page_arrived(pass.listing(), source.rows(), time);
        let rows: Vec<_> = cursors
            .into_iter()
            .zip(page.into_results())
            .filter_map(|(cursor, row)| Some((cursor?, row)))
            .collect();
        self.found |= !rows.is_empty();
        let completes_pass = pass.listing().completion().is_some();
        let expected = if completes_pass {
            Some(pass.listing().received())
        } else {
            pass.listing().counted()
        };
        if completes_pass {
            self.state = if self.once {
                State::Ended
            } else {
                State::Waiting {
                    requests: pass.requests(),
                }
            };
            self.pass = None;
        }
        Ok(NewRows {
            rows,
            cursor: self.changes.cursor().clone(),
            completes_pass,
            expected,
            watermark: self.changes.watermark(),
        })
    }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
