//! One call: attempts, the waits between them, and the deadline over all of it.

use std::{
    borrow::Cow,
    hash::{BuildHasher, RandomState},
    time::{Duration, SystemTime},
};

use http::{HeaderMap, StatusCode, Uri, header};
use mateo_model::Problem;
use tokio::time::{Instant, timeout_at};

use super::Parts;
use crate::{
    ApiKey, Attempt, Decision, Error, Event, GiveUp, Outcome, Permit, RateLimit, Request, Response,
    ResponseFacts, TransportError, TransportErrorKind,
    error::{Context, Kind},
    gzip,
    limits::after,
    origin::{self, Origin},
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

/// A call under way.
pub(super) struct Run<'a> {
    parts: &'a Parts,
    start: Instant,
    deadline: Instant,
    pub(super) context: Context,
    /// How many attempts failed; a redirect that is followed and a key that is refreshed are no failures.
    failed: u32,
    /// How many of them were refused for the rate limit by a server that said when to come back.
    refusals: u32,
    /// The quotas that the last response stated.
    pub(super) rate_limits: Vec<RateLimit>,
}

/// How an attempt failed: the error to report, and what the retry decides by.
pub(super) struct Failure {
    kind: Kind,
    /// Headers of a response that is an error.
    response: Option<(StatusCode, HeaderMap)>,
}

impl Failure {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, response: None }
    }

    /// Whether the key was refused: 401, or 403, which API.md gives for a key that is invalid.
    pub(super) fn is_auth(&self) -> bool {
        matches!(&self.kind, Kind::Status(problem) if problem.is_auth())
    }

    /// Whether the query ran into the server's two seconds.
    pub(super) fn is_statement_timeout(&self) -> bool {
        matches!(&self.kind, Kind::Status(problem) if problem.is_statement_timeout())
    }

    fn outcome(&self) -> Option<Outcome<'_>> {
        match (&self.kind, &self.response) {
            (Kind::Transport(error), _) => Some(Outcome::Transport(error.kind())),
            (Kind::Status(problem), Some((status, headers))) => Some(Outcome::Status {
                status: *status,
                headers,
                code: problem.code.as_deref(),
            }),
            _ => None,
        }
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::new(Kind::Transport(error))
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

impl<'a> Run<'a> {
    pub(super) fn new(parts: &'a Parts, deadline: Option<Instant>) -> Self {
        let start = Instant::now();
        let deadline = deadline.unwrap_or_else(|| after(start, parts.limits.overall));
        Self {
            parts,
            start,
            deadline,
            context: Context::default(),
            failed: 0,
            refusals: 0,
            rate_limits: Vec::new(),
        }
    }

    /// Ends the call with an error.
    pub(super) fn fail(&mut self, kind: Kind) -> Error {
        let mut context = std::mem::take(&mut self.context);
        context.elapsed = self.start.elapsed();
        tracing::debug!(
            error = %kind,
            http.request.resend_count = context.attempts.saturating_sub(1),
            "request failed"
        );
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

    /// Another key than the one that was refused, where the provider has one.
    pub(super) async fn other_key(&mut self, refused: &ApiKey) -> Result<Option<ApiKey>, Error> {
        let key = timeout_at(self.deadline, self.parts.key.refresh(refused)).await;
        match key {
            Ok(Ok(key)) => Ok(key.filter(|key| !key.is_same(refused))),
            Ok(Err(error)) => Err(self.fail(Kind::Key(error))),
            Err(_) => Err(self.fail(Kind::Deadline)),
        }
    }

    /// Waits for the budget.
    pub(super) async fn permit(&mut self) -> Result<Permit, Error> {
        if let Some(observer) = &self.parts.observer {
            let estimate = self.parts.budget.estimate(1);
            if !estimate.is_zero() {
                observer.event(&Event::BudgetWaiting { estimate });
            }
        }
        let before = Instant::now();
        let permit = timeout_at(self.deadline, self.parts.budget.acquire(Some(self.deadline))).await;
        let waited = before.elapsed();
        self.context.waited += waited;
        match permit {
            Ok(Ok(permit)) => {
                if !waited.is_zero() {
                    tracing::debug!(
                        waited_ms = millis(waited),
                        remaining_today = self.parts.budget.remaining_today(),
                        "waited for the request budget"
                    );
                }
                self.observe(|| Event::BudgetGranted {
                    waited,
                    remaining_today: self.parts.budget.remaining_today(),
                });
                Ok(permit)
            }
            Ok(Err(error)) => Err(self.fail(Kind::Budget(error))),
            Err(_) => Err(self.fail(Kind::Deadline)),
        }
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
        let mut status = None;
        let result = match timeout_at(end, self.exchange(request, permit, key, &mut status, read)).await {
            Ok(result) => result,
            Err(_) => Err(timed_out("the attempt's time limit")),
        };
        let took = before.elapsed();
        let error = match &result {
            Err(Failure {
                kind: Kind::Transport(error),
                ..
            }) => Some(error.kind()),
            _ => None,
        };
        tracing::debug!(
            http.response.status_code = status.map(|status: StatusCode| status.as_u16()),
            http.request.resend_count = attempt - 1,
            error.type = error.map(TransportErrorKind::as_str),
            took_ms = millis(took),
            "attempt finished"
        );
        self.observe(|| Event::AttemptFinished {
            attempt,
            status,
            error,
            took,
        });
        result
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
            parts.clock.now()
        } else {
            SystemTime::UNIX_EPOCH
        };
        let facts = ResponseFacts::read(response.status(), response.headers(), now);
        if let Some(permit) = permit {
            permit.answered(&facts);
        }
        self.context.request_id = censored(key, request_id(response.headers()));
        self.context.asked_wait = facts
            .retry_after
            .or_else(|| facts.exhausted_for().filter(|_| facts.is_rate_limited()));
        self.rate_limits = facts.rate_limits;
        let head = self.head(&from, response, key).await?;
        read(head).await
    }

