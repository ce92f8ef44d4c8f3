//! What the dependencies are: none needs a newer Rust than ours, and `cargo deny` finds nothing against them.

use crate::workspace::Metadata;
use crate::{Result, shell};

pub(crate) fn run() -> Result {
    let metadata = Metadata::read()?;
    rust_version(&metadata)?;
    deny()
}

/// No toolchain but the current one is needed to see it: each crate says what it needs.
fn rust_version(metadata: &Metadata) -> Result {
    let members = metadata.members();
    let ours = members
        .iter()
        .find_map(|package| package.rust_version.as_deref())
        .ok_or("no rust-version in Cargo.toml")?;
    let newer: Vec<String> = metadata
        .packages
        .iter()
        .filter_map(|package| {
            let theirs = package.rust_version.as_deref()?;
            (version(theirs) > version(ours)).then(|| {
                format!(
                    "{} {} needs Rust {theirs}, and ours is {ours}",
                    package.name, package.version
                )
            })
        })
        .collect();
    println!(
        "{} packages, the newest Rust that one may need is {ours}",
        metadata.packages.len()
    );
    shell::none_wrong(&newer)
}

/// `1.89` and `1.89.0` are the same.
fn version(text: &str) -> [u32; 3] {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| parts.next().unwrap_or(0))
}

/// Licences, bans and sources always; advisories where their database can be had.
fn deny() -> Result {
    let check = |what: &[&str]| shell::cargo(["deny", "check", "--hide-inclusion-graph"].iter().chain(what));
    if shell::read(&mut shell::cargo(["deny", "--version"])).is_err() {
        println!("licences, bans and advisories were NOT checked: `cargo install --locked cargo-deny`");
        return Ok(());
    }
    shell::run(&mut check(&["bans", "licenses", "sources"]))?;
    if shell::read(&mut shell::cargo(["deny", "fetch", "db"])).is_err() {
        println!("advisories were NOT checked: `cargo deny fetch db` failed, as it does without a network");
        return Ok(());
    }
    shell::run(&mut check(&["advisories"]))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(version("1.100") > version("1.89.1"));
        assert!(version("1.89.1") > version("1.89"));
        assert_eq!(version("1.89.0"), version("1.89"));
    }
}
