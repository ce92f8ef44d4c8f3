//! Charts as SVG within the page.

use std::fmt::Write as _;

use chrono::NaiveDate;

use crate::render::summary::Day;
use crate::render::text::{counted, thousands};

const WIDTH: u64 = 720;

/// One bar, its parts as wide as their share.
pub(super) fn stacked(parts: &[(&str, &str, u64)]) -> String {
    let total = parts.iter().map(|(_, _, count)| count).sum::<u64>().max(1);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} 28\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Imports by state\">"
    );
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

/// How high the bars may be, in units of the drawing, which is stretched to the page.
const HEIGHT: u64 = 100;
/// How wide a day is, and how much of that its bar.
const STEP: u64 = 10;
const BAR: u64 = 9;

/// A bar a day: imports, those with failures at the foot. Texts stand beside the drawing, so that they keep their size
/// however narrow the page.
pub(super) fn days(days: &[(NaiveDate, Day)]) -> String {
    let most = days.iter().map(|(_, day)| day.imports).max().unwrap_or(0).max(1);
    let count = (days.len() as u64).max(1);
    // As few days as there are don't get bars as wide as the page.
    let mut html = format!(
        "<figure style=\"max-width:{}rem\"><figcaption>{} a day at most</figcaption><svg class=\"days\" viewBox=\"0 0 {} {HEIGHT}\" \
         preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Imports by day, those with failures at the foot\">",
        (count * 3).max(12),
        counted(most, "import"),
        STEP * count,
    );
    for (index, (date, day)) in (0_u64..).zip(days) {
        let height = |part: u64| {
            if part == 0 {
                0
            } else {
                (part * HEIGHT / most).max(2)
            }
        };
        let all = height(day.imports);
        let failed = height(day.failed_imports).min(all);
        let title = format!(
            "{date}: {}, {} with {}",
            counted(day.imports, "import"),
            thousands(day.failed_imports),
            counted(day.failed, "failure")
        );
        let x = index * STEP;
        let mut part = |class: &str, y: u64, height: u64| {
            if height > 0 {
                let _ = write!(
                    html,
                    "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{BAR}\" height=\"{height}\"><title>{title}</title></rect>"
                );
            }
        };
        part("bad", HEIGHT - failed, failed);
        part("idle", HEIGHT - all, all - failed);
    }
    html.push_str("</svg>");
    if let (Some((first, _)), Some((last, _))) = (days.first(), days.last()) {
        let last = if count > 1 {
            format!("<span>{last}</span>")
        } else {
            String::new()
        };
        let _ = write!(html, "<div class=\"dates\"><span>{first}</span>{last}</div>");
    }
    html.push_str("</figure>");
    let failing: u64 = days.iter().map(|(_, day)| day.failed_imports).sum();
    let all: u64 = days.iter().map(|(_, day)| day.imports).sum();
    html.push_str(&super::legend(&[
        ("bad", "with failures", failing),
        ("idle", "without", all - failing),
    ]));
    html
}
