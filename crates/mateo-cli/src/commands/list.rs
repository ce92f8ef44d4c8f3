//! `mateo imports list`.

mod curl;

use chrono::Utc;
use futures_util::FutureExt as _;
use mateo_imports::model::SelectItem;
use mateo_imports::{ImportQuery, RawJson, Rows, Select};

use crate::app::App;
use crate::args::columns::NAMES;
use crate::args::imports::{Format, ListArgs};
use crate::args::keys;
use crate::bar::{Bar, Position};
use crate::failure::{Code, Failure, Result, Stop};
use crate::output::Output;
use crate::render::RowWriter;
use crate::render::csv::Csv;
use crate::render::json::{Json, Ndjson};
use crate::render::table::{self, ImportTable, Look, SelectedTable};
use crate::render::text::{counted, thousands};

/// How many imports are listed unless told otherwise: one page of the server.
const DEFAULT_ROWS: u64 = 50;

pub(super) async fn run(args: &ListArgs, app: &App) -> Result {
    let query = query(args)?;
    if args.print_request {
        let request = app.silent_client()?.preview(&query)?;
        let mut out = Output::stdout();
        out.line(&curl::command(&request, &app.settings.key))?;
        return out.flush();
    }
    let mut writer = writer(args, app, &query);
    let mut rows = app.client()?.list().query(query).rows_as::<RawJson>().stream();
    let mut out = Output::stdout();
    let mut bar = Bar::new(app.terminal);

    let limit = limit(args).unwrap_or(u64::MAX);
    let mut printed = 0;
    while printed < limit
        && let Some(row) = next(&mut rows, writer.as_mut(), &mut out, &mut bar).await?
    {
        if args.filters.unfinished && super::is_finished(&row) {
            continue;
        }
        printed += 1;
        writer.row(&row, out.buffer())?;
        out.settle()?;
    }
    bar.hide();
    if printed == 0 && limit > 0 && args.output() == Format::Table {
        app.note("no imports match");
        return Ok(());
    }
    let ending = writer.end(out.buffer())?;
    out.flush()?;
    summary(args, app, printed, rows.total());
    for note in ending.notes {
        app.note(&note);
    }
    if ending.unreadable > 0 {
        return Err(Stop::Outcome(Code::Failed));
    }
    Ok(())
}

/// The next row. Where it lets wait, what is there is shown, and how long it takes.
async fn next(
    rows: &mut Rows<RawJson>,
    writer: &mut dyn RowWriter,
    out: &mut Output,
    bar: &mut Bar,
) -> Result<Option<RawJson>> {
    if let Some(row) = rows.try_next().now_or_never() {
        return Ok(row?);
    }
    writer.pause(out.buffer())?;
    if out.is_pending() {
        bar.hide();
        out.flush()?;
    }
    loop {
        tokio::select! {
            row = rows.try_next() => return Ok(row?),
            () = bar.tick() => {}
        }
        bar.show(
            &Position {
                done: rows.taken(),
                of: rows.expected(),
                left: rows.time_left(),
            },
            "imports",
        );
    }
}

fn query(args: &ListArgs) -> Result<ImportQuery, Failure> {
    let mut query = ImportQuery::new();
    for filter in args.filters.filters(Utc::now())? {
        query = query.filter(filter);
    }
    for key in keys::order(&args.order)? {
        query = query.order(key);
    }
    query = query.select(columns(args)?);
    // What isn't finished is told here, row by row: the server can't know how many to send.
    if let Some(limit) = limit(args).filter(|_| !args.filters.unfinished) {
        query = query.limit(limit);
    }
    query
        .to_query_string()
        .map_err(|error| Failure::usage(error.to_string()))?;
    Ok(query)
}

fn limit(args: &ListArgs) -> Option<u64> {
    if args.all {
        None
    } else {
        Some(args.limit.unwrap_or(DEFAULT_ROWS))
    }
}

fn columns(args: &ListArgs) -> Result<Select, Failure> {
    let Some(text) = &args.select else {
        return Ok(if args.output() == Format::Table {
            table::selection()
        } else {
            Select::all()
        });
    };
    let select = keys::select(text)?;
    let names: Vec<&str> = select.items().iter().map(SelectItem::answer_name).collect();
    let has_counts = super::COUNTS
        .iter()
        .all(|name| names.contains(name) || names.contains(&"*"));
    if args.filters.unfinished && !names.is_empty() && !has_counts {
        return Err(
            Failure::usage("--unfinished looks at counts that --select leaves out")
                .advice(format!("add {} to --select", super::COUNTS.join(","))),
        );
    }
    Ok(select)
}

fn writer(args: &ListArgs, app: &App, query: &ImportQuery) -> Box<dyn RowWriter> {
    let names: Vec<String> = query
        .selection()
        .items()
        .iter()
        .map(|item| item.answer_name().to_owned())
        .collect();
    let names = spelled_out(names);
    let to_terminal = app.terminal.width.is_some();
    match args.output() {
        Format::Ndjson => Box::new(Ndjson { to_terminal }),
        Format::Json => Box::new(Json::new(to_terminal)),
        Format::Csv => Box::new(Csv::new(names, args.csv.unwrap_or_default(), to_terminal)),
        Format::Table => {
            let look = look(args, app);
            match args.select {
                Some(_) if !names.is_empty() => Box::new(SelectedTable::new(names, &look)),
                _ => Box::new(ImportTable::new(look)),
            }
        }
    }
}

/// The names, each once, with the documented columns in the place of a star.
fn spelled_out(names: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        let star = NAMES.iter().map(|name| (*name).to_owned());
        let these = if name == "*" { star.collect() } else { vec![name] };
        for name in these {
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    all
}

fn look(args: &ListArgs, app: &App) -> Look {
    Look {
        width: args
            .width
            .map(usize::from)
            .or(app.terminal.width)
            .filter(|width| *width > 0),
        paint: app.paint(),
        unicode: app.terminal.unicode || app.terminal.width.is_none(),
        exact_times: args.exact_times,
        full_ids: args.full_ids,
        now: Utc::now(),
    }
}

/// How many there are in all, where not all were printed, or a person looks at a table.
fn summary(args: &ListArgs, app: &App, printed: u64, total: Option<u64>) {
    if args.filters.unfinished {
        if args.output() == Format::Table {
            app.note(&counted(printed, "unfinished import"));
        }
        return;
    }
    let is_default = !args.all && args.limit.is_none();
    match total {
        Some(total) if total > printed => {
            let which = if args.order == "created_at.desc" {
                "the newest"
            } else {
                "the first"
            };
            let advice = if is_default {
                "; --all lists all, --limit N more"
            } else {
                ""
            };
            app.note(&format!(
                "{which} {} of {}{advice}",
                thousands(printed),
                counted(total, "import")
            ));
        }
        _ if args.output() == Format::Table => app.note(&counted(printed, "import")),
        None if is_default && printed >= DEFAULT_ROWS => {
            app.note(&format!(
                "the first {printed}; the server could not count them; --all lists all"
            ));
        }
        _ => {}
    }
}
