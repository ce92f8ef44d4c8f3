//! `mateo imports watch`: a live view where stdout is a terminal, one line an event where it isn't.

mod board;
mod screen;

use std::time::Duration;

use chrono::Utc;
use mateo_imports::{ChangesCursor, Client, Filter, RawJson, Select, columns};

use crate::app::App;
use crate::args::imports::WatchArgs;
use crate::failure::{Code, Result, Stop};
use crate::output::Output;
use board::{Board, Facts, Row};
use screen::{Key, Screen};

/// How often keys are looked for.
const KEYS: Duration = Duration::from_millis(100);

pub(super) async fn run(args: &WatchArgs, app: &App) -> Result {
    let filters = args.conditions.filters(&app.zone.now())?;
    for hint in args.conditions.hints() {
        app.note(&hint);
    }
    let client = app.client_of_a_view()?;
    let (mut board, cursor) = first(&client, &filters).await?;
    let mut request = client
        .changes(cursor)
        .columns(selection())
        .deserialize_as::<RawJson>();
    for filter in filters {
        request = request.filter(filter);
    }
    let mut changes = request.interval(args.interval.0, args.interval.0).stream();

    let mut view = if app.terminal.live {
        View::Screen(Screen::open()?)
    } else {
        View::Lines(Output::stdout())
    };
    view.begin(&board)?;
    let mut ticker = tokio::time::interval(KEYS);
    let mut trouble = None;
    loop {
        tokio::select! {
            change = changes.try_next() => match change {
                Ok(Some((row, _))) => {
                    trouble = None;
                    if let Ok(row) = row.read::<Row>() {
                        let event = board.take(row);
                        view.event(event.as_deref())?;
                    }
                }
                Ok(None) => return Ok(()),
                Err(error) if error.is_retryable() => trouble = Some(error.to_string()),
                Err(error) => return Err(error.into()),
            },
            _ = ticker.tick() => {
                let budget = client.pipeline()?.budget().state(1).await;
                let facts = Facts {
                    now: Utc::now(),
                    zone: &app.zone,
                    place: app.place(),
                    left_today: budget.ok().and_then(|state| state.left_today),
                    trouble: trouble.as_deref(),
                    terminal: app.terminal,
                };
                match view.tick(&board, &facts)? {
                    Some(Key::Quit) => return Ok(()),
                    Some(Key::Interrupt) => return Err(Stop::Outcome(Code::Interrupted)),
                    None => {}
                }
            }
        }
    }
}

/// Where events go.
enum View {
    Screen(Screen),
    Lines(Output),
}

impl View {
    fn begin(&mut self, board: &Board) -> Result {
        if let Self::Lines(out) = self {
            for line in board.unfinished_lines() {
                out.line(&line)?;
            }
            out.flush()?;
        }
        Ok(())
    }

    fn event(&mut self, line: Option<&str>) -> Result {
        match (self, line) {
            (Self::Lines(out), Some(line)) => {
                out.line(line)?;
                out.flush()
            }
            _ => Ok(()),
        }
    }

    fn tick(&mut self, board: &Board, facts: &Facts<'_>) -> Result<Option<Key>> {
        match self {
            Self::Screen(screen) => {
                let (columns, lines) = Screen::size();
                screen.draw(&board.lines(facts, columns, lines))?;
                Ok(Screen::key()?)
            }
            Self::Lines(_) => Ok(None),
        }
    }
}

/// What changed last, and where following goes on from.
async fn first(client: &Client, filters: &[Filter]) -> Result<(Board, ChangesCursor)> {
    let mut request = client
        .list()
        .order(columns::UPDATED_AT.desc())
        .columns(selection())
        .limit(50);
    for filter in filters {
        request = request.filter(filter.clone());
    }
    let began = Utc::now();
    let mut board = Board::default();
    for row in request.deserialize_as::<Row>().page().await?.rows {
        board.take(row);
    }
    let since = board.latest().unwrap_or(began);
    Ok((board, ChangesCursor::since(since)))
}

fn selection() -> Select {
    Select::fields_of::<Row>()
}
