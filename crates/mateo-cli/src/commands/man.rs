//! `mateo man`.

use std::path::Path;

use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::args::Cli;
use crate::failure::{Failure, Result};
use crate::output::Output;

/// The page of `mateo` to stdout, or those of all commands to a folder.
pub(crate) fn run(dir: Option<&Path>) -> Result {
    let Some(dir) = dir else {
        let mut out = Output::stdout();
        Man::new(Cli::command())
            .render(out.buffer())
            .map_err(|error| Failure::file("could not write the page", &error))?;
        return out.flush();
    };
    let written = std::fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(Cli::command(), dir));
    Ok(written.map_err(|error| Failure::file(format!("could not write to {}", dir.display()), &error))?)
}
