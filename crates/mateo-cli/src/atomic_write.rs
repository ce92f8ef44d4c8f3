//! Files that are there whole or as they were: written beside, on the disk, then renamed.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Writes the file; whoever reads it sees the old content or the new one, also after a crash.
pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    // A link stays a link, and its target is what changes.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let beside = Beside(with_suffix(&path, &format!(".{}.tmp", std::process::id())));
    let mut file = File::create(&beside.0)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&beside.0, &path)?;
    sync_folder(&path);
    Ok(())
}

/// The path with something behind it.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A rename is on the disk when its folder is. Where folders can't be opened (Windows) the system sees to it.
fn sync_folder(path: &Path) {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Is removed if it is still there.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::write;

    #[test]
    fn the_file_is_replaced_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        for content in ["one", "two"] {
            write(&path, content.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(write(&dir.path().join("no/where"), b"").is_err());
    }
}
