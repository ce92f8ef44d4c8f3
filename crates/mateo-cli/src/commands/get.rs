//! `mateo imports get`.

use chrono::Utc;
use mateo_imports::Select;

use super::find;
use crate::app::App;
use crate::args::imports::{GetArgs, PageFormat};
use crate::failure::Result;
use crate::output::Output;
use crate::render::page;

pub(super) async fn run(args: &GetArgs, app: &App) -> Result {
    let client = app.client()?;
    let found = find::rows(&client, &args.names, &Select::all()).await?;
    let mut out = Output::stdout();
    for (index, row) in found.rows.iter().enumerate() {
        match args.output {
            PageFormat::Json => out.line(&app.json(&row.one_line()))?,
            PageFormat::Page => {
                if index > 0 {
                    out.line("")?;
                }
                out.text(&page::page(row, app.terminal, &app.zone, Utc::now())?)?;
            }
        }
    }
    out.flush()?;
    match find::missing(&found.missing) {
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}
