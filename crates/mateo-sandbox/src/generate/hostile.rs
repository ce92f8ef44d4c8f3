//! Text that is hostile to programs that print, align or quote it.

use serde_json::json;

use crate::row::Row;

const TEXTS: [&str; 26] = [
    "\u{1b}[31mred\u{1b}[0m\u{1b}[2J",
    "\u{1b}]0;a title\u{7}\u{1b}]52;c;ZXZpbA==\u{7}",
    "\u{1b}]8;;https://example.com\u{1b}\\a link\u{1b}]8;;\u{1b}\\",
    "\u{9b}31mC1 controls\u{9d}0;x\u{9c}",
    "bell\u{7} back\u{8}\u{8}\u{8}space \u{7f}",
    "\u{1}\u{2400}nul-like\u{feff}\u{200b}",
    "\u{202e}fdp.exe\u{202c}",
    "\u{2066}isolate\u{2069}\u{200f}mark",
    "استيراد العملاء ١٢٣",
    "ייבוא אנשי קשר",
    "全角文字の参照番号",
    "\u{fdfd}\u{12029}\u{2e3b}",
    "👩\u{200d}👩\u{200d}👧\u{200d}👦 🏳\u{fe0f}\u{200d}🌈 🇩🇪",
    "Z\u{351}\u{36b}\u{343}a\u{32e}\u{325}l\u{348}\u{35a}g\u{31e}o\u{30a}\u{30a}\u{30a}",
    "e\u{301} and \u{e9}, \u{fb01}, \u{130}\u{131}, \u{1e9e}\u{df}",
    "two\nlines\r\nand\ttabs\u{b}\u{c}",
    "line\u{2028}and\u{2029}paragraph\u{85}separators",
    "=cmd|' /C calc'!A1",
    "a,\"quoted\"\"\",;'text'",
    "'; drop table imports; --",
    "back\\slash, 100%_*, {a,b}, (c.eq.d)",
    "and(or(id.eq.1),\"x\"",
    "a=b&c=d;e+f%20g#h?i",
    "$(id) `id` ${HOME} !!",
    "",
    " \u{a0}\u{3000} ",
];

/// The row with hostile text, each row with the next.
pub(super) fn spoil(row: Row, number: u64) -> Row {
    let text = |number: u64| {
        let index = usize::try_from(number % TEXTS.len() as u64).unwrap_or_default();
        TEXTS.get(index).copied().unwrap_or_default()
    };
    let (reference, name) = (text(number), text(number + 7));
    row.set("reference_id", reference)
        .set("payload", json!([{"lastname": name, name: reference}]))
}
