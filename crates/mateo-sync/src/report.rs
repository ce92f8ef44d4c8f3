//! What a run did, and how far one is.

use std::fmt;

use chrono::{DateTime, Utc};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Progress {
    /// Rows that were applied.
    pub applied: u64,
    /// How many rows the run reads, those that were read before included; `None` while that is not known, and after
    /// the last of them.
    pub expected: Option<u64>,
    /// Requests so far, without those that were repeated.
    pub requests: u64,
    /// Whether everything was read, and the copy is compared with the server.
    pub comparing: bool,
}

/// What a run did. Its text is one line: `30,000 imports, complete at 10:00:03Z`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// Imports that were inserted or had changed.
    pub applied: u64,
    /// Imports that the server no longer has, and that were marked as deleted.
    pub deleted: u64,
    /// Imports that the copy lacked though they are not new.
    pub mended: u64,
    /// Rows that could not be read: what is wrong with each of the first few.
    pub bad_rows: Vec<String>,
    /// How many rows could not be read.
    pub bad: u64,
    /// The time that the counts are of, the server's when the run began: imports created before it.
    pub at: DateTime<Utc>,
    /// How many imports the copy holds.
    pub copy: u64,
    /// How many imports the server has.
    pub server: u64,
    /// Requests, without those that were repeated.
    pub requests: u64,
}

impl Report {
    /// The bad rows that are shown.
    pub(crate) const SHOWN: usize = 5;

    /// Whether the copy holds as many imports as the server.
    pub fn is_complete(&self) -> bool {
        self.copy == self.server
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (copy, at) = (Grouped(self.copy), self.at.format("%H:%M:%SZ"));
        if self.is_complete() {
            return write!(f, "{copy} imports, complete at {at}");
        }
        let (difference, than) = match self.server.checked_sub(self.copy) {
            Some(fewer) => (fewer, "fewer"),
            None => (self.copy - self.server, "more"),
        };
        write!(
            f,
            "{copy} imports, {} {than} than the server's {} at {at}",
            Grouped(difference),
            Grouped(self.server)
        )?;
        match self.bad {
            0 => Ok(()),
            bad => write!(f, "; {} could not be read", Grouped(bad)),
        }
    }
}

/// A number with commas between its thousands.
struct Grouped(u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1_000 {
            write!(f, "{}", self.0)
        } else {
            write!(f, "{},{:03}", Self(self.0 / 1_000), self.0 % 1_000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Report;

    #[test]
    fn a_report_is_a_line_that_says_what_differs() {
        let mut report = Report {
            at: "2026-01-02T10:00:03Z".parse().unwrap(),
            copy: 1_030_000,
            server: 1_030_000,
            ..Report::default()
        };
        assert_eq!(report.to_string(), "1,030,000 imports, complete at 10:00:03Z");
        report.server = 1_030_001;
        report.bad = 1;
        assert_eq!(
            report.to_string(),
            "1,030,000 imports, 1 fewer than the server's 1,030,001 at 10:00:03Z; 1 could not be read"
        );
        report.server = 0;
        report.bad = 0;
        assert_eq!(
            report.to_string(),
            "1,030,000 imports, 1,030,000 more than the server's 0 at 10:00:03Z"
        );
    }
}
