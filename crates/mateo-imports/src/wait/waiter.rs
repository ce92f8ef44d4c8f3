//! Waiting in progress: round after round, page after page.

use std::time::Duration;

use mateo_model::{
    BadRow,
    driver::{PollInterval, WaitEvent, WaitRow, Waiting},
};
use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::connection::Connection;
use crate::day::Day;
use crate::error::Error;
use crate::list::Reader;

/// What there is to report of a row.
pub(super) type Seen = Result<WaitEvent, BadRow>;

pub(super) struct Waiter {
    connection: Connection,
    waiting: Waiting,
    interval: PollInterval,
    day: Day,
    limit: Option<Duration>,
    began: Option<Instant>,
    part: Option<Reader>,
    queue: std::vec::IntoIter<Seen>,
    state: State,
}

enum State {
    /// The next round may begin.
    Due,
    /// A round is in progress, of so many requests, and something moved in it or not.
    Round { requests: u64, moved: bool },
    /// A round is over; the next is due after a wait.
    Passed { requests: u64, moved: bool },
    /// Time ran out.
    Ended,
}

impl Waiter {
    pub(super) fn new(
        connection: Connection,
        waiting: Waiting,
        limit: Option<Duration>,
        interval: (Duration, Duration),
    ) -> Self {
        Self {
            interval: PollInterval::between(interval.0, interval.1),
            day: Day::new(&connection),
            connection,
            waiting,
            limit,
            began: None,
            part: None,
            queue: Vec::new().into_iter(),
            state: State::Due,
        }
    }

    pub(super) async fn next(&mut self) -> Option<Result<Seen, Error>> {
        if let Some(seen) = self.queue.next() {
            return Some(Ok(seen));
        }
        let began = *self.began.get_or_insert_with(Instant::now);
        let deadline = self.limit.and_then(|limit| began.checked_add(limit));
        let seen = match deadline {
            Some(deadline) => timeout_at(deadline, self.seen()).await,
            None => Ok(self.seen().await),
        };
        seen.unwrap_or_else(|_| {
            self.state = State::Ended;
            self.part = None;
            Some(Err(Error::unfinished(
                self.waiting.unfinished().to_vec(),
                began.elapsed(),
            )))
        })
    }

    async fn seen(&mut self) -> Option<Result<Seen, Error>> {
        loop {
            if let Some(seen) = self.queue.next() {
                return Some(Ok(seen));
            }
            match self.state {
                State::Ended => return None,
                _ if self.waiting.unfinished().is_empty() => return None,
                State::Due => {
                    let requests = self.waiting.begin_round();
                    self.state = State::Round {
                        requests,
                        moved: false,
                    };
                }
                State::Round { requests, moved } => match self.page().await {
                    Ok(Some(seen)) => {
                        let moved = moved || seen.iter().any(Result::is_ok);
                        self.queue = seen.into_iter();
                        self.state = State::Round { requests, moved };
                    }
                    Ok(None) => self.state = State::Passed { requests, moved },
                    Err(error) => {
                        self.part = None;
                        self.state = State::Passed { requests, moved };
                        return Some(Err(error));
                    }
                },
                State::Passed { requests, moved } => {
                    let wait = self.interval.next(requests, moved, self.day.left().await);
                    tokio::time::sleep(wait).await;
                    self.state = State::Due;
                }
            }
        }
    }

    /// The next page of the round, and what it says; `None` when the round is over.
    async fn page(&mut self) -> Result<Option<Vec<Seen>>, Error> {
        let part = if let Some(part) = &mut self.part {
            part
        } else {
            let Some(listing) = self.waiting.next_part() else {
                return Ok(None);
            };
            self.part
                .insert(Reader::new(self.connection.clone(), listing, None))
        };
        let Some(arrived) = part.page::<WaitRow>().await else {
            self.part = None;
            return Ok(Some(self.waiting.part_done().into_iter().map(Ok).collect()));
        };
        let mut seen = Vec::new();
        for row in arrived?.page.into_results() {
            match row {
                Ok(row) => seen.extend(self.waiting.observe(&row).map(Ok)),
                Err(bad) if self.waiting.observe_unreadable(&bad) => seen.push(Err(bad)),
                Err(_) => {}
            }
        }
        Ok(Some(seen))
    }
}
