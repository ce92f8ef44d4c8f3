//! One call: attempts, the waits between them, and the deadline over all of it.

use std::{
    borrow::Cow,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri, header};
use mateo_model::Problem;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use super::{Parts, telemetry};
use crate::{
    budget::{BudgetRequest, Permit},
    classify::{self, Class, Server},
    error::{Context, Error, Kind},
    gzip,
    headers::{RateLimit, ResponseFacts},
    limits::after,
    observe::Event,
    origin::{self, Origin},
    retry::{Attempt, Decision},
    secret::ApiKey,
    transport::{Request, Response, TransportError, TransportErrorKind},
};

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

/// How an attempt failed: the error to report.
pub(super) struct Failure(pub(super) Kind);

impl Failure {
    /// Whether the key was rejected: 401, or 403, which API.md gives for a key that is invalid.
    pub(super) fn is_auth(&self) -> bool {
        matches!(&self.0, Kind::Status { problem, .. } if problem.is_auth())
    }

    /// Whether counting can be what failed.
    pub(super) fn can_be_the_count(&self) -> bool {
        match &self.0 {
            Kind::Status { problem, .. } => classify::can_be_the_count(problem),
            Kind::Transport(error) => error.kind() == TransportErrorKind::Timeout,
            _ => false,
        }
    }

    /// How long the server asks to wait before another attempt.
    pub(super) fn asked(&self) -> Option<Duration> {
        self.0.class().asked()
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self(Kind::Transport(error))
    }
}

/// What a response's head is to the call.
pub(super) enum Head {
    /// What was asked for. Its body is still to come.
    Success(Response),
    /// Another place to ask.
    Redirect(Redirect),
}

/// Where the server sends us.
pub(super) struct Redirect {
    pub(super) status: StatusCode,
    pub(super) target: Uri,
}

impl<'a> Call<'a> {
    pub(super) fn new(parts: &'a Parts, server: Server, deadline: Option<Instant>) -> Self {
        let start = Instant::now();
        let deadline = deadline.unwrap_or_else(|| after(start, parts.limits.overall));
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
        let key = timeout_at(self.deadline, self.parts.key.key()).await;
        match key {
            Ok(Ok(key)) => Ok(key),
            Ok(Err(error)) => Err(self.fail(Kind::Key(error))),
            Err(_) => Err(self.fail(Kind::Deadline)),
        }
    }

    /// Another key than the one that was rejected, where the provider has one.
    pub(super) async fn other_key(&mut self, rejected: &ApiKey) -> Result<Option<ApiKey>, Error> {
        let key = timeout_at(self.deadline, self.parts.key.refresh(rejected)).await;
        match key {
            Ok(Ok(key)) => Ok(key.filter(|key| !key.is_same(rejected))),
            Ok(Err(error)) => Err(self.fail(Kind::Key(error))),
            Err(_) => Err(self.fail(Kind::Deadline)),
        }
    }

    /// Waits for the budget: the one place that asks it.
    pub(super) async fn permit(&mut self) -> Result<Permit, Error> {
        let before = Instant::now();
        let span = telemetry::budget_wait();
        let request = BudgetRequest {
            deadline: Some(self.deadline),
            priority: self.parts.priority,
        };
        let (budget, observers) = (&self.parts.budget, &self.parts.observers);
        let acquired = async {
            if !observers.is_empty() {
                let estimate = budget.state(1).await?.wait;
                if !estimate.is_zero() {
                    self.observe(|| Event::BudgetWaiting { estimate });
                }
            }
            budget.acquire(request).await
        };
        let permit = timeout_at(self.deadline, acquired.instrument(span.clone())).await;
        let waited = before.elapsed();
        self.context.waited += waited;
        let error = match permit {
            Ok(Ok(permit)) => {
                let remaining_today = permit.left_today();
                telemetry::granted(&span, waited, remaining_today);
                self.observe(|| Event::BudgetGranted {
                    waited,
                    remaining_today,
                });
                return Ok(permit);
            }
            Ok(Err(error)) => Kind::Budget(error),
            Err(_) => Kind::Deadline,
        };
        telemetry::failed(&span, &error);
        Err(self.fail(error))
    }

