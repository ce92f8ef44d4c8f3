//! How much code there is: the length of every source file, and the lines of each crate.

use std::fs;

use crate::Result;
use crate::shell::{self, root};
use crate::source;
use crate::table::Table;
use crate::workspace::Metadata;

/// No source file is longer: one that is holds more than one idea.
const MOST_LINES: usize = 600;

/// Longer than this is shown, to be thought about.
const MANY_LINES: usize = 450;

pub(crate) fn run() -> Result {
    let mut table = Table::new(["crate", "lines of code"]);
    let mut sum = 0;
    for package in Metadata::read()?.members() {
        let lines: usize = source::production(package)?
            .iter()
            .map(|source| source.lines.len())
            .sum();
        sum += lines;
        table.row([package.name.clone(), lines.to_string()]);
    }
    table.row(["all".to_owned(), sum.to_string()]);
    println!("{}without tests, comments and blank lines\n", table.markdown());

    let mut files = Vec::new();
    let mut wrong = Vec::new();
    for path in source::all()? {
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
    println!(
        "{} files, none may have more than {MOST_LINES} lines",
        files.len()
    );
    shell::none_wrong(&wrong)
}
