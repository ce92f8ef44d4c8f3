//! The progress bar: on stderr, where that is a terminal, and only when it takes more than a second.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use crate::args::duration;
use crate::terminal::Terminal;

/// Before this nothing is shown: what is soon done needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the bar is drawn anew.
const TICK: Duration = Duration::from_millis(200);

/// A bar that appears when something takes longer.
pub(crate) struct Bar {
    begun: Instant,
    draws: bool,
    unicode: bool,
    drawn: Option<ProgressBar>,
}

/// How far something is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Position {
    pub(crate) done: u64,
    pub(crate) of: Option<u64>,
    pub(crate) left: Option<Duration>,
}

impl Bar {
    pub(crate) fn new(terminal: Terminal) -> Self {
        Self {
            begun: Instant::now(),
            draws: terminal.draws,
            unicode: terminal.unicode,
            drawn: None,
        }
    }

    /// Resolves when the bar is to be drawn anew; never where there is none.
    pub(crate) async fn tick(&self) {
        if !self.draws {
            return std::future::pending().await;
        }
        let wait = if self.drawn.is_some() {
            TICK
        } else {
            PATIENCE.saturating_sub(self.begun.elapsed()).max(TICK)
        };
        tokio::time::sleep(wait).await;
    }

    /// Shows the position, `what` being done: `imports`, `bytes`.
    pub(crate) fn show(&mut self, position: &Position, what: &str) {
        if !self.draws || self.begun.elapsed() < PATIENCE {
            return;
        }
        let unicode = self.unicode;
        let bar = self.drawn.get_or_insert_with(|| new_bar(unicode));
        bar.set_length(position.of.unwrap_or(position.done.max(1)));
        bar.set_position(position.done);
        let of = position.of.map(|of| format!(" of {of}")).unwrap_or_default();
        let left = match position.left {
            Some(left) if !left.is_zero() => {
                let whole = Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0));
                format!(", about {} left", duration::shown(whole))
            }
            _ => String::new(),
        };
        bar.set_message(format!("{}{of} {what}{left}", position.done));
        bar.tick();
    }

    /// Takes the bar away while something is written.
    pub(crate) fn hide(&mut self) {
        if let Some(bar) = &self.drawn {
            bar.finish_and_clear();
        }
        self.drawn = None;
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.hide();
    }
}

fn new_bar(unicode: bool) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr());
    let style =
        ProgressStyle::with_template("{bar:24} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars(if unicode {
        "█▉▊▋▌▍▎▏░"
    } else {
        "#--"
    }));
    bar
}
