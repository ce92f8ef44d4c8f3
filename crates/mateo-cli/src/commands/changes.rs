//! `mateo imports changes`.

mod cursor_file;

use futures_util::FutureExt as _;
use mateo_imports::{ChangesCursor, RawJson};

use crate::app::App;
use crate::args::filters;
use crate::args::imports::{ChangesArgs, ChangesFormat};
use crate::failure::{Code, Failure, Result, Stop};
use crate::output::Output;
use crate::render::RowWriter;
use crate::render::csv::Csv;
use crate::render::json::Ndjson;
use cursor_file::CursorFile;

pub(super) async fn run(args: &ChangesArgs, app: &App) -> Result {
    let now = app.zone.now();
    let since = args
        .since
        .as_deref()
        .map(|text| filters::time("--since", text, &now))
        .transpose()?;
    let conditions = args.conditions.filters(&now)?;
    for hint in args.conditions.hints() {
        app.note(&hint);
    }
    let client = app.bulk_client()?;
    let mut file = args.cursor_file.as_deref().map(CursorFile::open).transpose()?;
    let saved = file.as_ref().and_then(CursorFile::saved).cloned();
    if saved.is_some() && since.is_some() {
        app.note("--since is not used: the cursor file says where to go on");
    }
    let cursor = saved.unwrap_or_else(|| since.map_or_else(ChangesCursor::beginning, ChangesCursor::since));

    let mut request = client.changes(cursor).deserialize_as::<RawJson>();
    for condition in conditions {
        request = request.filter(condition);
    }
    request = if args.once {
        request.once()
    } else {
        request.interval(args.interval.0, args.interval.0 * 6)
    };
    let mut changes = request.stream();
    let mut out = Output::stdout();
    let mut writer = writer(args, app);
    loop {
        let next = if let Some(next) = changes.try_next().now_or_never() {
            next
        } else {
            // Before a wait, what is here goes out, and only then the cursor after it is kept.
            if out.is_pending() {
                keep(&mut out, file.as_mut(), changes.cursor())?;
            }
            changes.try_next().await
        };
        match next {
            Ok(Some((row, _))) => {
                writer.row(&row, out.buffer())?;
                out.settle()?;
            }
            Ok(None) => {
                let ending = writer.end(out.buffer())?;
                keep(&mut out, file.as_mut(), changes.cursor())?;
                for note in ending.notes {
                    app.note(&note);
                }
                return Ok(());
            }
            // Following continues where it stood when the server is back.
            Err(error) if !args.once && error.is_retryable() => app.warn(&format!("{error}; trying again")),
            Err(error) => {
                keep(&mut out, file.as_mut(), changes.cursor())?;
                return Err(explained(error, file.as_ref()));
            }
        }
    }
}

fn writer(args: &ChangesArgs, app: &App) -> Box<dyn RowWriter> {
    let to_terminal = app.terminal.width.is_some();
    match args.output() {
        ChangesFormat::Ndjson => Box::new(Ndjson { to_terminal }),
        ChangesFormat::Csv => {
            let csv = Csv::new(Vec::new(), args.csv.unwrap_or_default(), to_terminal);
            Box::new(if args.no_header { csv.without_header() } else { csv })
        }
    }
}

/// Writes the lines out, then the cursor after them: never the other way round.
fn keep(out: &mut Output, file: Option<&mut CursorFile>, cursor: &ChangesCursor) -> Result {
    let had_lines = out.is_pending();
    out.flush()?;
    match file {
        Some(file) => {
            if had_lines {
                Output::sync();
            }
            Ok(file.save(cursor)?)
        }
        None => Ok(()),
    }
}

fn explained(error: mateo_imports::Error, file: Option<&CursorFile>) -> Stop {
    let failure = Failure::from(error);
    match file {
        Some(file) if failure.code() == Code::Usage => failure
            .advice(format!(
                "use the conditions that {0} was made with, or another file; conditions with ages (2d) change from run to run",
                file.path().display()
            ))
            .into(),
        _ => failure.into(),
    }
}
