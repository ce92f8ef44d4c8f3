//! Clients in other languages: a small program each, a task as JSON on its input, the answer as JSON on its output.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tokio::io::AsyncWriteExt;

use crate::Result;
use crate::task::{Answer, Client, Task};

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// Installs what the client needs, once; says why where it can't.
pub fn prepare(client: Client, work: &Path) -> std::result::Result<(), String> {
    match client {
        Client::PostgrestJs => {
            if work.join("node_modules/@supabase/postgrest-js").exists() {
                return Ok(());
            }
            run(Command::new("npm")
                .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
                .arg(work)
                .arg("@supabase/postgrest-js@2"))
        }
        Client::PostgrestPy => {
            if python(work).exists() {
                return Ok(());
            }
            run(Command::new("python3")
                .args(["-m", "venv"])
                .arg(work.join("venv")))?;
            run(Command::new(python(work)).args(["-m", "pip", "install", "--quiet", "postgrest==2.*"]))
        }
        Client::Ours | Client::PlainReqwest | Client::PostgrestRs => Ok(()),
    }
}

fn python(work: &Path) -> PathBuf {
    work.join("venv/bin/python")
}

fn run(command: &mut Command) -> std::result::Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    match command.stdout(Stdio::null()).stderr(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} failed ({status})")),
        Err(error) => Err(format!("no {name}: {error}")),
    }
}

pub async fn ask(client: Client, work: &Path, task: &Task) -> Result<Answer> {
    let mut command = if client == Client::PostgrestPy {
        let mut command = tokio::process::Command::new(python(work));
        command.arg(Path::new(FOLDER).join("postgrest_py.py"));
        command
    } else {
        // Node looks for packages beside the program, so the program goes to the packages.
        let program = work.join("postgrest_js.mjs");
        std::fs::copy(Path::new(FOLDER).join("postgrest_js.mjs"), &program)?;
        let mut command = tokio::process::Command::new("node");
        command.arg(program);
        command
    };
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(&serde_json::to_vec(task)?).await?;
    }
    let output = child.wait_with_output().await?;
    if !output.status.success() {
        return Err(format!("{} failed ({})", client.name(), output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
