//! `mateo imports summary`.

use std::path::Path;

use chrono::Utc;
use mateo_imports::{ImportQuery, RawJson, columns};

use crate::app::App;
use crate::args::TableOrJson;
use crate::args::filters::Filters;
use crate::args::imports::SummaryArgs;
use crate::bar::{Bar, Position};
use crate::failure::{Code, Failure, Result};
use crate::output::Output;
use crate::render::summary::{self, Summary};
use crate::render::table;
use crate::render::{html, text};

pub(super) async fn run(args: &SummaryArgs, app: &App) -> Result {
    let now = Utc::now();
    let summary = count(&args.filters, app).await?;
    let mut out = Output::stdout();
    match args.output {
        TableOrJson::Table => out.text(&summary::text(&summary, app.terminal))?,
        TableOrJson::Json => {
            let json = serde_json::to_string_pretty(&summary)
                .map_err(|error| Failure::new(Code::Failed, "could not write the summary").source(error))?;
            out.line(&json)?;
        }
    }
    out.flush()?;
    if summary.unreadable > 0 {
        app.warn(&format!(
            "{} could not be read and isn't counted",
            text::counted(summary.unreadable, "row")
        ));
    }
    if let Some(path) = &args.html {
        write(path, &html::page(&summary, &described(&args.filters), now))?;
        app.note(&format!("written: {}", path.display()));
    }
    Ok(())
}

async fn count(filters: &Filters, app: &App) -> Result<Summary> {
    let mut query = ImportQuery::new()
        .order(columns::CREATED_AT.desc())
        .select(table::selection());
    for filter in filters.filters(Utc::now())? {
        query = query.filter(filter);
    }
    let mut rows = app.client()?.list().query(query).rows_as::<RawJson>().stream();
    let mut bar = Bar::new(app.terminal);
    let mut summary = Summary::default();
    loop {
        tokio::select! {
            biased;
            row = rows.try_next() => match row? {
                Some(row) if filters.unfinished && super::is_finished(&row) => {}
                Some(row) => summary.count(&row),
                None => return Ok(summary),
            },
            () = bar.tick() => {
                let position = Position { done: rows.taken(), of: rows.expected(), left: rows.time_left() };
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
    parts.extend(filters.unfinished.then(|| "unfinished".to_owned()));
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

/// Writes the file beside and renames it, so that it is there whole or as it was.
fn write(path: &Path, html: &str) -> Result<(), Failure> {
    crate::atomic_write::write(path, html.as_bytes())
        .map_err(|error| Failure::file(format!("could not write {}", path.display()), &error))
}
