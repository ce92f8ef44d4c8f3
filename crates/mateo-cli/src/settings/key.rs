//! The API key: from the environment or a file that only its owner may read, never from a flag, never shown.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use mateo_imports::ApiKey;

use super::Source;
use crate::failure::{Code, Failure};

/// Where the key comes from.
#[derive(Clone, Debug)]
pub(crate) enum KeyFrom {
    /// The key, and what is wrong with it if something is.
    Env(ApiKey, Option<&'static str>),
    File(PathBuf, Source),
    Nowhere,
}

/// No key is longer; a file that is, is another file.
const MOST_BYTES: u64 = 16 * 1024;

/// A pipe that can't be opened for so long has nobody at its other end.
const OPENING: Duration = Duration::from_secs(1);

/// So long the program at the other end may take, which may ask a person for a passphrase.
const WRITING: Duration = Duration::from_secs(120);

impl KeyFrom {
    /// A file named by a flag counts before the key in the environment, that before a file named elsewhere.
    pub(super) fn find(
        flag: Option<PathBuf>,
        env: &impl Fn(&str) -> Option<String>,
        in_settings: Option<PathBuf>,
        settings: &Source,
    ) -> Self {
        if let Some(path) = flag {
            return Self::File(path, Source::Flag("--api-key-file"));
        }
        if let Some(key) = env("MATEO_API_KEY") {
            let mistake = mistake(&key);
            return Self::Env(ApiKey::new(key), mistake);
        }
        if let Some(path) = env("MATEO_API_KEY_FILE") {
            return Self::File(path.into(), Source::Env("MATEO_API_KEY_FILE"));
        }
        in_settings.map_or(Self::Nowhere, |path| Self::File(path, settings.clone()))
    }

    /// What `mateo login` keeps counts where there is no other.
    pub(crate) fn or_login(self) -> Self {
        match self {
            Self::Nowhere => login_path()
                .filter(|path| path.exists())
                .map_or(Self::Nowhere, |path| Self::File(path, Source::Login)),
            other => other,
        }
    }

    /// Whether there is one, for a person.
    pub(crate) fn state(&self) -> String {
        match self {
            Self::Env(..) => "set, not shown".to_owned(),
            Self::File(path, _) => format!("in {}, not shown", shown(path)),
            Self::Nowhere => "not set".to_owned(),
        }
    }

    /// Where it comes from, for a person.
    pub(crate) fn source(&self) -> String {
        match self {
            Self::Env(..) => Source::Env("MATEO_API_KEY").to_string(),
            Self::File(_, source) => source.to_string(),
            Self::Nowhere => "nowhere".to_owned(),
        }
    }

    /// The key.
    pub(crate) fn read(&self) -> Result<ApiKey, Failure> {
        match self {
            Self::Env(key, None) => Ok(key.clone()),
            Self::Env(_, Some(what)) => Err(Failure::new(Code::Auth, format!("MATEO_API_KEY {what}"))
                .advice("set it to the API key and nothing else")),
            Self::File(path, source) => read(path, source),
            Self::Nowhere => Err(Failure::new(Code::Auth, "no API key").advice(
                "set MATEO_API_KEY, run 'mateo login', or try without a key: mateo --sandbox imports list",
            )),
        }
    }
}

/// Where `mateo login` keeps the key.
pub(crate) fn login_path() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    let places = etcetera::choose_base_strategy().ok()?;
    Some(places.config_dir().join("mateo").join("key"))
}

/// A path, unless it may be a key that was set where a path belongs.
fn shown(path: &Path) -> String {
    if looks_like_key(path) {
        "a file whose name looks like a key".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Whether the path is a long word that names nothing: no file, and no name in a folder that exists.
fn looks_like_key(path: &Path) -> bool {
    let is_in_named_folder = path
        .parent()
        .is_some_and(|folder| folder.parent().is_some() && folder.is_dir());
    path.as_os_str().len() >= 16 && !is_in_named_folder && path.symlink_metadata().is_err()
}

fn read(path: &Path, source: &Source) -> Result<ApiKey, Failure> {
    if looks_like_key(path) {
        return Err(Failure::new(
            Code::Auth,
            format!("{source} names a file that doesn't exist (the name looks like a key and isn't shown)"),
        )
        .advice("set it to a file that holds the key, or set the key itself as MATEO_API_KEY"));
    }
    let text = content(path)?;
    let key = text.trim();
    match mistake(key) {
        None => Ok(ApiKey::new(key)),
        Some(what) => Err(Failure::new(Code::Auth, format!("{} {what}", path.display()))
            .advice("it should hold the API key and nothing else")),
    }
}

/// What is wrong with a text that should be a key, without showing it.
pub(crate) fn mistake(key: &str) -> Option<&'static str> {
    if key.len() as u64 > MOST_BYTES {
        Some("is too long to be an API key")
    } else if key.is_empty() {
        Some("is empty")
    } else if key
        .get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case("bearer "))
    {
        Some("begins with 'Bearer', which this program adds by itself")
    } else if key.starts_with(['"', '\'']) {
        Some("begins with a quotation mark")
    } else if key.contains(|c: char| c.is_whitespace() || c.is_control()) {
        Some("holds more than one word")
    } else {
        None
    }
}

