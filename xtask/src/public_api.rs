//! The public items of every library against `docs/api`, so that a breaking change is seen in review.
//!
//! An item that is gone, or has another signature, is an error until it is blessed; a new one is only shown.
//!
//! The list comes from rustdoc's JSON, which only an unstable flag prints. The flag is allowed to rustdoc alone:
//! this program stands in for it (`RUSTDOC`), and calls the real one with the permission set. Set for all of
//! cargo, it would make build scripts believe they were on nightly and build everything anew.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::env;
use std::fs;
use std::process::{Command, ExitCode};

use clap::Args;

use crate::shell::root;
use crate::table::Table;
use crate::workspace::Metadata;
use crate::{Result, shell};

#[derive(Debug, Default, Args)]
pub(crate) struct Arguments {
    /// Write the lists instead of comparing with them
    #[arg(long)]
    bless: bool,
}

/// Tells this program, started as `rustdoc`, to be rustdoc.
const AS_RUSTDOC: &str = "XTASK_AS_RUSTDOC";

/// Is rustdoc with its unstable flags allowed, where this program was started as such.
pub(crate) fn as_rustdoc() -> Option<ExitCode> {
    env::var_os(AS_RUSTDOC)?;
    let status = Command::new("rustdoc")
        .args(env::args_os().skip(1))
        .env("RUSTC_BOOTSTRAP", "1")
        .status();
    Some(match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    let metadata = Metadata::read()?;
    let folder = root().join("docs/api");
    let mut table = Table::new(["crate", "public items", "gone", "new"]);
    let mut changed = Vec::new();
    for package in metadata
        .published()
        .into_iter()
        .filter(|package| package.is_library())
    {
        let items = items(&metadata, &package.name)?;
        let path = folder.join(format!("{}.txt", package.name));
        if arguments.bless {
            fs::create_dir_all(&folder)?;
            fs::write(&path, items.join("\n") + "\n")?;
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        let kept: Vec<&str> = kept.lines().collect();
        let gone: Vec<&str> = kept
            .iter()
            .filter(|item| !items.iter().any(|now| now == *item))
            .copied()
            .collect();
        let new: Vec<&String> = items
            .iter()
            .filter(|item| !kept.contains(&item.as_str()))
            .collect();
        for item in &gone {
            println!("- {item}");
        }
        for item in &new {
            println!("+ {item}");
        }
        let counts = [items.len(), gone.len(), new.len()].map(|count| count.to_string());
        table.row(std::iter::once(package.name.clone()).chain(counts));
        if !gone.is_empty() {
            changed.push(package.name.as_str());
        }
    }
    print!("{}", table.markdown());
    if changed.is_empty() {
        return Ok(());
    }
    let names = changed.join(", ");
    Err(format!(
        "public items of {names} are gone or changed: if that is meant, `cargo xtask public-api --bless`"
    )
    .into())
}

/// The public items of one library, one a line: without the implementations that every type has, and with all that a
/// type derives in one line.
fn items(metadata: &Metadata, package: &str) -> Result<Vec<String>> {
    let arguments = [
        "rustdoc",
        "--quiet",
        "--lib",
        "--package",
        package,
        "--",
        "-Z",
        "unstable-options",
        "--output-format",
        "json",
        "--cap-lints",
        "allow",
    ];
    let own = env::current_exe()?;
    shell::read(shell::cargo(arguments).env("RUSTDOC", own).env(AS_RUSTDOC, "1"))?;
    let json = metadata
        .target_directory
        .join("doc")
        .join(format!("{}.json", package.replace('-', "_")));
    let list = |with_derived: bool| -> Result<Vec<String>> {
        let api = public_api::Builder::from_rustdoc_json(&json)
            .omit_blanket_impls(true)
            .omit_auto_trait_impls(true)
            .omit_auto_derived_impls(!with_derived)
            .build()?;
        Ok(api.items().map(ToString::to_string).collect())
    };
    let mut items = list(false)?;
    let written: HashSet<&str> = items.iter().map(String::as_str).collect();
    let all = list(true)?;
    let derived = all.iter().filter(|item| !written.contains(item.as_str()));
    let derived = derives(derived.map(String::as_str));
    items.extend(derived);
    Ok(items)
}

/// Of `impl …::Clone for a::Type` and the like one line a type: `derive(Clone, …) a::Type`.
fn derives<'i>(items: impl Iterator<Item = &'i str>) -> Vec<String> {
    let mut types: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (what, of) in items
        .filter(|item| item.starts_with("impl"))
        .filter_map(|item| item.split_once(" for "))
    {
        let name = what.rsplit("::").next().unwrap_or(what);
        // The compiler's mark of a derived `PartialEq`.
        if name != "StructuralPartialEq" {
            types.entry(of).or_default().insert(name);
        }
    }
    types
        .into_iter()
        .map(|(of, traits)| {
            let traits: Vec<&str> = traits.into_iter().collect();
            format!("derive({}) {of}", traits.join(", "))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::derives;

    #[test]
    fn what_a_type_derives_is_one_line() {
        let items = [
            "impl core::clone::Clone for a::B",
            "pub fn a::B::clone(&self) -> a::B",
            "impl core::marker::StructuralPartialEq for a::B",
            "impl<T: core::fmt::Debug> core::fmt::Debug for a::C<T>",
            "impl core::fmt::Debug for a::B",
        ];
        assert_eq!(
            derives(items.into_iter()),
            ["derive(Clone, Debug) a::B", "derive(Debug) a::C<T>"]
        );
    }
}
