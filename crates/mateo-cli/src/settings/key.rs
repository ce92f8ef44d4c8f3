//! The API key: from the environment or a file that only its owner may read, never from a flag, never shown.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use mateo_imports::ApiKey;

use super::Source;
use crate::failure::{Code, Failure};

/// Where the key comes from.
#[derive(Clone, Debug)]
pub(crate) enum KeyFrom {
    Env(ApiKey),
    File(PathBuf, Source),
    Nowhere,
}

/// No key is longer; a file that is, is another file.
const MOST_BYTES: u64 = 16 * 1024;

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
            return Self::Env(ApiKey::new(key));
        }
        if let Some(path) = env("MATEO_API_KEY_FILE") {
            return Self::File(path.into(), Source::Env("MATEO_API_KEY_FILE"));
        }
        in_settings.map_or(Self::Nowhere, |path| Self::File(path, settings.clone()))
    }

    /// Whether there is one, for a person.
    pub(crate) fn state(&self) -> String {
        match self {
            Self::Env(_) => "set, not shown".to_owned(),
            Self::File(path, _) => format!("in {}, not shown", path.display()),
            Self::Nowhere => "not set".to_owned(),
        }
    }

    /// Where it comes from, for a person.
    pub(crate) fn source(&self) -> String {
        match self {
            Self::Env(_) => Source::Env("MATEO_API_KEY").to_string(),
            Self::File(_, source) => source.to_string(),
            Self::Nowhere => "nowhere".to_owned(),
        }
    }

    /// The key.
    pub(crate) fn read(&self) -> Result<ApiKey, Failure> {
        match self {
            Self::Env(key) => Ok(key.clone()),
            Self::File(path, _) => read(path),
            Self::Nowhere => Err(Failure::new(Code::Auth, "no API key").advice(
                "set MATEO_API_KEY or name a file with --api-key-file, or try without: mateo --sandbox imports list",
            )),
        }
    }
}

fn read(path: &Path) -> Result<ApiKey, Failure> {
    let failed = |error: std::io::Error| {
        Failure::file(
            format!("could not read the API key in {}", path.display()),
            &error,
        )
        .advice("check --api-key-file, MATEO_API_KEY_FILE or the settings ('mateo config')")
    };
    let file = File::open(path).map_err(failed)?;
    refuse_shared(path, &file)?;
    let mut text = String::new();
    let length = file
        .take(MOST_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    let key = text.trim();
    let what = if length as u64 > MOST_BYTES {
        "is too long to be an API key"
    } else if key.is_empty() {
        "is empty"
    } else if key.contains(|c: char| c.is_whitespace() || c.is_control()) {
        "holds more than one word"
    } else {
        return Ok(ApiKey::new(key));
    };
    Err(Failure::new(Code::Auth, format!("{} {what}", path.display()))
        .advice("it should hold the API key and nothing else"))
}

/// A file that others may read is no place for a key. Pipes (`<(pass show mateo)`) have no such bits worth looking at.
#[cfg(unix)]
fn refuse_shared(path: &Path, file: &File) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let facts = file
        .metadata()
        .map_err(|error| Failure::file(format!("could not look at {}", path.display()), &error))?;
    let mode = facts.permissions().mode();
    if facts.is_file() && mode & 0o077 != 0 {
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
fn refuse_shared(_: &Path, _: &File) -> Result<(), Failure> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::read;
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
            read(&path)
                .unwrap()
                .is_same(&mateo_imports::ApiKey::new("secret-key"))
        );
    }

    #[test]
    fn what_is_no_key_is_refused_without_showing_it() {
        for text in ["", " \n", "two words", "a\nb", &"x".repeat(20_000)] {
            let (_dir, path) = key_file(text, 0o600);
            let failure = read(&path).unwrap_err();
            assert_eq!(failure.code(), Code::Auth);
            assert!(text.trim().is_empty() || !failure.to_string().contains(text));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused_with_the_remedy() {
        for mode in [0o644, 0o640, 0o604] {
            let (_dir, path) = key_file("secret-key", mode);
            let text = read(&path).unwrap_err().to_string();
            assert!(
                text.contains("run: chmod 600") && !text.contains("secret-key"),
                "{text}"
            );
        }
    }
}
