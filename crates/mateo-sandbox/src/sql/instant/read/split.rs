//! A time's text as fields: runs of digits, words and signs, each with what it looks like.

/// A part of a time's text, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) text: String,
    pub(super) kind: Kind,
}

/// What a field looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Digits, perhaps with a fraction: a year, a day, a date or time run together.
    Number,
    /// Parts joined by `-`, `/` or `.`: a date, or the name of a time zone.
    Date,
    /// `12:30:00.5`.
    Time,
    /// `+02:00`.
    Zone,
    /// A word, with its sign if it has one (`-infinity`).
    Word,
}

const MAX_FIELDS: usize = 25;
const MAX_LENGTH: usize = 150;

/// Splits a time's text; `None` where it holds something that no time has.
pub(super) fn fields(text: &str) -> Option<Vec<Field>> {
    let mut rest = text.as_bytes();
    let mut fields = Vec::new();
    let mut length = 0;
    while let [first, tail @ ..] = rest {
        let field = match first {
            b' ' | b'\t'..=b'\r' => {
                rest = tail;
                continue;
            }
            b'0'..=b'9' => from_digit(&mut rest),
            b'.' => Field {
                text: take(&mut rest, 1, u8::is_ascii_digit),
                kind: Kind::Number,
            },
            b'+' | b'-' => signed(&mut rest)?,
            byte if byte.is_ascii_alphabetic() => from_letter(&mut rest),
            // Other punctuation only separates.
            byte if byte.is_ascii_punctuation() => {
                rest = tail;
                continue;
            }
            _ => return None,
        };
        length += field.text.len() + 1;
        if fields.len() == MAX_FIELDS || length > MAX_LENGTH {
            return None;
        }
        fields.push(field);
    }
    Some(fields)
}

/// Takes `at_least` bytes and those behind them that `belongs` holds for.
fn take(rest: &mut &[u8], at_least: usize, belongs: impl Fn(&u8) -> bool) -> String {
    let behind = rest.get(at_least..).unwrap_or_default();
    let end = at_least + behind.iter().take_while(|byte| belongs(byte)).count();
    let (taken, left) = rest.split_at(end.min(rest.len()));
    *rest = left;
    taken
        .iter()
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect()
}

fn from_digit(rest: &mut &[u8]) -> Field {
    let mut text = take(rest, 1, u8::is_ascii_digit);
    let kind = match rest {
        [b':', ..] => {
            text += &take(rest, 1, |byte| matches!(byte, b'0'..=b'9' | b':' | b'.'));
            Kind::Time
        }
        [delimiter @ (b'-' | b'/' | b'.'), ..] => {
            let delimiter = *delimiter;
            text += &take(rest, 1, |_| false);
            if rest.first().is_some_and(u8::is_ascii_digit) {
                text += &take(rest, 1, u8::is_ascii_digit);
                if rest.first() == Some(&delimiter) {
                    text += &take(rest, 1, |byte| byte.is_ascii_digit() || *byte == delimiter);
                    Kind::Date
                } else if delimiter == b'.' {
                    Kind::Number
                } else {
                    Kind::Date
                }
            } else {
                text += &take(rest, 0, |byte| byte.is_ascii_alphanumeric() || *byte == delimiter);
                Kind::Date
            }
        }
        _ => Kind::Number,
    };
    Field { text, kind }
}

fn from_letter(rest: &mut &[u8]) -> Field {
    let mut text = take(rest, 1, u8::is_ascii_alphabetic);
    let joined = match rest.first() {
        Some(b'-' | b'/' | b'.') => true,
        // `jan+1` is one name, `t12:00` is a word before a time.
        Some(b'+' | b'0'..=b'9') => super::words::find(&text).is_none(),
        _ => false,
    };
    let mut kind = Kind::Word;
    if joined {
        kind = Kind::Date;
        text += &take(rest, 1, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'/' | b'_' | b'.' | b':')
        });
    }
    Field { text, kind }
}

fn signed(rest: &mut &[u8]) -> Option<Field> {
    let mut text = take(rest, 1, |_| false);
    take(rest, 0, |byte| matches!(byte, b' ' | b'\t'..=b'\r'));
    let next = rest.first()?;
    let kind = if next.is_ascii_digit() {
        text += &take(rest, 1, |byte| matches!(byte, b'0'..=b'9' | b':' | b'.' | b'-'));
        Kind::Zone
    } else if next.is_ascii_alphabetic() {
        text += &take(rest, 1, u8::is_ascii_alphabetic);
        Kind::Word
    } else {
        return None;
    };
    Some(Field { text, kind })
}
