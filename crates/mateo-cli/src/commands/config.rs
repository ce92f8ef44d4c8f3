//! `mateo config`: every setting, its value, and where it comes from; never the key.

use serde_json::{Map, Value, json};

use crate::app::App;
use crate::args::{ConfigArgs, TableOrJson};
use crate::failure::Result;
use crate::output::Output;
use crate::render::table::{Align, Cell, Column, Layout};
use crate::render::text::escape_control;

pub(crate) async fn run(args: &ConfigArgs, app: &App) -> Result {
    let rows = rows(app).await;
    let mut out = Output::stdout();
    match args.output {
        TableOrJson::Table => table(app, rows, out.buffer()),
        TableOrJson::Json => {
            let settings: Map<String, Value> = rows
                .into_iter()
                .map(|(name, value, source)| (name.to_owned(), json!({"value": value, "source": source})))
                .collect();
            out.line(&format!("{:#}", Value::Object(settings)))?;
        }
    }
    out.flush()
}

fn table(app: &App, rows: Vec<Row>, out: &mut Vec<u8>) {
    let cells = |(name, value, source): Row| {
        vec![
            Cell::plain(name),
            Cell::plain(escape_control(&value)),
            Cell::plain(escape_control(&source)),
        ]
    };
    let rows: Vec<Vec<Cell>> = rows.into_iter().map(cells).collect();
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

/// A setting's name, its value, and where that comes from.
type Row = (&'static str, String, String);

async fn rows(app: &App) -> Vec<Row> {
    let mut rows = app.settings.rows();
    rows.push((
        "budget",
        budget(app).await,
        app.settings.budget.source.to_string(),
    ));
    rows.push(("time-zone", app.zone.described(), app.zone.source().to_owned()));
    rows
}

/// Where the budget is kept, and what is left of it today: that takes the key, which names it.
async fn budget(app: &App) -> String {
    let Ok(kept) = app.budget() else {
        return app.settings.budget.value.to_string();
    };
    match kept.described().await {
        Ok(described) => described,
        Err(failure) => failure.to_string().replace('\n', "; "),
    }
}
