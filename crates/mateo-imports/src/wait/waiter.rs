//! Waiting in progress: round after round, page after page.

use std::time::Duration;

use mateo_model::{
    BadRow,
    driver::{WaitEvent, Waiting},
};
use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::connection::{Connection, Pauses};
use crate::error::{Error, Kind};
use crate::items::BadRows;
use crate::list::Reader;

pub(super) struct Waiter {
    connection: Connection,
    waiting: Waiting,
    pauses: Pauses,
    timeout: Option<Duration>,
    began: Option<Instant>,
    bad_rows: BadRows,
    /// The part of the round that is being read, and what it says.
    part: Option<Reader>,
    queue: std::vec::IntoIter<Result<WaitEvent, BadRow>>,
    round: Round,
    /// Time ran out.
    ended: bool,
}

/// The round in progress, of so many requests.
#[derive(Default)]
struct Round {
    requests: u64,
    /// Whether something moved in it.
    moved: bool,
    /// The next is due after a pause.
    is_over: bool,
}

impl Waiter {
    pub(super) fn new(
        connection: Connection,
        mut waiting: Waiting,
        timeout: Option<Duration>,
        interval: (Duration, Duration),
        bad_rows: BadRows,
    ) -> Self {
        let requests = waiting.begin_round();
        Self {
            pauses: Pauses::new(&connection, interval),
            connection,
            waiting,
            timeout,
            began: None,
            bad_rows,
            part: None,
            queue: Vec::new().into_iter(),
            round: Round {
                requests,
                ..Round::default()
            },
            ended: false,
        }
    }

    /// The next event; `None` when there is nothing to wait for any more, or time ran out.
    pub(super) async fn next(&mut self) -> Option<Result<WaitEvent, Error>> {
        if self.ended {
            return None;
        }
        let began = *self.began.get_or_insert_with(Instant::now);
        let Some(deadline) = self.timeout.and_then(|timeout| began.checked_add(timeout)) else {
            return self.event().await;
        };
        timeout_at(deadline, self.event()).await.unwrap_or_else(|_| {
            self.ended = true;
            self.part = None;
            let unfinished = Kind::Unfinished {
                ids: self.waiting.unfinished().to_vec(),
                waited: began.elapsed(),
                last: None,
            };
            Some(Err(unfinished.into()))
        })
    }

    async fn event(&mut self) -> Option<Result<WaitEvent, Error>> {
        loop {
            for event in self.queue.by_ref() {
                if let Some(event) = self.bad_rows.check(event) {
                    return Some(event);
                }
            }
            if self.waiting.unfinished().is_empty() {
                return None;
            }
            if self.round.is_over {
                self.pauses.pause(self.round.requests, self.round.moved).await;
                let requests = self.waiting.begin_round();
                self.round = Round {
                    requests,
                    ..Round::default()
                };
            }
            match self.page().await {
                Ok(Some(events)) => {
                    self.round.moved |= events.iter().any(Result::is_ok);
                    self.queue = events.into_iter();
                }
                Ok(None) => self.round.is_over = true,
                Err(error) => {
                    self.part = None;
                    self.round.is_over = true;
                    return Some(Err(error));
                }
            }
        }
    }

    /// What the next page of the round says; `None` when the round is over.
    async fn page(&mut self) -> Result<Option<Vec<Result<WaitEvent, BadRow>>>, Error> {
        if self.part.is_none() {
            let listing = self.waiting.next_part();
            self.part = listing.map(|listing| Reader::new(self.connection.clone(), listing));
        }
        let Some(part) = &mut self.part else {
            return Ok(None);
        };
        if let Some(arrived) = part.page().await {
            return Ok(Some(self.waiting.page_arrived(arrived?.page)));
        }
        self.part = None;
        Ok(Some(self.waiting.part_done().into_iter().map(Ok).collect()))
    }
}
