//! How the modules of a crate depend on each other: on the module that owns an item, and one way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::source::{self, Source};
use crate::table::Table;
use crate::workspace::{Metadata, Package};
use crate::{Result, shell};

pub(crate) fn run() -> Result {
    let mut table = Table::new(["crate", "modules", "imports through the root", "cycles"]);
    let mut wrong = Vec::new();
    for package in Metadata::read()?.members() {
        let crate_ = Modules::read(package)?;
        let cycles = crate_.cycles();
        let counts = [crate_.uses.len(), crate_.upward.len(), cycles.len()].map(|count| count.to_string());
        table.row(std::iter::once(package.name.clone()).chain(counts));
        wrong.extend(
            crate_
                .upward
                .iter()
                .map(|(file, name)| format!("{}: {file} takes {name} through the root", package.name)),
        );
        wrong.extend(
            cycles
                .iter()
                .map(|cycle| format!("{}: {} depend on each other", package.name, cycle.join(", "))),
        );
    }
    print!("{}", table.markdown());
    shell::none_wrong(&wrong)
}

/// The top-level modules of a crate.
#[derive(Debug, Default)]
struct Modules {
    /// Which others each names.
    uses: BTreeMap<String, BTreeSet<String>>,
    /// Files that import an item from the crate's root which the root only re-exports, and its name.
    upward: Vec<(String, String)>,
}

impl Modules {
    fn read(package: &Package) -> Result<Self> {
        Ok(Self::of(&source::production(package)?))
    }

    fn of(sources: &[Source]) -> Self {
        let is_root = |path: &Path| path == Path::new("lib.rs") || path == Path::new("main.rs");
        let root: Vec<&str> = sources
            .iter()
            .filter(|source| is_root(&source.path))
            .flat_map(|source| &source.lines)
            .map(String::as_str)
            .collect();
        let mut modules = Self::default();
        for line in &root {
            if let Some((_, name)) = line.strip_suffix(';').and_then(|line| line.split_once("mod ")) {
                modules.uses.insert(name.to_owned(), BTreeSet::new());
            }
        }
        for source in sources.iter().filter(|source| !is_root(&source.path)) {
            let own = source.path.with_extension("");
            let own = own
                .iter()
                .next()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            for name in named(&source.lines.join("\n")) {
                if modules.uses.contains_key(&name) {
                    if name != own
                        && let Some(uses) = modules.uses.get_mut(&own)
                    {
                        uses.insert(name);
                    }
                } else if !root.iter().any(|line| defines(line, &name)) {
                    modules.upward.push((source.path.display().to_string(), name));
                }
            }
        }
        modules
    }

    /// Groups of modules that reach each other.
    fn cycles(&self) -> Vec<Vec<&str>> {
        let reach: BTreeMap<&str, BTreeSet<&str>> = self
            .uses
            .keys()
            .map(|name| (name.as_str(), self.reach(name)))
            .collect();
        let cycles: BTreeSet<Vec<&str>> = reach
            .iter()
            .filter(|(name, reached)| reached.contains(**name))
            .map(|(name, reached)| {
                let back = |other: &&&str| reach.get(**other).is_some_and(|reached| reached.contains(name));
                reached.iter().filter(back).copied().collect()
            })
            .collect();
        cycles.into_iter().collect()
    }

    /// The modules that one names, itself or through others.
    fn reach(&self, from: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut open = vec![from];
        while let Some(name) = open.pop() {
            for next in self.uses.get(name).into_iter().flatten() {
                if reached.insert(next.as_str()) {
                    open.push(next);
                }
            }
        }
        reached
    }
}

/// What follows `crate::` in a source: `a` of `crate::a::B`; `a` and `B` of `crate::{a::C, B}`.
fn named(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut keep = |text: &str| {
        let name: String = text
            .trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        if !name.is_empty() && name != "self" {
            names.insert(name);
        }
    };
    for (at, word) in code.match_indices("crate::") {
        if code[..at].ends_with(['$', '_']) || code[..at].ends_with(char::is_alphanumeric) {
            continue;
        }
        let after = &code[at + word.len()..];
        let Some(list) = after.strip_prefix('{') else {
            keep(after);
            continue;
        };
        let (mut depth, mut start) = (0_usize, 0);
        for (place, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' if depth == 0 => {
                    keep(&list[start..place]);
                    start = place + 1;
                }
                '}' => {
                    keep(&list[start..place]);
                    break;
                }
                _ => {}
            }
        }
    }
    names
}

/// Whether a line of the root gives the item itself, rather than passing it on with `pub use`.
fn defines(line: &str, name: &str) -> bool {
    ["type", "struct", "enum", "trait", "fn", "const", "macro_rules!"]
        .iter()
        .any(|kind| {
            line.split_once(&format!("{kind} {name}"))
                .is_some_and(|(_, rest)| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
}

#[cfg(test)]
mod tests {
    use super::{Modules, named};
    use crate::source::Source;

    fn source(path: &str, lines: &[&str]) -> Source {
        Source {
            path: path.into(),
            lines: lines.iter().map(|&line| line.to_owned()).collect(),
        }
    }

    #[test]
    fn all_paths_of_a_list_are_seen() {
        let found =
            named("use crate::{\n    Error, a::{B, C},\n    d,\n};\nlet x = crate::e::f(); $crate::g");
        assert_eq!(
            found.iter().map(String::as_str).collect::<Vec<_>>(),
            ["Error", "a", "d", "e"]
        );
    }

    #[test]
    fn an_item_is_taken_from_the_module_that_owns_it() {
        let modules = Modules::of(&[
            source(
                "lib.rs",
                &["mod a;", "mod b;", "pub use a::Thing;", "type Result = ();"],
            ),
            source("a.rs", &["use crate::Result;"]),
            source("b/c.rs", &["use crate::Thing;"]),
        ]);
        assert_eq!(modules.upward, [("b/c.rs".to_owned(), "Thing".to_owned())]);
    }

    #[test]
    fn modules_that_reach_each_other_are_a_cycle() {
        let modules = Modules::of(&[
            source("main.rs", &["mod a;", "mod b;", "mod c;", "mod d;"]),
            source("a.rs", &["use crate::b::B;"]),
            source("b/deep.rs", &["use crate::c::C;"]),
            source("c.rs", &["crate::a::f();"]),
            source("d.rs", &["use crate::{a::A, d::E};"]),
        ]);
        assert_eq!(modules.cycles(), [["a", "b", "c"]]);
    }
}
