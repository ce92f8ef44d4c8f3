//! What every command has at hand: settings, the terminal, and a client when it asks for one.

use std::borrow::Cow;
use std::io::Write as _;

use mateo_imports::net::{Pipeline, PipelineBuilder, ReqwestTransport, TimeLimits, budget::Priority};
use mateo_imports::{ApiKey, Client, Retry};
use mateo_sandbox::SandboxTransport;

use crate::args::Global;
use crate::budget::Kept;
use crate::embedded_sandbox;
use crate::failure::Failure;
use crate::render::style::Paint;
use crate::render::text::{escape_control, escape_json};
use crate::retry_notice::retry_notice;
use crate::settings::{Proxy, Settings, Source, environment};
use crate::terminal::Terminal;
use crate::zone::Zone;

const USER_AGENT: &str = concat!("mateo/", env!("CARGO_PKG_VERSION"));

/// What every command has at hand.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) terminal: Terminal,
    pub(crate) zone: Zone,
    quiet: bool,
}

impl App {
    pub(crate) fn new(global: &Global) -> Result<Self, Failure> {
        let mut settings = Settings::load(global, environment)?;
        settings.key = settings.key.or_login();
        let terminal = Terminal::look(settings.color.value);
        Ok(Self {
            settings,
            terminal,
            zone: Zone::find(global.utc, environment),
            quiet: global.quiet,
        })
    }

    /// Paints for stdout.
    pub(crate) fn paint(&self) -> Paint {
        Paint::new(self.terminal.color)
    }

    /// Paints for stderr.
    pub(crate) fn error_paint(&self) -> Paint {
        Paint::new(self.terminal.error_color)
    }

    /// Which server is asked, for a person.
    pub(crate) fn place(&self) -> &str {
        if self.settings.sandbox {
            "the sandbox"
        } else {
            self.settings.shown_url()
        }
    }

    /// The client: of the API with its key, or of the sandbox, which needs none.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        self.client_that(self.terminal.draws && !self.quiet, Priority::Interactive)
    }

    /// The client for what nobody waits for: requests of other programs go before its own.
    pub(crate) fn bulk_client(&self) -> Result<Client, Failure> {
        self.client_that(self.terminal.draws && !self.quiet, Priority::Bulk)
    }

    /// The client for a live view, which shows trouble itself.
    pub(crate) fn client_of_a_view(&self) -> Result<Client, Failure> {
        self.client_that(false, Priority::Interactive)
    }

    /// A client that sends nothing, and so needs no key.
    pub(crate) fn silent_client(&self) -> Result<Client, Failure> {
        let kept = Kept::of_process(&self.settings, "this process alone");
        self.build(&ApiKey::new("none"), kept, false, Priority::Interactive)
    }

    /// The budget of the key, and where it is kept.
    pub(crate) fn budget(&self) -> Result<Kept, Failure> {
        Kept::open(&self.settings, &self.key()?)
    }

    /// What the client is made of, for who looks at a single answer.
    pub(crate) fn pipeline(&self) -> Result<Pipeline, Failure> {
        let key = self.key()?;
        let kept = Kept::open(&self.settings, &key)?;
        let pipeline = self.builder(&key, kept)?.build();
        pipeline.map_err(|error| self.rejected(&error))
    }

    fn key(&self) -> Result<ApiKey, Failure> {
        if self.settings.sandbox {
            Ok(ApiKey::new(embedded_sandbox::KEY))
        } else {
            self.settings.key.read()
        }
    }

    fn client_that(&self, reports: bool, priority: Priority) -> Result<Client, Failure> {
        let key = self.key()?;
        let kept = Kept::open(&self.settings, &key)?;
        self.build(&key, kept, reports, priority)
    }

    fn build(&self, key: &ApiKey, kept: Kept, reports: bool, priority: Priority) -> Result<Client, Failure> {
        let mut builder = self.builder(key, kept)?.priority(priority);
        if reports {
            builder = builder.observer(retry_notice);
        }
        builder
            .build()
            .map(Client::from)
            .map_err(|error| self.rejected(&error))
    }

    /// The one place where the program's settings become those of the library.
    fn builder(&self, key: &ApiKey, kept: Kept) -> Result<PipelineBuilder, Failure> {
        let builder = Pipeline::builder(key.clone())
            .budget(kept.budget)
            .retry(self.retry())
            .time_limits(self.limits())
            .user_agent(USER_AGENT);
        if self.settings.sandbox {
            return Ok(builder
                .base_url(SandboxTransport::BASE_URL)
                .transport(embedded_sandbox::transport()));
        }
        let builder = builder.base_url(self.settings.base_url.value.as_str());
        match &self.settings.proxy {
            Some(proxy) => Ok(builder.transport(through(proxy)?)),
            None => Ok(builder),
        }
    }

    /// Settings that the client rejects: only the address can be wrong with them.
    fn rejected(&self, error: &mateo_imports::net::Error) -> Failure {
        let (address, source) = (self.settings.shown_url(), &self.settings.base_url.source);
        Failure::usage(format!("{address} ({source}) can't be used: {error}"))
            .advice("give --base-url as https://HOST, or http:// to this machine")
    }

    fn retry(&self) -> Retry {
        let attempts = &self.settings.attempts;
        match attempts.source {
            // The library's own default takes more refusals for the rate limit than attempts.
            Source::Default => Retry::default(),
            _ => Retry::default().attempts(attempts.value),
        }
    }

    fn limits(&self) -> TimeLimits {
        TimeLimits::default().overall(self.settings.request_timeout.value)
    }

    /// Writes a line for a person to stderr. A line may quote the server, so nothing in it is left for a terminal to act on.
    pub(crate) fn note(&self, line: &str) {
        if !self.quiet {
            // Where stderr is closed, there is nobody to write for.
            let _ = writeln!(
                anstream::stderr(),
                "{}",
                self.error_paint().faint(&escape_control(line))
            );
        }
    }

    /// Warns a person.
    pub(crate) fn warn(&self, line: &str) {
        self.warn_with("warning:", line);
    }

    /// Warns a person, with a word of its own.
    pub(crate) fn warn_with(&self, word: &str, line: &str) {
        let _ = writeln!(
            anstream::stderr(),
            "{} {}",
            self.error_paint().busy(word),
            escape_control(line)
        );
    }

    /// A line of JSON for stdout: on a terminal with escapes for what the terminal would act on, which JSON allows
    /// within its texts.
    pub(crate) fn json<'a>(&self, line: &'a str) -> Cow<'a, str> {
        if self.terminal.width.is_some() {
            escape_json(line)
        } else {
            Cow::Borrowed(line)
        }
    }
}

/// A transport that uses the proxy, except for this machine and the hosts of `NO_PROXY`.
fn through(proxy: &Proxy) -> Result<ReqwestTransport, Failure> {
    let mut transport = ReqwestTransport::builder().proxy(proxy.url.value.as_str());
    if let Some(except) = &proxy.except {
        transport = transport.no_proxy(except.value.as_str());
    }
    transport.build().map_err(|error| {
        Failure::usage(format!(
            "the proxy {} ({}) can't be used",
            proxy.shown_url(),
            proxy.url.source
        ))
        .advice("give it as http://HOST:PORT or https://HOST:PORT, or unset the variable")
        .source(error)
    })
}
