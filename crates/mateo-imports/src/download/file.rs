//! A file that is there whole or not at all.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use tokio::fs::{self, File, OpenOptions};
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
    let first = chunks.next().await?;
    let (mut file, beside) = create_beside(path).await?;
    let mut partial = Partial(Some(beside.clone()));
    let writing = |error| Error::io(format!("write {}", beside.display()), error);
    let mut written = write(&mut chunks, first, &mut file).await;
    loop {
        match written {
            Ok(result) => break result.map_err(writing)?,
            Err(error) if chunks.starts_again(&error) => {
                file.rewind().await.map_err(writing)?;
                file.set_len(0).await.map_err(writing)?;
                written = match chunks.next().await {
                    Ok(first) => write(&mut chunks, first, &mut file).await,
                    Err(error) => Err(error),
                };
            }
            Err(error) => return Err(error),
        }
    }
    file.sync_all().await.map_err(writing)?;
    drop(file);
    let renaming = |error| {
        Error::io(
            format!("rename {} to {}", beside.display(), path.display()),
            error,
        )
    };
    fs::rename(&beside, path).await.map_err(renaming)?;
    partial.0 = None;
    Ok(chunks.written())
}

/// The rest of a download into a file: outside the error of the download, inside that of the file.
async fn write(
    chunks: &mut Chunks,
    first: Option<Bytes>,
    file: &mut File,
) -> Result<std::io::Result<()>, Error> {
    let mut chunk = first;
    while let Some(bytes) = chunk {
        if let Err(error) = file.write_all(&bytes).await {
            return Ok(Err(error));
        }
        chunk = chunks.next().await?;
    }
    Ok(file.flush().await)
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
