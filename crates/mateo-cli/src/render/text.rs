//! Text from the server, escaped and cut to a width: a reference may hold what a terminal would act on.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// More characters than this that take no room, one after the other, are written as escapes: accents pile up on one
/// character, and text without end would hide in a cell.
const MOST_ZERO_WIDTH: u32 = 4;

/// The text with every character that a terminal would act on, or that can't be seen, written as an escape.
pub(crate) fn escape_control(text: &str) -> Cow<'_, str> {
    escape(text, is_unseen)
}

/// The same for a text that may have lines and tabs, such as a cell of CSV or a file.
pub(crate) fn escape_control_in_lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| !matches!(c, '\n' | '\t') && is_unseen(c))
}

fn escape(text: &str, must: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.is_ascii() && !text.contains(&must) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    // At the beginning, because an accent would stand on whatever is printed before the text.
    let mut zero_width = MOST_ZERO_WIDTH;
    for c in text.chars() {
        let is_zero_width = c.width() == Some(0);
        if must(c) || is_zero_width && zero_width >= MOST_ZERO_WIDTH {
            shown.extend(c.escape_default());
            continue;
        }
        zero_width = if is_zero_width { zero_width + 1 } else { 0 };
        shown.push(c);
    }
    if shown == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(shown)
    }
}

/// JSON with every such character written as JSON's own escape, which means the same. Line breaks between members stay.
pub(crate) fn escape_json(json: &str) -> Cow<'_, str> {
    let must = |c: char| c != '\n' && is_unseen(c);
    if !json.contains(must) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if must(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Control characters, and those that Unicode has for format: direction overrides, joiners, line separators.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// How many columns of a terminal the text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most `columns`, with an ellipsis where it was cut, and whether it was.
pub(crate) fn cut(text: &str, columns: usize, unicode: bool) -> (Cow<'_, str>, bool) {
    if width(text) <= columns {
        return (Cow::Borrowed(text), false);
    }
    let ellipsis = if unicode { "…" } else { ".." };
    let room = columns.saturating_sub(width(ellipsis));
    let mut used = 0;
    let end = text
        .char_indices()
        .find(|(_, c)| {
            used += c.width().unwrap_or(0);
            used > room
        })
        .map_or(text.len(), |(at, _)| at);
    let kept = text.get(..end).unwrap_or_default();
    (Cow::Owned(format!("{kept}{ellipsis}")), true)
}

/// The number with its thousands apart: `25,000`.
pub(crate) fn thousands(number: impl Into<u64>) -> String {
    let digits = number.into().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 import`, `2 imports`.
pub(crate) fn counted(number: u64, one: &str) -> String {
    format!(
        "{} {one}{}",
        thousands(number),
        if number == 1 { "" } else { "s" }
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        counted, cut, escape_control, escape_control_in_lines, escape_json, is_unseen, thousands, width,
    };

    #[test]
    fn what_a_terminal_would_act_on_is_written_as_an_escape() {
        assert_eq!(
            escape_control("a\u{1b}[31mb\n\t\u{202e}c"),
            "a\\u{1b}[31mb\\n\\t\\u{202e}c"
        );
        assert!(matches!(
            escape_control("plain ü 漢"),
            std::borrow::Cow::Borrowed(_)
        ));
    }

    #[test]
    fn numbers_are_read_more_easily_with_their_thousands_apart() {
        let texts = [0_u64, 999, 1_000, 25_000, 1_234_567].map(thousands);
        assert_eq!(texts, ["0", "999", "1,000", "25,000", "1,234,567"]);
        assert_eq!(
            (counted(1, "import"), counted(0, "import")),
            ("1 import".into(), "0 imports".into())
        );
    }

    #[test]
    fn an_accent_stands_on_a_character_and_accents_do_not_pile_up() {
        assert_eq!(escape_control("e\u{301}"), "e\u{301}");
        assert_eq!(escape_control("\u{301}e"), "\\u{301}e");
        let piled = escape_control(&format!("e{}", "\u{301}".repeat(9))).into_owned();
        assert_eq!(piled, format!("e{}{}", "\u{301}".repeat(4), "\\u{301}".repeat(5)));
    }

    #[test]
    fn escaped_json_means_the_same() {
        let value = serde_json::json!({"a": "\u{9b}31m\u{7f}\u{202e}\u{e0001}ü", "b": "\u{1b}\n"});
        let json = value.to_string();
        let shown = escape_json(&json);
        assert_eq!(
            shown,
            r#"{"a":"\u009b31m\u007f\u202e\udb40\udc01ü","b":"\u001b\n"}"#
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        assert_eq!(escape_control_in_lines("a\tb\r\n\u{9b}"), "a\tb\\r\n\\u{9b}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_cut_fits_and_what_fits_is_not_cut(text: String, columns in 2_usize..40) {
            let text = escape_control(&text);
            prop_assert!(!text.contains(is_unseen));
            let (shown, was_cut) = cut(&text, columns, true);
            prop_assert!(width(&shown) <= columns);
            prop_assert_eq!(was_cut, width(&text) > columns);
        }
    }
}
