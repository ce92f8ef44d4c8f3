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
    let row = find::row(&client, &args.id, Select::all()).await?;
    let mut out = Output::stdout();
    match args.output {
        PageFormat::Json => out.line(&app.json(&row.one_line()))?,
        PageFormat::Page => out.text(&page::page(&row, app.terminal, Utc::now())?)?,
    }
    out.flush()
}
