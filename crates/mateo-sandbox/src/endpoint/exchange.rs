//! One request's way through the endpoint.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, header};

use super::{Endpoint, State};
use crate::{
    fault::{Fault, STATEMENT_TIMEOUT, Shaped, Stage, shape, statement_timeout},
    files::ELSEWHERE,
    gateway::{Admission, stamp},
    reply::{Answer, Reply, http_date},
};

/// The origin a request has come to, as far as answers name it.
#[derive(Debug, Clone)]
pub(crate) struct Front {
    /// The files' origin that is live, without a slash at its end.
    pub(crate) files_origin: String,
}

impl Endpoint {
    /// Answers a request for imports, after the time that it takes.
    pub(crate) async fn exchange(&self, request: &Request<Bytes>, front: &Front) -> Reply {
        let _under_way = UnderWay::begin(self);
        let latency = self.latency();
        pause(latency / 2).await;
        let reply = self.answer(request, front, latency);
        match &reply {
            Reply::Answer(answer) => pause((latency / 2).saturating_add(answer.delay)).await,
            _ => pause(latency / 2).await,
        }
        reply
    }

    /// Answers a request for a file.
    pub(crate) async fn exchange_file(&self, request: &Request<Bytes>) -> Reply {
        let latency = self.latency();
        pause(latency).await;
        let reply = self.answer_file(request);
        if let Reply::Answer(answer) = &reply {
            pause(answer.delay).await;
        }
        reply
    }

    fn latency(&self) -> Duration {
        let (latency, jitter) = (self.shared.latency, self.shared.jitter);
        if jitter.is_zero() {
            return latency;
        }
        let drawn = self.state().random.up_to(jitter.saturating_mul(2));
        latency.saturating_add(drawn).saturating_sub(jitter)
    }

    fn answer(&self, request: &Request<Bytes>, front: &Front, latency: Duration) -> Reply {
        let now = self.now();
        let mut state = self.state();
        state.tally.arrive(now);
        if let Some(life) = &mut state.life {
            life.advance(&self.shared.sandbox, now);
        }
        let broken = state.strike(Stage::Connection, false);
        if let Some(reply) = broken.first().and_then(|fault| no_answer(*fault)) {
            return reply;
        }
        drop(state);
        if let Some(hook) = &self.shared.hook {
            hook(&self.shared.sandbox, request, now);
        }
        let mut state = self.state();
        let standing = match state.gateway.admit(request.headers(), now) {
            Admission::Admitted(standing) => standing,
            Admission::Refused(response) => {
                return Reply::Answer(state.finish(Answer::whole(response), now));
            }
        };
        let faults = state.strike(Stage::Answer, false);
        // The rows are read without the lock: answers of other connections are made at the same time.
        drop(state);
        let shaped = shape(&faults, request, now, &front.files_origin, |cap| {
            if latency > STATEMENT_TIMEOUT {
                return statement_timeout();
            }
            match cap {
                None => self.shared.sandbox.handle(request, now),
                Some(cap) => self.shared.sandbox.handle_capped(request, now, cap),
            }
        });
        let Shaped {
            mut response,
            delivery,
            delay,
            now: server_time,
        } = shaped;
        stamp(response.headers_mut(), standing);
        let mut state = self.state();
        let (head, body) = response.into_parts();
        let body = state.files.links.refresh(body, &front.files_origin, now);
        let mut answer = Answer::whole(http::Response::from_parts(head, body));
        (answer.delivery, answer.delay) = (delivery, delay);
        Reply::Answer(state.finish(answer, server_time))
    }

    fn answer_file(&self, request: &Request<Bytes>) -> Reply {
        let now = self.now();
        let mut state = self.state();
        state.tally.counters.file_requests += 1;
        let broken = state.strike(Stage::Connection, true);
        if let Some(reply) = broken.first().and_then(|fault| no_answer(*fault)) {
            return reply;
        }
        let State {
            files,
            gateway,
            tally,
            ..
        } = &mut *state;
        let found = files.answer(request, gateway.keys(), now);
        tally.counters.leaked_keys += u64::from(found.held_key);
        tally.counters.expired_links += u64::from(found.was_expired);
        tally.counters.followed_redirects += u64::from(request.uri().path().starts_with(ELSEWHERE));
        let faults = state.strike(Stage::Answer, true);
        let (answer, server_time) = if faults.is_empty() {
            (found.answer, now)
        } else {
            under_faults(found.answer, &faults, request, now)
        };
        state.tally.file_answered(answer.head.status);
        Reply::Answer(state.dated(answer, server_time))
    }
}

/// A file under faults, with the server's time. Its content is not in memory: what a fault says instead of it, and how
/// it arrives, is all that matters.
fn under_faults(
    mut file: Answer,
    faults: &[Fault],
    request: &Request<Bytes>,
    now: DateTime<Utc>,
) -> (Answer, DateTime<Utc>) {
    let shaped = shape(faults, request, now, "", |_| {
        http::Response::from_parts(file.head.clone(), Bytes::new())
    });
    let (head, body) = shaped.response.into_parts();
    if head.status != file.head.status || faults.contains(&Fault::EmptyBody) {
        file = Answer::whole(http::Response::from_parts(head, body));
    } else {
        file.head = head;
        if faults.contains(&Fault::BrokenJson) {
            file.range.end -= (file.range.end - file.range.start) / 2;
        }
    }
    (file.delivery, file.delay) = (shaped.delivery, shaped.delay);
    (file, shaped.now)
}

impl State {
    pub(super) fn strike(&mut self, stage: Stage, is_for_files: bool) -> Vec<Fault> {
        let faults = self.plan.strike(stage, is_for_files);
        self.tally.counters.faults += u64::from(!faults.is_empty());
        faults
    }

    fn finish(&mut self, answer: Answer, now: DateTime<Utc>) -> Answer {
        self.tally.answered(answer.head.status);
        self.dated(answer, now)
    }

    /// The answer with its `date`, which is written once a second.
    fn dated(&mut self, mut answer: Answer, now: DateTime<Utc>) -> Answer {
        if self.date.0 != now.timestamp()
            && let Some(date) = http_date(now)
        {
            self.date = (now.timestamp(), date);
        }
        answer.head.headers.insert(header::DATE, self.date.1.clone());
        answer
    }
}

/// What comes instead of an answer.
fn no_answer(fault: Fault) -> Option<Reply> {
    match fault {
        Fault::ConnectionRefused => Some(Reply::Refused),
        Fault::ResetBefore => Some(Reply::Reset),
        Fault::NoAnswer => Some(Reply::Silence),
        _ => None,
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// A request that is being answered, also while it is given up.
struct UnderWay<'a>(&'a Endpoint);

impl<'a> UnderWay<'a> {
    fn begin(endpoint: &'a Endpoint) -> Self {
        endpoint.state().tally.enter();
        Self(endpoint)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.state().tally.leave();
    }
}
