//! What a package of the program holds beside it: completions of the shells, and manual pages.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::workspace::Metadata;
use crate::{Result, shell};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The program to ask, as a package has it; the workspace's own where none is given
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// The shells, and how a file of completions is called there.
const SHELLS: [(&str, &str); 4] = [
    ("bash", "mateo.bash"),
    ("zsh", "_mateo"),
    ("fish", "mateo.fish"),
    ("powershell", "_mateo.ps1"),
];

pub(crate) fn run(arguments: &Arguments) -> Result {
    let folder = Metadata::read()?.target_directory.join("dist");
    let (completions, pages) = (folder.join("completions"), folder.join("man"));
    fs::create_dir_all(&completions)?;
    fs::create_dir_all(&pages)?;
    let mateo = || match &arguments.program {
        Some(program) => shell::program(program, [""; 0]),
        None => shell::cargo(["run", "--quiet", "--package", "mateo-cli", "--"]),
    };
    for (name, file) in SHELLS {
        fs::write(
            completions.join(file),
            shell::read(mateo().args(["completions", name]))?,
        )?;
    }
    shell::read(mateo().args(["man", "--dir"]).arg(&pages))?;
    for folder in [completions, pages] {
        println!("{}: {} files", folder.display(), fs::read_dir(&folder)?.count());
    }
    Ok(())
}
