//! `mateo imports download`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use mateo_imports::{Client, Download, DownloadProgress, Error, ImportFile, Select, columns};
use serde::Deserialize;
use uuid::Uuid;

use super::find;
use crate::app::App;
use crate::args::imports::{DownloadArgs, What};
use crate::atomic_write::{self, AtomicFile, Replace};
use crate::bar::{Bar, Position};
use crate::failure::{Code, Failure, Result, Stop};
use crate::output::Output;
use crate::render::text::{escape_control_in_lines, thousands};

pub(super) async fn run(args: &DownloadArgs, app: &App) -> Result {
    let to_stdout = args.out.as_deref() == Some(Path::new("-"));
    let replace = Replace::with_force(args.force);
    if let Some(path) = args.out.as_deref().filter(|_| !to_stdout) {
        atomic_write::check(path, replace)?;
    }
    let client = app.client()?;
    let (id, path) = if let Some(path) = &args.out {
        (id(&client, &args.id).await?, path.clone())
    } else {
        let select = Select::all()
            .and(columns::ID)
            .and(columns::REFERENCE_ID)
            .and(columns::FAILED_URL)
            .and(columns::PAYLOAD_URL);
        let files = find::one(&client, &args.id, &select).await?;
        let files: Files = files.read().map_err(find::unreadable)?;
        (files.id, files.path(args.what))
    };
    if !to_stdout {
        atomic_write::check(&path, replace)?;
    }

    let reached = Arc::new(Mutex::new(Position::default()));
    let report = Arc::clone(&reached);
    let mut download =
        client
            .download_file(id, file(args.what))
            .progress(move |progress: DownloadProgress| {
                let mut reached = report.lock().unwrap_or_else(PoisonError::into_inner);
                *reached = Position {
                    done: progress.received,
                    of: progress.total,
                    left: None,
                };
            });
    if let Some(most) = args.max_bytes {
        download = download.max_bytes(most.0);
    }
    let work = async {
        if to_stdout && app.terminal.width.is_some() {
            let file = download.bytes().await.map_err(|error| explained(error, args))?;
            let mut out = Output::stdout();
            out.text(&escape_control_in_lines(&String::from_utf8_lossy(&file)))?;
            out.flush()?;
            Ok(file.len() as u64)
        } else if to_stdout {
            let written = download.to_writer(&mut tokio::io::stdout()).await;
            written.map_err(|error| explained(error, args))
        } else {
            to_file(download, &path, replace, args).await
        }
    };
    tokio::pin!(work);
    let mut bar = Bar::new(app.terminal);
    let bytes = loop {
        tokio::select! {
            biased;
            done = &mut work => break done,
            () = bar.tick() => {
                let reached = reached.lock().unwrap_or_else(PoisonError::into_inner).clone();
                bar.show(&reached, "bytes");
            }
        }
    };
    bar.hide();
    let bytes = bytes?;
    if !to_stdout {
        app.note(&format!("{}: {} bytes", path.display(), thousands(bytes)));
    }
    Ok(())
}

/// The id that the text stands for. A whole id is not looked up.
async fn id(client: &Client, text: &str) -> Result<Uuid> {
    if let Ok(id) = text.trim().parse() {
        return Ok(id);
    }
    let select = Select::all().and(columns::ID).and(columns::REFERENCE_ID);
    let row = find::one(client, text.trim(), &select).await?;
    let files: Files = row.read().map_err(find::unreadable)?;
    Ok(files.id)
}

fn file(what: What) -> ImportFile {
    match what {
        What::Failed => ImportFile::Failed,
        What::Payload => ImportFile::Payload,
    }
}

/// An import's files.
#[derive(Deserialize)]
struct Files {
    id: Uuid,
    failed_url: Option<String>,
    payload_url: Option<String>,
}

impl Files {
    /// `ID-failed.json`, with the ending that the file has on its server.
    fn path(&self, what: What) -> PathBuf {
        let (url, name) = match what {
            What::Failed => (&self.failed_url, "failed"),
            What::Payload => (&self.payload_url, "payload"),
        };
        let ending = url.as_deref().and_then(ending).unwrap_or("json");
        format!("{}-{name}.{ending}", self.id).into()
    }
}

/// The ending of the file that a URL names, if it is one: a few letters or digits.
fn ending(url: &str) -> Option<&str> {
    let path = url.split(['?', '#']).next()?;
    let (_, name) = path.split_once("://")?.1.rsplit_once('/')?;
    let (_, ending) = name.rsplit_once('.')?;
    let is_ending =
        (1..=5).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_ending.then_some(ending)
}

/// Writes the file so that it is complete when it appears under its name.
async fn to_file(download: Download, path: &Path, replace: Replace, args: &DownloadArgs) -> Result<u64> {
    let failed = |error: std::io::Error| Failure::file(format!("could not write {}", path.display()), &error);
    let mut file = AtomicFile::create(path, replace)?;
    let mut writer = tokio::fs::File::from_std(file.file().try_clone().map_err(failed)?);
    let bytes = download
        .to_writer(&mut writer)
        .await
        .map_err(|error| explained(error, args))?;
    file.commit().map_err(failed)?;
    Ok(bytes)
}

fn explained(error: Error, args: &DownloadArgs) -> Stop {
    let closed = std::error::Error::source(&error)
        .and_then(|source| source.downcast_ref::<std::io::Error>())
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe);
    if closed {
        return Stop::Closed;
    }
    if error.is_missing() && error.ids().is_empty() {
        let column = match args.what {
            What::Failed => "failed_url",
            What::Payload => "payload_url",
        };
        return Failure::new(Code::Missing, error.to_string())
            .advice(format!(
                "imports that have one: mateo imports list --where '{column} is not null'"
            ))
            .into();
    }
    if error.is_too_large() {
        return Failure::new(Code::Failed, error.to_string())
            .advice("raise --max-bytes")
            .into();
    }
    if error.is_io() {
        let cause =
            std::error::Error::source(&error).and_then(|source| source.downcast_ref::<std::io::Error>());
        let cause = cause.map(crate::failure::io_text).unwrap_or_default();
        return Failure::new(Code::File, format!("{error}: {cause}")).into();
    }
    Failure::from(error).into()
}

#[cfg(test)]
mod tests {
    use super::ending;

    #[test]
    fn only_a_files_own_ending_is_taken() {
        assert_eq!(ending("https://s.example/a/b.csv?sig=x.y"), Some("csv"));
        for url in [
            "https://s.example",
            "https://s.example/",
            "https://s.example/a",
            "https://s.example/a.",
            "x",
            "https://s.example/a.b/c",
            "https://s.example/a.tar-gz",
            "https://s.example/a.toolong",
        ] {
            assert_eq!(ending(url), None, "{url}");
        }
    }
}
