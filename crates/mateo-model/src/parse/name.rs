//! Names: columns, aliases, JSON paths.

use super::cursor::{Cursor, Failure};
use crate::ast::field::{Arrow, Field, PathKey, is_identifier};

/// `name`, `"any text"`, `with-dash`; spaces around a bare name don't count.
pub(super) fn name(cursor: &mut Cursor<'_>) -> Result<String, Failure> {
    text(cursor, is_identifier, "a field name")
}

fn text(
    cursor: &mut Cursor<'_>,
    belongs: impl Fn(char) -> bool + Copy,
    expected: &'static str,
) -> Result<String, Failure> {
    if cursor.sees("\"") {
        quoted(cursor).ok_or_else(|| cursor.failure("a closing quote"))
    } else {
        dashed(cursor, belongs).ok_or_else(|| cursor.failure(expected))
    }
}

/// Words joined by dashes, a dash being one only where no `>` follows it.
fn dashed(cursor: &mut Cursor<'_>, belongs: impl Fn(char) -> bool + Copy) -> Option<String> {
    let mut text = word(cursor, belongs)?;
    while cursor.sees("-") && !cursor.sees("->") {
        cursor.eat("-");
        text.push('-');
        text.push_str(&word(cursor, belongs)?);
    }
    Some(text)
}

fn word(cursor: &mut Cursor<'_>, belongs: impl Fn(char) -> bool) -> Option<String> {
    let word = cursor.take_while(belongs);
    (!word.is_empty()).then(|| word.trim().to_owned())
}

/// `"…"`, in which `\` takes the next character literally.
pub(super) fn quoted(cursor: &mut Cursor<'_>) -> Option<String> {
    cursor.attempt(|cursor| {
        cursor.eat("\"").then_some(())?;
        let mut text = String::new();
        loop {
            match cursor.next()? {
                '"' => return Some(text),
                '\\' => text.push(cursor.next()?),
                character => text.push(character),
            }
        }
    })
}

/// A column with its JSON path, spaces around it allowed. As a filter's key, what follows it is passed
/// over, as the server does.
pub(super) fn field(cursor: &mut Cursor<'_>) -> Result<Field, Failure> {
    cursor.skip_spaces();
    let mut field = Field::named(name(cursor)?);
    loop {
        let arrow = if cursor.eat("->>") {
            Arrow::Text
        } else if cursor.eat("->") {
            Arrow::Json
        } else {
            break;
        };
        let key = match index(cursor) {
            Some(index) => PathKey::Index(index),
            None => PathKey::Key(key(cursor)?),
        };
        field = field.step(arrow, key);
    }
    cursor.skip_spaces();
    Ok(field)
}

/// An element's index; a number that something else follows is a member's name.
fn index(cursor: &mut Cursor<'_>) -> Option<i64> {
    cursor.attempt(|cursor| {
        let negative = cursor.eat("-");
        let digits = cursor.take_while(|c| c.is_ascii_digit());
        let ends = cursor.is_at_end() || ["->", "::", ".", ","].iter().any(|end| cursor.sees(end));
        if digits.is_empty() || !ends {
            return None;
        }
        let index = digits.parse().unwrap_or(i64::MAX);
        Some(if negative { -index } else { index })
    })
}

fn key(cursor: &mut Cursor<'_>) -> Result<String, Failure> {
    let belongs = |c| !matches!(c, '(' | '-' | ':' | '.' | ',' | '>' | ')');
    text(cursor, belongs, "an index, or a key without any of -:.,>()")
}

/// Names joined by dots.
pub(super) fn dotted(cursor: &mut Cursor<'_>) -> Result<Vec<String>, Failure> {
    cursor.list(".", name)
}

/// `columns=a,b`, which counts for writes only but must be well formed.
pub(super) fn column_list(cursor: &mut Cursor<'_>) -> Result<(), Failure> {
    name(cursor)?;
    cursor.skip_spaces();
    while cursor.eat(",") {
        cursor.skip_spaces();
        name(cursor)?;
        cursor.skip_spaces();
    }
    Ok(())
}
