//! `mateo imports query`.

use chrono::Utc;
use mateo_imports::RawJson;
use mateo_sync::SqliteStore;

use crate::app::App;
use crate::args::Format;
use crate::args::sync::QueryArgs;
use crate::failure::{Failure, Result, Stop};
use crate::output::Output;
use crate::render::RowWriter;
use crate::render::csv::{Csv, Dialect};
use crate::render::json::{Json, Ndjson};
use crate::render::table::{Look, SelectedTable};

pub(crate) fn run(args: &QueryArgs, app: &App) -> Result {
    let mut out = Output::stdout();
    let mut writer: Option<Box<dyn RowWriter>> = None;
    let mut stop: Option<Stop> = None;
    let queried = SqliteStore::query(&args.copy, &args.sql, |names, row| {
        let writer = writer.get_or_insert_with(|| self::writer(args, app, names));
        let written = row
            .parse::<RawJson>()
            .map_err(|error| Failure::new(crate::failure::Code::Failed, error.to_string()))
            .and_then(|row| writer.row(&row, out.buffer()))
            .map_err(Stop::from)
            .and_then(|()| out.settle());
        match written {
            Ok(()) => true,
            Err(stopped) => {
                stop = Some(stopped);
                false
            }
        }
    });
    if let Some(stop) = stop {
        return Err(stop);
    }
    queried.map_err(Failure::from)?;
    writer
        .unwrap_or_else(|| self::writer(args, app, &[]))
        .end(out.buffer())?;
    out.flush()
}

fn writer(args: &QueryArgs, app: &App, names: &[String]) -> Box<dyn RowWriter> {
    let names = names.to_vec();
    let to_terminal = app.terminal.width.is_some();
    match args.output {
        Format::Ndjson => Box::new(Ndjson { to_terminal }),
        Format::Json => Box::new(Json::new(to_terminal, false)),
        Format::Csv => Box::new(Csv::new(names, Dialect::default(), to_terminal)),
        Format::Table => Box::new(SelectedTable::new(names, &look(app))),
    }
}

fn look(app: &App) -> Look {
    Look {
        zone: app.zone.clone(),
        width: app.terminal.width,
        paint: app.paint(),
        unicode: app.terminal.unicode || app.terminal.width.is_none(),
        exact_times: true,
        full_ids: true,
        now: Utc::now(),
    }
}
