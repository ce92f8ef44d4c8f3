//! Reasons counted, with examples, for a person.

use std::collections::HashMap;

use serde_json::Value;

use super::records::{Record, is_reason};
use crate::app::App;
use crate::failure::Result;
use crate::output::Output;
use crate::render::text::{counted, cut, escape_control, thousands};

/// So many reasons are shown, and so many examples of each.
const MOST_REASONS: usize = 20;
const MOST_EXAMPLES: usize = 3;

/// What identifies a record best, where it has it.
const IDENTIFYING: [&str; 7] = [
    "external_id",
    "email",
    "phone",
    "reference_id",
    "id",
    "title",
    "name",
];

/// How often each reason comes.
#[derive(Debug, Default)]
pub(super) struct Reasons(HashMap<String, (u64, Vec<String>)>);

impl Reasons {
    pub(super) fn count(&mut self, record: Record) {
        let (count, examples) = self.0.entry(record.reason).or_default();
        *count += 1;
        if examples.len() < MOST_EXAMPLES {
            examples.push(example(&record.content));
        }
    }

    /// The most frequent first.
    pub(super) fn write(&self, out: &mut Output, app: &App) -> Result {
        let mut reasons: Vec<_> = self.0.iter().collect();
        reasons.sort_by(|(a, (more, _)), (b, (less, _))| less.cmp(more).then(a.cmp(b)));
        let width = reasons
            .iter()
            .map(|(_, (count, _))| thousands(*count).len())
            .max()
            .unwrap_or(0);
        let fit = |text: &str, before: usize| {
            let text = escape_control(text).into_owned();
            match app.terminal.width {
                Some(columns) => cut(&text, columns.saturating_sub(before), app.terminal.unicode)
                    .0
                    .into_owned(),
                None => text,
            }
        };
        for (reason, (count, examples)) in reasons.iter().take(MOST_REASONS) {
            out.line("")?;
            let count = thousands(*count);
            out.line(&format!(
                "  {count:>width$}  {}",
                app.paint().bad(&fit(reason, width + 4))
            ))?;
            for example in examples {
                out.line(&format!(
                    "  {:width$}  {}",
                    "",
                    app.paint().faint(&fit(example, width + 4))
                ))?;
            }
        }
        if reasons.len() > MOST_REASONS {
            let more = (reasons.len() - MOST_REASONS) as u64;
            app.note(&format!(
                "and {}; --output csv has all records",
                counted(more, "other reason")
            ));
        }
        Ok(())
    }
}

/// What says which record it is, in a few words.
fn example(content: &Value) -> String {
    let Some(object) = content.as_object() else {
        return content.to_string();
    };
    let shown = |name: &str| {
        let value = match object.get(name)? {
            Value::String(text) if !text.is_empty() => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some(format!("{name}={value}"))
    };
    let mut parts: Vec<String> = IDENTIFYING.iter().filter_map(|name| shown(name)).collect();
    if parts.is_empty() {
        let others = object.keys().filter(|name| !is_reason(name));
        parts = others.filter_map(|name| shown(name)).take(3).collect();
    }
    if parts.is_empty() {
        content.to_string()
    } else {
        parts.join(" ")
    }
}