    /// Sends the request once and reads the response's head; `read` makes of the response what the call is for. `read` is
    /// within the attempt's time limit.
    pub(super) async fn attempt<T, R>(
        &mut self,
        request: Request,
        permit: Option<Permit>,
        key: Option<&ApiKey>,
        read: impl FnOnce(Head) -> R,
    ) -> Result<T, Failure>
    where
        R: Future<Output = Result<T, Failure>>,
    {
        self.context.attempts += 1;
        let attempt = self.context.attempts;
        self.observe(|| Event::AttemptStarted { attempt });
        let before = Instant::now();
        let end = self.deadline.min(after(before, self.parts.limits.attempt));
        let (host, port) = self.peer(request.uri());
        let span = telemetry::attempt(self.server, &host, port, attempt);
        let mut status = None;
        let exchange = self.exchange(request, permit, key, &mut status, read);
        let result = match timeout_at(end, exchange.instrument(span.clone())).await {
            Ok(result) => result,
            Err(_) => Err(timed_out("the attempt's time limit")),
        };
        let took = before.elapsed();
        let failed = result.as_ref().err().map(|failure| &failure.0);
        telemetry::attempt_finished(&span, status, failed, took);
        let error = match failed {
            Some(Kind::Transport(error)) => Some(error.kind()),
            _ => None,
        };
        self.observe(|| Event::AttemptFinished {
            attempt,
            host,
            port,
            status,
            error,
            took,
        });
        result
    }

    /// Whom an attempt goes to.
    fn peer(&self, uri: &Uri) -> (Arc<str>, u16) {
        match self.server {
            Server::Api => (Arc::clone(&self.parts.host), self.parts.base.origin().port()),
            Server::Files => {
                let origin = Origin::of(uri);
                let port = origin.as_ref().map_or(443, Origin::port);
                (
                    origin.map_or_else(|| "".into(), |origin| origin.host().into()),
                    port,
                )
            }
        }
    }

    async fn exchange<T, R>(
        &mut self,
        request: Request,
        permit: Option<Permit>,
        key: Option<&ApiKey>,
        status: &mut Option<StatusCode>,
        read: impl FnOnce(Head) -> R,
    ) -> Result<T, Failure>
    where
        R: Future<Output = Result<T, Failure>>,
    {
        let parts = self.parts;
        let from = request.uri().clone();
        let first_byte = self.deadline.min(after(Instant::now(), parts.limits.first_byte));
        let permit = permit.map(|mut permit| {
            permit.sent();
            permit
        });
        let response = match timeout_at(first_byte, parts.transport.send(request)).await {
            Ok(response) => response?,
            Err(_) => return Err(timed_out("the time limit for the first byte")),
        };
        *status = Some(response.status());
        // Only a date needs the wall clock, and hardly any response has one.
        let has_wait = response.headers().contains_key(header::RETRY_AFTER);
        let now = if has_wait {
            (parts.clock)()
        } else {
            SystemTime::UNIX_EPOCH
        };
        let facts = ResponseFacts::read(response.status(), response.headers(), now)
            .with_longest_hold(parts.retry.hold_bound());
        if let Some(permit) = permit {
            permit.answered(&facts).await;
        }
        self.context.request_id = censored(key, request_id(response.headers()));
        self.context.asked_wait = facts.hold();
        let head = self.head(&from, response, &facts, key).await?;
        self.rate_limits = facts.rate_limits;
        read(head).await
    }

