//! The summary in a terminal: a table, and bars.

use std::fmt::Write as _;

use super::{States, Summary};
use crate::render::bars::{Bar, bars};
use crate::render::style::Paint;
use crate::render::table::{Align, Cell, Column, Layout};
use crate::render::text::{counted, escape_control, thousands};
use crate::terminal::Terminal;
use crate::zone::Zone;

/// The summary as text.
pub(crate) fn text(summary: &Summary, terminal: Terminal, zone: &Zone) -> String {
    let paint = Paint::new(terminal.color);
    if summary.imports == 0 {
        return "no imports match\n".to_owned();
    }
    let mut text = format!(
        "{}: {} and {} failed\n",
        paint.strong(&counted(summary.imports, "import")),
        counted(summary.imported, "imported record"),
        thousands(summary.failed)
    );
    if summary.failing_imports() > 0 {
        let _ = writeln!(
            text,
            "{} {}",
            thousands(summary.failing_imports()),
            summary.described_failing()
        );
    }
    text.push('\n');
    text.push_str(&types(summary, terminal, paint));

    let _ = writeln!(text, "\n{}", paint.strong("Imports by state"));
    let states = summary.states;
    let state = |name: &str, count: u64, painter: fn(Paint, &str) -> String| Bar {
        name: name.to_owned(),
        good: 0,
        marked: count,
        label: thousands(count),
        painter,
    };
    text.push_str(&bars(
        &[
            state("finished", states.finished, Paint::good),
            state("failed", states.failed, Paint::bad),
            state("running", states.running, Paint::busy),
            state("pending", states.pending, Paint::faint),
        ],
        terminal,
    ));

    let days = summary.last_days();
    let _ = writeln!(
        text,
        "\n{}\n  {}",
        paint.strong(&format!("Imports by day ({}), with failures marked", zone.name())),
        summary.described_days(&days)
    );
    let bars_of_days: Vec<Bar> = days
        .iter()
        .map(|(date, day)| Bar {
            name: date.format("%Y-%m-%d").to_string(),
            good: day.imports - day.failed_imports,
            marked: day.failed_imports,
            label: match (day.imports, day.failed_imports) {
                (0, _) => "0".to_owned(),
                (all, 0) => thousands(all),
                (all, failed) => {
                    format!(
                        "{}, {} with {}",
                        thousands(all),
                        thousands(failed),
                        counted(day.failed, "failure")
                    )
                }
            },
            painter: Paint::bad,
        })
        .collect();
    text.push_str(&bars(&bars_of_days, terminal));
    text
}

fn types(summary: &Summary, terminal: Terminal, paint: Paint) -> String {
    let cells = |name: &str, states: States| {
        let count = |count: u64, painter: fn(Paint, &str) -> String| {
            Cell::painted(thousands(count), move |text| {
                if count > 0 {
                    painter(paint, text)
                } else {
                    text.to_owned()
                }
            })
        };
        vec![
            Cell::plain(escape_control(name)),
            Cell::plain(thousands(states.total())),
            count(states.finished, |_, text| text.to_owned()),
            count(states.failed, Paint::bad),
            count(states.running, Paint::busy),
            count(states.pending, |_, text| text.to_owned()),
        ]
    };
    let mut rows: Vec<Vec<Cell>> = summary
        .types
        .iter()
        .map(|(name, states)| cells(name, *states))
        .collect();
    rows.push(cells("all", summary.states));
    let columns = vec![
        Column::new("TYPE", Align::Left, 0).elastic(8),
        Column::new("IMPORTS", Align::Right, 0),
        Column::new("FINISHED", Align::Right, 2),
        Column::new("FAILED", Align::Right, 0),
        Column::new("RUNNING", Align::Right, 1),
        Column::new("PENDING", Align::Right, 1),
    ];
    let mut out = Vec::new();
    let mut layout = Layout::new(columns, &rows, terminal.width, terminal.unicode);
    layout.header(paint, &mut out);
    for row in &rows {
        layout.row(row, &mut out);
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::render::summary::tests::summary;
    use crate::render::text::width;
    use crate::terminal::Terminal;
    use crate::zone::Zone;

    fn terminal(width: usize) -> Terminal {
        Terminal {
            width: Some(width),
            color: false,
            error_color: false,
            draws: false,
            live: false,
            unicode: false,
        }
    }

    #[test]
    fn it_has_a_table_and_bars() {
        assert_eq!(
            text(&summary(), terminal(60), &Zone::utc("")),
            "4 imports: 50 imported records and 3 failed\n\
            1 with failures\n\
            \n\
            TYPE             IMPORTS  FINISHED  FAILED  RUNNING  PENDING\n\
            contact_details        2         1       0        1        0\n\
            deal_details           1         0       1        0        0\n\
            note_details           1         0       0        0        1\n\
            all                    4         1       1        1        1\n\
            \n\
            Imports by state\n\
            \x20 finished  ######################################## 1\n\
            \x20 failed    ######################################## 1\n\
            \x20 running   ######################################## 1\n\
            \x20 pending   ######################################## 1\n\
            \n\
            Imports by day (UTC), with failures marked\n\
            \x20 2026-03-06 to 2026-03-09\n\
            \x20 2026-03-06  ############ 1\n\
            \x20 2026-03-07  ############ 1\n\
            \x20 2026-03-08  0\n\
            \x20 2026-03-09  #############============ 2, 1 with 3 failures\n"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for columns in 40..120 {
            for line in text(&summary(), terminal(columns), &Zone::utc("")).lines() {
                assert!(width(line) <= columns.max(43), "{columns}: {line}");
            }
        }
    }
}
