//! The query string as its parameters (GRAMMAR.md, "The query string").

use super::cursor::{Cursor, Failure};
use super::error::{ParseError, ParseErrorKind};
use super::name;

/// One parameter, decoded, with where its parts stood in the query string.
pub(super) struct Parameter<'a> {
    raw: &'a str,
    pub(super) key: String,
    pub(super) value: Option<String>,
    key_start: usize,
    value_start: usize,
    end: usize,
}

/// Parameters that are no filters, whatever stands before them.
const EMBEDDABLE: [&str; 5] = ["order", "limit", "offset", "and", "or"];

/// Splits on `&` and on `;`, decodes `+` and percent escapes; an escape that is none stays as it is.
pub(super) fn parameters(raw: &str) -> Result<Vec<Parameter<'_>>, ParseError> {
    let mut start = usize::from(raw.starts_with('?'));
    let mut parameters = Vec::new();
    for part in raw.get(start..).unwrap_or_default().split(['&', ';']) {
        let (key, value) = match part.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (part, None),
        };
        let end = start + part.len();
        let value_start = value.map_or(end, |value| end - value.len());
        parameters.push(Parameter {
            raw,
            key: decode(raw, start, key)?,
            value: value.map(|value| decode(raw, value_start, value)).transpose()?,
            key_start: start,
            value_start,
            end,
        });
        start = end + 1;
    }
    Ok(parameters)
}

fn decode(raw: &str, start: usize, text: &str) -> Result<String, ParseError> {
    let spaced = text.replace('+', " ");
    match percent_encoding::percent_decode_str(&spaced).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(error) => {
            let position = raw_position(raw, start, start + text.len(), error.valid_up_to());
            Err(ParseError {
                kind: ParseErrorKind::NotUtf8,
                position,
                expected: "text in UTF-8".to_owned(),
                found: "bytes that are none".to_owned(),
            })
        }
    }
}

/// Where the byte `decoded` of the decoded text stands in the query string.
fn raw_position(raw: &str, start: usize, end: usize, decoded: usize) -> usize {
    let bytes = raw.as_bytes();
    let mut at = start;
    for _ in 0..decoded {
        let escape = bytes.get(at) == Some(&b'%')
            && bytes
                .get(at + 1..at + 3)
                .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        at += if escape { 3 } else { 1 };
    }
    at.min(end)
}

impl Parameter<'_> {
    /// Where it begins in the query string.
    pub(super) fn start(&self) -> usize {
        self.key_start
    }

    pub(super) fn value_text(&self) -> &str {
        self.value.as_deref().unwrap_or_default()
    }

    /// What follows the last dot of the key.
    pub(super) fn last_word(&self) -> &str {
        self.key.rsplit('.').next().unwrap_or_default()
    }

    pub(super) fn is_filter(&self) -> bool {
        !EMBEDDABLE.contains(&self.last_word())
            && !matches!(self.key.as_str(), "select" | "columns" | "on_conflict")
    }

    /// `and` or `or` of the key, with `not.` where it has one, and the length of what was not in the value.
    pub(super) fn logic_operator(&self) -> Result<(String, usize), ParseError> {
        let mut cursor = Cursor::new(&self.key);
        let words = name::dotted(&mut cursor).map_err(|failure| self.key_error(failure))?;
        let last = words.last().map_or("", String::as_str);
        let path = &words[..words.len().saturating_sub(1)];
        let negated = words.iter().any(|word| word == "not");
        if path.iter().any(|word| word != "not") {
            return Err(self.key_error(embedded()));
        }
        let operator = if negated {
            format!("not.{last}")
        } else {
            last.to_owned()
        };
        let length = operator.len();
        Ok((operator, length))
    }

    /// A key with a path is about an embedded resource.
    pub(super) fn refuse_path(&self) -> Result<(), ParseError> {
        if self.key.contains('.') {
            Err(self.key_error(embedded()))
        } else {
            Ok(())
        }
    }

    pub(super) fn key_error(&self, failure: Failure) -> ParseError {
        self.error(
            &self.key,
            self.key_start,
            self.key_start + self.key_length(),
            failure,
        )
    }

    pub(super) fn value_error(&self, failure: Failure) -> ParseError {
        self.error(self.value_text(), self.value_start, self.end, failure)
    }

    fn key_length(&self) -> usize {
        let equals = usize::from(self.value.is_some());
        self.value_start.saturating_sub(self.key_start + equals)
    }

    fn error(&self, decoded: &str, start: usize, end: usize, failure: Failure) -> ParseError {
        let next = decoded.get(failure.at..).and_then(|rest| rest.chars().next());
        let position = raw_position(self.raw, start, end, failure.at);
        let found = match next {
            Some(character) => format!("{character:?}"),
            None if end == self.raw.len() => "its end".to_owned(),
            None => "the end of the parameter".to_owned(),
        };
        ParseError {
            kind: failure.kind,
            position,
            expected: failure.expected.to_owned(),
            found,
        }
    }
}

pub(super) fn embedded() -> Failure {
    Failure {
        at: 0,
        kind: ParseErrorKind::Embedded,
        expected: "a column of imports (quote a name that has a dot)",
    }
}

/// A limit or offset: anything but a whole number counts as none, and a huge one as the largest.
pub(super) fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let negative = text.len() != digits.len();
    let clamped = if negative { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(clamped))
}
