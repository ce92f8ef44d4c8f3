//! Calls against a transport that follows a script, in paused time.

mod downloads;
mod exported;
mod pages;
mod secrets;
mod traces;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};

use super::*;
use crate::budget::KeyBudget;
use crate::secret::ApiKey;
use crate::transport::{Body, BoxFuture, TransportError, TransportErrorKind};

const SECOND: Duration = Duration::from_secs(1);
const BASE: &str = "https://api.test";

/// One answer of the script.
enum Step {
    Answer(u16, &'static [(&'static str, &'static str)], Body),
    Fail(TransportErrorKind),
    /// Never answers.
    Hang,
}

fn rows() -> Step {
    Step::Answer(
        200,
        &[
            ("content-type", "application/json; charset=utf-8"),
            ("content-range", "0-0/1"),
        ],
        "[{}]".into(),
    )
}

fn refusal(status: u16) -> Step {
    Step::Answer(
        status,
        &[("content-type", "application/json")],
        r#"{"code":"X","message":"no"}"#.into(),
    )
}

#[derive(Default)]
struct Script {
    steps: Mutex<VecDeque<Step>>,
    /// URI and headers of every request that came.
    seen: Mutex<Vec<(String, HeaderMap)>>,
}

impl Script {
    fn new(steps: impl IntoIterator<Item = Step>) -> Arc<Self> {
        Arc::new(Self {
            steps: Mutex::new(steps.into_iter().collect()),
            seen: Mutex::default(),
        })
    }

    fn requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    fn header(&self, request: usize, name: &str) -> Option<String> {
        let seen = self.seen.lock().unwrap();
        seen[request]
            .1
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    }
}

impl Transport for Script {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            self.seen
                .lock()
                .unwrap()
                .push((request.uri().to_string(), request.headers().clone()));
            let step = self
                .steps
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_front();
            match step.expect("the script has an answer for every request") {
                Step::Answer(status, headers, body) => {
                    let mut response = Response::new(body);
                    *response.status_mut() = StatusCode::from_u16(status).unwrap();
                    for (name, value) in headers {
                        response.headers_mut().append(*name, value.parse().unwrap());
                    }
                    Ok(response)
                }
                Step::Fail(kind) => Err(kind.into()),
                Step::Hang => std::future::pending().await,
            }
        })
    }
}

fn builder(script: &Arc<Script>) -> PipelineBuilder {
    Pipeline::builder(ApiKey::new("s3cret"))
        .base_url(BASE)
        .transport(Arc::clone(script))
        .budget(KeyBudget::unlimited())
}

fn pipeline(script: &Arc<Script>) -> Pipeline {
    builder(script).build().unwrap()
}

async fn page(pipeline: &Pipeline) -> Result<PageResponse, Error> {
    pipeline.page(&ImportQuery::new(), &Prefer::new(), None).await
}

/// Keeps what it is told.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<Event>>>);

impl Log {
    fn observer(&self) -> impl Fn(&Event) + use<> {
        let log = self.clone();
        move |event| log.0.lock().unwrap().push(event.clone())
    }
}

/// What the budget has left today.
async fn left_today(budget: &KeyBudget) -> Option<u64> {
    budget.state(1).await.unwrap().left_today
}
