//! `PageError`: a body that is no page at all.

use std::error::Error;

use serde::de::IgnoredAny;

use crate::excerpt::excerpt;

/// How many bytes of the body are kept.
pub(super) const BODY_LIMIT: usize = 256;

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
#[derive(Debug, thiserror::Error)]
#[error("the body {what}")]
pub struct PageError {
    what: String,
    position: usize,
    body_start: String,
    is_truncated: bool,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl PageError {
    /// The byte of the body, from 0, at which it stops being a page.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The start of the body: at most 256 bytes, with U+FFFD where it isn't UTF-8.
    pub fn body_start(&self) -> &str {
        &self.body_start
    }

    /// Whether the body ends in the middle: the rest was lost on its way, and another attempt may help.
    pub fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    fn new(what: &str, position: usize, body: &str, source: Option<Box<dyn Error + Send + Sync>>) -> Self {
        let body_start = excerpt(body, BODY_LIMIT).to_owned();
        Self {
            what: format!("{what} at byte {position}: {body_start:?}"),
            position,
            body_start,
            is_truncated: false,
            source,
        }
    }

    /// The body as text, if it is UTF-8.
    pub(crate) fn text_of(body: &[u8]) -> Result<&str, Self> {
        std::str::from_utf8(body).map_err(|error| {
            let start = String::from_utf8_lossy(body.get(..BODY_LIMIT).unwrap_or(body));
            Self::new("is not UTF-8", error.valid_up_to(), &start, Some(error.into()))
        })
    }

    /// What is wrong with a text that is not an array of JSON values.
    pub(crate) fn of_text(text: &str) -> Self {
        let begin = text.find(|c: char| !c.is_ascii_whitespace());
        let begin = begin.unwrap_or(text.len());
        let Some(first) = text.as_bytes().get(begin) else {
            return Self {
                what: "is empty".to_owned(),
                is_truncated: true,
                ..Self::new("is empty", begin, text, None)
            };
        };
        let is_array = *first == b'[';
        if !is_array && serde_json::from_str::<IgnoredAny>(text).is_ok() {
            let what = format!("is {}, not an array of rows,", kind_of(*first));
            return Self::new(&what, begin, text, None);
        }
        let error = match serde_json::from_str::<Vec<IgnoredAny>>(text) {
            Err(error) => error,
            Ok(_) => serde::de::Error::custom("not an array of rows"),
        };
        if error.is_eof() {
            return Self {
                is_truncated: true,
                ..Self::new("is cut off", text.len(), text, Some(error.into()))
            };
        }
        // Of what begins like no array the first byte is at fault, whatever serde_json expected there.
        let position = if is_array {
            position_of(text, &error)
        } else {
            begin
        };
        Self::new("is not JSON", position, text, Some(error.into()))
    }
}

/// The byte that `serde_json` means by its line and column, which both count from 1.
fn position_of(text: &str, error: &serde_json::Error) -> usize {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let line_start: usize = lines.map(str::len).sum();
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
