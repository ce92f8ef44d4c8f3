//! `mateo imports list`.

mod curl;
mod ending;
mod export;
mod query;

use std::path::Path;

use chrono::Utc;
use futures_util::FutureExt as _;
use mateo_imports::{ImportQuery, RawJson, Rows};
use uuid::Uuid;

use crate::app::App;
use crate::args::Format;
use crate::args::imports::ListArgs;
use crate::args::state::States;
use crate::atomic_write::{self, Replace};
use crate::bar::{Bar, Position};
use crate::failure::{Code, Failure, Result, Stop};
use crate::output::Output;
use crate::recent;
use crate::render::RowWriter;
use crate::render::csv::Csv;
use crate::render::json::{Json, Ndjson};
use crate::render::table::{ImportTable, Look, SelectedTable};
use export::Export;

pub(super) async fn run(args: &ListArgs, app: &App) -> Result {
    let query = query::query(args, &app.zone.now())?;
    for hint in args.filters.conditions.hints() {
        app.note(&hint);
    }
    if args.print_request {
        let request = app.silent_client()?.preview(&query)?;
        let mut out = Output::stdout();
        out.line(&curl::command(&request, &app.settings.key))?;
        return out.flush();
    }
    let mut listing = Listing::begin(args, app, query)?;
    match listing.rows().await {
        Ok(()) => listing.end(),
        // The reader that closes the pipe has what it wanted.
        Err(Stop::Closed) => {
            listing.is_over = true;
            Err(Stop::Closed)
        }
        // Dropped, it says how far it came.
        Err(stop) => Err(stop),
    }
}

/// A listing on its way. Dropped before its end, by an error or a signal, it keeps the place and says how far it came.
struct Listing<'a> {
    args: &'a ListArgs,
    app: &'a App,
    states: States,
    writer: Box<dyn RowWriter>,
    rows: Rows<RawJson>,
    out: Output,
    export: Option<Export>,
    bar: Bar,
    printed: u64,
    /// Rows that are out, and not only in the buffer.
    flushed: u64,
    is_over: bool,
    /// What a person sees, for completions.
    seen: Vec<(Uuid, String)>,
}

impl<'a> Listing<'a> {
    fn begin(args: &'a ListArgs, app: &'a App, query: ImportQuery) -> Result<Self, Failure> {
        let replace = Replace::with_force(args.force);
        let file = args.out.as_deref().filter(|path| *path != Path::new("-"));
        let mut export = None;
        let mut out = Output::stdout();
        let mut query = query;
        if let Some(path) = file {
            if atomic_write::is_device(path) {
                out = Output::new(atomic_write::open_device(path)?);
            } else {
                let begun = open(args, path, &query, replace)?;
                query = ImportQuery::parse(&begun.progress.query).map_err(|error| {
                    Failure::new(Code::File, "the query of the incomplete export can't be read").source(error)
                })?;
                out = Output::new(begun.file()?);
                export = Some(begun);
            }
        }
        let writer = writer(args, app, &query, export.as_ref())?;
        let mut request = app.client()?.list().query(query).deserialize_as::<RawJson>();
        let cursor = export.as_ref().and_then(|export| export.progress.cursor.clone());
        if let Some(cursor) = cursor {
            request = request.resume(cursor);
        }
        let printed = export.as_ref().map_or(0, |export| export.progress.printed);
        Ok(Self {
            args,
            app,
            states: args.filters.states(),
            writer,
            rows: request.stream(),
            out,
            export,
            bar: Bar::new(app.terminal),
            printed,
            flushed: printed,
            is_over: false,
            seen: Vec::new(),
        })
    }

    /// Prints the rows.
    async fn rows(&mut self) -> Result {
        let limit = query::limit(self.args).unwrap_or(u64::MAX);
        while self.printed < limit
            && let Some(row) = self.next().await?
        {
            if self.states.needs_look() && !self.states.holds(super::progress(&row)) {
                continue;
            }
            self.see(&row);
            self.writer.row(&row, self.out.buffer())?;
            self.printed += 1;
            self.out.settle()?;
            if !self.out.is_pending() {
                self.flushed = self.printed;
            }
            if self.export.as_ref().is_some_and(Export::is_due) {
                self.keep()?;
            }
        }
        Ok(())
    }

    /// Remembers an import that a person sees in a terminal.
    fn see(&mut self, row: &RawJson) {
        if self.app.terminal.width.is_none() || self.seen.len() >= recent::MOST {
            return;
        }
        let fields = row.fields(&["id", "type", "reference_id"]);
        let text =
            |index: usize| -> Option<String> { serde_json::from_str(fields.get(index).copied()??).ok() };
        if let Some(id) = text(0).and_then(|id| id.parse().ok()) {
            let words: Vec<String> = [text(1), text(2)].into_iter().flatten().collect();
            self.seen.push((id, words.join(" ")));
        }
    }

