//! Settings: each from a flag, else the environment, else the settings file, else the default, and which it was.

mod budget;
mod file;
mod key;
mod proxy;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;

use crate::args::Global;
use crate::args::duration::{self, Span};
use crate::failure::Failure;
use crate::terminal::When;
pub(crate) use budget::BudgetFrom;
use file::File;
pub(crate) use key::{KeyFrom, login_path, mistake as key_mistake};
pub(crate) use proxy::{Proxy, is_loopback};

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Flag(&'static str),
    Env(&'static str),
    File(PathBuf),
    Login,
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Env(variable) => write!(f, "environment, {variable}"),
            Self::File(path) => write!(f, "file, {}", path.display()),
            Self::Login => f.write_str("mateo login"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A setting and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) source: Source,
}

/// All settings.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Whether the sandbox answers, and not the API.
    pub(crate) sandbox: bool,
    pub(crate) base_url: Setting<String>,
    pub(crate) key: KeyFrom,
    pub(crate) max_rps: Setting<f64>,
    pub(crate) max_per_day: Setting<u64>,
    /// Where programs with the same key share their limits.
    pub(crate) budget: Setting<BudgetFrom>,
    pub(crate) request_timeout: Setting<Duration>,
    /// How often a request is tried, the first time included.
    pub(crate) attempts: Setting<u32>,
    pub(crate) color: Setting<When>,
    /// What requests go through, which those to this machine never do.
    pub(crate) proxy: Option<Proxy>,
    /// Where the settings file is or would be, and whether it is there.
    pub(crate) file: Option<(PathBuf, bool)>,
}

/// hellomateo's own limits (API.md, "Limits").
const MAX_RPS: f64 = 2.0;
const MAX_PER_DAY: u64 = 10_000;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(2 * 60);
const ATTEMPTS: u32 = 5;
const BASE_URL: &str = "https://integration.getmateo.com";

/// Reads an environment variable; one that is empty counts as not set.
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Settings {
    /// Collects the settings.
    pub(crate) fn load<E: Fn(&str) -> Option<String>>(flags: &Global, env: E) -> Result<Self, Failure> {
        let asked = flags
            .config
            .clone()
            .or_else(|| env("MATEO_CONFIG").map(PathBuf::from));
        let path = asked.clone().or_else(default_file);
        let file = match &path {
            Some(path) => File::read(path, asked.is_some())?,
            None => None,
        };
        let from = From {
            env: &env,
            path: path.as_deref().unwrap_or(Path::new("")),
        };
        let is_there = file.is_some();
        let file = file.unwrap_or_default();

        if flags.sandbox && flags.base_url.is_some() {
            return Err(Failure::usage("--sandbox and --base-url exclude each other").advice("leave one out"));
        }
        let mut base_url = from.pick(
            ("--base-url", flags.base_url.clone()),
            "MATEO_BASE_URL",
            file.base_url,
            BASE_URL.into(),
        )?;
        base_url.value = without_path_of_imports(base_url.value);
        let max_rps = from.pick(
            ("--max-rps", flags.max_rps),
            "MATEO_MAX_RPS",
            file.max_rps,
            MAX_RPS,
        )?;
        if !(max_rps.value > 0.0 && max_rps.value.is_finite()) {
            return Err(
                Failure::usage(format!("max-rps is {} ({})", max_rps.value, max_rps.source))
                    .advice("set it to a number of requests a second above 0; hellomateo allows 2"),
            );
        }
        let max_per_day = from.pick(
            ("--max-per-day", flags.max_per_day),
            "MATEO_MAX_PER_DAY",
            file.max_per_day,
            MAX_PER_DAY,
        )?;
        let budget = from.budget(flags, file.budget)?;
        let in_file = file
            .request_timeout
            .as_deref()
            .map(|text| from.span(text))
            .transpose()?;
        let timeout = from.pick(
            ("--request-timeout", flags.request_timeout),
            "MATEO_REQUEST_TIMEOUT",
            in_file,
            Span(REQUEST_TIMEOUT),
        )?;
        let attempts = from.pick(
            ("--attempts", flags.attempts),
            "MATEO_ATTEMPTS",
            file.attempts,
            ATTEMPTS,
        )?;
        let color = from.color_of(flags.color, file.color.as_deref())?;
        let key = KeyFrom::find(flags.api_key_file.clone(), &env, file.key_path, &from.file());
        Ok(Self {
            sandbox: flags.sandbox,
            base_url,
            key,
            max_rps,
            max_per_day,
            budget,
            request_timeout: Setting {
                value: timeout.value.0,
                source: timeout.source,
            },
            attempts,
            color,
            proxy: Proxy::find(&env),
            file: path.map(|path| (path, is_there)),
        })
    }

    /// The address without what stands before an `@`, which may be a password. The client rejects it.
    pub(crate) fn shown_url(&self) -> &str {
        let url = self.base_url.value.as_str();
        url.rsplit_once('@').map_or(url, |(_, host)| host)
    }

    /// Every setting as name, value and source, for a person. Never the key.
    pub(crate) fn rows(&self) -> Vec<(&'static str, String, String)> {
        let mut rows = vec![
            (
                "base-url",
                self.shown_url().to_owned(),
                self.base_url.source.to_string(),
            ),
            ("api-key", self.key.state(), self.key.source()),
            (
                "max-rps",
                self.max_rps.value.to_string(),
                self.max_rps.source.to_string(),
            ),
            (
                "max-per-day",
                self.max_per_day.value.to_string(),
                self.max_per_day.source.to_string(),
            ),
            (
                "request-timeout",
                duration::shown(self.request_timeout.value),
                self.request_timeout.source.to_string(),
            ),
            (
                "attempts",
                self.attempts.value.to_string(),
                self.attempts.source.to_string(),
            ),
            (
                "color",
                self.color
                    .value
                    .to_possible_value()
                    .map_or_else(String::new, |value| value.get_name().to_owned()),
                self.color.source.to_string(),
            ),
        ];
        if let Some(proxy) = &self.proxy {
            let source = proxy.url.source.to_string();
            let unused = if is_loopback(&self.base_url.value) || self.sandbox {
                " (not used for this machine)"
            } else {
                ""
            };
            rows.push(("proxy", format!("{}{unused}", proxy.shown_url()), source));
            if let Some(except) = &proxy.except {
                rows.push(("no-proxy", except.value.clone(), except.source.to_string()));
            }
        }
        if self.sandbox
            && let Some((_, url, source)) = rows.first_mut()
        {
            "the sandbox inside this program".clone_into(url);
            "--sandbox".clone_into(source);
        }
        rows
    }
}

