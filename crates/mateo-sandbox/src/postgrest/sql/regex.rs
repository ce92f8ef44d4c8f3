//! `match` and `imatch`, which hellomateo does not document: POSIX expressions as the `regex` crate reads them.

use regex::{Regex, RegexBuilder};

use crate::postgrest::error::Error;

/// How much memory a compiled expression may take, in bytes: one that wants more is rejected as too complex.
const SIZE_LIMIT: usize = 1 << 20;

/// The highest count of a repetition.
const MAX_REPETITIONS: u32 = 255;

/// Compiles an expression, for `~` or `~*`.
pub(crate) fn compile(pattern: &str, ignore_case: bool) -> Result<Regex, Error> {
    let invalid = |reason: &str| Error::new("2201B", format!("invalid regular expression: {reason}"));
    if repetitions(pattern).any(|count| count > MAX_REPETITIONS) {
        return Err(invalid("invalid repetition count(s)"));
    }
    RegexBuilder::new(&translated(pattern))
        .case_insensitive(ignore_case)
        .dot_matches_new_line(true)
        .size_limit(SIZE_LIMIT)
        .build()
        .map_err(|_| invalid("it is malformed or too complex"))
}

/// What PostgreSQL means otherwise: a `{` that begins no count is itself, and `\b` is a backspace.
fn translated(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len());
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('{', next) if !next.is_some_and(char::is_ascii_digit) => translated.push_str(r"\{"),
            ('\\', Some('b')) => {
                characters.next();
                translated.push_str(r"\x08");
            }
            ('\\', Some(escaped)) => {
                translated.extend(['\\', *escaped]);
                characters.next();
            }
            _ => translated.push(character),
        }
    }
    translated
}

/// The numbers after each `{` and the comma in it.
fn repetitions(pattern: &str) -> impl Iterator<Item = u32> {
    let braces = pattern.split('{').skip(1);
    let counts = braces.flat_map(|brace| brace.split('}').next().unwrap_or_default().split(','));
    counts.filter_map(|count| count.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_mean_what_they_mean_to_postgresql() {
        for (pattern, text, matches) in [
            ("", "anything", true),
            ("^ERP", "ERP-1", true),
            (r"^erp-\d+$", "erp-12", true),
            ("a.b", "a\nb", true),
            ("^$", "\n", false),
            (r"\(paren\)", "(paren)", true),
            ("[]a]", "]", true),
            ("[^[:alpha:]]", "1", true),
            ("x{2,3}?", "xx", true),
            ("{a,b}", "{a,b}", true),
            (r"a\b", "a", false),
        ] {
            let regex = compile(pattern, false).unwrap();
            assert_eq!(regex.is_match(text), matches, "{text:?} ~ {pattern:?}");
        }
        assert!(compile("MÜLLER", true).unwrap().is_match("müller"));
        for pattern in ["[", "(", ")", "*a", "^.{300}$", "a{2,1}", r"\", r"\q", "[b-a]"] {
            let code = compile(pattern, false).map_err(|error| error.0.code).err();
            assert_eq!(code, Some("2201B"), "{pattern}");
        }
    }
}
