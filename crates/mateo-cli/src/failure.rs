//! How a command can fail: a sentence, what it comes from, what to do, and an exit code.

mod client;

use std::error::Error as StdError;
use std::fmt;
use std::process::ExitCode;

pub(crate) use client::unavailable;

/// The documented exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    Failed = 1,
    Usage = 2,
    Auth = 3,
    Connect = 4,
    Limit = 5,
    Timeout = 6,
    Missing = 7,
    ImportFailed = 8,
    File = 9,
    Matched = 10,
    Interrupted = 130,
    Terminated = 143,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// What `mateo exit-codes` prints.
pub(crate) const CODES: &str = "\
0    done; also when the reader of the output closed it early (mateo … | head -1)
1    failed in a way no other code stands for: the server's errors, responses or rows that can't be
     read
2    wrong usage: a flag, a condition, a setting; nothing was sent
3    the API key is missing, rejected, or may not read imports
4    the server could not be reached: address, network, TLS
5    the request limit: the server's (429), or this program's own budget of the day
6    time ran out: --request-timeout, or --timeout of `imports wait`
7    no such import, or the import has no such file
8    `imports wait`: an import has failures
9    a file of this machine: rows, key, cursor, settings, output
10   `imports list --exit-code`: at least one import matches
130  ended by Ctrl-C
143  ended by SIGTERM
";

/// Why a command could not be done.
pub(crate) struct Failure {
    code: Code,
    message: String,
    advice: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            advice: None,
            source: None,
        }
    }

    /// A command that can't work as it was typed.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    /// A file that could not be read or written.
    pub(crate) fn file(message: impl Into<String>, source: &std::io::Error) -> Self {
        Self::new(Code::File, format!("{}: {}", message.into(), io_text(source)))
    }

    /// What to do about it.
    pub(crate) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// What it comes from.
    pub(crate) fn source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What is wrong, without what to do about it.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub(crate) fn help(&self) -> Option<&str> {
        self.advice.as_deref()
    }

    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// What this error comes from, outermost first, without repeating what has been said.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        let mut next = self.source.as_deref().map(|source| source as &dyn StdError);
        while let Some(error) = next {
            let text = error.to_string();
            let said = self.message.contains(&text) || causes.iter().any(|cause| cause.contains(&text));
            if !said {
                causes.push(text);
            }
            next = error.source();
        }
        causes
    }
}

/// An I/O error without "(os error 2)", which says nothing to a person.
pub(crate) fn io_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A line that says what is wrong, and one that says what to do.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.advice {
            Some(advice) => write!(f, "\nhelp: {advice}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How a command can end before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It failed.
    Failure(Failure),
    /// It said all there is to say, and this is the outcome.
    Outcome(Code),
    /// Nobody reads the output any more.
    Closed,
}

/// What a command gives back.
pub(crate) type Result<T = (), E = Stop> = std::result::Result<T, E>;

impl<F: Into<Failure>> From<F> for Stop {
    fn from(failure: F) -> Self {
        Self::Failure(failure.into())
    }
}
