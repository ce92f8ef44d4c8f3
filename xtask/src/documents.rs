//! The Markdown files: their links lead somewhere, and the source files that they name exist.

use std::fs;

use crate::shell::{self, root};
use crate::{Result, source};

pub(crate) fn run() -> Result {
    let sources: Vec<String> = source::all()?
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let documents = source::files(&["*.md"])?;
    let mut wrong = Vec::new();
    for path in &documents {
        let text = fs::read_to_string(path)?;
        let name = path.strip_prefix(root())?.display();
        let folder = path.parent().unwrap_or(path);
        for link in links(&text) {
            if !folder.join(link).exists() {
                wrong.push(format!("{name}: {link} leads nowhere"));
            }
        }
        for file in named(&text) {
            let end = format!("/{file}");
            if !sources.iter().any(|source| source.ends_with(&end)) {
                wrong.push(format!("{name}: there is no {file}"));
            }
        }
    }
    println!("{} documents", documents.len());
    shell::none_wrong(&wrong)
}

/// The files that links lead to. Those to the web, to a heading and to an item of the code are left out.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    targets
        .map(|target| target.split('#').next().unwrap_or(target))
        .filter(|target| !target.is_empty() && !target.contains([':', ' ']))
}

/// The source files in backticks: `a.rs`, `mateo-model/src/b/c.rs`.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split('`').skip(1).step_by(2);
    code.filter(|word| {
        let stem = word.strip_suffix(".rs");
        stem.is_some_and(|stem| stem != "foo" && !stem.contains([' ', '*', '{', '<']))
    })
}

#[cfg(test)]
mod tests {
    use super::{links, named};

    #[test]
    fn links_to_files_are_found_and_others_left_out() {
        let text = "[a](docs/a.md#here), [b](https://b), [c](#c), [d](crate::D), `e.rs`, `f`, `src/g.rs`";
        assert_eq!(links(text).collect::<Vec<_>>(), ["docs/a.md"]);
        assert_eq!(named(text).collect::<Vec<_>>(), ["e.rs", "src/g.rs"]);
    }
}
