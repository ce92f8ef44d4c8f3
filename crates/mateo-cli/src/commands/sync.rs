//! `mateo imports sync`.

mod metrics;
mod news;
mod place;
pub(super) mod query;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use mateo_imports::Client;
use mateo_sync::{Error, Plan, Progress, Report, State, StoreError, StoreErrorKind, Syncer};
use tokio::time::Instant;

use crate::app::App;
use crate::args::duration;
use crate::args::sync::SyncArgs;
use crate::bar::{Bar, Position};
use crate::failure::{Code, Failure, Result, Stop};
use crate::render::text::{counted, thousands};
use metrics::Metrics;
use place::{Opened, Place};

/// Rows a request brings.
const PAGE: u64 = 50;

pub(super) async fn run(args: &SyncArgs, app: &App) -> Result {
    let place = Place::of(args)?;
    let client = app.bulk_client()?;
    if args.dry_run {
        return dry_run(&place, &client).await;
    }
    let metrics = Arc::new(Metrics::default());
    if let Some(address) = args.metrics {
        let at = metrics::serve(Arc::clone(&metrics), client.clone(), address).await?;
        app.note(&format!("metrics at http://{at}/metrics"));
    }
    let Some(every) = args.every else {
        let store = place.open().await?;
        let mut run = Run::new(args, app, &client, store);
        return match run.once().await? {
            report if report.is_complete() && report.bad == 0 => Ok(()),
            _ => Err(Stop::Outcome(Code::Failed)),
        };
    };
    follow(args, app, &client, &place, every.0, &metrics).await
}

/// Runs again and again. What may pass, such as a server that is away, is told and tried again when the next run is
/// due; the database is opened anew then.
async fn follow(
    args: &SyncArgs,
    app: &App,
    client: &Client,
    place: &Place,
    every: Duration,
    metrics: &Metrics,
) -> Result {
    let mut run: Option<Run<'_>> = None;
    let mut began = false;
    loop {
        let due = Instant::now() + every;
        let done = match &mut run {
            Some(run) => run.once().await,
            None => match place.open().await {
                Ok(store) => run.insert(Run::new(args, app, client, store)).once().await,
                Err(error) => Err(error.into()),
            },
        };
        match done {
            Ok(report) => {
                began = true;
                metrics.ran(&report);
            }
            // At the beginning it is told at once, to whoever starts it.
            Err(error) if error.is_retryable() && began => {
                metrics.failed();
                app.warn(&format!("{error}; trying again in {}", duration::shown(every)));
                if matches!(error, Error::Store(_)) {
                    run = None;
                }
            }
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep_until(due).await;
    }
}

/// The copy, and what is told while it is brought up to date.
struct Run<'a> {
    app: &'a App,
    client: &'a Client,
    on_failed: Option<&'a str>,
    #[cfg(feature = "parquet")]
    parquet: Option<&'a std::path::Path>,
    syncer: Syncer<Opened>,
    progress: Arc<Mutex<Progress>>,
    runs: u64,
}

impl<'a> Run<'a> {
    fn new(args: &'a SyncArgs, app: &'a App, client: &'a Client, store: Opened) -> Self {
        let progress = Arc::new(Mutex::new(Progress::default()));
        let seen = Arc::clone(&progress);
        let syncer = Syncer::new(client.clone(), store)
            .report_failures(args.on_failed.is_some())
            .allow_empty(args.allow_empty)
            .on_progress(move |now| *seen.lock().unwrap_or_else(PoisonError::into_inner) = *now);
        Self {
            app,
            client,
            on_failed: args.on_failed.as_deref(),
            #[cfg(feature = "parquet")]
            parquet: args.parquet.as_deref(),
            syncer,
            progress,
            runs: 0,
        }
    }

    async fn once(&mut self) -> Result<Report, Error> {
        // Those that an earlier run noted and had no time to report.
        self.tell_news().await?;
        let report = self.with_bar().await?;
        self.runs += 1;
        for bad in &report.bad_rows {
            self.app.warn(&format!("a row could not be read: {bad}"));
        }
        let changed = report.applied + report.deleted + report.mended > 0;
        if changed || self.runs == 1 || !report.is_complete() {
            self.app.note(&ended(&report));
        }
        self.tell_news().await?;
        #[cfg(feature = "parquet")]
        if let Some(path) = self.parquet {
            mateo_sync::parquet::write(self.syncer.store(), path).await?;
        }
        Ok(report)
    }

