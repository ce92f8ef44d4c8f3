//! `mateo config`: every setting, its value, and where it comes from; never the key.

use serde_json::{Map, Value, json};

use crate::app::App;
use crate::args::{ConfigArgs, TableOrJson};
use crate::failure::Result;
use crate::output::Output;
use crate::render::table::{Align, Cell, Column, Layout};
use crate::render::text::escape_control;

pub(crate) fn run(args: &ConfigArgs, app: &App) -> Result {
    let mut out = Output::stdout();
    match args.output {
        TableOrJson::Table => table(app, out.buffer()),
        TableOrJson::Json => {
            let settings: Map<String, Value> = rows(app)
                .into_iter()
                .map(|(name, value, source)| (name.to_owned(), json!({"value": value, "source": source})))
                .collect();
            out.line(&format!("{:#}", Value::Object(settings)))?;
        }
    }
    out.flush()
}

fn table(app: &App, out: &mut Vec<u8>) {
    let cells = |(name, value, source): (&str, String, String)| {
        vec![
            Cell::plain(name),
            Cell::plain(escape_control(&value)),
            Cell::plain(escape_control(&source)),
        ]
    };
    let rows: Vec<Vec<Cell>> = rows(app).into_iter().map(cells).collect();
    let columns = ["SETTING", "VALUE", "FROM"]
        .map(|name| Column::new(name, Align::Left, 0))
        .into();
    let mut layout = Layout::new(columns, &rows, None, app.terminal.unicode);
    layout.header(app.paint(), out);
    for row in &rows {
        layout.row(row, out);
    }
    if let Some((path, is_there)) = &app.settings.file {
        let state = if *is_there { "" } else { " (not there)" };
        out.extend_from_slice(format!("\nsettings file: {}{state}\n", path.display()).as_bytes());
    }
}

fn rows(app: &App) -> Vec<(&'static str, String, String)> {
    let mut rows = app.settings.rows();
    rows.push(("time-zone", app.zone.described(), app.zone.source().to_owned()));
    rows
}
