//! `mateo imports wait`.

mod bars;

use mateo_imports::{Client, Progress, Select, WaitEvent};
use serde::Deserialize;
use uuid::Uuid;

use super::find;
use crate::app::App;
use crate::args::imports::WaitArgs;
use crate::args::state::States;
use crate::failure::{Code, Failure, Result, Stop};
use crate::output::Output;
use bars::Bars;

pub(super) async fn run(args: &WaitArgs, app: &App) -> Result {
    let client = app.client()?;
    let mut ids = find::ids(&client, &args.names).await?;
    if args.unfinished {
        ids.extend(unfinished(&client).await?);
    }
    if ids.is_empty() {
        app.note("no import is unfinished");
        return Ok(());
    }
    let mut request = client.wait(ids.iter().copied());
    if let Some(timeout) = args.timeout {
        request = request.timeout(timeout.0);
    }
    let mut events = request.stream();
    let mut out = Output::stdout();
    let mut bars = Bars::new(&ids, app.terminal);
    let (mut failed, mut missing) = (Vec::new(), false);
    loop {
        let event = match events.try_next().await {
            Ok(Some(event)) => event,
            Ok(None) => break,
            Err(error) => {
                bars.end();
                let failure = Failure::from(error);
                return Err(match failure.code() {
                    Code::Timeout if args.timeout.is_some() => {
                        failure.advice("give it longer with --timeout").into()
                    }
                    _ => failure.into(),
                });
            }
        };
        match event {
            WaitEvent::Progressed { id, progress } => bars.show(id, progress),
            WaitEvent::Finished { id, progress } => {
                failed.extend(progress.has_failures().then_some(id));
                bars.done(id);
                said(&mut out, &mut bars, &format!("{id} {progress}"))?;
            }
            WaitEvent::Missing { id } => {
                missing = true;
                bars.done(id);
                said(&mut out, &mut bars, &format!("{id} missing"))?;
            }
            _ => {}
        }
    }
    bars.end();
    match failed.as_slice() {
        [] => {}
        [only] => app.note(&format!("'mateo imports failures {only}' says why")),
        _ => app.note("'mateo imports failures ID' says why"),
    }
    match (missing, !failed.is_empty()) {
        (true, _) => Err(Stop::Outcome(Code::Missing)),
        (_, true) => Err(Stop::Outcome(Code::ImportFailed)),
        _ => Ok(()),
    }
}

/// The imports that aren't finished now.
async fn unfinished(client: &Client) -> Result<Vec<Uuid>> {
    let states = States::new(&[], true);
    let mut request = client.list().columns(Select::fields_of::<Row>());
    if let Some(filter) = states.filter() {
        request = request.filter(filter);
    }
    let mut rows = request.deserialize_as::<Row>().stream();
    let mut ids = Vec::new();
    while let Some(row) = rows.try_next().await? {
        let progress = Progress::from_counts(row.total_count, row.success_count, row.failed_count);
        ids.extend(states.holds(progress).then_some(row.id));
    }
    Ok(ids)
}

#[derive(Deserialize)]
struct Row {
    id: Uuid,
    total_count: Option<i32>,
    success_count: Option<i32>,
    failed_count: Option<i32>,
}

/// Writes a line above the bars.
fn said(out: &mut Output, bars: &mut Bars, line: &str) -> Result {
    out.line(line)?;
    bars.aside(|| out.flush())
}

/// How far an import is, for its bar: done, and of how many.
fn position(progress: Progress) -> (u64, u64) {
    match progress {
        Progress::Running { done, total } => (done.into(), total.into()),
        Progress::Finished { total, .. } => (total.into(), total.into()),
        _ => (0, 0),
    }
}
