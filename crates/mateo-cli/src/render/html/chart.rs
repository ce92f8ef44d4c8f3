//! Charts as SVG within the page.

use std::fmt::Write as _;

use chrono::NaiveDate;

use crate::render::summary::Day;
use crate::render::text::{counted, thousands};

const WIDTH: u64 = 720;

/// One bar, its parts as wide as their share.
pub(super) fn stacked(parts: &[(&str, &str, u64)]) -> String {
    let total = parts.iter().map(|(_, _, count)| count).sum::<u64>().max(1);
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} 28\" role=\"img\" aria-label=\"Imports by state\">");
    let mut before = 0;
    for (class, name, count) in parts.iter().filter(|(_, _, count)| *count > 0) {
        // From shares of the sum so far, so that roundings don't add up.
        let (start, end) = (before * WIDTH / total, (before + count) * WIDTH / total);
        before += count;
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{start}\" y=\"0\" width=\"{}\" height=\"28\"><title>{name}: {}</title></rect>",
            (end - start).max(2),
            thousands(*count)
        );
    }
    svg.push_str("</svg>");
    svg
}

const HEIGHT: u64 = 150;
const PLOT: u64 = 120;
/// What a bar keeps from the top, for the scale's text.
const TOP: u64 = 14;

/// A bar a day: imports, those with failures at the foot.
pub(super) fn days(days: &[(NaiveDate, Day)]) -> String {
    let most = days.iter().map(|(_, day)| day.imports).max().unwrap_or(0).max(1);
    let count = (days.len() as u64).max(1);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Imports by day, those with failures at the foot\">\
         <text x=\"0\" y=\"10\">{} a day at most</text><line class=\"axis\" x1=\"0\" y1=\"{PLOT}\" x2=\"{WIDTH}\" y2=\"{PLOT}\"/>",
        counted(most, "import")
    );
    // As few days as there are don't get bars as wide as the page.
    let step = (WIDTH / count).min(48);
    let room = PLOT - TOP;
    for (index, (date, day)) in (0_u64..).zip(days) {
        let x = index * step;
        let height = |part: u64| if part == 0 { 0 } else { (part * room / most).max(2) };
        let (failed, rest) = (
            height(day.failed_imports),
            height(day.imports - day.failed_imports),
        );
        let title = format!(
            "{date}: {}, {} with {}",
            counted(day.imports, "import"),
            thousands(day.failed_imports),
            counted(day.failed, "failure")
        );
        let width = step.saturating_sub(2).max(1);
        let mut part = |class: &str, y: u64, height: u64| {
            if height > 0 {
                let _ = write!(
                    svg,
                    "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"><title>{title}</title></rect>"
                );
            }
        };
        part("bad", PLOT - failed, failed);
        part("idle", PLOT.saturating_sub(failed + rest), rest);
    }
    if let (Some((first, _)), Some((last, _))) = (days.first(), days.last()) {
        let _ = write!(svg, "<text x=\"0\" y=\"138\">{first}</text>");
        if count > 1 {
            let end = (step * count).max(160);
            let _ = write!(
                svg,
                "<text x=\"{end}\" y=\"138\" text-anchor=\"end\">{last}</text>"
            );
        }
    }
    svg.push_str("</svg><ul class=\"legend\"><li><i class=\"bad\"></i>with failures</li><li><i class=\"idle\"></i>without</li></ul>");
    svg
}
