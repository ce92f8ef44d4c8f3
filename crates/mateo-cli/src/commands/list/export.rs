//! `--out`: a file that appears when it is complete, and that a later run can go on with.
//!
//! Rows go to a partial file beside the target. What it holds, and from where to go on, is kept in a second one: after a
//! crash the partial file is cut to what the second one says.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mateo_imports::ListingCursor;
use serde::{Deserialize, Serialize};

use crate::atomic_write::{self, Replace};
use crate::failure::{Code, Failure};

/// How often the place is kept. A killed run loses at most so much work.
const KEEP: Duration = Duration::from_secs(1);

/// What goes on from run to run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Progress {
    version: u32,
    /// The flags that decide what is in the file, compared as a whole.
    asked: String,
    /// The query itself: an age such as `2d` gives another one in every run.
    pub(super) query: String,
    /// The partial file's name, in the target's folder.
    partial: String,
    bytes: u64,
    pub(super) printed: u64,
    /// The columns of CSV, once they are known.
    pub(super) columns: Vec<String>,
    pub(super) cursor: Option<ListingCursor>,
}

const VERSION: u32 = 1;

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Export {
    path: PathBuf,
    file: File,
    pub(super) progress: Progress,
    kept: Instant,
    replace: Replace,
}

impl Export {
    /// Begins the file anew; what an earlier run left is removed.
    pub(super) fn begin(
        path: &Path,
        asked: String,
        query: String,
        replace: Replace,
    ) -> Result<Self, Failure> {
        atomic_write::check(path, replace)?;
        if let Some(left) = read(path)? {
            // One that another run is writing isn't taken away.
            if beside(path, &left.partial).exists() {
                lock(path, &left)?;
            }
            remove(path, &left);
        }
        let failed = |error: io::Error| could_not_write(path, &error);
        let (file, partial) = tempfile::Builder::new()
            .prefix(&[".", &name(path), "."].concat())
            .suffix(".mateo-partial")
            .rand_bytes(16)
            .tempfile_in(atomic_write::folder(path))
            .and_then(|file| file.keep().map_err(|error| error.error))
            .map_err(failed)?;
        let partial = partial
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        // A file system without locks can't tell of a second run.
        let _ = file.try_lock();
        let mut export = Self {
            path: path.to_owned(),
            file,
            progress: Progress {
                version: VERSION,
                asked,
                query,
                partial: partial.unwrap_or_default(),
                bytes: 0,
                printed: 0,
                columns: Vec::new(),
                cursor: None,
            },
            kept: Instant::now(),
            replace,
        };
        export.write()?;
        Ok(export)
    }

    /// Goes on with what an earlier run left, if it left something.
    pub(super) fn resume(path: &Path, asked: &str, replace: Replace) -> Result<Option<Self>, Failure> {
        let Some(progress) = read(path)? else {
            return Ok(None);
        };
        atomic_write::check(path, replace)?;
        if progress.asked != asked {
            return Err(Failure::usage(format!(
                "the incomplete export of {} was asked for with other flags",
                path.display()
            ))
            .advice("give the same flags, or leave out --resume to begin again"));
        }
        let mut file = lock(path, &progress)?;
        let failed = |error: io::Error| could_not_write(path, &error);
        let length = file.metadata().map_err(failed)?.len();
        if length < progress.bytes {
            return Err(Failure::new(
                Code::File,
                format!(
                    "{} has {length} bytes of the {} that were written to it",
                    beside(path, &progress.partial).display(),
                    progress.bytes
                ),
            )
            .advice("leave out --resume to begin again"));
        }
        file.set_len(progress.bytes).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(Some(Self {
            path: path.to_owned(),
            file,
            progress,
            kept: Instant::now(),
            replace,
        }))
    }

    /// What rows are written to.
    pub(super) fn file(&self) -> Result<File, Failure> {
        self.file
            .try_clone()
            .map_err(|error| could_not_write(&self.path, &error))
    }

    /// Whether it is time to keep the place.
    pub(super) fn is_due(&self) -> bool {
        self.kept.elapsed() >= KEEP
    }

    /// Keeps the place: rows first, on the disk, then where to go on after them.
    pub(super) fn keep(
        &mut self,
        printed: u64,
        columns: &[String],
        cursor: ListingCursor,
    ) -> Result<(), Failure> {
        let failed = |error: io::Error| could_not_write(&self.path, &error);
        self.file.sync_data().map_err(failed)?;
        self.progress.bytes = self.file.stream_position().map_err(failed)?;
        self.progress.printed = printed;
        self.progress.columns = columns.to_vec();
        self.progress.cursor = Some(cursor);
        self.write()
    }

    fn write(&mut self) -> Result<(), Failure> {
        let mut text = serde_json::to_vec(&self.progress).map_err(|error| {
            Failure::new(Code::Failed, format!("could not write {}", self.path.display())).source(error)
        })?;
        text.push(b'\n');
        atomic_write::write(&state(&self.path), &text, Replace::Any)?;
        self.kept = Instant::now();
        Ok(())
    }

    /// The file is complete: it gets its name.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let partial = beside(&self.path, &self.progress.partial);
        let failed = |error: io::Error| could_not_write(&self.path, &error);
        self.file.sync_all().map_err(failed)?;
        atomic_write::put(&self.file, &partial, &self.path, self.replace)?;
        let _ = fs::remove_file(state(&self.path));
        Ok(())
    }
}

/// `FILE.mateo-resume` says how far the export of `FILE` is.
fn state(path: &Path) -> PathBuf {
    atomic_write::with_suffix(path, ".mateo-resume")
}

fn name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn beside(path: &Path, name: &str) -> PathBuf {
    atomic_write::folder(path).join(name)
}

fn could_not_write(path: &Path, error: &io::Error) -> Failure {
    Failure::file(format!("could not write {}", path.display()), error)
}

/// What an earlier run left.
fn read(path: &Path) -> Result<Option<Progress>, Failure> {
    let state = state(path);
    let text = match fs::read(&state) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Failure::file(
                format!("could not read {}", state.display()),
                &error,
            ));
        }
    };
    let progress: Option<Progress> = serde_json::from_slice(&text).ok();
    match progress {
        // A name, not a path: nothing but a file of this folder is opened and removed.
        Some(progress)
            if progress.version == VERSION
                && Path::new(&progress.partial).file_name() == Some(progress.partial.as_ref()) =>
        {
            Ok(Some(progress))
        }
        _ => Err(Failure::new(
            Code::File,
            format!("{} doesn't say how far an export is", state.display()),
        )
        .advice("remove it, or give another --out")),
    }
}

/// The partial file, for this run alone.
fn lock(path: &Path, progress: &Progress) -> Result<File, Failure> {
    let partial = beside(path, &progress.partial);
    let failed = |error: io::Error| Failure::file(format!("could not open {}", partial.display()), &error);
    if partial.symlink_metadata().is_ok_and(|facts| !facts.is_file()) {
        return Err(failed(ErrorKind::InvalidInput.into()));
    }
    let file = match OpenOptions::new().write(true).open(&partial) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(failed(error).advice(format!("remove {} to begin again", state(path).display())));
        }
        Err(error) => return Err(failed(error)),
    };
    match file.try_lock() {
        Err(fs::TryLockError::WouldBlock) => Err(Failure::new(
            Code::File,
            format!("another run is writing {}", path.display()),
        )
        .advice("wait for its end, or give another --out")),
        _ => Ok(file),
    }
}

fn remove(path: &Path, progress: &Progress) {
    let _ = fs::remove_file(beside(path, &progress.partial));
    let _ = fs::remove_file(state(path));
}
