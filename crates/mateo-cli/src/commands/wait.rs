//! `mateo imports wait`.

mod bars;

use std::collections::HashSet;

use mateo_imports::{Progress, WaitEvent};

use super::find;
use crate::app::App;
use crate::args::imports::WaitArgs;
use crate::failure::{Code, Failure, Result, Stop};
use crate::output::Output;
use bars::Bars;

pub(super) async fn run(args: &WaitArgs, app: &App) -> Result {
    let client = app.client()?;
    let mut seen = HashSet::new();
    let mut ids = Vec::new();
    for text in &args.ids {
        let id = find::id(&client, text).await?;
        if seen.insert(id) {
            ids.push(id);
        }
    }
    let mut request = client.wait(ids.iter().copied());
    if let Some(timeout) = args.timeout {
        request = request.timeout(timeout.0);
    }
    let mut events = request.stream();
    let mut out = Output::stdout();
    let mut bars = Bars::new(&ids, app.terminal);
    let (mut failed, mut missing) = (false, false);
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
                failed |= progress.has_failures();
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
    match (missing, failed) {
        (true, _) => Err(Stop::Outcome(Code::Missing)),
        (_, true) => Err(Stop::Outcome(Code::ImportFailed)),
        _ => Ok(()),
    }
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
