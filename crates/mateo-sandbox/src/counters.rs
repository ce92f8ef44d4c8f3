//! What the sandbox has seen, for tests to ask.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;

use crate::fault::Fault;

/// What the sandbox has seen since it began, or since its counters were last taken.
///
/// ```
/// # use mateo_sandbox::{Endpoint, Sandbox};
/// let endpoint = Endpoint::new(Sandbox::new());
/// assert_eq!(endpoint.counters().requests, 0);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Requests for imports, rejected and failed ones too. What found no connection is not counted.
    pub requests: u64,
    /// Responses to them by status. A request that was reset or never answered has none.
    pub by_status: BTreeMap<u16, u64>,
    /// The most requests in any one second, wherever it begins.
    pub busiest_second: u64,
    /// The most requests in flight at one time.
    pub most_at_once: u64,
    /// Requests to the files' origin, also those that followed a redirect there.
    pub file_requests: u64,
    /// Responses to them by status.
    pub files_by_status: BTreeMap<u16, u64>,
    /// Requests to the files' origin with an `Authorization` header, or with a key of the sandbox anywhere in them.
    pub leaked_keys: u64,
    /// Requests with a link that had expired.
    pub expired_links: u64,
    /// Requests that followed [`Fault::Redirect`] to the other origin.
    pub followed_redirects: u64,
    /// Requests that each fault has struck, by its name.
    strikes: BTreeMap<&'static str, u64>,
}

impl Counters {
    /// How many requests, to either origin, a fault has struck: those on which it had its effect.
    pub fn strikes(&self, fault: Fault) -> u64 {
        self.strikes.get(fault.name()).copied().unwrap_or_default()
    }

    /// How many requests for imports were rejected with 429.
    pub fn too_many_requests(&self) -> u64 {
        self.by_status.get(&429).copied().unwrap_or_default()
    }
}

/// The counters while they count.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) counters: Counters,
    last_second: VecDeque<DateTime<Utc>>,
    /// Each request in flight holds a clone.
    in_flight: Arc<()>,
}

impl Tally {
    pub(crate) fn arrive(&mut self, now: DateTime<Utc>) {
        self.counters.requests += 1;
        let is_past = |time: &DateTime<Utc>| now - *time >= TimeDelta::seconds(1);
        while self.last_second.front().is_some_and(is_past) {
            self.last_second.pop_front();
        }
        self.last_second.push_back(now);
        let requests = self.last_second.len() as u64;
        self.counters.busiest_second = self.counters.busiest_second.max(requests);
    }

    /// One more request, which is in flight until what this gives is dropped.
    pub(crate) fn enter(&mut self) -> Arc<()> {
        let request = Arc::clone(&self.in_flight);
        let at_once = Arc::strong_count(&request) as u64 - 1;
        self.counters.most_at_once = self.counters.most_at_once.max(at_once);
        request
    }

    pub(crate) fn answered(&mut self, status: StatusCode, is_for_files: bool) {
        let by_status = if is_for_files {
            &mut self.counters.files_by_status
        } else {
            &mut self.counters.by_status
        };
        *by_status.entry(status.as_u16()).or_default() += 1;
    }

    pub(crate) fn struck(&mut self, faults: &[Fault]) {
        for fault in faults {
            *self.counters.strikes.entry(fault.name()).or_default() += 1;
        }
    }

    /// The counters so far; they restart at zero, except for requests in flight.
    pub(crate) fn take(&mut self) -> Counters {
        self.last_second.clear();
        std::mem::take(&mut self.counters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_second_may_begin_anywhere() {
        let mut tally = Tally::default();
        for millis in [0, 900, 1100, 1200, 1899, 2300, 9000] {
            tally.arrive(DateTime::from_timestamp_millis(millis).expect("within range"));
        }
        // From 900 to 1899.
        assert_eq!(tally.counters.busiest_second, 4);
        assert_eq!(tally.take().requests, 7);
        assert_eq!(tally.counters, Counters::default());
    }

    #[test]
    fn requests_at_once_are_those_that_have_not_left() {
        let mut tally = Tally::default();
        let first = tally.enter();
        let _second = tally.enter();
        drop(first);
        let _third = tally.enter();
        assert_eq!(tally.counters.most_at_once, 2);
    }
}
