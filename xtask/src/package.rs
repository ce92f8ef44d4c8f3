//! The crates as they would go to crates.io: what each needs there, and the archives themselves.

use clap::Args;

use crate::table::Table;
use crate::workspace::{Metadata, Package};
use crate::{Result, shell};

#[derive(Debug, Default, Args)]
pub(crate) struct Arguments {
    /// Also build each archive on its own, as crates.io's users will
    #[arg(long)]
    pub(crate) verify: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    let metadata = Metadata::read()?;
    let published = metadata.published();
    let lacking: Vec<String> = published.iter().filter_map(|package| lacks(package)).collect();
    if !lacking.is_empty() {
        return Err(lacking.join("; ").into());
    }

    let names = published
        .iter()
        .flat_map(|package| ["--package", package.name.as_str()]);
    let mut flags = vec!["package", "--quiet", "--allow-dirty"];
    if !arguments.verify {
        flags.push("--no-verify");
    }
    shell::run(&mut shell::cargo(flags.into_iter().chain(names)))?;

    let mut table = Table::new(["order", "crate", "version", "files", "KiB"]);
    for (order, package) in published.iter().enumerate() {
        let list = shell::read(&mut shell::cargo([
            "package",
            "--list",
            "--allow-dirty",
            "--package",
            &package.name,
        ]))?;
        let name = format!("{}-{}.crate", package.name, package.version);
        let bytes = std::fs::metadata(metadata.target_directory.join("package").join(name))?.len();
        table.row([
            (order + 1).to_string(),
            package.name.clone(),
            package.version.clone(),
            list.lines().count().to_string(),
            bytes.div_ceil(1024).to_string(),
        ]);
    }
    print!("{}", table.markdown());
    Ok(())
}

/// What a crate lacks before it can be published with a good page of its own.
fn lacks(package: &Package) -> Option<String> {
    let folder = package.folder();
    let mut lacks = Vec::new();
    let mut need = |there: bool, what: &'static str| {
        if !there {
            lacks.push(what);
        }
    };
    need(package.description.is_some(), "a description");
    need(package.license.is_some(), "a licence");
    need(package.repository.is_some(), "a repository");
    need(package.rust_version.is_some(), "a rust-version");
    need(folder.join("README.md").is_file(), "a README.md");
    need(folder.join("LICENSE-MIT").is_file(), "a LICENSE-MIT");
    need(folder.join("LICENSE-APACHE").is_file(), "a LICENSE-APACHE");
    let docs_rs = &package.metadata["docs"]["rs"];
    need(
        !package.is_library() || docs_rs["all-features"] == true && docs_rs["rustdoc-args"][1] == "docsrs",
        "settings for docs.rs",
    );
    (!lacks.is_empty()).then(|| format!("{} lacks {}", package.name, lacks.join(", ")))
}
