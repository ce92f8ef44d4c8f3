//! `LIKE` and `ILIKE`: `%` for any text, `_` for any character, `\` to take the next one literally.

use super::error::SqlError;

/// A pattern, ready to be matched.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: String,
    ignore_case: bool,
}

impl Pattern {
    pub(crate) fn new(text: &str, ignore_case: bool) -> Self {
        Self {
            text: if ignore_case { lower(text) } else { text.to_owned() },
            ignore_case,
        }
    }

    /// Whether the whole of `text` matches. A pattern whose last character is a lone `\` is an error, though only for
    /// a text that gets as far as that.
    ///
    /// The time is at most the product of the lengths: after a mismatch only the last `%` is tried again.
    pub(crate) fn matches(&self, text: &str) -> Result<bool, SqlError> {
        if self.ignore_case {
            matches(lower(text).as_bytes(), self.text.as_bytes())
        } else {
            matches(text.as_bytes(), self.text.as_bytes())
        }
    }
}

/// Lower case as the locale C.UTF-8 has it: each character by itself, whatever surrounds it.
fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars()
        .map(|character| character.to_lowercase().next().unwrap_or(character))
        .collect()
}

fn matches(text: &[u8], pattern: &[u8]) -> Result<bool, SqlError> {
    let (mut at, mut next) = (0, 0);
    // Where the pattern continues after the last `%`, and where in the text that was tried.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(at) {
        let matched = match pattern.get(next) {
            Some(b'%') => {
                next += 1;
                // `%_` is `_%`: characters are counted off before the search begins.
                while let Some(wildcard @ (b'%' | b'_')) = pattern.get(next) {
                    if *wildcard == b'_' {
                        if at >= text.len() {
                            return Ok(false);
                        }
                        at = next_character(text, at);
                    }
                    next += 1;
                }
                if next == pattern.len() {
                    return Ok(true);
                }
                literal(pattern, next)?;
                retry = Some((next, at));
                continue;
            }
            Some(b'_') => {
                at = next_character(text, at);
                next += 1;
                continue;
            }
            Some(_) => {
                let (wanted, length) = literal(pattern, next)?;
                next += length;
                at += 1;
                wanted == *byte
            }
            None => false,
        };
        if !matched {
            let Some((from, tried)) = retry else {
                return Ok(false);
            };
            let again = next_character(text, tried);
            retry = Some((from, again));
            (next, at) = (from, again);
        }
    }
    let rest = pattern.get(next..).unwrap_or_default();
    Ok(rest.iter().all(|byte| *byte == b'%'))
}

/// The literal byte at `at` of the pattern, and the number of bytes it is written with.
fn literal(pattern: &[u8], at: usize) -> Result<(u8, usize), SqlError> {
    match pattern.get(at..).unwrap_or_default() {
        [b'\\', escaped, ..] => Ok((*escaped, 2)),
        [b'\\'] | [] => Err(SqlError::new(
            "22025",
            "LIKE pattern must not end with escape character",
        )),
        [byte, ..] => Ok((*byte, 1)),
    }
}

fn next_character(text: &[u8], at: usize) -> usize {
    let is_continuation = |byte: &&u8| (**byte & 0xc0) == 0x80;
    let rest = text.get(at + 1..).unwrap_or_default();
    at + 1 + rest.iter().take_while(is_continuation).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(text: &str, pattern: &str) -> Result<bool, &'static str> {
        Pattern::new(pattern, false)
            .matches(text)
            .map_err(|error| error.code)
    }

    #[test]
    fn patterns_match_as_in_sql() {
        for (text, pattern, matched) in [
            ("", "", true),
            ("", "%", true),
            ("", "_", false),
            ("abc", "a%", true),
            ("abc", "%c", true),
            ("abc", "a_c", true),
            ("abc", "%_%_%_%", true),
            ("abc", "%_%_%_%_", false),
            ("müller", "m_ller", true),
            ("aab", "%ab", true),
            ("ababac", "%abac", true),
            ("a%c", r"a\%c", true),
            ("abc", r"a\%c", false),
            ("a_c", r"%\_%", true),
            (r"a\c", r"a\\c", true),
            ("abc", r"\a\b\c", true),
            ("line\nbreak", "line_break", true),
        ] {
            assert_eq!(like(text, pattern), Ok(matched), "{text:?} like {pattern:?}");
        }
    }

    #[test]
    fn a_lone_backslash_is_an_error_only_where_it_is_reached() {
        assert_eq!(like("ends", r"ends\"), Ok(false));
        assert_eq!(like("ends!", r"ends\"), Err("22025"));
        assert_eq!(like("other", r"ends\"), Ok(false));
        assert_eq!(like("x", r"%\"), Err("22025"));
    }

    #[test]
    fn ilike_folds_each_character_alone() {
        let ilike = |text, pattern| Pattern::new(pattern, true).matches(text);
        assert_eq!(ilike("MÜLLER", "müller"), Ok(true));
        assert_eq!(ilike("STRASSE", "straße"), Ok(false));
        assert_eq!(ilike("İ", "i"), Ok(true));
        assert_eq!(ilike("ΣΑΣ", "σας"), Ok(false));
    }

    #[test]
    fn many_wildcards_take_no_exponential_time() {
        let pattern = "%a".repeat(2_000);
        assert_eq!(like(&"a".repeat(1_999), &pattern), Ok(false));
    }
}
