//! What is watched, and the lines it makes: no terminal, no clock.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use mateo_imports::{ImportType, Progress};
use serde::Deserialize;
use uuid::Uuid;

use crate::render::style::Paint;
use crate::render::text::{cut, escape_control, thousands, width};
use crate::render::{age, state};
use crate::terminal::Terminal;
use crate::zone::Zone;

/// The columns that are watched.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Row {
    id: Uuid,
    #[serde(rename = "type")]
    import_type: ImportType,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    total_count: Option<i32>,
    success_count: Option<i32>,
    failed_count: Option<i32>,
    reference_id: Option<String>,
}

impl Row {
    fn progress(&self) -> Progress {
        Progress::from_counts(self.total_count, self.success_count, self.failed_count)
    }

    /// Since when it is in its state, as far as its columns tell.
    fn age(&self, now: DateTime<Utc>) -> String {
        let time = if self.progress().is_finished() {
            self.updated_at
        } else {
            self.created_at
        };
        age::age(time, now)
    }

    fn counts(&self) -> String {
        state::counts(self.success_count, self.failed_count, self.total_count)
    }

    fn line(&self) -> String {
        let reference = self
            .reference_id
            .as_deref()
            .map(escape_control)
            .unwrap_or_default();
        let counts = self.counts();
        let time = self.updated_at.format("%Y-%m-%dT%H:%M:%SZ");
        let event = event_name(self.progress());
        format!(
            "{time} {} {event} {} {counts} {reference}",
            self.id,
            escape_control(self.import_type.as_str())
        )
        .trim_end()
        .to_owned()
    }
}

/// Beside the imports.
pub(super) struct Facts<'a> {
    pub(super) now: DateTime<Utc>,
    pub(super) zone: &'a Zone,
    pub(super) place: &'a str,
    pub(super) left_today: Option<u64>,
    pub(super) trouble: Option<&'a str>,
    pub(super) terminal: Terminal,
}

/// The imports that are watched.
#[derive(Debug, Default)]
pub(super) struct Board {
    rows: HashMap<Uuid, Row>,
}

/// So many finished imports are kept; the oldest are forgotten.
const KEPT: usize = 500;

fn event_name(progress: Progress) -> &'static str {
    match progress {
        Progress::Running { .. } => "running",
        Progress::Finished { failed: 1.., .. } => "failed",
        Progress::Finished { .. } => "finished",
        _ => "pending",
    }
}

impl Board {
    /// Takes what a row says now, and gives a line where that is news: an import that is new, begins, finishes, fails.
    pub(super) fn take(&mut self, row: Row) -> Option<String> {
        let known = self.rows.get(&row.id);
        if known.is_some_and(|known| known.updated_at > row.updated_at) {
            return None;
        }
        let is_news = known.is_none_or(|known| event_name(known.progress()) != event_name(row.progress()));
        let line = is_news.then(|| row.line());
        self.rows.insert(row.id, row);
        self.forget();
        line
    }

    fn forget(&mut self) {
        if self.rows.len() <= KEPT * 2 {
            return;
        }
        let finished = self.rows.values().filter(|row| row.progress().is_finished());
        let mut finished: Vec<(DateTime<Utc>, Uuid)> = finished.map(|row| (row.updated_at, row.id)).collect();
        finished.sort_unstable();
        for (_, id) in finished.iter().rev().skip(KEPT) {
            self.rows.remove(id);
        }
    }

    /// The last change that is known.
    pub(super) fn latest(&self) -> Option<DateTime<Utc>> {
        self.rows.values().map(|row| row.updated_at).max()
    }

    /// A line for each that isn't finished, the oldest first.
    pub(super) fn unfinished_lines(&self) -> Vec<String> {
        let mut rows: Vec<&Row> = self
            .rows
            .values()
            .filter(|row| !row.progress().is_finished())
            .collect();
        rows.sort_by_key(|row| (row.updated_at, row.id));
        rows.into_iter().map(Row::line).collect()
    }

