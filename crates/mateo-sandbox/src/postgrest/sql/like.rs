//! `LIKE` and `ILIKE`: `%` for any text, `_` for any character, `\` to take the next one literally.

use crate::postgrest::error::Error;

/// A pattern, ready to be matched.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    parts: Vec<Part>,
    /// What characters are compared as.
    fold: fn(char) -> char,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    AnyText,
    AnyCharacter,
    Character(char),
    /// A `\` with nothing to escape.
    Lone,
}

impl Pattern {
    pub(crate) fn new(text: &str, ignore_case: bool) -> Self {
        let fold = if ignore_case { lower } else { |character| character };
        let mut characters = text.chars().map(fold);
        let next = || {
            Some(match characters.next()? {
                '%' => Part::AnyText,
                '_' => Part::AnyCharacter,
                '\\' => characters.next().map_or(Part::Lone, Part::Character),
                character => Part::Character(character),
            })
        };
        Self {
            parts: std::iter::from_fn(next).collect(),
            fold,
        }
    }

    /// Whether the whole of `text` matches. A pattern whose last character is a lone `\` is an error, though only for
    /// a text that gets as far as that.
    ///
    /// The time is at most the product of the lengths: after a mismatch only the last `%` is tried again.
    pub(crate) fn matches(&self, text: &str) -> Result<bool, Error> {
        let (mut text, mut parts) = (text.chars().map(self.fold), self.parts.as_slice());
        // What is left of both after the last `%`.
        let mut retry = None;
        while let Some(character) = text.clone().next() {
            match parts {
                [Part::AnyText, rest @ ..] => {
                    parts = rest;
                    // `%_` is `_%`: characters are counted off before the search begins.
                    while let [wildcard @ (Part::AnyText | Part::AnyCharacter), rest @ ..] = parts {
                        if *wildcard == Part::AnyCharacter && text.next().is_none() {
                            return Ok(false);
                        }
                        parts = rest;
                    }
                    match parts {
                        [] => return Ok(true),
                        [Part::Lone, ..] => return Err(lone()),
                        _ => retry = Some((text.clone(), parts)),
                    }
                }
                [Part::Lone, ..] => return Err(lone()),
                [part, rest @ ..] if [Part::AnyCharacter, Part::Character(character)].contains(part) => {
                    text.next();
                    parts = rest;
                }
                _ => {
                    let Some((from, after)) = &mut retry else {
                        return Ok(false);
                    };
                    from.next();
                    (text, parts) = (from.clone(), after);
                }
            }
        }
        Ok(parts.iter().all(|part| *part == Part::AnyText))
    }
}

/// Lower case as the locale C.UTF-8 has it: each character by itself, whatever surrounds it.
fn lower(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

fn lone() -> Error {
    Error::new("22025", "LIKE pattern must not end with escape character")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(text: &str, pattern: &str) -> Result<bool, &'static str> {
        Pattern::new(pattern, false)
            .matches(text)
            .map_err(|error| error.0.code)
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
