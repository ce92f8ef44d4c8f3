//! The workspace with the oldest dependencies its manifests allow: `version = "1.4"` must not need 1.5.

use std::fs;
use std::path::Path;

use crate::shell::root;
use crate::workspace::Metadata;
use crate::{Result, shell};

pub(crate) fn run() -> Result {
    let metadata = Metadata::read()?;
    // A copy of the tree, so that the real lock file is never touched, however this ends. What it builds goes
    // to the same target folder: what is at its oldest already is not built again.
    let copy = metadata.target_directory.join("minimal-versions");
    copy_tree(&copy)?;
    // Cargo calls this resolution unstable and takes the flag on a stable toolchain only when told so. It is
    // set for resolving alone; the check itself is the stable compiler's.
    shell::run(
        shell::cargo(["update", "-Z", "direct-minimal-versions"])
            .current_dir(&copy)
            .env("RUSTC_BOOTSTRAP", "1"),
    )?;
    for package in metadata.published() {
        shell::run(
            shell::cargo(["check", "--locked", "--package", &package.name])
                .current_dir(&copy)
                .env("CARGO_TARGET_DIR", &metadata.target_directory),
        )?;
    }
    println!("every crate builds with the oldest versions its manifest allows");
    Ok(())
}

/// All files of the project, beside it.
fn copy_tree(to: &Path) -> Result {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    let files = shell::read(&mut shell::program(
        "git",
        ["ls-files", "--cached", "--others", "--exclude-standard"],
    ))?;
    for file in files.lines() {
        let from = root().join(file);
        if !from.exists() {
            continue;
        }
        let into = to.join(file);
        if let Some(folder) = into.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(&from, &into)?;
    }
    Ok(())
}
