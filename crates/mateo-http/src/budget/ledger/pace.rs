//! The second: when the next request may be sent, and what answers change about it.

use std::cmp::Reverse;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::answer::{LONG_WINDOW, StatedRate};
use super::{Answer, LEAST_SHARE, Ledger, MORE_THAN, SPREAD, Sent, Terms, WHOLE, WIDE_SPREAD, duration};

/// The largest number of requests a window that is followed one by one. More in a window are as many in a part of it.
const FOLLOWED: i64 = 64;

/// So many a second are more than milliseconds can tell apart, and more than any program can send.
const NO_LIMIT: f64 = 64_000.0;

/// `limit` requests in every `window` milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::budget) struct Rate {
    pub(in crate::budget) limit: i64,
    pub(in crate::budget) window: i64,
}

impl Rate {
    /// From requests a second, as settings give it: 2.0 is two in a second, 0.5 is one in two seconds. Less than one in an
    /// hour is one in an hour. `None` for what is no limit.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "all are bounded: the rate by no limit, the window by the longest"
    )]
    pub(in crate::budget) fn per_second(rate: f64) -> Option<Self> {
        if rate.is_nan() || rate <= 0.0 || rate >= NO_LIMIT {
            return None;
        }
        let limit = rate.max(1.0) as i64;
        let window = (limit as f64 * 1000.0 / rate).ceil().min(LONG_WINDOW as f64) as i64;
        Some(Self { limit, window }.followed())
    }

    /// The same rate with a limit that can be followed. Whoever sends at most 64 in a 64th of the window keeps to it.
    fn followed(self) -> Self {
        if self.limit <= FOLLOWED {
            return self;
        }
        Self {
            limit: FOLLOWED,
            // Rounded up.
            window: (self.window * FOLLOWED + self.limit - 1) / self.limit,
        }
    }
}

impl Ledger {
    /// The rate in force: the settings', corrected by what the server states. Rejections stretch its window.
    pub(super) fn rate(&self, terms: &Terms) -> Option<Rate> {
        let own = terms.rate?;
        let mut rate = own;
        if let Some(StatedRate { limit, window, sure }) = self.stated {
            let raises = window * own.limit < own.window * limit;
            if !raises || (sure != 0 && !terms.rate_is_set) {
                rate = Rate { limit, window }.followed();
            }
        }
        rate.window = rate.window * WHOLE / (WHOLE - self.unused);
        Some(rate)
    }

    /// The earliest time for a request after others that arrive at `arrivals`, the last of them sent at `last`.
    pub(super) fn earliest(
        &self,
        rate: Option<Rate>,
        arrivals: &mut [i64],
        last: Option<i64>,
        now: i64,
    ) -> i64 {
        let now = now.max(self.hold);
        let Some(Rate { limit, window }) = rate else {
            return now;
        };
        arrivals.sort_unstable_by_key(|arrival| Reverse(*arrival));
        let first = arrivals.get(usize::try_from(limit - 1).unwrap_or(0));
        let spread = if self.unused == 0 { SPREAD } else { WIDE_SPREAD };
        now.max(last.map_or(now, |last| last + window * spread / WHOLE / limit))
            .max(first.map_or(now, |first| first + window + MORE_THAN))
    }

    /// When the last request was or will be sent.
    pub(super) fn last(&self) -> Option<i64> {
        self.sent.iter().map(|sent| sent.at).max()
    }

    /// Counts a request that is sent at `at`.
    pub(super) fn grant(&mut self, terms: &Terms, id: i64, at: i64) {
        self.version += 1;
        self.day.charge(1, at);
        self.remember(terms, id, at, 1);
    }

