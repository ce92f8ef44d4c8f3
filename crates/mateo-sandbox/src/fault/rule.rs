//! A fault and the requests it strikes, written `NAME[:WHEN]`.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use super::Fault;

/// Which requests a fault strikes, counted from 1 since the rule was given, each origin's for itself.
///
/// Faults of the connection count every request that comes, all others those that the gateway admits.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum When {
    /// Every request.
    Always,
    /// Only this one; 1 is the next.
    Nth(u64),
    /// Each whose number is a multiple of this; 0 strikes none.
    Every(u64),
    /// This one and all after it.
    From(u64),
    /// Each with this probability, from 0.0 to 1.0, by the sandbox's seed.
    Chance(f64),
}

/// A fault and the requests that it strikes.
///
/// | written | strikes |
/// |---|---|
/// | `bad-gateway` | every request |
/// | `bad-gateway:once` | the next one |
/// | `bad-gateway:3` | the third |
/// | `bad-gateway:every-3` | every third |
/// | `bad-gateway:from-3` | the third and all after it |
/// | `bad-gateway:10%` | each with a probability of 0.1 |
/// | `files/bad-gateway:3` | the third request for a file |
///
/// ```
/// use mateo_sandbox::{Fault, FaultRule, When};
///
/// let rule: FaultRule = "files/truncated-body:every-2".parse()?;
/// assert_eq!(rule.to_string(), Fault::TruncatedBody.on(When::Every(2)).for_files().to_string());
///
/// let error = "bad-gatway".parse::<FaultRule>().unwrap_err();
/// assert_eq!(error.to_string(), "there is no fault \"bad-gatway\"; did you mean bad-gateway?");
/// # Ok::<(), mateo_sandbox::ParseFaultError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct FaultRule {
    pub(super) fault: Fault,
    pub(super) when: When,
    pub(super) is_for_files: bool,
}

impl FaultRule {
    /// The same for requests to the files' origin instead of the API's. Faults that concern rows change nothing there.
    #[must_use]
    pub const fn for_files(mut self) -> Self {
        self.is_for_files = true;
        self
    }
}

/// On every request.
impl From<Fault> for FaultRule {
    fn from(fault: Fault) -> Self {
        fault.on(When::Always)
    }
}

const FILES: &str = "files/";

impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_for_files {
            f.write_str(FILES)?;
        }
        write!(f, "{}", self.fault)?;
        match self.when {
            When::Always => Ok(()),
            When::Nth(n) => write!(f, ":{n}"),
            When::Every(n) => write!(f, ":every-{n}"),
            When::From(n) => write!(f, ":from-{n}"),
            When::Chance(probability) => write!(f, ":{}%", probability * 100.0),
        }
    }
}

impl FromStr for FaultRule {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, is_for_files) = match text.strip_prefix(FILES) {
            Some(name) => (name, true),
            None => (text, false),
        };
        let (name, when) = match name.split_once(':') {
            Some((name, when)) => (name, parse_when(when).ok_or_else(|| no_requests(when))?),
            None => (name, When::Always),
        };
        let fault = Fault::named(name).ok_or_else(|| no_fault(name))?;
        Ok(Self {
            fault,
            when,
            is_for_files,
        })
    }
}

fn parse_when(text: &str) -> Option<When> {
    let number = |text: &str| text.parse().map(NonZeroU64::get).ok();
    if text == "once" {
        Some(When::Nth(1))
    } else if let Some(n) = text.strip_prefix("every-") {
        number(n).map(When::Every)
    } else if let Some(n) = text.strip_prefix("from-") {
        number(n).map(When::From)
    } else if let Some(percent) = text.strip_suffix('%') {
        let percent: f64 = percent.parse().ok()?;
        (0.0..=100.0)
            .contains(&percent)
            .then_some(When::Chance(percent / 100.0))
    } else {
        number(text).map(When::Nth)
    }
}

/// A text names no fault, or no requests.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ParseFaultError(String);

fn no_requests(text: &str) -> ParseFaultError {
    ParseFaultError(format!(
        "{text:?} says no requests: write once, 3, every-3, from-3 or 10%"
    ))
}

fn no_fault(name: &str) -> ParseFaultError {
    let distance = |fault: &&Fault| strsim::levenshtein(name, fault.name());
    let nearest = Fault::ALL
        .iter()
        .min_by_key(distance)
        .filter(|fault| distance(fault) <= 3);
    let hint = nearest.map_or_else(String::new, |fault| format!("; did you mean {fault}?"));
    ParseFaultError(format!("there is no fault {name:?}{hint}"))
}
