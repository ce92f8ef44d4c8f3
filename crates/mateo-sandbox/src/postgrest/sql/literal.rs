//! Values from text, as PostgreSQL's input functions read them.

use std::borrow::Cow;

use uuid::Uuid;

use super::error::SqlError;
use super::instant::Instant;
use super::jsonb::Json;
use super::types::Type;
use super::value::Value;

/// Reads `text` as a value of type `of`; `label` finds a type of import by its name, `now` is for times such as
/// `today`.
pub(crate) fn parse(
    label: impl Fn(&str) -> Option<u8>,
    now: Option<Instant>,
    of: Type,
    text: &str,
) -> Result<Value<'static>, SqlError> {
    Ok(match of {
        Type::Text => Value::Text(Cow::Owned(text.to_owned())),
        Type::Int4 => Value::Integer(integer(text, Type::Int4)?),
        Type::Int8 => Value::Integer(integer(text, Type::Int8)?),
        Type::Uuid => Value::Uuid(uuid(text)?),
        Type::Bool => Value::Bool(boolean(text)?),
        Type::Timestamptz => Value::Instant(Instant::parse(text, now)?),
        Type::Jsonb => Value::Json(Cow::Owned(Json::parse(text)?.to_text())),
        Type::Enum => match label(text) {
            Some(position) => Value::Label(position, ""),
            None => {
                return Err(SqlError::new(
                    "22P02",
                    format!("invalid input value for enum import_type: \"{text}\""),
                ));
            }
        },
    })
}

/// An integer: blanks around it and a sign are allowed, nothing else.
pub(crate) fn integer(text: &str, of: Type) -> Result<i64, SqlError> {
    let trimmed = text.trim_matches(is_blank);
    let digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SqlError::invalid_text(of.name(), text));
    }
    let value: i64 = trimmed.parse().map_err(|_| SqlError::out_of_range(text, of))?;
    if of == Type::Int4 && i32::try_from(value).is_err() {
        return Err(SqlError::out_of_range(text, of));
    }
    Ok(value)
}

/// A uuid: 32 hexadecimal digits in any case, a dash after any four of them, braces around all.
pub(crate) fn uuid(text: &str) -> Result<Uuid, SqlError> {
    let invalid = || SqlError::invalid_text("uuid", text);
    let braced = text.strip_prefix('{');
    let mut rest = braced.unwrap_or(text).as_bytes();
    let mut bytes = [0_u8; 16];
    for (index, byte) in bytes.iter_mut().enumerate() {
        let [high, low, tail @ ..] = rest else {
            return Err(invalid());
        };
        *byte = hex(*high)
            .zip(hex(*low))
            .map(|(high, low)| high << 4 | low)
            .ok_or_else(invalid)?;
        rest = match tail {
            [b'-', tail @ ..] if index % 2 == 1 && index < 15 => tail,
            tail => tail,
        };
    }
    let end: &[u8] = if braced.is_some() { b"}" } else { b"" };
    if rest == end {
        Ok(Uuid::from_bytes(bytes))
    } else {
        Err(invalid())
    }
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// A truth value: any beginning of `true`, `false`, `yes`, `no`, then `on`, `off`, `of`, `1`, `0`, in any case.
pub(crate) fn boolean(text: &str) -> Result<bool, SqlError> {
    let word = text.trim_matches(is_blank).to_ascii_lowercase();
    let begins = |whole: &str| !word.is_empty() && whole.starts_with(&word);
    if begins("true") || begins("yes") || word == "on" || word == "1" {
        Ok(true)
    } else if begins("false") || begins("no") || word == "off" || word == "of" || word == "0" {
        Ok(false)
    } else {
        Err(SqlError::invalid_text("boolean", text))
    }
}

/// What C's `isspace` holds for.
pub(crate) fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t'..='\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_as_postgresql_15_reads_them() {
        let read = |text| integer(text, Type::Int4).map_err(|error| error.code);
        assert_eq!(read(" +5\n"), Ok(5));
        assert_eq!(read("-2147483648"), Ok(-2_147_483_648));
        assert_eq!(read("007"), Ok(7));
        for (text, code) in [
            ("", "22P02"),
            ("+", "22P02"),
            ("- 5", "22P02"),
            ("1.5", "22P02"),
            ("0x1A", "22P02"),
            ("1_000", "22P02"),
            ("\u{a0}5", "22P02"),
            ("2147483648", "22003"),
            ("99999999999999999999", "22003"),
        ] {
            assert_eq!(read(text), Err(code), "{text:?}");
        }
    }

    #[test]
    fn a_uuid_may_be_braced_dashed_or_bare() {
        let plain = uuid("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
        for text in [
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
            "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}",
        ] {
            assert_eq!(uuid(text), plain, "{text}");
        }
        for text in [
            "",
            " a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
            "a0-eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11-",
            "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11",
        ] {
            assert!(uuid(text).is_err(), "{text}");
        }
    }
}
