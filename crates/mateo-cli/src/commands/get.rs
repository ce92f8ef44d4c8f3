//! `mateo imports get`.

use chrono::Utc;

use super::find;
use crate::app::App;
use crate::args::imports::{GetArgs, PageFormat};
use crate::failure::{Code, Failure, Result};
use crate::output::Output;
use crate::render::page;

pub(super) async fn run(args: &GetArgs, app: &App) -> Result {
    let client = app.client()?;
    let id = find::id(&client, &args.id).await?;
    let row = client.get_raw(id).await?.ok_or_else(|| {
        Failure::new(Code::Missing, format!("there is no import {id}"))
            .advice("'mateo imports list' shows what there is")
    })?;
    let mut out = Output::stdout();
    match args.output {
        PageFormat::Json => out.line(&row.one_line())?,
        PageFormat::Page => out.text(&page::page(&row, app.terminal, Utc::now())?)?,
    }
    out.flush()
}