    async fn tell_news(&mut self) -> Result<(), Error> {
        match self.on_failed {
            Some(command) => news::report(&mut self.syncer, command, self.app).await,
            None => Ok(()),
        }
    }

    /// The run, with a bar where there is a terminal.
    async fn with_bar(&mut self) -> Result<Report, Error> {
        let mut bar = Bar::new(self.app.terminal);
        // Dropped before its end, it says how far it came.
        let mut stopped = Stopped {
            app: self.app,
            progress: Arc::clone(&self.progress),
            ended: false,
        };
        let run = self.syncer.run();
        tokio::pin!(run);
        let report = loop {
            tokio::select! {
                report = &mut run => break report,
                () = bar.tick() => {}
            }
            let now = *self.progress.lock().unwrap_or_else(PoisonError::into_inner);
            let left = now.expected.map(|expected| expected.saturating_sub(now.applied));
            let left = match (left.filter(|left| *left > 0), self.client.pipeline()) {
                (Some(left), Ok(pipeline)) => pipeline.budget().state(left.div_ceil(PAGE)).await.ok(),
                _ => None,
            };
            let left = left.map(|state| state.wait);
            let position = Position {
                done: now.applied,
                of: now.expected.filter(|expected| *expected >= now.applied),
                left,
            };
            bar.show(
                &position,
                if now.comparing {
                    "imports, comparing"
                } else {
                    "imports"
                },
            );
        };
        stopped.ended = true;
        bar.hide();
        report
    }
}

/// Says at an interrupt how far a run came.
struct Stopped<'a> {
    app: &'a App,
    progress: Arc<Mutex<Progress>>,
    ended: bool,
}

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let now = *self.progress.lock().unwrap_or_else(PoisonError::into_inner);
            self.app.note(&format!(
                "INCOMPLETE: {} read in this run; run it again to go on",
                counted(now.applied, "import")
            ));
        }
    }
}

/// How a run ended, in a line.
fn ended(report: &Report) -> String {
    let parts = [
        (report.applied, "new or changed"),
        (report.deleted, "marked as deleted"),
        (report.mended, "mended"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", thousands(*count)))
        .collect();
    if parts.is_empty() {
        return report.to_string();
    }
    format!("{report} ({})", parts.join(", "))
}

async fn dry_run(place: &Place, client: &Client) -> Result {
    let (state, copy) = place.peek().await?.unwrap_or_else(|| (State::default(), 0));
    let plan = Plan::of(client, &state, copy).await?;
    let proven: Option<String> = state.proven_at.map(|at: DateTime<Utc>| {
        let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
        format!(", complete at {at}")
    });
    let time = client.pipeline()?.budget().state(plan.requests).await;
    let time = time.map(|state| state.wait).unwrap_or_default();
    let mut out = crate::output::Output::stdout();
    out.line(&format!(
        "the copy has {}{}, the server {}",
        counted(copy, "import"),
        proven.unwrap_or_default(),
        thousands(plan.server)
    ))?;
    out.line(&format!(
        "a run would read {} in about {}, {}; nothing was written",
        counted(plan.rows, "import"),
        counted(plan.requests, "request"),
        duration::shown(Duration::from_secs(time.as_secs() + 1))
    ))?;
    out.flush()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Client(error) => error.into(),
            Error::Store(error) => error.into(),
            Error::OtherOrganisation { .. } => Self::usage(text).advice(
                "use that organisation's key, or keep the other one's imports under another --schema",
            ),
            Error::NothingVisible { .. } => Self::usage(text)
                .advice("check the key; if they are really all gone, run it with --allow-empty"),
            _ => Self::new(Code::Failed, text),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let code = match error.kind() {
            StoreErrorKind::Usage => Code::Usage,
            _ => Code::File,
        };
        let failure = Self::new(code, error.to_string());
        let failure = match error.kind() {
            StoreErrorKind::InUse => failure.advice("wait for it, or stop it"),
            StoreErrorKind::Foreign => failure.advice("name another file, or another --schema"),
            StoreErrorKind::Newer => failure.advice("use that release, or a newer one"),
            StoreErrorKind::Full => failure.advice("make room and run it again: it goes on where it stood"),
            StoreErrorKind::ReadOnly => failure.advice("it must be writable for the user that runs this"),
            _ => failure,
        };
        failure.source(error)
    }
}
