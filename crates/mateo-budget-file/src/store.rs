//! The locked file: one step is reading, changing and writing it under its lock.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mateo_http::{
    ApiKey, BoxFuture,
    budget::{BudgetError, BudgetStore, Operation, Reply},
};
use tokio::time::{Instant, sleep};

use crate::clock::{Clocks, Reading};
use crate::error::FileStoreError;
use crate::network;
use crate::slots::{self, Content, Found};

/// A lock is held for some microseconds. Whoever holds it for so long is stopped.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a lock that is held is tried again.
const AGAIN: Duration = Duration::from_millis(1);

/// The budget of one key in a file, for all processes of a machine.
///
/// ```
/// use mateo_budget_file::FileStore;
/// use mateo_http::{ApiKey, Pipeline, Budget, budget::KeyBudget};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// let store = FileStore::open(folder, Pipeline::BASE_URL, &ApiKey::new("…"))?;
/// let budget = KeyBudget::builder().store(store).build();
/// assert_eq!(budget.state(1).await?.left_today, Some(10_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
    clocks: Clocks,
    file: Mutex<Option<File>>,
}

impl FileStore {
    /// The budget of `key` at the server of `base_url`, in a file in `folder`, which is created where there is none. All who
    /// are to share the budget give the same folder.
    ///
    /// # Errors
    /// A folder on a network, or one that cannot be created, or a base URL that is none. What is wrong with the file
    /// itself is reported by the requests.
    pub fn open(folder: impl AsRef<Path>, base_url: &str, key: &ApiKey) -> Result<Self, FileStoreError> {
        let folder = folder.as_ref();
        let name = key
            .fingerprint(base_url)
            .ok_or_else(|| FileStoreError::BaseUrl(base_url.to_owned()))?;
        create(folder).map_err(|source| FileStoreError::Io {
            path: folder.to_owned(),
            source,
        })?;
        if let Some(kind) = network::kind(folder) {
            return Err(FileStoreError::Network {
                path: folder.to_owned(),
                kind,
            });
        }
        Ok(Self {
            path: folder.join(format!("budget-{name}")),
            clocks: Clocks::new(),
            file: Mutex::default(),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes a step; `None` where another process holds the lock.
    fn step(&self, operation: &Operation) -> Result<Option<Reply>, FileStoreError> {
        let mut open = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let file = match open.take() {
                Some(file) => file,
                None => create_file(&self.path).map_err(|error| self.io(error))?,
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    *open = Some(file);
                    return Ok(None);
                }
                Err(TryLockError::Error(error)) => return Err(self.io(error)),
            }
            // Somebody may have deleted it, or put another in its place: then others use that one.
            if !is_at(&file, &self.path) {
                continue;
            }
            let reply = self.locked(&file, operation, &self.clocks.read());
            file.unlock().map_err(|error| self.io(error))?;
            *open = Some(file);
            return reply.map(Some);
        }
    }

    fn locked(&self, file: &File, operation: &Operation, reading: &Reading) -> Result<Reply, FileStoreError> {
        let (mut content, number) = match slots::read(file).map_err(|error| self.io(error))? {
            Found::Content(content, number) => (*content, number),
            Found::Nothing => (Content::new(reading), 0),
            Found::Damaged => {
                let path = self.path.clone();
                return Err(FileStoreError::Damaged { path });
            }
        };
        content.time += reading.since(&content.read);
        content.read = reading.clone();
        let reply = content.ledger.apply(operation, content.time);
        slots::write(file, &content, number + 1).map_err(|error| self.io(error))?;
        Ok(reply)
    }

    fn io(&self, source: io::Error) -> FileStoreError {
        let path = self.path.clone();
        FileStoreError::Io { path, source }
    }
}

impl BudgetStore for FileStore {
    fn apply<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Reply, BudgetError>> {
        Box::pin(async move {
            let begin = Instant::now();
            loop {
                let error = match self.step(operation) {
                    Ok(Some(reply)) => return Ok(reply),
                    Ok(None) if begin.elapsed() < PATIENCE => {
                        sleep(AGAIN).await;
                        continue;
                    }
                    Ok(None) => FileStoreError::Locked {
                        path: self.path.clone(),
                    },
                    Err(error) => error,
                };
                return Err(BudgetError::Unavailable(error.into()));
            }
        })
    }
}

/// Creates a folder that only its user can read, where there is none.
fn create(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Opens a file that only its user can read, and creates it where there is none.
fn create_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether `file` is what `path` names.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(file), Ok(path)) => place(file) == place(path),
        _ => false,
    }
}

/// A file that is open is not deleted elsewhere.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests;
