//! Bars in a terminal: a name, a bar, a label.

use std::fmt::Write as _;

use super::style::Paint;
use super::text::width;
use crate::terminal::Terminal;

/// A bar of two parts.
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) good: u64,
    /// The part that has a colour of its own; without colour it has another sign.
    pub(crate) marked: u64,
    pub(crate) label: String,
    pub(crate) painter: fn(Paint, &str) -> String,
}

/// Bars are no longer than this, however wide the terminal.
const LONGEST: usize = 40;

/// The bars, one a line, all to the same scale.
pub(crate) fn bars(bars: &[Bar], terminal: Terminal) -> String {
    let paint = Paint::new(terminal.color);
    let names = bars.iter().map(|bar| width(&bar.name)).max().unwrap_or(0);
    let labels = bars.iter().map(|bar| width(&bar.label)).max().unwrap_or(0);
    let most = bars
        .iter()
        .map(|bar| bar.good + bar.marked)
        .max()
        .unwrap_or(0)
        .max(1);
    let room = terminal
        .width
        .unwrap_or(80)
        .saturating_sub(names + labels + 5)
        .clamp(4, LONGEST);
    let sign = if terminal.unicode { "█" } else { "#" };
    // Where colour doesn't tell the parts of a bar apart, signs do.
    let mixed = bars.iter().any(|bar| bar.good > 0);
    let marked_sign = match (mixed && !terminal.color, terminal.unicode) {
        (true, true) => "▒",
        (true, false) => "=",
        (false, _) => sign,
    };
    let part = |count: u64| {
        let exact = u128::from(count) * room as u128 / u128::from(most);
        usize::try_from(exact).unwrap_or(room).max(usize::from(count > 0))
    };
    let mut text = String::new();
    for bar in bars {
        // Bars of the same sum are of the same length, whatever their parts.
        let whole = part(bar.good + bar.marked).max(usize::from(bar.good > 0) + usize::from(bar.marked > 0));
        let marked = part(bar.marked).min(whole - usize::from(bar.good > 0));
        let good = sign.repeat(whole - marked);
        let marked = (bar.painter)(paint, &marked_sign.repeat(marked));
        let gap = if bar.good + bar.marked > 0 { " " } else { "" };
        let pad = names - width(&bar.name);
        let _ = writeln!(
            text,
            "  {}{}  {good}{marked}{gap}{}",
            bar.name,
            " ".repeat(pad),
            bar.label
        );
    }
    text
}
