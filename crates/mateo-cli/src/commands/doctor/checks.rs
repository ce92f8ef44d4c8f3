//! The checks of `mateo doctor`, each a line, and a second one with what to do.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use mateo_imports::model::ContentRange;
use mateo_imports::net::headers::RateLimit;

use super::Asked;
use crate::app::App;
use crate::args::duration;
use crate::failure::{Code, Failure};
use crate::render::style::Paint;
use crate::render::text::{counted, escape_control};
use crate::settings::is_loopback;

/// What a check found.
#[derive(Debug, PartialEq)]
pub(super) enum Check {
    Good {
        name: &'static str,
        what: String,
    },
    /// Works, but a person should know.
    Note {
        name: &'static str,
        what: String,
    },
    Bad {
        name: &'static str,
        what: String,
        code: Code,
    },
    Skipped {
        name: &'static str,
        what: String,
    },
}

impl Check {
    pub(super) fn good(name: &'static str, what: impl Into<String>) -> Self {
        Self::Good {
            name,
            what: what.into(),
        }
    }

    pub(super) fn note(name: &'static str, what: impl Into<String>) -> Self {
        Self::Note {
            name,
            what: what.into(),
        }
    }

    pub(super) fn skipped(name: &'static str, what: impl Into<String>) -> Self {
        Self::Skipped {
            name,
            what: what.into(),
        }
    }

    pub(super) fn of(name: &'static str, failure: &Failure) -> Self {
        Self::Bad {
            name,
            what: failure.to_string(),
            code: failure.code(),
        }
    }

    pub(super) fn lines(&self, paint: Paint) -> Vec<String> {
        let (mark, name, what) = match self {
            Self::Good { name, what } => (paint.good("ok  "), name, what),
            Self::Note { name, what } => (paint.busy("note"), name, what),
            Self::Bad { name, what, .. } => (paint.bad("bad "), name, what),
            Self::Skipped { name, what } => (paint.faint("-   "), name, what),
        };
        // What to do follows the first semicolon, or a failure's `help:`, and gets a line of its own.
        let what = what.replace("\nhelp: ", "; ");
        let (said, advice) = what.split_once("; ").unwrap_or((&what, ""));
        let mut lines = vec![format!("{mark}  {name:<9} {}", escape_control(said))];
        if !advice.is_empty() {
            lines.push(format!("{:16}{}", "", escape_control(advice)));
        }
        lines
    }
}

pub(super) fn settings(app: &App) -> Check {
    match &app.settings.file {
        Some((path, true)) => Check::good("settings", format!("read from {}", path.display())),
        Some((path, false)) => Check::good(
            "settings",
            format!("no file at {}, which is fine", path.display()),
        ),
        None => Check::note("settings", "this machine has no place for a settings file"),
    }
}

pub(super) fn url(app: &App) -> Check {
    if app.settings.sandbox {
        return Check::good("address", "the sandbox inside this program");
    }
    Check::good(
        "address",
        format!(
            "{} ({})",
            app.settings.base_url.value, app.settings.base_url.source
        ),
    )
}

/// Where the budget of the key is kept; without a key there is none.
pub(super) async fn budget(app: Option<&App>) -> Check {
    let Some(app) = app else {
        return Check::skipped("budget", "needs the key");
    };
    let kept = match app.budget() {
        Ok(kept) => kept.described().await,
        Err(failure) => Err(failure),
    };
    match kept {
        Ok(described) => Check::good("budget", described),
        Err(failure) => Check::of("budget", &failure),
    }
}

/// The proxy, where one is set.
pub(super) fn proxy(app: &App) -> Option<Check> {
    let proxy = app.settings.proxy.as_ref()?;
    let url = proxy.shown_url();
    let what = if app.settings.sandbox || is_loopback(&app.settings.base_url.value) {
        format!("{url} is not used for this machine ({})", proxy.url.source)
    } else {
        match &proxy.except {
            Some(except) => format!("{url} ({}), except for {}", proxy.url.source, except.value),
            None => format!("{url} ({})", proxy.url.source),
        }
    };
    Some(Check::good("proxy", what))
}

pub(super) fn key(app: &App) -> String {
    if app.settings.sandbox {
        return "the sandbox's own".to_owned();
    }
    format!("found ({})", app.settings.key.source())
}

/// Clocks that differ by less differ by what networks take.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(5);