    /// Success and redirects go on; anything else is read as an error.
    async fn head(
        &self,
        from: &Uri,
        response: Response,
        facts: &ResponseFacts,
        key: Option<&ApiKey>,
    ) -> Result<Head, Failure> {
        let status = response.status();
        if status.is_success() || self.accepts == Some(status) {
            return Ok(Head::Success(response));
        }
        if status.is_redirection()
            && let Some(location) = response.headers().get(header::LOCATION)
        {
            return match origin::resolve(from, location.as_bytes()) {
                Some(target) => Ok(Head::Redirect(Redirect { status, target })),
                None => Err(Failure(Kind::Redirect {
                    status: status.as_u16(),
                    to: "a place that is no URL".to_owned(),
                    why: "it cannot be followed",
                })),
            };
        }
        let (head, body) = response.into_parts();
        let body = match gzip::decode(&head.headers, body) {
            Ok(body) => body.start(ERROR_BODY_BYTES).await,
            Err(_) => Bytes::new(),
        };
        let content_type = head
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let problem = problem(status, content_type, &body, key);
        let class = Class::of_response(self.server, &problem, facts);
        Err(Failure(Kind::Status {
            problem: Box::new(problem),
            class,
        }))
    }

    /// After a failure: waits for the next attempt, or gives up with the error.
    pub(super) async fn wait_or_fail(&mut self, failure: Failure) -> Result<(), Error> {
        let class = failure.0.class();
        let is_refusal = matches!(class, Class::Refusal { .. });
        self.refusals += u32::from(is_refusal);
        self.failures += u32::from(!is_refusal);
        let decision = self.parts.retry.decide(Attempt {
            class,
            failures: self.failures,
            refusals: self.refusals,
            elapsed: self.start.elapsed(),
            deadline: self.deadline.saturating_duration_since(self.start),
            random: random(),
        });
        match decision {
            Decision::Retry { after } => {
                let attempt = self.context.attempts;
                tracing::debug!(error = %failure.0, after_ms = telemetry::millis(after), "trying again");
                self.observe(|| Event::Retrying { attempt, after });
                tokio::time::sleep(after).await;
                self.context.waited += after;
                Ok(())
            }
            Decision::GiveUp(why) => {
                self.context.gave_up = Some(why);
                Err(self.fail(failure.0))
            }
        }
    }

    /// Ends the call because of where the server sends it.
    pub(super) fn reject(&mut self, redirect: &Redirect, why: &'static str) -> Error {
        let to = Origin::of(&redirect.target)
            .map_or_else(|| "another scheme".to_owned(), |origin| origin.to_string());
        self.fail(Kind::Redirect {
            status: redirect.status.as_u16(),
            to,
            why,
        })
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn observe(&self, event: impl FnOnce() -> Event) {
        if self.parts.observers.is_empty() {
            return;
        }
        let event = event();
        for observer in &self.parts.observers {
            observer.event(&event);
        }
    }
}

/// A server that repeats the key in its error must not make us show it: neither as it is there, of which a start may
/// be kept, nor as JSON writes it.
fn problem(status: StatusCode, content_type: Option<&str>, body: &[u8], key: Option<&ApiKey>) -> Problem {
    let body = key.map_or(Cow::Borrowed(body), |key| key.censor(body));
    let mut problem = Problem::read(status.as_u16(), content_type, &body);
    for text in [
        &mut problem.code,
        &mut problem.message,
        &mut problem.hint,
        &mut problem.details,
    ] {
        *text = censored(key, text.take());
    }
    problem
}

fn censored(key: Option<&ApiKey>, text: Option<String>) -> Option<String> {
    match key {
        Some(key) => text.map(|text| key.censor_text(text)),
        None => text,
    }
}

fn timed_out(limit: &'static str) -> Failure {
    TransportError::new(TransportErrorKind::Timeout, format!("{limit} ran out")).into()
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    REQUEST_ID
        .iter()
        .find_map(|name| headers.get(*name))
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

/// From 0 up to 1: enough randomness for jitter, without a dependency. Each hasher has keys of its own.
fn random() -> f64 {
    let bits = RandomState::new().hash_one(0);
    f64::from(u32::try_from(bits >> 32).unwrap_or(0)) / (f64::from(u32::MAX) + 1.0)
}
