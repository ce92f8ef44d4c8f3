//! How the endpoint answers one request.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, Response, StatusCode, header};

use super::{Endpoint, State};
use crate::{
    counters::Tally,
    fault::{Asked, Instead, STATEMENT_TIMEOUT, Stage, Strike, statement_timeout},
    files::ELSEWHERE,
    gateway::{Admission, rejection, stamp},
    reply::{Answer, NoResponse, Reply, http_date},
};

/// The origin a request has come to, as far as responses name it.
#[derive(Debug, Clone)]
pub(crate) struct Front {
    /// The origin that serves files, without a trailing slash.
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
            Reply::Nothing(_) => pause(latency / 2).await,
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
        if let Some(simulation) = &mut state.simulation {
            simulation.advance(&self.shared.sandbox, now);
        }
        if let Some(nothing) = state.broken_connection(false) {
            return Reply::Nothing(nothing);
        }
        drop(state);
        if let Some(hook) = &self.shared.hook {
            hook(&self.shared.sandbox, request, now);
        }
        let mut state = self.state();
        let standing = match state.gateway.admit(request.headers(), now) {
            Admission::Admitted(standing) => standing,
            Admission::Rejected(response) => {
                let mut answer = Answer::whole(response);
                state.date(&mut answer, now);
                state.tally.answered(answer.head.status);
                return Reply::Answer(answer);
            }
        };
        let strike = state.plan.strike(Stage::Response, false);
        // The rows are read without the lock: other connections are answered at the same time.
        drop(state);
        let origin = &front.files_origin;
        let rows = |strike: &mut Strike| {
            let response = self.read(request, strike, latency, now);
            let links = &mut self.state().files.links;
            Answer::whole(response.map(|body| links.refresh(body, origin, now)))
        };
        self.under_faults(request, now, origin, strike, rows, |answer, tally| {
            stamp(&mut answer.head.headers, standing);
            tally.answered(answer.head.status);
        })
    }

    /// A response as the faults leave it that strike it; `usual` makes the usual one, `finish` counts what is sent.
    fn under_faults(
        &self,
        request: &Request<Bytes>,
        now: DateTime<Utc>,
        files_origin: &str,
        mut strike: Strike,
        usual: impl FnOnce(&mut Strike) -> Answer,
        finish: impl FnOnce(&mut Answer, &mut Tally),
    ) -> Reply {
        let now = strike.clock(now);
        let asked = Asked {
            request,
            now,
            files_origin,
        };
        let mut answer = match strike.instead(&asked) {
            Some(Instead::Silence) => {
                self.state().tally.struck(strike.struck());
                return Reply::Nothing(NoResponse::Silence);
            }
            Some(Instead::Response(response, delay)) => Answer {
                delay,
                ..Answer::whole(response)
            },
            None => usual(&mut strike),
        };
        self.state().date(&mut answer, now);
        strike.shape(&mut answer);
        let mut state = self.state();
        state.tally.struck(strike.struck());
        finish(&mut answer, &mut state.tally);
        Reply::Answer(answer)
    }

    /// The rows that are asked for.
    fn read(
        &self,
        request: &Request<Bytes>,
        strike: &mut Strike,
        latency: Duration,
        now: DateTime<Utc>,
    ) -> Response<Bytes> {
        if latency > STATEMENT_TIMEOUT {
            return statement_timeout();
        }
        let url_bytes = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
        if url_bytes > self.shared.max_url_bytes {
            return url_too_long();
        }
        let other = strike.request(request);
        let request = other.as_ref().unwrap_or(request);
        match strike.cap() {
            None => self.shared.sandbox.handle(request, now),
            Some(cap) => self.shared.sandbox.handle_capped(request, now, cap),
        }
    }

    fn answer_file(&self, request: &Request<Bytes>) -> Reply {
        let now = self.now();
        let mut state = self.state();
        state.tally.counters.file_requests += 1;
        if let Some(nothing) = state.broken_connection(true) {
            return Reply::Nothing(nothing);
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
        let strike = state.plan.strike(Stage::Response, true);
        drop(state);
        self.under_faults(
            request,
            now,
            "",
            strike,
            |_| found.answer,
            |answer, tally| {
                tally.file_answered(answer.head.status);
            },
        )
    }
}

/// What a gateway answers to a URL that is longer than it accepts.
fn url_too_long() -> Response<Bytes> {
    rejection(
        StatusCode::URI_TOO_LONG,
        "URI_TOO_LONG",
        "the URL is too long",
        None,
    )
}

impl State {
    /// How the connection ends without a response, if a fault has it so.
    fn broken_connection(&mut self, is_for_files: bool) -> Option<NoResponse> {
        let mut strike = self.plan.strike(Stage::Connection, is_for_files);
        let nothing = strike.connection();
        self.tally.struck(strike.struck());
        nothing
    }

    /// Writes the `date`, which is made once a second.
    fn date(&mut self, answer: &mut Answer, now: DateTime<Utc>) {
        if self.date.0 != now.timestamp()
            && let Some(date) = http_date(now)
        {
            self.date = (now.timestamp(), date);
        }
        answer.head.headers.insert(header::DATE, self.date.1.clone());
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// A request in flight; it ends when this is dropped, also when the client gives up.
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
