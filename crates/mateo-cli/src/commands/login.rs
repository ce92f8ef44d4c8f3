//! `mateo login` and `mateo logout`: the API key in a file that only its owner may read.

use std::io::{IsTerminal as _, Read as _, Write as _, stderr, stdin};
use std::path::Path;

use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use crossterm::terminal;

use crate::app::App;
use crate::atomic_write::{self, Replace};
use crate::failure::{Code, Failure, Result, Stop};
use crate::settings::{key_mistake, login_path};

/// More than any key has.
const MOST_BYTES: u64 = 64 * 1024;

/// Reads the key from stdin and keeps it.
pub(crate) fn login(app: &App) -> Result {
    let path = path()?;
    let text = if stdin().is_terminal() {
        ask()?
    } else {
        let mut text = String::new();
        stdin()
            .take(MOST_BYTES)
            .read_to_string(&mut text)
            .map_err(|error| Failure::file("could not read the API key from stdin", &error))?;
        text
    };
    let key = text.trim();
    if let Some(what) = key_mistake(key) {
        return Err(Failure::new(Code::Auth, format!("what was given {what}"))
            .advice("give the API key and nothing else; nothing was saved")
            .into());
    }
    create_folder(atomic_write::folder(&path))?;
    atomic_write::write(&path, format!("{key}\n").as_bytes(), Replace::Any)?;
    only_for_owner(&path)?;
    app.note(&format!("saved in {}; 'mateo doctor' checks it", path.display()));
    Ok(())
}

/// Removes the key.
pub(crate) fn logout(app: &App) -> Result {
    let path = path()?;
    match std::fs::remove_file(&path) {
        Ok(()) => app.note(&format!("removed {}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            app.note(&format!("there is no key in {}", path.display()));
        }
        Err(error) => {
            return Err(Failure::file(format!("could not remove {}", path.display()), &error).into());
        }
    }
    Ok(())
}

fn path() -> Result<std::path::PathBuf, Failure> {
    login_path().ok_or_else(|| {
        Failure::new(Code::File, "this machine has no place for a key").advice("set MATEO_API_KEY")
    })
}

/// Asks for the key on a terminal, which doesn't show it.
fn ask() -> Result<String> {
    let failed = |error: std::io::Error| Failure::file("could not read the API key", &error);
    let _ = write!(stderr(), "API key (not shown): ");
    let _ = stderr().flush();
    terminal::enable_raw_mode().map_err(failed)?;
    let _raw = Raw;
    let mut key = String::new();
    loop {
        match event::read().map_err(failed)? {
            Event::Key(pressed) if pressed.kind != KeyEventKind::Release => match pressed.code {
                KeyCode::Enter => return Ok(key),
                KeyCode::Backspace => drop(key.pop()),
                KeyCode::Char('c' | 'd') if pressed.modifiers.contains(KeyModifiers::CONTROL) => {
                    return Err(Stop::Outcome(Code::Interrupted));
                }
                KeyCode::Char(c) => key.push(c),
                _ => {}
            },
            _ => {}
        }
    }
}

/// The terminal while it doesn't show what is typed.
struct Raw;

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = terminal::disable_raw_mode();
        let _ = writeln!(stderr());
    }
}

#[cfg(unix)]
fn create_folder(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder
        .create(path)
        .map_err(|error| Failure::file(format!("could not create {}", path.display()), &error))
}

#[cfg(not(unix))]
fn create_folder(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path)
        .map_err(|error| Failure::file(format!("could not create {}", path.display()), &error))
}

/// A file that was there may have had another mode.
#[cfg(unix)]
fn only_for_owner(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(|error| Failure::file(format!("could not protect {}", path.display()), &error))
}

#[cfg(not(unix))]
fn only_for_owner(_: &Path) -> Result<(), Failure> {
    Ok(())
}
