//! `--on-failed`: a command for each import that finished with failures.

use std::process::Stdio;
use std::time::Duration;

use chrono::Utc;
use mateo_sync::{Error, Store, Syncer};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::app::App;

/// How many imports are reported in a row before the next ones are looked up.
const AT_ONCE: u64 = 100;

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// Runs the command for each import that is to be reported. It counts as reported once its command ended well: one
/// that fails, or is interrupted, is run again by the next run.
pub(super) async fn report<S: Store>(syncer: &mut Syncer<S>, command: &str, app: &App) -> Result<(), Error> {
    loop {
        let news = syncer.unreported(AT_ONCE).await?;
        let mut failed = 0;
        for (id, row) in &news {
            match run(command, row).await {
                Ok(()) => syncer.reported(*id, Utc::now()).await?,
                Err(why) => {
                    failed += 1;
                    app.warn(&format!(
                        "--on-failed of import {id}: {why}; it is run again by the next run"
                    ));
                }
            }
        }
        if failed > 0 || (news.len() as u64) < AT_ONCE {
            return Ok(());
        }
    }
}

async fn run(command: &str, row: &str) -> Result<(), String> {
    let mut child = shell(command)
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| error.to_string())?;
    let work = async {
        if let Some(mut stdin) = child.stdin.take() {
            // A command need not read it.
            let _ = stdin.write_all(row.as_bytes()).await;
            let _ = stdin.write_all(b"\n").await;
        }
        child.wait().await
    };
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("the command failed: {status}")),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!(
            "the command took longer than {} minutes",
            PATIENCE.as_secs() / 60
        )),
    }
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.args(["/C", command]);
    shell
}
