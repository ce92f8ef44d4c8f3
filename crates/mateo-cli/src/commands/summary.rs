//! `mateo imports summary`.

use std::path::Path;

use chrono::Utc;
use mateo_imports::{ImportQuery, RawJson, columns};

use crate::app::App;
use crate::args::TableOrJson;
use crate::args::filters::Filters;
use crate::args::imports::SummaryArgs;
use crate::atomic_write::{self, Replace};
use crate::bar::{Bar, Position};
use crate::failure::{Code, Failure, Result, Stop};
use crate::output::Output;
use crate::render::summary::{self, Summary};
use crate::render::table;
use crate::render::{html, text};

pub(super) async fn run(args: &SummaryArgs, app: &App) -> Result {
    let now = Utc::now();
    let replace = if args.force {
        Replace::Any
    } else {
        Replace::Own(html::is_page)
    };
    let to_stdout = args.html.as_deref() == Some(Path::new("-"));
    let file = args.html.as_deref().filter(|_| !to_stdout);
    if let Some(path) = file {
        atomic_write::check(path, replace)?;
    }
    for hint in args.filters.conditions.hints() {
        app.note(&hint);
    }
    let summary = count(&args.filters, app).await?;
    let mut out = Output::stdout();
    match args.output {
        _ if to_stdout => out.text(&html::page(&summary, &described(&args.filters), &app.zone, now))?,
        TableOrJson::Table => out.text(&summary::text(&summary, app.terminal, &app.zone))?,
        TableOrJson::Json => {
            let json = serde_json::to_string_pretty(&summary)
                .map_err(|error| Failure::new(Code::Failed, "could not write the summary").source(error))?;
            out.line(&app.json(&json))?;
        }
    }
    out.flush()?;
    if summary.unreadable > 0 {
        app.warn(&format!(
            "{} could not be read and isn't counted",
            text::counted(summary.unreadable, "row")
        ));
    }
    if let Some(path) = file {
        let page = html::page(&summary, &described(&args.filters), &app.zone, now);
        atomic_write::write(path, page.as_bytes(), replace)?;
        app.note(&format!("written: {}", path.display()));
    }
    if summary.unreadable > 0 {
        return Err(Stop::Outcome(Code::Failed));
    }
    Ok(())
}

async fn count(filters: &Filters, app: &App) -> Result<Summary> {
    let mut query = ImportQuery::new()
        .order(columns::CREATED_AT.desc())
        .select(table::selection());
    for filter in filters.filters(&app.zone.now())? {
        query = query.filter(filter);
    }
    let mut rows = app
        .client()?
        .list()
        .query(query)
        .deserialize_as::<RawJson>()
        .stream();
    let mut bar = Bar::new(app.terminal);
    let mut summary = Summary::default();
    let states = filters.states();
    loop {
        tokio::select! {
            biased;
            row = rows.try_next() => match row? {
                Some(row) if states.needs_look() && !states.holds(super::progress(&row)) => {}
                Some(row) => summary.count(&row, &app.zone),
                None => return Ok(summary),
            },
            () = bar.tick() => {
                let position = Position { done: rows.taken(), of: rows.listing().expected(), left: rows.time_left().await };
                bar.show(&position, "imports");
            }
        }
    }
}

/// Which imports the page is about, in the words of the flags.
fn described(filters: &Filters) -> String {
    let conditions = &filters.conditions;
    let mut parts: Vec<String> = Vec::new();
    parts.extend(conditions.wheres.iter().cloned());
    parts.extend(conditions.query.iter().cloned());
    if !conditions.types.is_empty() {
        parts.push(format!("type {}", conditions.types.join(" or ")));
    }
    parts.extend(conditions.failed.then(|| "with failures".to_owned()));
    parts.extend(filters.states().described());
    parts.extend(
        conditions
            .reference
            .iter()
            .map(|reference| format!("reference {reference}")),
    );
    parts.extend(filters.since.iter().map(|since| format!("since {since}")));
    parts.extend(filters.until.iter().map(|until| format!("until {until}")));
    if parts.is_empty() {
        "all imports".to_owned()
    } else {
        parts.join(", ")
    }
}
