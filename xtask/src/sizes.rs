//! The length of every source file: one idea a file, and a file that can be read in one sitting.

use std::fs;
use std::path::PathBuf;

use crate::Result;
use crate::shell;
use crate::shell::root;
use crate::table::Table;

/// No source file is longer.
const MOST_LINES: usize = 600;

/// Longer than this is shown, to be thought about.
const MANY_LINES: usize = 450;

/// All Rust sources that are in git or about to be.
pub(crate) fn sources() -> Result<Vec<PathBuf>> {
    let listed = shell::read(&mut shell::program(
        "git",
        [
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "--deduplicate",
            "--",
            "*.rs",
        ],
    ))?;
    Ok(listed
        .lines()
        .map(|path| root().join(path))
        .filter(|path| path.exists())
        .collect())
}

pub(crate) fn run() -> Result {
    let mut files = Vec::new();
    let mut wrong = Vec::new();
    for path in sources()? {
        let lines = fs::read_to_string(&path)?.lines().count();
        let name = path.strip_prefix(root())?.to_string_lossy().into_owned();
        // What several test programs share has to be one: cargo takes `tests/common.rs` for a program.
        if name.ends_with("/mod.rs") && !name.contains("/tests/") {
            wrong.push(format!("{name} should be named after its module"));
        }
        if lines > MOST_LINES {
            wrong.push(format!("{name} has {lines} lines, more than {MOST_LINES}"));
        }
        files.push((lines, name));
    }
    files.sort_by(|a, b| b.cmp(a));
    let mut table = Table::new(["lines", "file"]);
    for (lines, name) in files.iter().filter(|(lines, _)| *lines > MANY_LINES) {
        table.row([lines.to_string(), name.clone()]);
    }
    print!("{}", table.markdown());
    let all: usize = files.iter().map(|(lines, _)| lines).sum();
    println!(
        "{} files, {all} lines, none may have more than {MOST_LINES}",
        files.len()
    );
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("; ").into())
    }
}
