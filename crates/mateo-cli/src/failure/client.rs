//! The client's errors as failures: which exit code, and what to do.

use std::error::Error as StdError;

use mateo_imports::Error;
use mateo_imports::columns::NAMES;
use mateo_imports::net::budget::BudgetError;

use super::{Code, Failure};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = code(&error);
        if let Some(failure) = budget(&error) {
            return failure;
        }
        let status = error.status();
        let said = error.to_string();
        let failure = |message: String| Failure::new(code, message);
        match code {
            Code::Auth => match status {
                Some(401) => failure(format!("the server wants an API key: {said}"))
                    .advice("check MATEO_API_KEY or the key's file"),
                Some(403) => failure(format!("the server rejected the API key: {said}"))
                    .advice("check MATEO_API_KEY or the key's file"),
                _ => failure(said).advice("check MATEO_API_KEY or the key's file"),
            },
            Code::Connect => {
                let cause = root(&error).unwrap_or_else(|| said.clone());
                let advice = "check --base-url (MATEO_BASE_URL), the network, the proxy ('mateo config'), and that the server runs";
                failure(cause).advice(advice)
            }
            Code::Limit if error.is_rate_limited() => failure(said)
                .advice("another program uses the key too, or --max-rps is higher than your contract: wait, or lower it"),
            Code::Limit => failure(said).advice("wait until requests of the last 24 hours no longer count, or raise --max-per-day if your contract allows"),
            Code::Timeout => failure(said).advice("try again later, ask for less, or give it longer with --request-timeout"),
            Code::Usage => failure(said),
            Code::Missing => failure(said).advice("check the id: 'mateo imports list' shows what there is"),
            _ => server(failure(said), &error),
        }
        .source_of(error)
    }
}

/// The budget cannot be asked, for this reason.
pub(crate) fn unavailable(error: &dyn StdError) -> Failure {
    let cause = error.source().map(|cause| format!(": {cause}"));
    Failure::new(Code::File, format!("{error}{}", cause.unwrap_or_default())).advice(
        "mend that, or go on without what other programs have sent with --no-shared-budget (MATEO_BUDGET=none)",
    )
}

/// The budget could not be asked.
fn budget(error: &Error) -> Option<Failure> {
    match error.http()?.budget()? {
        BudgetError::Unavailable(source) => Some(unavailable(&**source)),
        _ => None,
    }
}

/// What the server says of a query, with what to do.
fn server(failure: Failure, error: &Error) -> Failure {
    let Some(problem) = error.problem() else {
        return if error.is_decode() {
            failure.advice(
                "something else than the API may answer there: check --base-url, or run 'mateo doctor'",
            )
        } else {
            failure
        };
    };
    if problem.is_unknown_column() {
        failure.advice(format!("this program knows {}", NAMES.join(", ")))
    } else if problem.status >= 500 {
        failure.advice("this is the server's: try again later")
    } else {
        failure
    }
}

impl Failure {
    /// The causes of the client's error, whose own text is this message.
    fn source_of(self, error: Error) -> Self {
        self.source(error)
    }

    /// Says which server could not be reached.
    pub(crate) fn at(mut self, place: &str) -> Self {
        if self.code == Code::Connect {
            self.message = format!("could not reach {place}: {}", self.message);
        }
        self
    }
}

fn code(error: &Error) -> Code {
    if error.is_auth() {
        Code::Auth
    } else if error.is_connect() {
        Code::Connect
    } else if error.is_rate_limited() || error.is_budget() {
        Code::Limit
    } else if error.is_timeout() {
        Code::Timeout
    } else if error.is_usage() {
        Code::Usage
    } else if error.is_missing() {
        Code::Missing
    } else if error.is_io() {
        Code::File
    } else {
        Code::Failed
    }
}

/// The innermost cause, which is the one that says something.
fn root(error: &Error) -> Option<String> {
    let mut cause: &dyn StdError = error.source()?;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let text = cause.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    Some(
        text.strip_prefix("failed to lookup address information: ")
            .unwrap_or(text)
            .to_lowercase(),
    )
}
