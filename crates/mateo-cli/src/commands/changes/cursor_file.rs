//! The cursor between two runs: one program at a time, whole or as it was.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use mateo_imports::ChangesCursor;

use crate::atomic_write::{self, Replace};
use crate::failure::{Code, Failure};

/// A cursor file that this program alone uses, for as long as this is held.
#[derive(Debug)]
pub(super) struct CursorFile {
    path: PathBuf,
    saved: Option<ChangesCursor>,
    // The system gives the lock back when the program ends, however it ends.
    _lock: File,
}

impl CursorFile {
    /// Takes the file for this program and reads what it says.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        // A cursor is read before it is written, so that neither a pipe nor a device can hold it.
        if path == Path::new("-") || std::fs::metadata(path).is_ok_and(|facts| !facts.is_file()) {
            return Err(Failure::usage(format!("{} can't hold a cursor", path.display()))
                .advice("name a file with --cursor-file"));
        }
        let lock = lock(path)?;
        let saved = match std::fs::read_to_string(path) {
            Ok(text) if text.trim().is_empty() => None,
            Ok(text) => Some(serde_json::from_str(&text).map_err(|error| {
                Failure::new(Code::File, format!("{} is not a cursor file", path.display()))
                    .advice(
                        "name the file that an earlier run wrote, or one that doesn't exist to start over",
                    )
                    .source(error)
            })?),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                return Err(Failure::file(
                    format!("could not read {}", path.display()),
                    &error,
                ));
            }
        };
        Ok(Self {
            path: path.to_owned(),
            saved,
            _lock: lock,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What the file says.
    pub(super) fn saved(&self) -> Option<&ChangesCursor> {
        self.saved.as_ref()
    }

    /// Writes the cursor if it has moved.
    pub(super) fn save(&mut self, cursor: &ChangesCursor) -> Result<(), Failure> {
        if self.saved.as_ref() == Some(cursor) {
            return Ok(());
        }
        let mut text = serde_json::to_string(cursor).map_err(|error| {
            Failure::new(Code::Failed, format!("could not write {}", self.path.display())).source(error)
        })?;
        text.push('\n');
        // What was there was read as a cursor.
        atomic_write::write(&self.path, text.as_bytes(), Replace::Any)?;
        self.saved = Some(cursor.clone());
        Ok(())
    }
}

/// A file beside holds the lock, because the cursor file itself is replaced. It stays: taking it away would let a third
/// program lock a new one while a second still waits for the old.
fn lock(path: &Path) -> Result<File, Failure> {
    let beside = atomic_write::with_suffix(path, ".lock");
    let failed =
        |error: std::io::Error| Failure::file(format!("could not lock {}", beside.display()), &error);
    if beside.symlink_metadata().is_ok_and(|facts| !facts.is_file()) {
        return Err(Failure::new(
            Code::File,
            format!("{} is no plain file, and so can't be a lock", beside.display()),
        )
        .advice("remove it, or give another --cursor-file"));
    }
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&beside).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::new(
            Code::File,
            format!("another run uses {}", path.display()),
        )
        .advice("wait for its end, or give each run a cursor file of its own")),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use mateo_imports::ChangesCursor;

    use super::CursorFile;

    #[test]
    fn what_is_saved_is_there_next_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c");
        let cursor = ChangesCursor::since("2026-01-02T00:00:00Z".parse().unwrap());
        let mut file = CursorFile::open(&path).unwrap();
        assert!(file.saved().is_none());
        file.save(&cursor).unwrap();
        drop(file);
        assert_eq!(CursorFile::open(&path).unwrap().saved(), Some(&cursor));
    }

    #[test]
    fn a_second_run_is_refused_until_the_first_ends() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c");
        let first = CursorFile::open(&path).unwrap();
        assert!(
            CursorFile::open(&path)
                .unwrap_err()
                .to_string()
                .contains("another run uses")
        );
        drop(first);
        assert!(CursorFile::open(&path).is_ok());
    }

    #[test]
    fn another_file_is_not_taken_for_a_cursor() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c");
        std::fs::write(&path, "{\"a\":1}").unwrap();
        assert!(
            CursorFile::open(&path)
                .unwrap_err()
                .to_string()
                .contains("is not a cursor file")
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"a\":1}");
    }
}