impl Asked {
    pub(super) fn checks(&self) -> Vec<Check> {
        let mut checks = vec![self.server(), self.clock(), self.limits()];
        checks.extend(self.rows());
        checks
    }

    fn server(&self) -> Check {
        let secure = if self.is_secure { "over TLS, " } else { "" };
        let total = match self.page.content_range.and_then(ContentRange::total) {
            Some(total) => format!(", has {}", counted(total, "import")),
            None => ", but does not count its imports".to_owned(),
        };
        let took = duration::shown(self.took);
        let attempts = match self.page.attempts {
            1 => String::new(),
            attempts => format!(", at attempt {attempts}"),
        };
        Check::good(
            "server",
            format!("answers {secure}in {took}{attempts}, takes the key{total}"),
        )
    }

    fn clock(&self) -> Check {
        let Some(date) = self.page.date else {
            return Check::note("clock", "the server doesn't send its time");
        };
        // The server's time is cut to the second.
        let ahead = self.now.signed_duration_since(DateTime::<Utc>::from(date));
        if ahead.abs() <= CLOCK_TOLERANCE {
            return Check::good("clock", "agrees with the server's");
        }
        let by = duration::shown(ahead.abs().to_std().unwrap_or_default());
        let which = if ahead > TimeDelta::zero() {
            "ahead of"
        } else {
            "behind"
        };
        Check::note(
            "clock",
            format!(
                "this machine's is {by} {which} the server's; set it (NTP): ages and --since 2d go by this machine's"
            ),
        )
    }

    fn limits(&self) -> Check {
        if self.page.rate_limits.is_empty() {
            return Check::note(
                "limits",
                "the server states none; this program keeps to --max-rps",
            );
        }
        let stated: Vec<String> = self.page.rate_limits.iter().map(stated).collect();
        Check::good("limits", stated.join(", "))
    }

    fn rows(&self) -> Vec<Check> {
        let seen = counted(self.rows.len() as u64, "row");
        if self.rows.is_empty() {
            return vec![Check::note("rows", "there are none to look at")];
        }
        let mut checks = Vec::new();
        if let [first, ..] = self.rows.bad_rows.as_slice() {
            let bad = counted(self.rows.bad_rows.len() as u64, "row");
            checks.push(Check::Bad {
                name: "rows",
                what: format!(
                    "{bad} of {seen} can't be read ({first}); see them with --output ndjson, and report it"
                ),
                code: Code::Failed,
            });
        }
        let columns: BTreeSet<&str> = self
            .rows
            .rows
            .iter()
            .flat_map(|row| row.extra.iter().map(|(name, _)| name))
            .collect();
        if !columns.is_empty() {
            let names: Vec<&str> = columns.into_iter().collect();
            checks.push(Check::note(
                "rows",
                format!(
                    "the server has columns that this program doesn't know: {}; ndjson and json have them, csv and table with --select; look for a newer mateo",
                    names.join(", ")
                ),
            ));
        }
        let missing: Vec<&str> = crate::args::columns::NAMES
            .into_iter()
            .filter(|name| self.rows.rows.iter().any(|row| !row.has_column(name)))
            .collect();
        if !missing.is_empty() {
            checks.push(Check::note(
                "rows",
                format!(
                    "the server has no {}; conditions on them fail",
                    missing.join(", ")
                ),
            ));
        }
        let types: BTreeSet<&str> = self
            .rows
            .rows
            .iter()
            .filter(|row| !row.import_type.is_known())
            .map(|row| row.import_type.as_str())
            .collect();
        if !types.is_empty() {
            let names: Vec<&str> = types.into_iter().collect();
            checks.push(Check::note(
                "rows",
                format!("the server has types that this program doesn't know: {}; --query 'type=eq.NAME' finds them", names.join(", ")),
            ));
        }
        if checks.is_empty() {
            checks.push(Check::good(
                "rows",
                format!("the newest {seen} hold what this program knows and nothing else"),
            ));
        }
        checks
    }
}

fn stated(limit: &RateLimit) -> String {
    let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
    let reset = limit
        .reset
        .map(|reset| format!(", reset in {}", duration::shown(reset)))
        .unwrap_or_default();
    format!(
        "{} of {} requests left{reset}",
        number(limit.remaining),
        number(limit.limit)
    )
}