/// What the file says. A pipe (`<(pass show mateo)`) is waited for, but not for ever: opening one that nobody writes
/// to blocks, so that happens on a thread of its own.
fn content(path: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| {
        Failure::file(
            format!("could not read the API key in {}", path.display()),
            &error,
        )
        .advice("check --api-key-file, MATEO_API_KEY_FILE or the settings ('mateo config')")
    };
    if std::fs::metadata(path).map_err(failed)?.is_file() {
        let file = File::open(path).map_err(failed)?;
        reject_shared(path, &file)?;
        return text(file).map_err(failed);
    }
    let (send, receive) = mpsc::channel();
    let opened = Arc::new(AtomicBool::new(false));
    let (name, is_open) = (path.to_owned(), Arc::clone(&opened));
    std::thread::spawn(move || {
        let file = File::open(name);
        is_open.store(true, Ordering::Release);
        // Nobody receives it where it comes too late.
        let _ = send.send(file.and_then(text));
    });
    let mut content = receive.recv_timeout(OPENING);
    if content.is_err() && opened.load(Ordering::Acquire) {
        content = receive.recv_timeout(WRITING);
    }
    match content {
        Ok(text) => text.map_err(failed),
        Err(_) => Err(
            Failure::new(Code::Auth, format!("no API key came from {}", path.display()))
                .advice("it is a pipe that nobody writes to: name a file, or set MATEO_API_KEY"),
        ),
    }
}

fn text(file: File) -> std::io::Result<String> {
    let mut text = String::new();
    file.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// A file that others may read is no place for a key.
#[cfg(unix)]
fn reject_shared(path: &Path, file: &File) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let facts = file
        .metadata()
        .map_err(|error| Failure::file(format!("could not look at {}", path.display()), &error))?;
    let mode = facts.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Failure::new(
            Code::Auth,
            format!(
                "others may read the API key in {} (mode {:o})",
                path.display(),
                mode & 0o777
            ),
        )
        .advice(format!("run: chmod 600 {}", path.display())));
    }
    Ok(())
}

#[cfg(not(unix))]
fn reject_shared(_: &Path, _: &File) -> Result<(), Failure> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::{KeyFrom, read};
    use crate::failure::Code;

    fn key_file(text: &str, mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let _ = mode;
        (dir, path)
    }

    #[test]
    fn the_end_of_the_line_is_no_part_of_the_key() {
        let (_dir, path) = key_file("secret-key\r\n", 0o600);
        assert!(
            read(&path, &Source::Default)
                .unwrap()
                .is_same(&mateo_imports::ApiKey::new("secret-key"))
        );
    }

    #[test]
    fn what_is_no_key_is_rejected_without_showing_it() {
        for text in [
            "",
            " \n",
            "two words",
            "a\nb",
            "Bearer abc",
            "\"quoted\"",
            &"x".repeat(20_000),
        ] {
            let (_dir, path) = key_file(text, 0o600);
            let failure = read(&path, &Source::Default).unwrap_err();
            assert_eq!(failure.code(), Code::Auth);
            assert!(text.trim().is_empty() || !failure.to_string().contains(text));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_rejected_with_the_remedy() {
        for mode in [0o644, 0o640, 0o604] {
            let (_dir, path) = key_file("secret-key", mode);
            let text = read(&path, &Source::Default).unwrap_err().to_string();
            assert!(
                text.contains("run: chmod 600") && !text.contains("secret-key"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_key_where_a_path_belongs_is_never_shown() {
        for key in [
            "hm_live_0123456789abcdef",
            "eyJhbGciOi.JIUzI1NiJ9/x",
            "/Zm9vYmFyYmF6cXV4",
        ] {
            let env = |name: &str| (name == "MATEO_API_KEY_FILE").then(|| key.to_owned());
            let from = KeyFrom::find(None, &env, None, &Source::Default);
            let text = format!("{}{}", from.state(), from.read().unwrap_err());
            assert!(!text.contains(key) && text.contains("looks like a key"), "{text}");
        }
        let env = |name: &str| (name == "MATEO_API_KEY_FILE").then(|| "/etc/no-such-key-file".to_owned());
        let from = KeyFrom::find(None, &env, None, &Source::Default);
        assert!(from.state().contains("/etc/no-such-key-file"), "a path is shown");
    }

    #[test]
    fn bearer_in_the_environment_is_named() {
        let env = |name: &str| (name == "MATEO_API_KEY").then(|| "Bearer hm_live_0123".to_owned());
        let text = KeyFrom::find(None, &env, None, &Source::Default)
            .read()
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("begins with 'Bearer'") && !text.contains("0123"),
            "{text}"
        );
    }
}
