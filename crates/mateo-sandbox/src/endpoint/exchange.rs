//! How the endpoint answers one request.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, StatusCode, header};

use super::{Endpoint, State};
use crate::fault::{Asked, STATEMENT_TIMEOUT, Stage, Strike, statement_timeout};
use crate::gateway::{Standing, rejection, stamp};
use crate::reply::{Answer, NoResponse, Reply, http_date};

/// The origin that a request has come to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) is_for_files: bool,
    /// The origin that serves files, as responses name it, without a trailing slash.
    pub(crate) files_url: &'a str,
}

/// What is decided about a request once it has come.
struct Admitted {
    strike: Strike,
    /// What remains of the key's limits.
    standing: Option<Standing>,
    /// The response, where it is not one of rows.
    answer: Option<Answer>,
}

impl Endpoint {
    /// Answers a request, after the time that it takes.
    pub(crate) async fn exchange(&self, request: &Request<Bytes>, origin: Origin<'_>) -> Reply {
        let _in_flight = (!origin.is_for_files).then(|| self.state().tally.enter());
        let latency = self.latency();
        pause(latency / 2).await;
        let reply = self.answer(request, origin, latency);
        let delay = match &reply {
            Reply::Answer(answer) => answer.delay,
            Reply::Nothing(_) => Duration::ZERO,
        };
        pause((latency / 2).saturating_add(delay)).await;
        reply
    }

    fn latency(&self) -> Duration {
        let (latency, jitter) = self.shared.settings.latency;
        if jitter.is_zero() {
            return latency;
        }
        let drawn = self.state().random.up_to(jitter.saturating_mul(2));
        latency.saturating_add(drawn).saturating_sub(jitter)
    }

    fn answer(&self, request: &Request<Bytes>, origin: Origin<'_>, latency: Duration) -> Reply {
        let now = self.now();
        if let Some(nothing) = self.arrive(origin, now) {
            return Reply::Nothing(nothing);
        }
        if let Some(hook) = &self.shared.settings.hook
            && !origin.is_for_files
        {
            hook(self.sandbox(), request, now);
        }
        let Admitted {
            mut strike,
            standing,
            answer,
        } = self.admit(request, origin, now);
        let server_time = strike.clock(now);
        let asked = Asked {
            request,
            now: server_time,
            files_url: origin.files_url,
        };
        let mut reply = strike.instead(&asked).unwrap_or_else(|| {
            // The rows are read without the lock: other connections are answered at the same time.
            Reply::Answer(answer.unwrap_or_else(|| self.rows(request, origin, &mut strike, latency, now)))
        });
        if let Reply::Answer(answer) = &mut reply {
            if let Some(date) = http_date(server_time) {
                answer.head.headers.insert(header::DATE, date);
            }
            strike.shape(answer);
            stamp(&mut answer.head.headers, standing);
        }
        let tally = &mut self.state().tally;
        tally.struck(strike.struck());
        if let Reply::Answer(answer) = &reply {
            tally.answered(answer.head.status, origin.is_for_files);
        }
        reply
    }

    /// Counts a request; gives how its connection ends without a response, if a fault has it so.
    fn arrive(&self, origin: Origin<'_>, now: DateTime<Utc>) -> Option<NoResponse> {
        let mut state = self.state();
        if origin.is_for_files {
            state.tally.counters.file_requests += 1;
        } else {
            state.tally.arrive(now);
            if let Some(simulation) = &mut state.simulation {
                simulation.advance(self.sandbox(), now);
            }
        }
        state.break_connection(origin.is_for_files)
    }

    /// Whether the gateway, or the files' origin, lets a request through; what it admits, faults may strike.
    fn admit(&self, request: &Request<Bytes>, origin: Origin<'_>, now: DateTime<Utc>) -> Admitted {
        let State {
            gateway,
            plan,
            files,
            tally,
            ..
        } = &mut *self.state();
        if origin.is_for_files {
            let answer = files.answer(request, &gateway.keys, now, &mut tally.counters);
            return Admitted {
                strike: plan.strike(Stage::Response, true),
                standing: None,
                answer: Some(answer),
            };
        }
        let (standing, rejection) = gateway.admit(request.headers(), now);
        let strike = match rejection {
            None => plan.strike(Stage::Response, false),
            Some(_) => Strike::default(),
        };
        Admitted {
            strike,
            standing,
            answer: rejection.map(Answer::from),
        }
    }

    /// The rows that are asked for.
    fn rows(
        &self,
        request: &Request<Bytes>,
        origin: Origin<'_>,
        strike: &mut Strike,
        latency: Duration,
        now: DateTime<Utc>,
    ) -> Answer {
        let url_bytes = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
        let response = if latency > STATEMENT_TIMEOUT {
            statement_timeout()
        } else if url_bytes > self.shared.settings.max_url_bytes {
            rejection(
                StatusCode::URI_TOO_LONG,
                "URI_TOO_LONG",
                "the URL is too long",
                None,
            )
        } else {
            let other = strike.request(request);
            let cap = strike.cap().unwrap_or(u64::MAX);
            self.sandbox()
                .handle_capped(other.as_ref().unwrap_or(request), now, cap)
        };
        let links = &mut self.state().files.links;
        response
            .map(|body| links.refresh(body, origin.files_url, now))
            .into()
    }
}

impl State {
    /// How the next request's connection ends without a response, if a fault has it so.
    pub(super) fn break_connection(&mut self, is_for_files: bool) -> Option<NoResponse> {
        let mut strike = self.plan.strike(Stage::Connection, is_for_files);
        let nothing = strike.connection();
        self.tally.struck(strike.struck());
        nothing
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
