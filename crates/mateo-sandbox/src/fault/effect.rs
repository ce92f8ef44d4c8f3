//! What faults do, by the stage of an exchange at which they do it.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::Request;

use super::Fault;
use crate::clock::shifted;
use crate::reply::{Answer, NoResponse, Reply};

/// A stage, and the effect there. A function gives nothing, or `false`, where it has no effect on this exchange.
#[derive(Clone, Copy)]
pub(super) enum Effect {
    /// Before the request is read: there is no response.
    Connection(NoResponse),
    /// The server's clock is off by this many seconds.
    Clock(i64),
    /// Another request is answered.
    Request(fn(&Request<Bytes>) -> Option<Request<Bytes>>),
    /// At most this many rows are read.
    Cap(u64),
    /// Something else comes instead of the response.
    Instead(fn(&Asked<'_>) -> Reply),
    /// The same, but only where the request asks for an exact count.
    Count(fn(&Asked<'_>) -> Reply),
    /// The response, or the manner of its arrival, is changed.
    Response(fn(&mut Answer) -> bool),
}

/// When the faults of a request are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before it is read.
    Connection,
    /// Once the gateway has admitted it.
    Response,
}

/// A request, as far as what comes instead of its response depends on it.
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a Request<Bytes>,
    /// The server's time.
    pub(crate) now: DateTime<Utc>,
    /// Where a redirect leads.
    pub(crate) files_url: &'a str,
}

/// The faults that are to strike one request, and those that did.
#[derive(Debug, Default)]
pub(crate) struct Strike {
    pub(super) faults: Vec<Fault>,
    struck: Vec<Fault>,
}

impl Asked<'_> {
    fn counts_exactly(&self) -> bool {
        let values = self.request.headers().get_all("prefer").iter();
        let mut texts = values.filter_map(|value| value.to_str().ok());
        texts.any(|text| {
            text.split(',')
                .any(|preference| preference.trim() == "count=exact")
        })
    }
}

impl Fault {
    pub(super) fn stage(self) -> Stage {
        match self.effect() {
            Effect::Connection(_) => Stage::Connection,
            Effect::Clock(_)
            | Effect::Request(_)
            | Effect::Cap(_)
            | Effect::Instead(_)
            | Effect::Count(_)
            | Effect::Response(_) => Stage::Response,
        }
    }

    pub(super) fn refuses_connections(self) -> bool {
        matches!(self.effect(), Effect::Connection(NoResponse::Refused))
    }
}

impl Strike {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self {
            faults,
            struck: Vec::new(),
        }
    }

    /// The faults that had an effect, each once.
    pub(crate) fn struck(&self) -> &[Fault] {
        &self.struck
    }

    /// How the connection ends without a response, if it does.
    pub(crate) fn connection(&mut self) -> Option<NoResponse> {
        self.first(|effect| match effect {
            Effect::Connection(how) => Some(how),
            _ => None,
        })
    }

    /// What the server takes for the time.
    pub(crate) fn clock(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        let seconds = self.first(|effect| match effect {
            Effect::Clock(seconds) => Some(seconds),
            _ => None,
        });
        seconds.map_or(now, |seconds| shifted(now, TimeDelta::seconds(seconds)))
    }

    /// The request that is answered instead.
    pub(crate) fn request(&mut self, request: &Request<Bytes>) -> Option<Request<Bytes>> {
        self.first(|effect| match effect {
            Effect::Request(change) => change(request),
            _ => None,
        })
    }

    /// How many rows are read at most.
    pub(crate) fn cap(&mut self) -> Option<u64> {
        self.first(|effect| match effect {
            Effect::Cap(rows) => Some(rows),
            _ => None,
        })
    }

    /// What is sent instead of a response.
    pub(crate) fn instead(&mut self, asked: &Asked<'_>) -> Option<Reply> {
        self.first(|effect| match effect {
            Effect::Instead(replace) => Some(replace(asked)),
            Effect::Count(replace) if asked.counts_exactly() => Some(replace(asked)),
            _ => None,
        })
    }

    /// Changes a response and the manner of its arrival.
    pub(crate) fn shape(&mut self, answer: &mut Answer) {
        for fault in &self.faults {
            if let Effect::Response(change) = fault.effect()
                && change(answer)
            {
                self.struck.push(*fault);
            }
        }
    }

    /// The first effect of a stage; only that one strikes.
    fn first<T>(&mut self, effect: impl Fn(Effect) -> Option<T>) -> Option<T> {
        let (fault, found) = self
            .faults
            .iter()
            .find_map(|fault| Some((*fault, effect(fault.effect())?)))?;
        self.struck.push(fault);
        Some(found)
    }
}
