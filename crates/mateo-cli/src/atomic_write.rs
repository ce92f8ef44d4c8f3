//! Files that a command writes: complete or as they were before, and never over a file that isn't the program's own.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::{Code, Failure};

/// Which existing files may be replaced. An empty one always may: nothing is lost with it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Replace {
    /// Any: `--force`.
    Any,
    /// One that begins as this program's own output does.
    Own(fn(&[u8]) -> bool),
    /// None.
    Never,
}

impl Replace {
    /// Any file if the user says so, else none.
    pub(crate) fn with_force(force: bool) -> Self {
        if force { Self::Any } else { Self::Never }
    }
}

/// How much of a file is read to tell whose it is.
const HEAD: u64 = 1024;

/// What temporary files end with, after random letters.
const SUFFIX: &str = ".mateo-tmp";

/// Writes the file; whoever reads it sees the old content or the new one, also after a crash.
pub(crate) fn write(path: &Path, content: &[u8], replace: Replace) -> Result<(), Failure> {
    let failed = |error: io::Error| could_not_write(path, &error);
    let mut file = AtomicFile::create(path, replace)?;
    file.file().write_all(content).map_err(failed)?;
    file.commit().map_err(failed)
}

/// Rejects a path that can't be written to, before anything is asked for.
pub(crate) fn check(path: &Path, replace: Replace) -> Result<(), Failure> {
    target(path, replace).map(drop)
}

/// Whether the path names a device, a pipe or an open file of this process, which are written to as they are.
pub(crate) fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|facts| !facts.is_dir() && (!facts.is_file() || is_descriptor(path)))
}

/// Opens such a path.
pub(crate) fn open_device(path: &Path) -> Result<File, Failure> {
    // Appending keeps what stdout has written where that is a regular file.
    OpenOptions::new()
        .append(true)
        .open(path)
        .map_err(|error| could_not_write(path, &error))
}

/// Gives a complete file in the same folder its name.
pub(crate) fn put(file: &File, from: &Path, path: &Path, replace: Replace) -> Result<(), Failure> {
    let failed = |error: io::Error| could_not_write(path, &error);
    let path = match target(path, replace)? {
        Target::Existing(path, facts) => {
            keep_owner_and_mode(file, &facts).map_err(failed)?;
            path
        }
        Target::New(path) => path,
        Target::Device => return Err(failed(ErrorKind::AlreadyExists.into())),
    };
    fs::rename(from, &path).map_err(failed)?;
    sync_folder(&path);
    Ok(())
}

/// A file that appears under its name with [`commit`](Self::commit), or is removed.
#[derive(Debug)]
pub(crate) struct AtomicFile {
    target: Writing,
}

#[derive(Debug)]
enum Writing {
    /// A device or a pipe, which is written to as it is.
    Through(File),
    /// A file beside the target, which replaces it.
    Beside(NamedTempFile, PathBuf),
}

impl AtomicFile {
    pub(crate) fn create(path: &Path, replace: Replace) -> Result<Self, Failure> {
        let failed = |error: io::Error| could_not_write(path, &error);
        let target = match target(path, replace)? {
            Target::Device => Writing::Through(open_device(path)?),
            Target::New(path) => Writing::Beside(beside(&path).map_err(failed)?, path),
            Target::Existing(path, facts) => {
                let file = beside(&path).map_err(failed)?;
                keep_owner_and_mode(file.as_file(), &facts).map_err(failed)?;
                Writing::Beside(file, path)
            }
        };
        Ok(Self { target })
    }

    /// What is written to.
    pub(crate) fn file(&mut self) -> &mut File {
        match &mut self.target {
            Writing::Through(file) => file,
            Writing::Beside(file, _) => file.as_file_mut(),
        }
    }

    /// Makes the content the file's, on the disk.
    pub(crate) fn commit(self) -> io::Result<()> {
        match self.target {
            Writing::Through(mut device) => device.flush(),
            Writing::Beside(file, path) => {
                file.as_file().sync_all()?;
                file.persist(&path).map_err(|error| error.error)?;
                sync_folder(&path);
                Ok(())
            }
        }
    }
}

/// What is at a path.
enum Target {
    New(PathBuf),
    Existing(PathBuf, Metadata),
    Device,
}