    /// Keeps a request, and of the others those that can still matter: the latest as many as the largest limit, and as many
    /// again, since those that were granted ahead may be given back.
    pub(super) fn remember(&mut self, terms: &Terms, id: i64, at: i64, open: i64) {
        let stated = self.stated.map_or(0, |rate| rate.limit.min(FOLLOWED));
        let own = terms.rate.map_or(1, |rate| rate.limit);
        self.keep = self.keep.max(own).max(stated);
        let by = at + terms.lease;
        self.sent.push(Sent { id, at, by, open });
        let first = self.sent.iter().enumerate().min_by_key(|(_, sent)| sent.by);
        if let Some((first, _)) = first
            && self.sent.len() as u64 > 2 * self.keep.unsigned_abs()
        {
            self.sent.remove(first);
        }
    }

    /// The request has arrived by `by`, or by the end of its lease. Returns when it was sent.
    pub(super) fn close(&mut self, id: i64, by: i64) -> Option<i64> {
        let sent = self.sent.iter_mut().find(|sent| sent.id == id)?;
        (sent.by, sent.open) = (sent.by.min(by), 0);
        Some(sent.at)
    }

    pub(super) fn give_back(&mut self, id: i64) {
        if let Some(index) = self.sent.iter().position(|sent| sent.id == id) {
            let sent = self.sent.remove(index);
            self.day.refund(sent.at);
        }
    }

    pub(super) fn answered(&mut self, terms: &Terms, id: i64, answer: &Answer, now: i64) {
        let at = self.close(id, now);
        if let Some(at) = at {
            self.trip = (self.trip * 7 + (now - at).max(0)) / 8;
        }
        self.stated = answer.rate.or(self.stated);
        if let Some(exhausted) = answer.exhausted {
            // Mostly that is our own doing, and the spacing has taken care of it; the header, in whole seconds, would only
            // make us slower than need be. Where it is not, somebody else uses the key.
            let since = at.unwrap_or(now) - exhausted.window;
            let ours = self.sent.iter().filter(|sent| sent.by >= since).count();
            let own = terms.rate.map_or(exhausted.limit, |rate| rate.limit);
            let is_ours = i64::try_from(ours).is_ok_and(|ours| ours >= exhausted.limit.min(own));
            if !is_ours || exhausted.reset > exhausted.window + 1000 {
                self.hold_for(exhausted.reset, now);
            }
        }
        if answer.rejected {
            self.rejected(terms, answer.wait, now);
        } else {
            self.unused = (self.unused - 10).max(0);
            // The server accepts requests again, whatever it had said.
            if at.is_some_and(|at| at >= self.held) && answer.exhausted.is_none() {
                self.hold = 0;
            }
        }
        let in_flight = self.sent.iter().filter(|sent| sent.open != 0).count();
        self.day.correct(answer, in_flight as u64, now);
    }

    /// A rejection although the spacing was kept: somebody else uses the key. Wait as the server says, then go slower, and
    /// take back the lost speed little by little, so that both find their share.
    fn rejected(&mut self, terms: &Terms, wait: Option<i64>, now: i64) {
        let window = self.rate(terms).map_or(1000, |rate| rate.window);
        self.hold_for(wait.unwrap_or(window), now);
        // One rejection a window counts: those that were already under way say nothing new.
        if self.halved == 0 || now >= self.halved + window {
            self.unused = WHOLE - ((WHOLE - self.unused) / 2).max(LEAST_SHARE);
            self.halved = now;
        }
    }

    fn hold_for(&mut self, wait: i64, now: i64) {
        self.hold = self.hold.max(now.saturating_add(wait));
        self.held = now;
    }

    /// How long until `requests` more have been sent, after everybody who waits already, except `who`.
    pub(super) fn estimate(&self, terms: &Terms, who: i64, requests: u64, now: i64) -> Duration {
        let rate = self.rate(terms);
        let first = duration(self.due(rate, self.others(who, now), now) - now);
        let Some(Rate { limit, window }) = rate else {
            return first;
        };
        let window = (window + self.trip + MORE_THAN).unsigned_abs();
        let rest = window.saturating_mul(requests.saturating_sub(1));
        first + Duration::from_millis(rest / limit.unsigned_abs().max(1))
    }
}
