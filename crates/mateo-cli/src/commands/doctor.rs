//! `mateo doctor`: what is wrong, and what to do.

mod checks;

use std::time::Instant;

use chrono::{DateTime, Utc};
use mateo_imports::model::{Count, Import, Page, Prefer};
use mateo_imports::net::{PageResponse, Pipeline};
use mateo_imports::{ImportQuery, columns};

use crate::app::App;
use crate::failure::{Code, Failure, Result, Stop};
use crate::output::Output;
use checks::Check;

pub(crate) async fn run(app: &App) -> Result {
    let mut out = Output::stdout();
    let mut worst = None;
    let mut tell = |check: Check| {
        if let Check::Bad { code, .. } = &check {
            worst.get_or_insert(*code);
        }
        for line in check.lines(app.paint()) {
            out.line(&line)?;
        }
        // Each as it is known: what follows may take its time.
        out.flush()
    };

    tell(checks::settings(app))?;
    tell(checks::url(app))?;
    if let Some(check) = checks::proxy(app) {
        tell(check)?;
    }
    let pipeline = match app.pipeline() {
        Ok(pipeline) => {
            tell(Check::good("key", checks::key(app)))?;
            Some(pipeline)
        }
        Err(failure) => {
            tell(Check::of("key", &failure))?;
            None
        }
    };
    tell(checks::budget(pipeline.is_some().then_some(app)).await)?;
    match pipeline {
        None => tell(Check::skipped("server", "nothing was sent"))?,
        Some(pipeline) => match ask(&pipeline, app).await {
            Ok(asked) => {
                for check in asked.checks() {
                    tell(check)?;
                }
            }
            Err(failure) => {
                tell(Check::of("server", &failure))?;
                for name in ["clock", "limits", "rows"] {
                    tell(Check::skipped(name, "needs the server's answer"))?;
                }
            }
        },
    }
    match worst {
        Some(code) => Err(Stop::Outcome(code)),
        None => Ok(()),
    }
}

/// An answer, and when it came.
struct Asked {
    page: PageResponse,
    rows: Page<Import>,
    took: std::time::Duration,
    now: DateTime<Utc>,
    is_secure: bool,
}

/// Asks for the newest page: what tells most for one request.
async fn ask(pipeline: &Pipeline, app: &App) -> Result<Asked, Failure> {
    let query = ImportQuery::new()
        .order(columns::CREATED_AT.desc())
        .order(columns::ID.asc())
        .limit(50);
    let begun = Instant::now();
    let failed = |error| Failure::from(mateo_imports::Error::from_pipeline(error)).at(app.place());
    let page = pipeline
        .page(&query, &Prefer::new().count(Count::Exact), None)
        .await
        .map_err(failed)?;
    let rows = Page::read(&page.body).map_err(|error| {
        Failure::new(Code::Failed, error.to_string())
            .advice("check --base-url: something else than the API may answer there")
    })?;
    Ok(Asked {
        page,
        rows,
        took: begun.elapsed(),
        now: Utc::now(),
        is_secure: !app.settings.sandbox && app.settings.base_url.value.starts_with("https:"),
    })
}
