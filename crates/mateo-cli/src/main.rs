//! The program `mateo`: lists, watches, follows and downloads hellomateo's imports.

mod app;
mod args;
mod atomic_write;
mod bar;
mod budget;
mod commands;
mod embedded_sandbox;
mod failure;
mod interrupt;
mod output;
mod recent;
mod render;
mod report;
mod retry_notice;
mod settings;
mod slips;
mod terminal;
mod verbose;
mod zone;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::app::App;
use crate::args::{Cli, Command};
use crate::failure::{Code, Failure, Stop};

fn main() -> ExitCode {
    // A shell asks for completions; nothing else happens then.
    clap_complete::CompleteEnv::with_factory(Cli::command)
        .var(commands::completions::VARIABLE)
        .complete();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => match slips::known(&error) {
            Some(failure) => {
                let color = terminal::Terminal::look(terminal::When::Auto).error_color;
                return report::failure(&failure, 0, color);
            }
            None => error.exit(),
        },
    };
    verbose::begin(cli.global.verbose);
    let app = match App::new(&cli.global) {
        Ok(app) => app,
        Err(failure) => return report::failure(&failure, cli.global.verbose, args_color(&cli)),
    };
    match run(cli.command, &app) {
        // Closed: the reader has read enough, which isn't a failure.
        Ok(()) | Err(Stop::Closed) => ExitCode::SUCCESS,
        Err(Stop::Outcome(code)) => code.into(),
        Err(Stop::Failure(failure)) => report::failure(
            &failure.at(app.place()),
            cli.global.verbose,
            app.terminal.error_color,
        ),
    }
}

/// Whether errors about the settings themselves get colour.
fn args_color(cli: &Cli) -> bool {
    terminal::Terminal::look(cli.global.color.unwrap_or(terminal::When::Auto)).error_color
}

fn run(command: Command, app: &App) -> failure::Result {
    match command {
        Command::Completions { shell } => commands::completions::run(shell),
        Command::Man { dir } => commands::man::run(dir.as_deref()),
        Command::Config(args) => with_runtime(commands::config::run(&args, app)),
        Command::ExitCodes => commands::exit_codes(),
        Command::Login => commands::login::login(app),
        Command::Logout => commands::login::logout(app),
        Command::Imports(command) => with_runtime(commands::imports(command, app)),
        Command::Sandbox(args) => commands::sandbox::run(&args, app),
        Command::Doctor => with_runtime(commands::doctor::run(app)),
    }
}

/// Runs to the end, or until Ctrl-C or SIGTERM, which drop what was being done: that restores the terminal and removes
/// what is half written.
fn with_runtime(work: impl Future<Output = failure::Result>) -> failure::Result {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Code::Failed, "could not start").source(error))?;
    runtime.block_on(async {
        let interrupted = interrupt::interrupted()?;
        tokio::select! {
            done = work => done,
            code = interrupted => Err(Stop::Outcome(code)),
        }
    })
}
