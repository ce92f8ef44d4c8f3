//! A bar an import, on stderr where that is a terminal.

use std::collections::HashMap;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use mateo_imports::Progress;
use uuid::Uuid;

use crate::terminal::Terminal;

/// More bars than this don't fit a terminal; the others wait unseen.
const MOST: usize = 20;

/// The bars of what is waited for.
pub(super) struct Bars {
    all: MultiProgress,
    bars: HashMap<Uuid, ProgressBar>,
}

impl Bars {
    pub(super) fn new(ids: &[Uuid], terminal: Terminal) -> Self {
        let target = if terminal.draws {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let all = MultiProgress::with_draw_target(target);
        let style = ProgressStyle::with_template("{prefix} {bar:24} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars(if terminal.unicode {
                "█▉▊▋▌▍▎▏░"
            } else {
                "#--"
            });
        let shown = if terminal.draws { MOST } else { 0 };
        let bars = ids
            .iter()
            .take(shown)
            .map(|id| {
                let bar = all.add(ProgressBar::new(1).with_style(style.clone()));
                bar.set_prefix(id.to_string().chars().take(8).collect::<String>());
                bar.set_message("waiting");
                (*id, bar)
            })
            .collect();
        Self { all, bars }
    }

    pub(super) fn show(&mut self, id: Uuid, progress: Progress) {
        if let Some(bar) = self.bars.get(&id) {
            let (done, total) = super::position(progress);
            bar.set_length(total.max(1));
            bar.set_position(done);
            bar.set_message(progress.to_string());
        }
    }

    /// Takes an import's bar away.
    pub(super) fn done(&mut self, id: Uuid) {
        if let Some(bar) = self.bars.remove(&id) {
            bar.finish_and_clear();
        }
    }

    /// Does something while the bars are out of the way.
    pub(super) fn aside<T>(&self, act: impl FnOnce() -> T) -> T {
        if self.bars.is_empty() {
            act()
        } else {
            self.all.suspend(act)
        }
    }

    /// Takes all bars away.
    pub(super) fn end(&mut self) {
        for (_, bar) in self.bars.drain() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.end();
    }
}