    /// Success and redirects go on; anything else is read as an error.
    async fn head(&self, from: &Uri, response: Response, key: Option<&ApiKey>) -> Result<Head, Failure> {
        let status = response.status();
        if status.is_success() {
            return Ok(Head::Success(response));
        }
        if status.is_redirection()
            && let Some(location) = response.headers().get(header::LOCATION)
        {
            return match origin::resolve(from, location.as_bytes()) {
                Some(target) => Ok(Head::Redirect(Redirect { status, target })),
                None => Err(Failure::new(Kind::Redirect {
                    status: status.as_u16(),
                    to: "a place that is no URL".to_owned(),
                    why: "it cannot be followed",
                })),
            };
        }
        let (head, body) = response.into_parts();
        let body = gzip::start(&head.headers, body, ERROR_BODY_BYTES).await;
        let content_type = head
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let problem = problem(status, content_type, &body, key);
        Err(Failure {
            kind: Kind::Status(Box::new(problem)),
            response: Some((status, head.headers)),
        })
    }

    /// After a failure: waits for the next attempt, or gives up with the error.
    pub(super) async fn wait_or_fail(
        &mut self,
        method: &http::Method,
        failure: Failure,
    ) -> Result<(), Error> {
        let elapsed = self.start.elapsed();
        let deadline = self.deadline.saturating_duration_since(self.start);
        let attempt = self.context.attempts;
        self.failed += 1;
        let now = self.parts.clock.now();
        self.refusals += u32::from(failure.outcome().is_some_and(|outcome| outcome.is_refusal(now)));
        let decision = match failure.outcome() {
            Some(outcome) => self.parts.retry.decide(&Attempt {
                method,
                outcome,
                attempt: self.failed,
                refusals: self.refusals,
                elapsed,
                deadline: Some(deadline),
                now,
                random: random(),
            }),
            None => Decision::GiveUp(GiveUp::NotRetryable),
        };
        match decision {
            Decision::Retry { after } => {
                tracing::debug!(
                    error = %failure.kind,
                    http.request.resend_count = attempt,
                    after_ms = millis(after),
                    "trying again"
                );
                self.observe(|| Event::Retrying { attempt, after });
                tokio::time::sleep(after).await;
                self.context.waited += after;
                Ok(())
            }
            Decision::GiveUp(why) => {
                self.context.gave_up = Some(why);
                Err(self.fail(failure.kind))
            }
        }
    }

    /// Ends the call with the failure, whatever the retry would have said.
    pub(super) fn give_up(&mut self, failure: Failure) -> Error {
        self.context.gave_up = Some(GiveUp::NotRetryable);
        self.fail(failure.kind)
    }

    /// Ends the call because of where the server sends it.
    pub(super) fn refuse(&mut self, redirect: &Redirect, why: &'static str) -> Error {
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
        if let Some(observer) = &self.parts.observer {
            observer.event(&event());
        }
    }
}

/// A server that repeats the key in its refusal must not make us show it: neither as it stands there, of which a start may
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

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// From 0 up to 1: enough randomness for jitter, without a dependency. Each hasher has keys of its own.
fn random() -> f64 {
    let bits = RandomState::new().hash_one(0);
    f64::from(u32::try_from(bits >> 32).unwrap_or(0)) / (f64::from(u32::MAX) + 1.0)
}
