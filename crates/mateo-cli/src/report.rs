//! How a failure is told: one sentence with what to do; on request what it comes from.

use std::io::Write as _;
use std::process::ExitCode;

use crate::failure::{Code, Failure};
use crate::render::style::Paint;
use crate::render::text::escape_control;

/// Tells of the failure on stderr, and gives its exit code.
///
/// The causes follow where the failure isn't one of a person's slips, whose one line says it all, or where they are asked
/// for.
pub(crate) fn failure(failure: &Failure, verbose: u8, color: bool) -> ExitCode {
    let paint = Paint::new(color);
    let mut text = format!(
        "{} {}\n",
        paint.bad("error:"),
        escape_control(&failure.to_string())
    );
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
    // Where stderr is closed nobody can be told; the exit code still tells.
    let _ = std::io::stderr().write_all(text.as_bytes());
    failure.code().into()
}
