//! `mateo imports failures`: why the records of imports failed.

mod records;
mod report;

use mateo_imports::model::SelectItem;
use mateo_imports::{ImportFile, RawJson, Select, columns};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::find;
use crate::app::App;
use crate::args::imports::{FailuresArgs, FailuresFormat};
use crate::failure::{Code, Failure, Result};
use crate::output::Output;
use crate::render::RowWriter;
use crate::render::csv::Csv;
use crate::render::json::Ndjson;
use crate::render::text::{counted, thousands};
use report::Reasons;

/// A file of failed records is held in memory as a whole; one that is larger is rejected.
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// What of an import says which it is and how many of its records failed.
#[derive(Debug, Deserialize)]
struct Import {
    id: Uuid,
    reference_id: Option<String>,
    total_count: Option<i32>,
    failed_count: Option<i32>,
    failed_url: Option<String>,
}

pub(super) async fn run(args: &FailuresArgs, app: &App) -> Result {
    let client = app.client()?;
    let items: [SelectItem; 5] = [
        columns::ID.into(),
        columns::REFERENCE_ID.into(),
        columns::TOTAL_COUNT.into(),
        columns::FAILED_COUNT.into(),
        columns::FAILED_URL.into(),
    ];
    let select: Select = items.into_iter().collect();
    let imports = find::rows(&client, &args.names, &select).await?.all()?;
    let mut out = Output::stdout();
    let mut writer = writer(args, app);
    let mut reasons = Reasons::default();
    let mut without_file = 0;
    for row in imports {
        let import: Import = row.read().map_err(find::unreadable)?;
        let failed = import.failed_count.unwrap_or(0).max(0);
        let records = if import.failed_url.is_some() {
            let file = client
                .download_file(import.id, ImportFile::Failed)
                .max_bytes(MOST_BYTES)
                .bytes()
                .await?;
            Some(records::read(&file).map_err(|what| {
                Failure::new(
                    Code::Failed,
                    format!(
                        "the file of failed records of {} can't be read: {what}",
                        import.id
                    ),
                )
                .advice(format!("mateo imports download {} --what failed", import.id))
            })?)
        } else {
            without_file += u64::from(failed > 0);
            None
        };
        if let Some(writer) = &mut writer {
            for record in records.iter().flatten() {
                let line = json!({
                    "import_id": import.id, "reference_id": import.reference_id,
                    "reason": record.reason, "record": record.content,
                });
                let line: RawJson = line.to_string().parse().map_err(find::unreadable)?;
                writer.row(&line, out.buffer())?;
                out.settle()?;
            }
        } else {
            out.line(&heading(&import, failed, records.is_some()))?;
        }
        let listed = records.as_ref().map_or(0, Vec::len);
        if records.is_some() && listed as u64 != u64::try_from(failed).unwrap_or(0) {
            app.note(&format!(
                "{}: the file has {}, and the import counts {} failed",
                import.id,
                counted(listed as u64, "record"),
                thousands(u64::try_from(failed).unwrap_or(0)),
            ));
        }
        for record in records.into_iter().flatten() {
            reasons.count(record);
        }
    }
    match &mut writer {
        Some(writer) => drop(writer.end(out.buffer())?),
        None => reasons.write(&mut out, app)?,
    }
    out.flush()?;
    if without_file > 0 {
        let what = counted(without_file, "import");
        return Err(
            Failure::new(Code::Missing, format!("{what} with failures: no file says why"))
                .advice("only a finished import has such a file")
                .into(),
        );
    }
    Ok(())
}

/// For a program, all records; for a person, none of these.
fn writer(args: &FailuresArgs, app: &App) -> Option<Box<dyn RowWriter>> {
    let to_terminal = app.terminal.width.is_some();
    match args.output() {
        FailuresFormat::Table => None,
        FailuresFormat::Ndjson => Some(Box::new(Ndjson { to_terminal })),
        FailuresFormat::Csv => {
            let columns = ["import_id", "reference_id", "reason", "record"];
            Some(Box::new(Csv::new(
                columns.map(str::to_owned).into(),
                args.csv.unwrap_or_default(),
                to_terminal,
            )))
        }
    }
}

fn heading(import: &Import, failed: i32, has_file: bool) -> String {
    let reference = import
        .reference_id
        .as_deref()
        .map(|reference| format!(" {}", crate::render::text::escape_control(reference)))
        .unwrap_or_default();
    let count = |count: i32| thousands(u64::try_from(count).unwrap_or(0));
    let of = import
        .total_count
        .map(|total| format!(" of {}", count(total)))
        .unwrap_or_default();
    let what = match (failed, has_file) {
        (0, false) => "no failures".to_owned(),
        (_, false) => format!("{}{of} failed, no file says why", count(failed)),
        _ => format!("{}{of} failed", count(failed)),
    };
    format!("{}{reference}: {what}", import.id)
}