/// The address as the documentation prints it has the path of the endpoint, or half of it, which the client adds.
fn without_path_of_imports(mut url: String) -> String {
    let base = url.trim_end_matches('/');
    let base = base.strip_suffix("/import").unwrap_or(base);
    let length = base.strip_suffix("/api/v1").unwrap_or(base).len();
    url.truncate(length);
    url
}

fn default_file() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    let places = etcetera::choose_base_strategy().ok()?;
    Some(places.config_dir().join("mateo").join("config.toml"))
}

/// Where settings are looked for.
struct From<'a, E> {
    env: &'a E,
    path: &'a Path,
}

impl<E: Fn(&str) -> Option<String>> From<'_, E> {
    fn file(&self) -> Source {
        Source::File(self.path.to_owned())
    }

    fn pick<T: FromStr>(
        &self,
        (flag, given): (&'static str, Option<T>),
        variable: &'static str,
        in_file: Option<T>,
        default: T,
    ) -> Result<Setting<T>, Failure> {
        if let Some(value) = given {
            return Ok(Setting {
                value,
                source: Source::Flag(flag),
            });
        }
        if let Some(text) = (self.env)(variable) {
            let value = text.parse().map_err(|_| {
                Failure::usage(format!("{variable} is '{text}', which can't be read"))
                    .advice(format!("see {flag} in mateo --help"))
            })?;
            return Ok(Setting {
                value,
                source: Source::Env(variable),
            });
        }
        Ok(match in_file {
            Some(value) => Setting {
                value,
                source: self.file(),
            },
            None => Setting {
                value: default,
                source: Source::Default,
            },
        })
    }

    fn budget(&self, flags: &Global, in_file: Option<String>) -> Result<Setting<BudgetFrom>, Failure> {
        if flags.no_shared_budget {
            return Ok(Setting {
                value: BudgetFrom::Process,
                source: Source::Flag("--no-shared-budget"),
            });
        }
        let default = BudgetFrom::default().to_string();
        let given = self.pick(
            ("--budget", flags.budget.clone()),
            "MATEO_BUDGET",
            in_file,
            default,
        )?;
        let value = given.value.parse().map_err(|()| {
            Failure::usage(format!("budget is '{}' ({})", given.value, given.source))
                .advice("set it to file, none, or a URL such as redis://HOST")
        })?;
        Ok(Setting {
            value,
            source: given.source,
        })
    }

    fn span(&self, text: &str) -> Result<Span, Failure> {
        text.parse().map_err(|what: String| {
            Failure::usage(format!(
                "{}: request-timeout '{text}': {what}",
                self.path.display()
            ))
        })
    }

    fn color_of(&self, flag: Option<When>, in_file: Option<&str>) -> Result<Setting<When>, Failure> {
        let in_file = in_file.map(|text| Self::color(text, "color")).transpose()?;
        let in_env = (self.env)("MATEO_COLOR")
            .map(|text| Self::color(&text, "MATEO_COLOR"))
            .transpose()?;
        let (value, source) = match (flag, in_env, in_file) {
            (Some(value), ..) => (value, Source::Flag("--color")),
            (_, Some(value), _) => (value, Source::Env("MATEO_COLOR")),
            (.., Some(value)) => (value, self.file()),
            _ => (When::Auto, Source::Default),
        };
        Ok(Setting { value, source })
    }

    fn color(text: &str, name: &str) -> Result<When, Failure> {
        When::from_str(text, true).map_err(|_| {
            Failure::usage(format!("{name} is '{text}'")).advice("set it to auto, always or never")
        })
    }
}

#[cfg(test)]
mod tests;
