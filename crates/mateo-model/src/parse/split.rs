//! The query string as its parameters (GRAMMAR.md, "The query string").

use super::cursor::{Cursor, Failure};
use super::error::{ParseError, ParseErrorKind};
use super::name;

/// A parameter that has a value.
pub(super) struct Parameter<'a> {
    pub(super) key: Part<'a>,
    pub(super) value: Part<'a>,
}

/// A key or a value, decoded, with where it stood in the query string.
pub(super) struct Part<'a> {
    pub(super) text: String,
    raw: &'a str,
    pub(super) start: usize,
    end: usize,
}

/// Parameters that are no filters, whatever stands before them.
const EMBEDDABLE: [&str; 5] = ["order", "limit", "offset", "and", "or"];

/// Splits on `&` and on `;`, decodes `+` and percent escapes; an escape that is none stays as it is.
pub(super) fn parameters(raw: &str) -> Result<Vec<Parameter<'_>>, ParseError> {
    let mut start = usize::from(raw.starts_with('?'));
    let mut parameters = Vec::new();
    for part in raw.get(start..).unwrap_or_default().split(['&', ';']) {
        let end = start + part.len();
        let equals = part.find('=').map_or(end, |equals| start + equals);
        let key = Part::decode(raw, start, equals)?;
        if equals < end {
            let value = Part::decode(raw, equals + 1, end)?;
            parameters.push(Parameter { key, value });
        }
        start = end + 1;
    }
    Ok(parameters)
}

impl Parameter<'_> {
    /// What follows the last dot of the key.
    pub(super) fn last_word(&self) -> &str {
        self.key.text.rsplit('.').next().unwrap_or_default()
    }

    pub(super) fn is_filter(&self) -> bool {
        !EMBEDDABLE.contains(&self.last_word())
            && !matches!(self.key.text.as_str(), "select" | "columns" | "on_conflict")
    }

    /// `and` or `or` of the key, with `not.` where it has one.
    pub(super) fn logic_operator(&self) -> Result<String, ParseError> {
        let words = self.key.read(name::dotted)?;
        let (last, path) = words
            .split_last()
            .map_or(("", &[][..]), |(last, path)| (last, path));
        if path.iter().any(|word| word != "not") {
            return Err(self.key.error(embedded()));
        }
        let negated = last == "not" || !path.is_empty();
        Ok(format!("{}{last}", if negated { "not." } else { "" }))
    }

    /// A key with a path is about an embedded resource.
    pub(super) fn refuse_path(&self) -> Result<(), ParseError> {
        if self.key.text.contains('.') {
            return Err(self.key.error(embedded()));
        }
        Ok(())
    }
}

impl<'a> Part<'a> {
    fn decode(raw: &'a str, start: usize, end: usize) -> Result<Self, ParseError> {
        let spaced = raw.get(start..end).unwrap_or_default().replace('+', " ");
        match percent_encoding::percent_decode_str(&spaced).decode_utf8() {
            Ok(text) => Ok(Self {
                text: text.into_owned(),
                raw,
                start,
                end,
            }),
            Err(error) => Err(ParseError {
                kind: ParseErrorKind::NotUtf8,
                position: raw_position(raw, start, end, error.valid_up_to()),
                expected: "text in UTF-8",
                found: "bytes that are none".to_owned(),
            }),
        }
    }

    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&mut Cursor<'_>) -> Result<T, Failure>,
    ) -> Result<T, ParseError> {
        read(&mut Cursor::new(&self.text)).map_err(|failure| self.error(failure))
    }

    pub(super) fn error(&self, failure: Failure) -> ParseError {
        let rest = self.text.get(failure.at..).unwrap_or_default();
        let found = match rest.chars().next() {
            Some(character) => format!("{character:?}"),
            None if self.end == self.raw.len() => "its end".to_owned(),
            None => "the end of the parameter".to_owned(),
        };
        ParseError {
            kind: failure.kind,
            position: raw_position(self.raw, self.start, self.end, failure.at),
            expected: failure.expected,
            found,
        }
    }
}

/// Where the byte `decoded` of the decoded text stands in the query string.
fn raw_position(raw: &str, start: usize, end: usize, decoded: usize) -> usize {
    let mut at = start;
    for _ in 0..decoded {
        let escape = match raw.as_bytes().get(at..) {
            Some([b'%', high, low, ..]) => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
            _ => false,
        };
        at += if escape { 3 } else { 1 };
    }
    at.min(end)
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