    /// The view: a head, what runs, what is pending, what finished last, a foot. No line is wider than `columns`.
    pub(super) fn lines(&self, facts: &Facts<'_>, columns: usize, lines: usize) -> Vec<String> {
        let paint = Paint::new(facts.terminal.color);
        let unicode = facts.terminal.unicode;
        let of = |name: &str| {
            let mut rows: Vec<&Row> = self
                .rows
                .values()
                .filter(|row| event_name(row.progress()) == name)
                .collect();
            rows.sort_by_key(|row| (std::cmp::Reverse(row.updated_at), row.id));
            rows
        };
        let (running, pending) = (of("running"), of("pending"));
        let mut done = of("finished");
        done.extend(of("failed"));
        done.sort_by_key(|row| (std::cmp::Reverse(row.updated_at), row.id));

        // All lines have the same columns, whatever is above and below them.
        let widths = Widths::of(running.iter().chain(&pending).chain(&done), facts.now);
        let mut view = vec![head(facts, columns, paint), String::new()];
        // What runs comes first; what is finished takes the room that is left.
        let room = lines.saturating_sub(5);
        let mut left = room;
        for (name, rows) in [
            ("Running", running),
            ("Pending", pending),
            ("Finished lately", done),
        ] {
            if left < 2 || (rows.is_empty() && name == "Pending") {
                continue;
            }
            view.push(paint.strong(&format!("{name}: {}", rows.len())));
            left -= 1;
            for row in rows.iter().take(left.saturating_sub(1)) {
                view.push(row_line(row, facts, columns, widths));
                left -= 1;
            }
            if left > 0 {
                view.push(String::new());
                left -= 1;
            }
        }
        view.truncate(lines.saturating_sub(1));
        let foot = match facts.trouble {
            Some(trouble) => paint.bad(&cut(&escape_control(trouble), columns, unicode).0),
            None => paint.faint(&cut("q ends", columns, unicode).0),
        };
        view.push(foot);
        view
    }
}

/// How wide the columns are whose texts differ in length.
#[derive(Debug, Clone, Copy)]
struct Widths {
    age: usize,
    counts: usize,
}

impl Widths {
    fn of<'a>(rows: impl Iterator<Item = &'a &'a Row>, now: DateTime<Utc>) -> Self {
        let least = Self { age: 5, counts: 12 };
        rows.fold(least, |widths, row| Self {
            age: widths.age.max(width(&row.age(now))),
            counts: widths.counts.max(width(&row.counts())),
        })
    }
}

/// The line of an import: what identifies it, a bar, its state, its counts and its reference, as far as they fit.
fn row_line(row: &Row, facts: &Facts<'_>, columns: usize, widths: Widths) -> String {
    let paint = Paint::new(facts.terminal.color);
    let unicode = facts.terminal.unicode;
    let progress = row.progress();
    let name = row.import_type.as_str();
    let name = name.strip_suffix("_details").unwrap_or(name);
    let (name, _) = cut(name, 11, unicode);
    let id: String = row.id.to_string().chars().take(8).collect();
    let before = format!(
        "  {id}  {}  {:>2$}  ",
        padded(&escape_control(&name), 11),
        row.age(facts.now),
        widths.age,
    );
    let count = |count: Option<i32>| u64::try_from(count.unwrap_or(0)).unwrap_or(0);
    let (success, failed, total) = (
        count(row.success_count),
        count(row.failed_count),
        count(row.total_count),
    );
    let bar_columns = if columns >= 100 {
        24
    } else if columns >= 76 {
        10
    } else {
        0
    };
    let bar = state::bar(success, failed, total, bar_columns, unicode, paint);
    let word = state::word(progress);
    let counts = row.counts();
    let reference = row
        .reference_id
        .as_deref()
        .map(escape_control)
        .unwrap_or_default();
    let after = format!("  {}  {reference}", padded(&counts, widths.counts));
    let used = width(&before) + bar_columns + 10;
    let (before, _) = cut(&before, columns, unicode);
    if used > columns {
        return before.into_owned();
    }
    let word = state::painted(progress, &padded(&word, 8), paint);
    let (after, _) = cut(&after, columns - used, unicode);
    format!("{before}{bar}  {word}{}", after.trim_end())
}

