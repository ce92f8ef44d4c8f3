//! One import as a page to read.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use mateo_imports::{Import, RawJson};

use super::style::Paint;
use super::text::escape_control;
use super::{age, state};
use crate::failure::{Code, Failure};
use crate::terminal::Terminal;
use crate::zone::Zone;

/// How wide the names are.
const NAMES: usize = 14;

/// The page, with everything that the server has.
pub(crate) fn page(
    row: &RawJson,
    terminal: Terminal,
    zone: &Zone,
    now: DateTime<Utc>,
) -> Result<String, Failure> {
    let import: Import = row.read().map_err(|error| {
        Failure::new(Code::Failed, "the import could not be read")
            .advice("--output json shows it as the server sent it")
            .source(error)
    })?;
    let paint = Paint::new(terminal.color);
    let progress = import.progress();
    let mut text = format!(
        "{} {}\n",
        paint.strong("Import"),
        paint.strong(&import.id.to_string())
    );
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:NAMES$}{value}");
    };
    let optional = |value: Option<String>| value.unwrap_or_else(|| paint.faint("none"));

    line("type", &escape_control(import.import_type.as_str()));
    line("state", &state::painted(progress, &progress.to_string(), paint));
    if let Some(total) = import.total_count {
        let count = |count: Option<i32>| u64::try_from(count.unwrap_or(0)).unwrap_or(0);
        let (success, failed) = (count(import.success_count), count(import.failed_count));
        let bar = state::bar(success, failed, count(Some(total)), 30, terminal.unicode, paint);
        line(
            "",
            &format!("{bar} {success} imported, {failed} failed, {total} in all"),
        );
    }
    line("created", &time(import.created_at, zone, now));
    line("updated", &time(import.updated_at, zone, now));
    line(
        "reference",
        &optional(
            import
                .reference_id
                .as_deref()
                .map(|text| escape_control(text).into_owned()),
        ),
    );
    line("organisation", &import.organisation_id.to_string());
    line(
        "contact list",
        &optional(import.contact_list_id.map(|id| id.to_string())),
    );
    line(
        "failed",
        &optional(
            import
                .failed_url
                .as_deref()
                .map(|url| escape_control(url).into_owned()),
        ),
    );
    line(
        "payload file",
        &optional(
            import
                .payload_url
                .as_deref()
                .map(|url| escape_control(url).into_owned()),
        ),
    );

    if import.failed_count.is_some_and(|count| count > 0) {
        line(
            "why",
            &paint.faint(&format!("mateo imports failures {}", import.id)),
        );
    }
    if !import.extra.is_empty() {
        let _ = writeln!(
            text,
            "\n{}",
            paint.strong("Columns that are newer than this program")
        );
        for (name, value) in import.extra.iter() {
            let _ = writeln!(
                text,
                "  {:NAMES$}{}",
                escape_control(name),
                escape_control(&value.replace(['\n', '\r'], " "))
            );
        }
    }
    if let Some(payload) = &import.payload {
        let _ = writeln!(text, "\n{}", paint.strong("Payload"));
        for line in pretty(payload).lines() {
            let _ = writeln!(text, "  {}", escape_control(line));
        }
    }
    Ok(text)
}

fn time(time: DateTime<Utc>, zone: &Zone, now: DateTime<Utc>) -> String {
    let age = age::age(time, now);
    let ago = if age.starts_with("in ") { "" } else { " ago" };
    format!("{} ({age}{ago})", zone.full(time))
}

/// Indented, with the members in the server's sequence and numbers digit for digit: only blanks are changed.
fn pretty(json: &RawJson) -> String {
    let mut text = String::new();
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let mut chars = json.as_str().chars().peekable();
    while let Some(c) = chars.next() {
        if in_text {
            text.push(c);
            in_text = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        let new_line = |text: &mut String, depth: usize| {
            text.push('\n');
            text.extend(std::iter::repeat_n("  ", depth));
        };
        match c {
            '{' | '[' => {
                text.push(c);
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
                if chars.peek().is_some_and(|c| matches!(c, '}' | ']')) {
                    text.extend(chars.next());
                } else {
                    depth += 1;
                    new_line(&mut text, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(c);
                new_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            '"' => {
                in_text = true;
                text.push(c);
            }
            c if c.is_ascii_whitespace() => {}
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{page, pretty};
    use crate::terminal::Terminal;
    use crate::zone::Zone;

    #[test]
    fn only_blanks_are_changed() {
        let json: mateo_imports::RawJson = r#"[{"b":1.0,"a":"x,\"{y}: \\"},[ ],{}]"#.parse().unwrap();
        let text = pretty(&json);
        assert_eq!(
            text,
            "[\n  {\n    \"b\": 1.0,\n    \"a\": \"x,\\\"{y}: \\\\\"\n  },\n  [],\n  {}\n]"
        );
    }

    #[test]
    fn a_page_has_every_column_and_no_control_character() {
        let json = r#"{"id":"d419c772-3226-4b94-bc3a-e353fb14628e","created_at":"2026-02-28T12:00:00+00:00","updated_at":"2026-03-01T12:00:00.5+00:00","organisation_id":"f6fadfa7-e5c1-4b62-9362-da5cc13da58a","type":"note_details","payload":[{"email":"a@b.c"}],"contact_list_id":null,"failed_url":null,"payload_url":null,"total_count":4,"success_count":3,"failed_count":1,"reference_id":"a\u001b[31m","newer":["x"]}"#;
        let terminal = Terminal {
            width: None,
            color: false,
            error_color: false,
            draws: false,
            live: false,
            unicode: false,
        };
        let text = page(
            &json.parse().unwrap(),
            terminal,
            &Zone::utc(""),
            "2026-03-01T12:00:00Z".parse().unwrap(),
        )
        .unwrap();
        assert_eq!(
            text,
            "Import d419c772-3226-4b94-bc3a-e353fb14628e\n\
            \x20 type          note_details\n\
            \x20 state         finished, 1 of 4 failed\n\
            \x20               ############################## 3 imported, 1 failed, 4 in all\n\
            \x20 created       2026-02-28 12:00:00 UTC (1d ago)\n\
            \x20 updated       2026-03-01 12:00:00.5 UTC (0s ago)\n\
            \x20 reference     a\\u{1b}[31m\n\
            \x20 organisation  f6fadfa7-e5c1-4b62-9362-da5cc13da58a\n\
            \x20 contact list  none\n\
            \x20 failed        none\n\
            \x20 payload file  none\n\
            \x20 why           mateo imports failures d419c772-3226-4b94-bc3a-e353fb14628e\n\
            \n\
            Columns that are newer than this program\n\
            \x20 newer         [\"x\"]\n\
            \n\
            Payload\n\
            \x20 [\n\
            \x20   {\n\
            \x20     \"email\": \"a@b.c\"\n\
            \x20   }\n\
            \x20 ]\n"
        );
    }
}
