//! Text from the server, escaped and cut to a width: a reference may hold what a terminal would act on.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text with every character that a terminal would act on, or that can't be seen, written as an escape.
pub(crate) fn escape_control(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_unseen(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Control characters, and those that Unicode has for format: direction overrides, joiners, line separators.
fn is_unseen(c: char) -> bool {
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

    use super::{counted, cut, escape_control, is_unseen, thousands, width};

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