fn head(facts: &Facts<'_>, columns: usize, paint: Paint) -> String {
    let mut text = format!(
        "mateo imports watch  {}  {}",
        escape_control(facts.place),
        facts.zone.clock(facts.now)
    );
    if let Some(left) = facts.left_today {
        text.push_str("  ");
        text.push_str(&thousands(left));
        text.push_str(" requests left today");
    }
    paint.strong(&cut(&text, columns, facts.terminal.unicode).0)
}

fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

#[cfg(test)]
mod tests {
    use super::{Board, Facts, Row};
    use crate::render::text::width;
    use crate::terminal::Terminal;
    use crate::zone::Zone;

    fn row(id: u8, at: &str, counts: [Option<i32>; 3]) -> Row {
        let [total, success, failed] = counts;
        serde_json::from_value(serde_json::json!({
            "id": format!("00000000-0000-4000-8000-0000000000{id:02}"), "type": "contact_details",
            "created_at": "2026-03-01T11:00:00+00:00", "updated_at": format!("2026-03-01T{at}+00:00"),
            "total_count": total, "success_count": success, "failed_count": failed, "reference_id": "crm\u{1b}[2J",
        }))
        .unwrap()
    }

    static UTC: std::sync::LazyLock<Zone> = std::sync::LazyLock::new(|| Zone::utc(""));

    fn facts(trouble: Option<&str>) -> Facts<'_> {
        Facts {
            zone: &UTC,
            now: "2026-03-01T12:00:00Z".parse().unwrap(),
            place: "the sandbox",
            left_today: Some(9_990),
            trouble,
            terminal: Terminal {
                width: Some(80),
                color: false,
                error_color: false,
                draws: true,
                live: true,
                unicode: true,
            },
        }
    }

    #[test]
    fn a_line_is_given_for_each_new_state_and_for_nothing_else() {
        let mut board = Board::default();
        let line = board.take(row(1, "11:00:00", [None, None, None])).unwrap();
        assert_eq!(
            line,
            "2026-03-01T11:00:00Z 00000000-0000-4000-8000-000000000001 pending contact_details -/-/- crm\\u{1b}[2J"
        );
        assert!(
            board
                .take(row(1, "11:01:00", [Some(9), Some(1), Some(0)]))
                .unwrap()
                .contains(" running ")
        );
        assert!(
            board
                .take(row(1, "11:02:00", [Some(9), Some(5), Some(0)]))
                .is_none()
        );
        assert!(
            board
                .take(row(1, "11:03:00", [Some(9), Some(8), Some(1)]))
                .unwrap()
                .contains(" failed ")
        );
        assert!(
            board
                .take(row(1, "11:02:30", [Some(9), Some(6), Some(0)]))
                .is_none(),
            "an older row is no news"
        );
    }

    #[test]
    fn the_view_fits_every_terminal() {
        let mut board = Board::default();
        for id in 0..60 {
            let counts = [
                [None; 3],
                [Some(1000), Some(500), Some(3)],
                [Some(10), Some(10), Some(0)],
            ];
            board.take(row(id, "11:30:00", counts[usize::from(id % 3)]));
        }
        for (columns, lines) in [
            (20, 5),
            (40, 10),
            (60, 24),
            (80, 24),
            (100, 40),
            (200, 60),
            (80, 1),
        ] {
            let view = board.lines(&facts(Some("the server could not be reached")), columns, lines);
            assert!(view.len() <= lines.max(1), "{columns}x{lines}: {}", view.len());
            for line in &view {
                assert!(width(line) <= columns, "{columns}x{lines}: {line}");
            }
        }
        let view = board.lines(&facts(None), 80, 24).join("\n");
        assert!(
            view.contains("Running: 20")
                && view.contains("9,990 requests left today")
                && view.contains("q ends")
        );
        assert!(!view.contains('\u{1b}'));
    }
}
