//! Values from text, as PostgreSQL's input functions read them.

use std::sync::Arc;

use uuid::Uuid;

use super::instant::Instant;
use super::jsonb::Json;
use super::text::is_blank;
use super::types::Type;
use super::value::Value;
use crate::postgrest::error::Error;

/// Reads `text` as a value of type `of`; `labels` are those of the enum, `now` is for times such as `today`.
pub(crate) fn parse(of: Type, text: &str, labels: &[Arc<str>], now: Option<Instant>) -> Result<Value, Error> {
    let invalid = || Error::invalid_text(of.name(), text);
    Ok(match of {
        Type::Text => Value::Text(text.into()),
        Type::Int2 | Type::Int4 | Type::Int8 => Value::Integer(integer(text, of)?),
        Type::Numeric => match Json::parse(text.trim_matches(is_blank)) {
            Ok(Json::Number(digits)) => Value::Json(digits.as_str().into()),
            _ => return Err(invalid()),
        },
        Type::Uuid => Value::Uuid(uuid(text).ok_or_else(invalid)?),
        Type::Bool => Value::Bool(boolean(text).ok_or_else(invalid)?),
        Type::Timestamptz => Value::Instant(Instant::parse(text, now)?),
        Type::Date => Value::Text(Instant::parse(text, now)?.to_date_text().into()),
        Type::Jsonb => Value::Json(Json::parse(text)?.to_text()),
        Type::Enum => {
            let found = (0..).zip(labels).find(|(_, label)| ***label == *text);
            let Some((position, label)) = found else {
                let message = format!("invalid input value for enum import_type: \"{text}\"");
                return Err(Error::new("22P02", message));
            };
            Value::Label(position, Arc::clone(label))
        }
    })
}

/// An integer: blanks around it and a sign are allowed, nothing else.
pub(crate) fn integer(text: &str, of: Type) -> Result<i64, Error> {
    let trimmed = text.trim_matches(is_blank);
    let digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::invalid_text(of.name(), text));
    }
    let range = match of {
        Type::Int2 => i16::MIN.into()..=i16::MAX.into(),
        Type::Int4 => i32::MIN.into()..=i32::MAX.into(),
        _ => i64::MIN..=i64::MAX,
    };
    let value = trimmed.parse().ok().filter(|value| range.contains(value));
    value.ok_or_else(|| Error::out_of_range(text, of.name()))
}

/// A uuid: 32 hexadecimal digits in any case, a dash after any four of them, braces around all.
fn uuid(text: &str) -> Option<Uuid> {
    let text = match text.strip_prefix('{') {
        Some(braced) => braced.strip_suffix('}')?,
        None => text,
    };
    let mut groups = text.split('-');
    let are_whole = groups.all(|group| !group.is_empty() && group.len() % 4 == 0);
    let digits = text.replace('-', "");
    // Of the forms that `Uuid` reads only the plain digits have this length.
    let is_plain = digits.len() == uuid::fmt::Simple::LENGTH;
    Uuid::try_parse(&digits).ok().filter(|_| are_whole && is_plain)
}

/// A truth value: any beginning of `true`, `false`, `yes`, `no`, then `on`, `off`, `of`, `1`, `0`, in any case.
fn boolean(text: &str) -> Option<bool> {
    let word = text.trim_matches(is_blank).to_ascii_lowercase();
    match word.as_str() {
        "t" | "tr" | "tru" | "true" | "y" | "ye" | "yes" | "on" | "1" => Some(true),
        "f" | "fa" | "fal" | "fals" | "false" | "n" | "no" | "of" | "off" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_as_postgresql_15_reads_them() {
        let read = |text| integer(text, Type::Int4).map_err(|error| error.0.code);
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
            assert!(uuid(text).is_none(), "{text}");
        }
    }
}
