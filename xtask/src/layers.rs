//! The arrows between the crates, and what each crate may pull in: ARCHITECTURE.md's layers, held by machine.

use std::collections::BTreeSet;
use std::fs;

use crate::shell::root;
use crate::table::Table;
use crate::workspace::{Metadata, Package, tree};
use crate::{Result, shell, source};

/// Which of the workspace's crates each crate may take as a normal dependency. Arrows go down only.
const ARROWS: [(&str, &[&str]); 9] = [
    ("mateo-model", &[]),
    ("mateo-http", &["mateo-model"]),
    ("mateo-budget-file", &["mateo-http"]),
    ("mateo-budget-redis", &["mateo-http"]),
    ("mateo-imports", &["mateo-http", "mateo-model"]),
    ("mateo-sandbox", &["mateo-http", "mateo-model"]),
    ("mateo-sync", &["mateo-imports"]),
    (
        "mateo-cli",
        &[
            "mateo-budget-file",
            "mateo-budget-redis",
            "mateo-http",
            "mateo-imports",
            "mateo-model",
            "mateo-sandbox",
            "mateo-sync",
        ],
    ),
    (
        "xtask",
        &["mateo-http", "mateo-imports", "mateo-model", "mateo-sandbox"],
    ),
];

/// What a program that takes only the model must not have to build.
const NOT_IN_MODEL: [&str; 6] = [
    "tokio",
    "http",
    "reqwest",
    "hyper",
    "futures-core",
    "futures-util",
];

/// At most this many crates come with `mateo-model`.
const MODEL_CRATES: usize = 20;

/// At most this many crates does `mateo-imports` add to reqwest with the same TLS.
const IMPORTS_CRATES: usize = 25;

pub(crate) fn run() -> Result {
    let metadata = Metadata::read()?;
    let mut wrong = Vec::new();
    let mut table = Table::new(["rule", "is", "holds"]);
    let mut check = |rule: String, is: String, holds: bool| {
        table.row([
            rule.clone(),
            is.clone(),
            if holds { "yes" } else { "NO" }.to_owned(),
        ]);
        if !holds {
            wrong.push(format!("{rule}: {is}"));
        }
    };

    for package in metadata.members() {
        let (rule, is, holds) = arrows(package, &metadata);
        check(rule, is, holds);
    }

    let model = tree(&["--package", "mateo-model"])?;
    let forbidden: Vec<&str> = NOT_IN_MODEL
        .into_iter()
        .filter(|name| model.contains(*name))
        .collect();
    let is = if forbidden.is_empty() {
        "none of them".to_owned()
    } else {
        forbidden.join(", ")
    };
    check(
        format!("mateo-model brings no {}", NOT_IN_MODEL.join(", ")),
        is,
        forbidden.is_empty(),
    );
    check(
        format!("mateo-model brings at most {MODEL_CRATES} crates"),
        model.len().to_string(),
        model.len() <= MODEL_CRATES,
    );

    let imports = tree(&["--package", "mateo-imports"])?;
    let reqwest = metadata.closure(&["reqwest", "rustls"], &imports);
    let added = imports.difference(&reqwest).count();
    check(
        format!("mateo-imports adds at most {IMPORTS_CRATES} crates to reqwest's with the same TLS"),
        format!("{added} to {}", reqwest.len()),
        added <= IMPORTS_CRATES && reqwest.contains("reqwest"),
    );

    let files = reqwest_files()?;
    check(
        "reqwest is named in no more than one source file".to_owned(),
        files.join(", "),
        files.len() <= 1,
    );

    print!("{}", table.markdown());
    shell::none_wrong(&wrong)
}

/// One crate's arrows: the rule, what is there, and whether it holds.
fn arrows(package: &Package, metadata: &Metadata) -> (String, String, bool) {
    let own: BTreeSet<&str> = metadata
        .members()
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    let taken: BTreeSet<&str> = package.normal().filter(|name| own.contains(name)).collect();
    let allowed = ARROWS
        .iter()
        .find(|(name, _)| *name == package.name)
        .map(|(_, allowed)| *allowed);
    let say = |names: &[&str]| {
        if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.join(", ")
        }
    };
    let taken: Vec<&str> = taken.into_iter().collect();
    match allowed {
        None => (
            format!("{} has a line in the layers", package.name),
            "it has none".to_owned(),
            false,
        ),
        Some(allowed) => (
            format!("{} takes of ours only {}", package.name, say(allowed)),
            say(&taken),
            taken.iter().all(|name| allowed.contains(name)),
        ),
    }
}

/// The library and program sources whose code (comments apart) names reqwest. Tests and benches beside the
/// crates may, to compare with it.
fn reqwest_files() -> Result<Vec<String>> {
    let mut found = Vec::new();
    for file in source::all()? {
        let path = file.strip_prefix(root())?.to_string_lossy().into_owned();
        if !path.starts_with("crates/") || !path.contains("/src/") {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        let code = text.lines().map(|line| line.split("//").next().unwrap_or(line));
        if code.into_iter().any(names_reqwest) {
            found.push(path);
        }
    }
    Ok(found)
}

/// Whether a line of code uses the crate, as in `reqwest::Client` or `use reqwest;`, not a name made of its.
fn names_reqwest(line: &str) -> bool {
    let own = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices("reqwest").any(|(at, word)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let whole = !before.ends_with(own) && !after.starts_with(own);
        whole && (after.starts_with("::") || before.ends_with("use ") || before.ends_with("extern crate "))
    })
}

#[cfg(test)]
mod tests {
    use super::names_reqwest;

    #[test]
    fn the_crate_is_told_from_names_made_of_its() {
        assert!(names_reqwest("use reqwest::{Body, Client};"));
        assert!(names_reqwest("    client: reqwest::Client,"));
        assert!(!names_reqwest("pub use reqwest_transport::ReqwestTransport;"));
        assert!(!names_reqwest("#[cfg(feature = \"reqwest\")]"));
    }
}
