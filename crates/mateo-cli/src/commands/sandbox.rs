//! `mateo sandbox`: the imports API on this machine.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use chrono::Utc;
use mateo_sandbox::{Endpoint, Fault, FaultRule, Generator, Limits, Sandbox, Server, Simulation};

use crate::app::App;
use crate::args::sandbox::SandboxArgs;
use crate::embedded_sandbox::{KEY, SEED};
use crate::failure::{Code, Failure, Result, Stop};
use crate::interrupt::interrupted;
use crate::output::Output;
use crate::render::text::counted;

/// Serves until a signal ends the program. All processors answer: a load test may be the reason to run it.
pub(crate) fn run(args: &SandboxArgs, app: &App) -> Result {
    if args.fault.iter().any(|fault| fault == "list") {
        return faults();
    }
    let limits = limits(&args.rate)?;
    let rules: Result<Vec<FaultRule>, Failure> = args.fault.iter().map(|text| rule(text)).collect();
    let mut endpoint = Endpoint::builder(sandbox(args)?.max_rows(args.max_rows))
        .api_key(args.api_key.as_str())
        .limits(limits);
    for rule in rules? {
        endpoint = endpoint.fault(rule);
    }
    if let Some(latency) = args.latency {
        endpoint = endpoint.latency(latency.0, Duration::ZERO);
    }
    if args.life {
        endpoint = endpoint.simulation(Simulation::new(args.seed.unwrap_or(SEED)));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Code::Failed, "could not start").source(error))?;
    runtime.block_on(async {
        let interrupted = interrupted()?;
        let server = Server::bind(endpoint.build(), args.listen)
            .await
            .map_err(|error| {
                Failure::file(format!("could not listen on {}", args.listen), &error)
                    .advice("give another --listen; port 0 takes a free one")
            })?;
        announce(args, app, &server)?;
        let code = interrupted.await;
        let counters = server.endpoint().counters();
        app.note(&format!(
            "{} answered, {} of them with 429",
            counted(counters.requests, "request"),
            counters.too_many_requests()
        ));
        // Answers that are under way end.
        server.stop().await;
        Err(Stop::Outcome(code))
    })
}

/// The URL is the first line of stdout, for programs; the rest is for a person.
fn announce(args: &SandboxArgs, app: &App, server: &Server) -> Result {
    let mut out = Output::stdout();
    out.line(server.url())?;
    out.flush()?;
    let rows = counted(server.endpoint().sandbox().len() as u64, "import");
    let key = crate::render::text::escape_control(&args.api_key);
    let quoted = key.replace('\'', r"'\''");
    let url = server.url();
    if server.is_exposed() && args.api_key == KEY {
        app.warn(
            "other machines can reach this sandbox, and everyone knows its key: give one with --api-key, or listen on 127.0.0.1",
        );
    }
    for line in [
        format!(
            "serving {rows} at {url}/api/v1/import, files at {}, with the key {key}",
            server.files_url()
        ),
        "try:".to_owned(),
        format!("  MATEO_API_KEY='{quoted}' mateo --base-url {url} imports list"),
        format!(
            "  curl --header 'Authorization: Bearer {quoted}' '{url}/api/v1/import?order=created_at.desc&limit=5'"
        ),
        "Ctrl-C ends it".to_owned(),
    ] {
        app.note(&line);
    }
    Ok(())
}

fn sandbox(args: &SandboxArgs) -> Result<Sandbox, Failure> {
    let now = Utc::now();
    match (&args.rows, args.generate) {
        (Some(path), _) => read(path),
        (_, Some(count)) => {
            let generator = Generator::new(count as u64, args.seed.unwrap_or(0));
            // Rows of a seed are the same at all times; rows that live must be of now.
            Ok(if args.life {
                generator.until(now)
            } else {
                generator
            }
            .sandbox())
        }
        _ => Ok(Sandbox::example(now)),
    }
}

fn read(path: &Path) -> Result<Sandbox, Failure> {
    let file = File::open(path).map_err(|error| {
        Failure::file(format!("could not read {}", path.display()), &error).advice("check --rows")
    })?;
    Sandbox::from_jsonl(BufReader::new(file)).map_err(|error| {
        let mut what = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(next) = cause {
            let text = next.to_string();
            if !what.contains(&text) {
                what = format!("{what}: {text}");
            }
            cause = next.source();
        }
        Failure::new(Code::File, format!("{}, {what}", path.display()))
            .advice("each line must be one import as a JSON object")
    })
}

fn limits(rate: &str) -> Result<Limits, Failure> {
    if rate == "none" {
        return Ok(Limits::none());
    }
    match rate.parse() {
        Ok(requests) if requests > 0 => Ok(Limits::default().per_second(requests)),
        _ => Err(
            Failure::usage(format!("--rate '{rate}' is not a number of requests a second"))
                .advice("give a whole number above 0, or none"),
        ),
    }
}

fn rule(text: &str) -> Result<FaultRule, Failure> {
    text.parse().map_err(|error| {
        Failure::usage(format!("--fault: {error}")).advice("'mateo sandbox --fault list' shows all")
    })
}

fn faults() -> Result {
    let width = Fault::ALL
        .iter()
        .map(|fault| fault.to_string().len())
        .max()
        .unwrap_or(0);
    let mut out = Output::stdout();
    for fault in Fault::ALL {
        out.line(&format!("{fault:width$}  {}", fault.help()))?;
    }
    out.line("")?;
    out.line(
        "WHEN: once (the next request), 3 (the third), every-3, from-3, 10%; files/NAME strikes downloads",
    )?;
    out.flush()
}
