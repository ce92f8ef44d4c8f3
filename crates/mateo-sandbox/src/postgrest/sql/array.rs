//! Array literals: `{a,"b c",NULL}`, of one dimension.

use super::error::SqlError;
use super::literal::is_blank;

/// The elements of an array literal, `None` for NULL.
pub(crate) fn elements(text: &str) -> Result<Vec<Option<String>>, SqlError> {
    read(text).ok_or_else(|| SqlError::new("22P02", format!("malformed array literal: \"{text}\"")))
}

fn read(text: &str) -> Option<Vec<Option<String>>> {
    let mut rest = text.trim_matches(is_blank).strip_prefix('{')?;
    rest = rest.trim_start_matches(is_blank);
    let mut elements = Vec::new();
    if rest == "}" {
        return Some(elements);
    }
    loop {
        rest = rest.trim_start_matches(is_blank);
        let (element, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_element(quoted)?,
            None => bare_element(rest)?,
        };
        elements.push(element);
        rest = after.trim_start_matches(is_blank);
        if rest == "}" {
            return Some(elements);
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// The text up to the closing quote, and what comes after it.
fn quoted_element(text: &str) -> Option<(Option<String>, &str)> {
    let mut element = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '"' => return Some((Some(element), characters.as_str())),
            '\\' => element.push(characters.next()?),
            character => element.push(character),
        }
    }
}

/// The text up to a comma or the closing brace, and what comes from there on.
fn bare_element(text: &str) -> Option<(Option<String>, &str)> {
    let mut element = String::new();
    // Blanks at the end don't count, unless they were escaped.
    let (mut kept, mut is_escaped) = (0, false);
    let mut characters = text.chars();
    loop {
        let rest = characters.as_str();
        match characters.next()? {
            '{' | '"' => return None,
            ',' | '}' => {
                element.truncate(kept);
                let is_null = !is_escaped && element.eq_ignore_ascii_case("null");
                return (kept > 0).then_some(((!is_null).then_some(element), rest));
            }
            '\\' => {
                element.push(characters.next()?);
                (kept, is_escaped) = (element.len(), true);
            }
            character => {
                element.push(character);
                if !is_blank(character) {
                    kept = element.len();
                }
            }
        }
    }
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
            assert_eq!(elements(text).map_err(|error| error.code), Err("22P02"), "{text}");
        }
    }
}
