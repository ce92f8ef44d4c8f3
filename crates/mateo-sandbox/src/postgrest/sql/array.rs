//! Array literals: `{a,"b c",NULL}`, of one dimension.

use std::sync::LazyLock;

use regex::Regex;

use super::text::is_blank;
use crate::postgrest::error::Error;

/// An element, in quotes or without, and the comma after it or the end. In both forms `\` escapes any character.
static ELEMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?xs)^ [\x20\t-\r]*
        (?: " ( (?: [^"\\] | \\. )* ) "
          | ( (?: [^{}",\\\x20\t-\r] | \\. ) (?: [^{}",\\] | \\. )*? ) )
        [\x20\t-\r]* (,|$)"#,
    )
    .ok()
});

/// The elements of an array literal, `None` for NULL.
pub(crate) fn elements(text: &str) -> Result<Vec<Option<String>>, Error> {
    read(text).ok_or_else(|| Error::new("22P02", format!("malformed array literal: \"{text}\"")))
}

fn read(text: &str) -> Option<Vec<Option<String>>> {
    let text = text.trim_matches(is_blank);
    let mut rest = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut elements = Vec::new();
    if rest.trim_matches(is_blank).is_empty() {
        return Some(elements);
    }
    loop {
        let element = ELEMENT.as_ref()?.captures(rest)?;
        elements.push(match (element.get(1), element.get(2)) {
            (Some(quoted), _) => Some(unescaped(quoted.as_str())),
            (None, Some(bare)) if bare.as_str().eq_ignore_ascii_case("null") => None,
            (None, bare) => bare.map(|bare| unescaped(bare.as_str())),
        });
        if element.get(3)?.is_empty() {
            return Some(elements);
        }
        rest = rest.get(element.get(0)?.end()..)?;
    }
}

fn unescaped(text: &str) -> String {
    let mut characters = text.chars();
    let next = || match characters.next()? {
        '\\' => characters.next(),
        character => Some(character),
    };
    std::iter::from_fn(next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_as_postgresql_reads_them() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(elements("{}"), Ok(vec![]));
        assert_eq!(
            elements(" { a , \"b,c\" ,NULL,\"NULL\"} "),
            Ok(vec![some("a"), some("b,c"), None, some("NULL")])
        );
        assert_eq!(
            elements(r#"{"a\"b\\",x\,y}"#),
            Ok(vec![some("a\"b\\"), some("x,y")])
        );
        for text in [
            "", "a", "{", "{a", "{a,}", "{,a}", "{a}b", "{{}}", "{1,{2}}", "{a\"b\"}", "{a\\}",
        ] {
            assert_eq!(
                elements(text).map_err(|error| error.0.code),
                Err("22P02"),
                "{text}"
            );
        }
    }
}
