//! `mateo completions`.

use clap_complete::env::Shells;

use crate::failure::{Code, Failure, Result};
use crate::output::Output;

/// A shell sets this variable when it asks the program for completions.
pub(crate) const VARIABLE: &str = "MATEO_COMPLETE";

/// Prints the script by which a shell asks this program.
pub(crate) fn run(shell: clap_complete::Shell) -> Result {
    let name = shell.to_string();
    let failed = || Failure::new(Code::Failed, format!("there are no completions for {name}"));
    let shells = Shells::builtins();
    let completer = shells.completer(&name).ok_or_else(failed)?;
    let mut out = Output::stdout();
    completer
        .write_registration(VARIABLE, "mateo", "mateo", "mateo", out.buffer())
        .map_err(|error| failed().source(error))?;
    out.flush()
}