    /// The next row. Where it takes time, what is there is shown, and how long it will take.
    async fn next(&mut self) -> Result<Option<RawJson>> {
        if let Some(row) = self.rows.try_next().now_or_never() {
            return Ok(row?);
        }
        self.writer.pause(self.out.buffer())?;
        if self.out.is_pending() {
            if self.export.is_none() {
                self.bar.hide();
            }
            self.out.flush()?;
        }
        self.flushed = self.printed;
        loop {
            tokio::select! {
                row = self.rows.try_next() => return Ok(row?),
                () = self.bar.tick() => {}
            }
            let position = Position {
                done: self.rows.taken(),
                of: self.rows.listing().expected(),
                left: self.rows.time_left().await,
            };
            self.bar.show(&position, "imports");
        }
    }

    /// Writes the rows out, then the place after them.
    fn keep(&mut self) -> Result {
        self.out.flush()?;
        self.flushed = self.printed;
        if let (Some(export), Ok(cursor)) = (&mut self.export, self.rows.cursor()) {
            export.keep(self.printed, &self.writer.columns(), cursor)?;
        }
        Ok(())
    }

    fn end(mut self) -> Result {
        self.bar.hide();
        let is_table = self.args.output()? == Format::Table;
        let limit = query::limit(self.args);
        if self.printed == 0 && limit != Some(0) && is_table {
            self.is_over = true;
            self.app.note("no imports match");
            return Ok(());
        }
        let ending = self.writer.end(self.out.buffer())?;
        self.out.flush()?;
        if let Some(export) = self.export.take() {
            export.finish()?;
        }
        self.is_over = true;
        recent::write(&self.seen);
        self.say_end(is_table);
        for note in ending.notes {
            self.app.note(&note);
        }
        if ending.unreadable > 0 {
            Err(Stop::Outcome(Code::Failed))
        } else if self.args.exit_code && self.printed > 0 {
            Err(Stop::Outcome(Code::Matched))
        } else {
            Ok(())
        }
    }
}

impl Drop for Listing<'_> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        self.bar.hide();
        if self.export.is_some()
            && let Err(Stop::Failure(failure)) = self.keep()
        {
            self.app.warn(failure.message());
        }
        self.say_incomplete();
    }
}

/// Begins the file, or goes on with it.
fn open(args: &ListArgs, path: &Path, query: &ImportQuery, replace: Replace) -> Result<Export, Failure> {
    let asked = args.asked();
    if args.resume {
        if args.output()? == Format::Table {
            return Err(Failure::usage("a table can't be gone on with")
                .advice("export with --output ndjson, csv or json"));
        }
        if let Some(export) = Export::resume(path, &asked, replace)? {
            return Ok(export);
        }
    }
    let query = query
        .to_query_string()
        .map_err(|error| Failure::usage(error.to_string()))?;
    Export::begin(path, asked, query, replace)
}

fn writer(
    args: &ListArgs,
    app: &App,
    query: &ImportQuery,
    export: Option<&Export>,
) -> Result<Box<dyn RowWriter>, Failure> {
    let to_terminal = app.terminal.width.is_some() && args.out.is_none();
    let names = query::names(query);
    let progress = export.map(|export| &export.progress);
    let printed = progress.map_or(0, |progress| progress.printed);
    Ok(match args.output()? {
        Format::Ndjson => Box::new(Ndjson { to_terminal }),
        Format::Json => Box::new(Json::new(to_terminal, printed > 0)),
        Format::Csv => {
            let dialect = args.csv.unwrap_or_default();
            match progress.filter(|progress| !progress.columns.is_empty()) {
                Some(progress) => {
                    Box::new(Csv::new(progress.columns.clone(), dialect, to_terminal).without_header())
                }
                None => Box::new(Csv::new(names, dialect, to_terminal)),
            }
        }
        Format::Table => match args.select {
            Some(_) if !names.is_empty() => Box::new(SelectedTable::new(names, &look(args, app))),
            _ => Box::new(ImportTable::new(look(args, app))),
        },
    })
}

fn look(args: &ListArgs, app: &App) -> Look {
    let terminal = app.terminal.width.filter(|_| args.out.is_none());
    Look {
        width: args
            .width
            .map(usize::from)
            .or(terminal)
            .filter(|width| *width > 0),
        paint: app.paint(),
        unicode: app.terminal.unicode || app.terminal.width.is_none(),
        exact_times: args.exact_times,
        full_ids: args.full_ids,
        now: Utc::now(),
        zone: app.zone.clone(),
    }
}
