//! Rust sources as the chores look at them: the lines that are neither tests, comments nor blank.
//!
//! No parser is needed, since `cargo fmt` comes first: an item ends at the line that closes it at its own
//! indentation.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{self, root};
use crate::{Result, workspace};

/// All files that are in git or about to be and match one of the patterns.
pub(crate) fn files(patterns: &[&str]) -> Result<Vec<PathBuf>> {
    let list = [
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "--deduplicate",
        "--",
    ];
    let listed = shell::read(&mut shell::program("git", list.iter().chain(patterns)))?;
    let paths = listed.lines().map(|path| root().join(path));
    Ok(paths.filter(|path| path.exists()).collect())
}

/// All Rust sources.
pub(crate) fn all() -> Result<Vec<PathBuf>> {
    files(&["*.rs"])
}

/// A file of a crate's `src` folder, without what only tests build.
#[derive(Debug)]
pub(crate) struct Source {
    /// Where it is, from the crate's `src` folder on.
    pub(crate) path: PathBuf,
    /// Its lines of code.
    pub(crate) lines: Vec<String>,
}

/// The sources of a package's library and programs.
pub(crate) fn production(package: &workspace::Package) -> Result<Vec<Source>> {
    let folder = package.folder().join("src");
    let mut tests = BTreeSet::new();
    let mut sources = Vec::new();
    for path in all()? {
        let Ok(path) = path.strip_prefix(&folder) else {
            continue;
        };
        let (lines, modules) = code(&fs::read_to_string(folder.join(path))?);
        tests.extend(modules.iter().map(|name| children(path).join(name)));
        sources.push(Source {
            path: path.to_owned(),
            lines,
        });
    }
    // A module that is declared for tests alone, and all below it.
    sources.retain(|source| {
        let module = source.path.with_extension("");
        !module.ancestors().any(|part| tests.contains(part))
    });
    Ok(sources)
}

/// The folder in which a file's modules are.
fn children(path: &Path) -> PathBuf {
    match path.file_stem().and_then(|name| name.to_str()) {
        Some("lib" | "main" | "mod") | None => path.parent().unwrap_or(path).to_owned(),
        Some(_) => path.with_extension(""),
    }
}

/// The lines of code, and the names of the modules in files of their own that only tests have.
fn code(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut lines, mut modules) = (Vec::new(), Vec::new());
    let mut rest = text.lines();
    while let Some(line) = rest.next() {
        if line.trim() == "#[cfg(test)]" {
            modules.extend(skip_item(&mut rest));
            continue;
        }
        let line = line.split("//").next().unwrap_or_default().trim();
        if !line.is_empty() {
            lines.push(line.to_owned());
        }
    }
    (lines, modules)
}

/// Passes over the item that an attribute belongs to; its name, where it is a module in a file of its own.
fn skip_item<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Option<String> {
    let mut first = lines.next()?;
    while first.trim_start().starts_with(['#', '/']) {
        first = lines.next()?;
    }
    if !first.ends_with([';', '}']) {
        let indent = &first[..first.len() - first.trim_start().len()];
        let ends = ["}", "};", ");", "});"].map(|end| format!("{indent}{end}"));
        lines.find(|line| ends.iter().any(|end| line == end));
    }
    let name = first.trim().strip_suffix(';')?.rsplit_once("mod ")?.1;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn tests_comments_and_blank_lines_are_no_code() {
        let text = "//! What it is.\n\nmod a;\n#[cfg(test)]\nmod testing;\n\n/// Documented.\nfn f() {\n    g(); // why\n}\n\n\
                    #[cfg(test)]\nmod tests {\n    use super::f;\n\n    fn t() {\n    }\n}\n\nfn last() {}\n";
        let (lines, modules) = code(text);
        assert_eq!(lines, ["mod a;", "fn f() {", "g();", "}", "fn last() {}"]);
        assert_eq!(modules, ["testing"]);
    }
}
