//! Imports as a person names them: by id, by the beginning of one, by reference.

use std::io::Read as _;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;

use crate::failure::Failure;

/// Imports by name.
#[derive(Debug, Default, Args)]
#[group(id = "names", required = true, multiple = true)]
pub(crate) struct Names {
    /// Imports by id, by the beginning of an id, or by reference; - reads them from stdin, one a line
    #[arg(value_name = "ID|REFERENCE", add = ArgValueCompleter::new(super::complete::ids))]
    ids: Vec<String>,

    /// Imports by reference alone, for one that looks like an id; repeatable
    #[arg(long, short, value_name = "TEXT")]
    pub(crate) reference: Vec<String>,
}

impl Names {
    /// The texts that may be ids or references.
    pub(crate) fn ids(&self) -> Result<Vec<String>, Failure> {
        let mut ids = Vec::new();
        for text in &self.ids {
            match text.trim() {
                "-" => ids.extend(lines_of_stdin()?),
                "" => {
                    return Err(Failure::usage("an empty text is no import's id")
                        .advice("give an id such as 38d889d2-b47a-4c1d-8a3a-b343ac333b68, or a reference"));
                }
                text => ids.push(text.to_owned()),
            }
        }
        Ok(ids)
    }
}

/// The lines of stdin, which `-` stands for among ids.
fn lines_of_stdin() -> Result<Vec<String>, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::file("could not read ids from stdin", &error))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}
