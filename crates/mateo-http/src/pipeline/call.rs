//! One call: attempts, the waits between them, and the deadline over all of it.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri, header, uri::Scheme};
use mateo_model::Problem;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use super::{Parts, telemetry};
use crate::budget::Permit;
use crate::classify::{Class, Server};
use crate::error::{Context, Error, Kind};
use crate::headers::{RateLimit, ResponseFacts};
use crate::limits::after;
use crate::observe::Event;
use crate::retry::Attempt;
use crate::secret::ApiKey;
use crate::transport::{Request, Response, TransportError, TransportErrorKind};
use crate::{gzip, origin};

/// How much of an error's body is read. Nothing that a person reads is longer.
const ERROR_BODY_BYTES: usize = 64 << 10;

/// The headers in which servers and gateways put a request's id.
const REQUEST_ID: [&str; 5] = [
    "x-request-id",
    "request-id",
    "x-correlation-id",
    "x-amzn-requestid",
    "cf-ray",
];

/// A call in progress.
pub(super) struct Call<'a> {
    parts: &'a Parts,
    server: Server,
    /// A status that this call accepts, though it is no success.
    pub(super) accepts: Option<StatusCode>,
    start: Instant,
    deadline: Instant,
    pub(super) context: Context,
    /// How many attempts failed; a redirect that is followed and a key that is refreshed are no failures.
    failures: u32,
    /// How many attempts were refused for the rate limit by a server that said when to come back.
    refusals: u32,
    /// The quotas that the last response stated.
    pub(super) rate_limits: Vec<RateLimit>,
}

/// What a response is to the call.
pub(super) enum Outcome<T> {
    /// What was asked for.
    Done(T),
    /// Another place to ask.
    Redirect(Redirect),
}

/// Where the server sends us.
pub(super) struct Redirect {
    status: StatusCode,
    pub(super) target: Uri,
}

impl<'a> Call<'a> {
    pub(super) fn new(parts: &'a Parts, server: Server, deadline: Option<Instant>) -> Self {
        let start = Instant::now();
        let deadline = deadline.unwrap_or_else(|| after(start, parts.settings.limits.overall));
        Self {
            parts,
            server,
            accepts: None,
            start,
            deadline,
            context: Context::default(),
            failures: 0,
            refusals: 0,
            rate_limits: Vec::new(),
        }
    }

    /// Ends the call with an error.
    pub(super) fn fail(&mut self, kind: Kind) -> Error {
        let mut context = std::mem::take(&mut self.context);
        context.elapsed = self.start.elapsed();
        tracing::debug!(error = %kind, attempts = i64::from(context.attempts), "request failed");
        telemetry::failed(&tracing::Span::current(), &kind);
        Error::new(kind, context)
    }

    /// The key for the next request.
    pub(super) async fn key(&mut self) -> Result<ApiKey, Error> {
        let key = self.before_deadline(self.parts.settings.key.key()).await;
        key.map_err(|error| self.fail(error))
    }

    /// Another key than the one that was rejected, where the provider has one.
    pub(super) async fn other_key(&mut self, rejected: &ApiKey) -> Result<Option<ApiKey>, Error> {
        let key = self
            .before_deadline(self.parts.settings.key.refresh(rejected))
            .await;
        match key {
            Ok(key) => Ok(key.filter(|key| !key.is_same(rejected))),
            Err(error) => Err(self.fail(error)),
        }
    }

