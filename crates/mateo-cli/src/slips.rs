//! Command lines that people try, with what to write instead.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::failure::Failure;

/// What is wrong, and what to write, where it is a slip that is known; else clap says what it expected.
pub(crate) fn known(error: &clap::Error) -> Option<Failure> {
    let text = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let argument = text(ContextKind::InvalidArg)?;
            let format = argument.strip_prefix("--")?;
            ["json", "ndjson", "jsonl", "csv", "table"]
                .contains(&format)
                .then(|| {
                    let format = if format == "jsonl" { "ndjson" } else { format };
                    Failure::usage(format!("there is no option {argument}"))
                        .advice(format!("write --output {format}, or -o {format}"))
                })
        }
        ErrorKind::InvalidSubcommand => {
            let command = text(ContextKind::InvalidSubcommand)?;
            let imports = [
                "list", "ls", "get", "summary", "wait", "watch", "changes", "download", "failures", "sync",
            ];
            // Below `imports` clap has commands of its own to suggest.
            let is_top = std::env::args().nth(1).as_deref() == Some(command)
                || !std::env::args().any(|word| word == "imports");
            (is_top && imports.contains(&command)).then(|| {
                Failure::usage(format!("'{command}' is a command of 'mateo imports'"))
                    .advice(format!("write: mateo imports {command}"))
            })
        }
        _ => None,
    }
}
