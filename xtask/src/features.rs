//! Every crate with no, with each, with default and with all its features, as its users build it.
//!
//! In the workspace as a whole features add up, so a crate that forgets to ask for one builds there and
//! nowhere else.

use clap::Args;

use crate::table::Table;
use crate::workspace::{Metadata, Package};
use crate::{Result, shell};

#[derive(Debug, Default, Args)]
pub(crate) struct Arguments {
    /// Run the tests of the crates that have features, instead of only checking that they build
    #[arg(long)]
    test: bool,
}

/// Builds against the platform's OpenSSL, which a machine with only Rust and a C compiler lacks.
const NEEDS_OPENSSL: &str = "native-tls";

pub(crate) fn run(arguments: &Arguments) -> Result {
    let metadata = Metadata::read()?;
    let openssl = has_openssl();
    let mut table = Table::new(["crate", "features", "result"]);
    for package in metadata.published() {
        for (name, flags) in sets(package, arguments.test, openssl) {
            let own = package.features.keys().any(|feature| feature != "default");
            if arguments.test && own {
                // Documentation examples need the default features; they are tested with them.
                let chosen = ["test", "--package", &package.name, "--lib", "--tests"];
                shell::run(&mut shell::cargo(
                    chosen.iter().copied().chain(flags.iter().map(String::as_str)),
                ))?;
            } else {
                let chosen = ["check", "--package", &package.name];
                shell::run(&mut shell::cargo(
                    chosen.iter().copied().chain(flags.iter().map(String::as_str)),
                ))?;
            }
            table.row([package.name.as_str(), &name, "builds"]);
        }
    }
    print!("{}", table.markdown());
    if !openssl {
        println!("{NEEDS_OPENSSL} was left out: pkg-config finds no OpenSSL on this machine");
    }
    Ok(())
}

/// The feature sets of a crate: a name for the table, and cargo's flags. Tests run with none and with all.
fn sets(package: &Package, test: bool, openssl: bool) -> Vec<(String, Vec<String>)> {
    let own: Vec<&str> = package
        .features
        .keys()
        .map(String::as_str)
        .filter(|name| *name != "default" && (openssl || *name != NEEDS_OPENSSL))
        .collect();
    let mut sets = vec![("default".to_owned(), Vec::new())];
    if own.is_empty() {
        return sets;
    }
    let mut add = |name: &str, features: &str| {
        let flags = ["--no-default-features", "--features", features];
        sets.push((name.to_owned(), flags.map(str::to_owned).to_vec()));
    };
    add("none", "");
    if !test && own.len() > 1 {
        for name in &own {
            add(name, name);
        }
    }
    add(&own.join(" "), &own.join(","));
    sets
}

/// What gives cargo every feature, where they can all be built.
pub(crate) fn all() -> &'static [&'static str] {
    if has_openssl() { &["--all-features"] } else { &[] }
}

/// Whether `native-tls` can build here: it needs nothing on Apple's and Microsoft's systems.
fn has_openssl() -> bool {
    !cfg!(target_os = "linux")
        || shell::read(&mut shell::program("pkg-config", ["--exists", "openssl"])).is_ok()
}
