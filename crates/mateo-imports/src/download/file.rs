//! A file that is there whole or not at all.

use std::path::{Path, PathBuf};

use tokio::fs::{self, File};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::chunks::Chunks;
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
    let mut next = Ok(chunks.next().await?);
    let (mut file, beside) = create_beside(path).await?;
    let mut partial = Partial(Some(beside.clone()));
    let writing = || Error::io(format!("write {}", beside.display()));
    loop {
        match next {
            Ok(Some(chunk)) => file.write_all(&chunk).await.map_err(writing())?,
            Ok(None) => break,
            Err(error) if chunks.starts_again(&error) => {
                file.rewind().await.map_err(writing())?;
                file.set_len(0).await.map_err(writing())?;
            }
            Err(error) => return Err(error),
        }
        next = chunks.next().await;
    }
    file.flush().await.map_err(writing())?;
    file.sync_all().await.map_err(writing())?;
    drop(file);
    let renaming = format!("rename {} to {}", beside.display(), path.display());
    fs::rename(&beside, path).await.map_err(Error::io(renaming))?;
    partial.0 = None;
    Ok(chunks.written())
}

/// A new file in the same folder, so that renaming it is one step.
async fn create_beside(path: &Path) -> Result<(File, PathBuf), Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut number = 0_u32;
    loop {
        let beside = path.with_file_name(format!(".{name}.{}-{number}.part", std::process::id()));
        match File::create_new(&beside).await {
            Ok(file) => return Ok((file, beside)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && number < 1_000 => number += 1,
            Err(error) => return Err(Error::io(format!("create {}", beside.display()))(error)),
        }
    }
}
