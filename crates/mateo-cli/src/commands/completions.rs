//! `mateo completions`.

use clap::CommandFactory as _;

use crate::args::Cli;
use crate::failure::Result;
use crate::output::Output;

pub(crate) fn run(shell: clap_complete::Shell) -> Result {
    let mut out = Output::stdout();
    clap_complete::generate(shell, &mut Cli::command(), "mateo", out.buffer());
    out.flush()
}