fn target(path: &Path, replace: Replace) -> Result<Target, Failure> {
    let facts = match fs::metadata(path) {
        Ok(facts) => facts,
        Err(error) if error.kind() == ErrorKind::NotFound => return new_target(path),
        Err(error) => return Err(could_not_write(path, &error)),
    };
    if facts.is_dir() {
        return Err(
            Failure::new(Code::File, format!("{} is a directory", path.display()))
                .advice("name a file in it"),
        );
    }
    if is_device(path) {
        return Ok(Target::Device);
    }
    let may = facts.len() == 0
        || match replace {
            Replace::Any => true,
            Replace::Never => false,
            Replace::Own(is_own) => is_own(&head(path)),
        };
    if !may {
        return Err(
            Failure::new(Code::File, format!("{} already exists", path.display()))
                .advice("give another name, or --force to replace it"),
        );
    }
    // A link stays a link, and its target is what changes.
    let path = fs::canonicalize(path).map_err(|error| could_not_write(path, &error))?;
    Ok(Target::Existing(path, facts))
}

fn new_target(path: &Path) -> Result<Target, Failure> {
    if path.symlink_metadata().is_ok() {
        return Err(Failure::new(
            Code::File,
            format!("{} is a link to a file that doesn't exist", path.display()),
        )
        .advice("name the file itself"));
    }
    let folder = folder(path);
    if !folder.is_dir() {
        return Err(
            Failure::new(Code::File, format!("there is no folder {}", folder.display()))
                .advice("create it, or give another name"),
        );
    }
    Ok(Target::New(path.to_owned()))
}

/// Whether the path names an open file of this process (`/dev/stdout`, `/dev/fd/3`): that is never replaced.
fn is_descriptor(path: &Path) -> bool {
    fs::canonicalize(folder(path))
        .is_ok_and(|folder| folder == Path::new("/dev") || folder.starts_with("/proc"))
}

fn head(path: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    if let Ok(file) = File::open(path) {
        // What can't be read isn't recognised.
        let _ = file.take(HEAD).read_to_end(&mut head);
    }
    head
}

fn could_not_write(path: &Path, error: &io::Error) -> Failure {
    Failure::file(format!("could not write {}", path.display()), error)
}

/// The path with something appended to its name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The folder that a file is in.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A new file in the same folder, so that renaming it is one step. It is locked for as long as it is written: what a
/// killed run left isn't, and is removed by the next run that writes to the same name.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let prefix = temporary_prefix(path);
    remove_abandoned(path, &prefix);
    for _ in 0..100 {
        let file = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(SUFFIX)
            .rand_bytes(16)
            .tempfile_in(folder(path))?;
        match file.as_file().try_lock() {
            // Another run may have taken it for abandoned, and removed it, before it was locked.
            Err(TryLockError::WouldBlock) => {}
            Ok(()) if !file.path().exists() => {}
            // A file system without locks: nothing is taken for abandoned there.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

fn temporary_prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(".");
    prefix
}

/// Removes temporary files for this name that no process has locked.
fn remove_abandoned(path: &Path, prefix: &OsString) {
    let Ok(entries) = fs::read_dir(folder(path)) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let is_temporary = name.starts_with(prefix.as_encoded_bytes()) && name.ends_with(SUFFIX.as_bytes());
        // `file_type` doesn't follow links, so that nothing but a plain file is opened.
        if is_temporary
            && entry.file_type().is_ok_and(|kind| kind.is_file())
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// As far as this user may: the owner stays with the file only for a privileged one.
#[cfg(unix)]
fn keep_owner_and_mode(file: &File, facts: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    let is_owners = fchown(file, Some(facts.uid()), Some(facts.gid())).is_ok();
    // Rights of a group or an owner are for that group and that owner.
    let mask = if is_owners { 0o777 } else { 0o700 };
    file.set_permissions(fs::Permissions::from_mode(facts.permissions().mode() & mask))
}

#[cfg(not(unix))]
fn keep_owner_and_mode(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// A rename is on the disk when its folder is. Where folders can't be opened (Windows) the system sees to it.
fn sync_folder(path: &Path) {
    if let Ok(folder) = File::open(folder(path)) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests;