    async fn before_deadline<T, E: Into<Kind>>(
        &self,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Kind> {
        match timeout_at(self.deadline, future).await {
            Ok(result) => result.map_err(E::into),
            Err(_) => Err(Kind::Deadline),
        }
    }

    /// Waits for the budget: the one place that asks it.
    pub(super) async fn permit(&mut self) -> Result<Box<dyn Permit>, Error> {
        let before = Instant::now();
        let span = telemetry::budget_wait();
        let (budget, observers) = (&self.parts.settings.budget, &self.parts.settings.observers);
        let acquired = async {
            if !observers.is_empty() {
                let estimate = budget.state(1).await?.wait;
                if !estimate.is_zero() {
                    self.observe(|| Event::BudgetWaiting { estimate });
                }
            }
            budget
                .acquire(self.parts.settings.priority, Some(self.deadline))
                .await
        };
        let permit = self.before_deadline(acquired.instrument(span.clone())).await;
        let waited = before.elapsed();
        self.context.waited += waited;
        match permit {
            Ok(permit) => {
                let remaining_today = permit.left_today();
                telemetry::granted(&span, waited, remaining_today);
                self.observe(|| Event::BudgetGranted {
                    waited,
                    remaining_today,
                });
                Ok(permit)
            }
            Err(error) => {
                telemetry::failed(&span, &error);
                Err(self.fail(error))
            }
        }
    }

    /// Sends the request once and reads the response's head; `read` makes of the response what the call is for. `read` is
    /// within the attempt's time limit.
    pub(super) async fn attempt<T>(
        &mut self,
        request: Request,
        permit: Option<Box<dyn Permit>>,
        key: Option<&ApiKey>,
        read: impl AsyncFnOnce(Response) -> Result<T, Kind>,
    ) -> Result<Outcome<T>, Kind> {
        self.context.attempts += 1;
        let attempt = self.context.attempts;
        self.observe(|| Event::AttemptStarted { attempt });
        let before = Instant::now();
        let end = self
            .deadline
            .min(after(before, self.parts.settings.limits.attempt));
        let uri = request.uri().clone();
        let host = uri.host().unwrap_or_default();
        let usual_port = if uri.scheme() == Some(&Scheme::HTTP) {
            80
        } else {
            443
        };
        let port = uri.port_u16().unwrap_or(usual_port);
        let span = telemetry::attempt(self.server, host, port, attempt);
        let mut status = None;
        let exchange = self.exchange(request, permit, key, &mut status, read);
        let result = match timeout_at(end, exchange.instrument(span.clone())).await {
            Ok(result) => result,
            Err(_) => Err(timed_out("the attempt's time limit")),
        };
        let took = before.elapsed();
        telemetry::attempt_finished(&span, status, result.as_ref().err(), took);
        self.observe(|| Event::AttemptFinished {
            attempt,
            host: host.into(),
            port,
            status,
            error: match &result {
                Err(Kind::Transport(error)) => Some(error.kind()),
                _ => None,
            },
            took,
        });
        result
    }

    async fn exchange<T>(
        &mut self,
        request: Request,
        mut permit: Option<Box<dyn Permit>>,
        key: Option<&ApiKey>,
        status: &mut Option<StatusCode>,
        read: impl AsyncFnOnce(Response) -> Result<T, Kind>,
    ) -> Result<Outcome<T>, Kind> {
        let parts = self.parts;
        let from = request.uri().clone();
        let first_byte = self
            .deadline
            .min(after(Instant::now(), parts.settings.limits.first_byte));
        if let Some(permit) = &mut permit {
            permit.sent();
        }
        let response = match timeout_at(first_byte, parts.transport.send(request)).await {
            Ok(response) => response?,
            Err(_) => return Err(timed_out("the time limit for the first byte")),
        };
        *status = Some(response.status());
        let now = (parts.settings.clock)();
        let mut facts = ResponseFacts::read(response.status(), response.headers(), now);
        facts.longest_hold = parts.settings.retry.hold_bound();
        if let Some(permit) = permit {
            permit.answered(&facts).await;
        }
        self.context.request_id = request_id(response.headers()).map(|id| censored(key, id));
        self.context.asked_wait = facts.hold();
        let status = response.status();
        if status.is_success() || self.accepts == Some(status) {
            self.rate_limits = facts.rate_limits;
            return read(response).await.map(Outcome::Done);
        }
        if status.is_redirection()
            && let Some(location) = response.headers().get(header::LOCATION)
        {
            return match origin::resolve(&from, location.as_bytes()) {
                Some(target) => Ok(Outcome::Redirect(Redirect { status, target })),
                None => Err(Kind::Redirect {
                    status: status.as_u16(),
                    to: "a place that is no http URL".to_owned(),
                    why: "it cannot be followed",
                }),
            };
        }
        let problem = Box::new(problem(response, key).await);
        let class = Class::of_response(self.server, &problem, &facts);
        Err(Kind::Status { problem, class })
    }

    /// After a failure: waits for the next attempt, or gives up with the error.
    pub(super) async fn wait_or_fail(&mut self, failure: Kind) -> Result<(), Error> {
        let class = failure.class();
        let is_refusal = matches!(class, Class::Refusal { .. });
        self.refusals += u32::from(is_refusal);
        self.failures += u32::from(!is_refusal);
        let decision = self.parts.settings.retry.decide(Attempt {
            class,
            failures: self.failures,
            refusals: self.refusals,
            elapsed: self.start.elapsed(),
            deadline: self.deadline.saturating_duration_since(self.start),
            random: random(),
        });
        let after = match decision {
            Ok(after) => after,
            Err(why) => {
                self.context.gave_up = Some(why);
                return Err(self.fail(failure));
            }
        };
        let attempt = self.context.attempts;
        tracing::debug!(error = %failure, after_ms = telemetry::millis(after), "trying again");
        self.observe(|| Event::Retrying { attempt, after });
        tokio::time::sleep(after).await;
        self.context.waited += after;
        Ok(())
    }

    /// Ends the call because of where the server sends it.
    pub(super) fn reject(&mut self, redirect: &Redirect, why: &'static str) -> Error {
        let to = origin::url(&redirect.target).map(|url| url.origin().ascii_serialization());
        self.fail(Kind::Redirect {
            status: redirect.status.as_u16(),
            to: to.unwrap_or_default(),
            why,
        })
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn observe(&self, event: impl FnOnce() -> Event) {
        if self.parts.settings.observers.is_empty() {
            return;
        }
        let event = event();
        for observer in &self.parts.settings.observers {
            observer(&event);
        }
    }
}

/// What an error's response says. A server that repeats the key in it must not make us show it: neither as it is there, of
/// which a start may be kept, nor as JSON writes it.
async fn problem(response: Response, key: Option<&ApiKey>) -> Problem {
    let (head, body) = response.into_parts();
    let body = match gzip::decode(&head.headers, body) {
        Ok(body) => body.start(ERROR_BODY_BYTES).await,
        Err(_) => Bytes::new(),
    };
    let body = key.map_or(Cow::Borrowed(&*body), |key| key.censor(&body));
    let content_type = head.headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let mut problem = Problem::read(head.status.as_u16(), content_type, &body);
    let Problem {
        code,
        message,
        hint,
        details,
        ..
    } = &mut problem;
    for text in [code, message, hint, details].into_iter().flatten() {
        *text = censored(key, text);
    }
    problem
}

fn censored(key: Option<&ApiKey>, text: &str) -> String {
    key.map_or_else(|| text.to_owned(), |key| key.censor_text(text))
}

fn timed_out(limit: &'static str) -> Kind {
    TransportError::new(TransportErrorKind::Timeout, format!("{limit} ran out")).into()
}

fn request_id(headers: &HeaderMap) -> Option<&str> {
    let id = REQUEST_ID.iter().find_map(|name| headers.get(*name));
    id.and_then(|value| value.to_str().ok())
}

/// From 0 up to 1: enough randomness for jitter, without a dependency. Each hasher has keys of its own.
fn random() -> f64 {
    let bits = RandomState::new().hash_one(0);
    f64::from(u32::try_from(bits >> 32).unwrap_or(0)) / (f64::from(u32::MAX) + 1.0)
}
