//! What every command has at hand: settings, the terminal, and a client when it asks for one.

use std::io::Write as _;

use mateo_imports::http::{LocalBudget, Pipeline, TimeLimits};
use mateo_imports::{ApiKey, Client};
use mateo_sandbox::SandboxTransport;

use crate::args::Global;
use crate::failure::Failure;
use crate::render::style::Paint;
use crate::sandboxed;
use crate::settings::{Settings, Source, environment};
use crate::terminal::Terminal;

const USER_AGENT: &str = concat!("mateo/", env!("CARGO_PKG_VERSION"));

/// What every command has at hand.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) terminal: Terminal,
    quiet: bool,
}

impl App {
    pub(crate) fn new(global: &Global) -> Result<Self, Failure> {
        let settings = Settings::load(global, environment)?;
        let terminal = Terminal::look(settings.color.value);
        Ok(Self {
            settings,
            terminal,
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
            &self.settings.base_url.value
        }
    }

    /// The client: of the API with its key, or of the sandbox, which needs none.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        if self.settings.sandbox {
            return self.sandbox();
        }
        self.with_key(self.settings.key.read()?)
    }

    /// A client that sends nothing, and so needs no key.
    pub(crate) fn silent_client(&self) -> Result<Client, Failure> {
        if self.settings.sandbox {
            self.sandbox()
        } else {
            self.with_key(ApiKey::new("none"))
        }
    }

    /// A client of the API with this key.
    fn with_key(&self, key: ApiKey) -> Result<Client, Failure> {
        let client = Client::builder(key)
            .base_url(self.settings.base_url.value.as_str())
            .budget(self.budget())
            .time_limits(self.limits())
            .user_agent(USER_AGENT)
            .build();
        client.map_err(|error| self.refused(&error))
    }

    fn sandbox(&self) -> Result<Client, Failure> {
        let client = Client::builder(ApiKey::new(sandboxed::KEY))
            .base_url(SandboxTransport::BASE_URL)
            .transport(sandboxed::transport())
            .budget(self.budget())
            .time_limits(self.limits())
            .build();
        Ok(client?)
    }

    /// What the client is made of, for who looks at a single answer.
    pub(crate) fn pipeline(&self) -> Result<Pipeline, Failure> {
        let pipeline = if self.settings.sandbox {
            Pipeline::builder(ApiKey::new(sandboxed::KEY))
                .base_url(SandboxTransport::BASE_URL)
                .transport(sandboxed::transport())
        } else {
            Pipeline::builder(self.settings.key.read()?).base_url(self.settings.base_url.value.as_str())
        };
        let pipeline = pipeline
            .budget(self.budget())
            .time_limits(self.limits())
            .user_agent(USER_AGENT)
            .build();
        pipeline.map_err(|error| self.refused(&error.into()))
    }

    /// Settings that the client refuses: the address is what can be wrong with them.
    fn refused(&self, error: &mateo_imports::Error) -> Failure {
        let address = &self.settings.base_url;
        Failure::usage(format!(
            "{} ({}) can't be asked: {error}",
            address.value, address.source
        ))
        .advice("give --base-url as https://HOST, or http:// to this machine")
    }

    fn budget(&self) -> LocalBudget {
        let per_day = &self.settings.max_per_day;
        let per_day = match per_day.source {
            Source::Default if self.settings.sandbox => sandboxed::PER_DAY.into(),
            _ => per_day.value,
        };
        LocalBudget::builder()
            .per_second(self.settings.max_rps.value)
            .per_day(per_day)
            .build()
    }

    fn limits(&self) -> TimeLimits {
        TimeLimits::default().overall(self.settings.request_timeout.value)
    }

    /// Tells a person something beside the output. Where nobody reads stderr, nobody is told.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr(), "{}", self.error_paint().faint(text));
        }
    }

    /// Warns a person.
    pub(crate) fn warn(&self, text: &str) {
        let _ = writeln!(
            anstream::stderr(),
            "{} {text}",
            self.error_paint().busy("warning:")
        );
    }
}
