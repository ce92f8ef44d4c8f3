//! How a failure is reported: what is wrong, on request what caused it, and what to do.

use std::io::Write as _;
use std::process::ExitCode;

use crate::failure::{Code, Failure};
use crate::render::style::Paint;
use crate::render::text::escape_control;

/// Reports the failure on stderr, and returns its exit code.
///
/// The causes follow where the failure isn't a mistake in the command line, whose message is complete, or where they are
/// asked for.
pub(crate) fn failure(failure: &Failure, verbose: u8, color: bool) -> ExitCode {
    let paint = Paint::new(color);
    let mut text = [
        &paint.bad("error:"),
        " ",
        &escape_control(failure.message()),
        "\n",
    ]
    .concat();
    if verbose > 0 || matches!(failure.code(), Code::Failed) {
        for cause in failure.causes() {
            text.push_str(
                &[
                    "  ",
                    &paint.faint("caused by:"),
                    " ",
                    &escape_control(&cause),
                    "\n",
                ]
                .concat(),
            );
        }
    }
    if let Some(help) = failure.help() {
        text.push_str(&[&paint.strong("help:"), " ", &escape_control(help), "\n"].concat());
    }
    // Where stderr is closed, the exit code still says it.
    let _ = std::io::stderr().write_all(text.as_bytes());
    failure.code().into()
}
