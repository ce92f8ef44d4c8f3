//! `PageError`: a body that is no page at all.

use std::fmt;
use std::str::Utf8Error;

use serde::de::IgnoredAny;

use crate::excerpt::excerpt;

/// A body that is no page of rows: it isn't UTF-8, isn't JSON, ends too early, or isn't an array.
///
/// It says where, and keeps the start of the body, in which a gateway's error page can be recognised.
///
/// ```
/// use mateo_model::{Import, Page};
///
/// let error = Page::<Import>::read(b"<html>502</html>").unwrap_err();
/// assert_eq!(error.position(), 0);
/// assert_eq!(error.body_start(), "<html>502</html>");
/// assert_eq!(error.to_string(), "the body is not JSON at byte 0: \"<html>502</html>\"");
/// ```
#[derive(Debug)]
pub struct PageError {
    kind: Kind,
    position: usize,
    body_start: String,
}

#[derive(Debug)]
enum Kind {
    Empty,
    NotUtf8(Utf8Error),
    NotJson(serde_json::Error),
    Truncated(serde_json::Error),
    NotAnArray(&'static str),
}

impl PageError {
    /// How many bytes of the body are kept.
    pub const BODY_LIMIT: usize = 256;

    /// The byte of the body, from 0, at which it stops being a page.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The start of the body: at most [`PageError::BODY_LIMIT`] bytes, with U+FFFD where it isn't UTF-8.
    pub fn body_start(&self) -> &str {
        &self.body_start
    }

    /// Whether the body ends in the middle: the rest was lost on its way, and another attempt may help.
    pub fn is_truncated(&self) -> bool {
        matches!(self.kind, Kind::Truncated(_) | Kind::Empty)
    }

    /// Whether the body is JSON, but not an array: perhaps an error's body under the status of a success, or the single
    /// object of another media type.
    pub fn is_not_an_array(&self) -> bool {
        matches!(self.kind, Kind::NotAnArray(_))
    }

    /// The body as text, if it is UTF-8.
    pub(crate) fn text_of(body: &[u8]) -> Result<&str, Self> {
        std::str::from_utf8(body).map_err(|error| Self {
            kind: Kind::NotUtf8(error),
            position: error.valid_up_to(),
            body_start: start_of(&String::from_utf8_lossy(
                body.get(..Self::BODY_LIMIT).unwrap_or(body),
            )),
        })
    }

    /// What is wrong with a text that is not an array of JSON values.
    pub(crate) fn of_text(text: &str) -> Self {
        let error = match serde_json::from_str::<Vec<IgnoredAny>>(text) {
            Err(error) => error,
            Ok(_) => serde::de::Error::custom("not an array of rows"),
        };
        let begin = text
            .find(|c: char| !c.is_ascii_whitespace())
            .unwrap_or(text.len());
        let (kind, position) = match text.as_bytes().get(begin) {
            None => (Kind::Empty, text.len()),
            Some(first) if *first != b'[' && serde_json::from_str::<IgnoredAny>(text).is_ok() => {
                (Kind::NotAnArray(kind_of(*first)), begin)
            }
            // The first byte is at fault, whatever serde_json expected there.
            Some(first) if *first != b'[' && !error.is_eof() => (Kind::NotJson(error), begin),
            Some(_) if error.is_eof() => (Kind::Truncated(error), text.len()),
            Some(_) => {
                let position = position_of(text, &error);
                (Kind::NotJson(error), position)
            }
        };
        Self {
            kind,
            position,
            body_start: start_of(text),
        }
    }
}

/// The byte that `serde_json` means by its line and column, which both count from 1.
fn position_of(text: &str, error: &serde_json::Error) -> usize {
    let line_start: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    (line_start + error.column().saturating_sub(1)).min(text.len())
}

/// What a JSON value that begins with this byte is called.
fn kind_of(first: u8) -> &'static str {
    match first {
        b'{' => "an object",
        b'"' => "a string",
        b't' | b'f' => "a boolean",
        b'n' => "null",
        _ => "a number",
    }
}

fn start_of(text: &str) -> String {
    excerpt(text, PageError::BODY_LIMIT).to_owned()
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Empty => return f.write_str("the body is empty"),
            Kind::NotUtf8(_) => f.write_str("the body is not UTF-8")?,
            Kind::NotJson(_) => f.write_str("the body is not JSON")?,
            Kind::Truncated(_) => f.write_str("the body is cut off")?,
            Kind::NotAnArray(kind) => write!(f, "the body is {kind}, not an array of rows,")?,
        }
        write!(f, " at byte {}: {:?}", self.position, self.body_start)
    }
}

impl std::error::Error for PageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::NotUtf8(error) => Some(error),
            Kind::NotJson(error) | Kind::Truncated(error) => Some(error),
            Kind::Empty | Kind::NotAnArray(_) => None,
        }
    }
}
