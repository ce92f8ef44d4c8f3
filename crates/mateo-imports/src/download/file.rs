//! A file that is there whole or not at all.

use std::path::{Path, PathBuf};

use tokio::fs::{self, File, OpenOptions};
use tokio::io::AsyncWriteExt;

use super::Chunks;
use crate::error::Error;

/// Removes the file unless it was renamed.
struct Partial(Option<PathBuf>);

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // Nothing can be done where it can't be removed; the name says what it is.
            let _ = std::fs::remove_file(path);
        }
    }
}

pub(super) async fn save(mut chunks: Chunks, path: &Path) -> Result<u64, Error> {
    // The first piece comes before the file, so that what can't be downloaded leaves no trace.
    let mut chunk = chunks.next().await?;
    let (mut file, beside) = create_beside(path).await?;
    let mut partial = Partial(Some(beside.clone()));
    let writing = || format!("write {}", beside.display());
    while let Some(bytes) = chunk {
        file.write_all(&bytes)
            .await
            .map_err(|error| Error::io(writing(), error))?;
        chunk = chunks.next().await?;
    }
    file.flush().await.map_err(|error| Error::io(writing(), error))?;
    file.sync_all()
        .await
        .map_err(|error| Error::io(writing(), error))?;
    drop(file);
    let renaming = |error| {
        Error::io(
            format!("rename {} to {}", beside.display(), path.display()),
            error,
        )
    };
    fs::rename(&beside, path).await.map_err(renaming)?;
    partial.0 = None;
    Ok(chunks.received())
}

/// A new file in the same folder, so that renaming it is one step.
async fn create_beside(path: &Path) -> Result<(File, PathBuf), Error> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let mut number = 0_u32;
    loop {
        let beside = path.with_file_name(format!(".{name}.{}-{number}.part", std::process::id()));
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&beside)
            .await
        {
            Ok(file) => return Ok((file, beside)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && number < 1_000 => number += 1,
            Err(error) => return Err(Error::io(format!("create {}", beside.display()), error)),
        }
    }
}
