//! `Problem`: an error response, in whatever form it comes.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::value::RawValue;

use crate::excerpt::excerpt;

/// The body of an error, with its status.
///
/// hellomateo documents `{code, message, hint, status}`; PostgREST, which serves it, writes `{code, message, details, hint}`; a
/// gateway in front of it sends HTML, plain text or nothing (API.md, "Errors"). All are read, none is an error: a
/// field of an unexpected type doesn't take the others with it, and of a body without a message the start is kept.
///
/// ```
/// use mateo_model::Problem;
///
/// let body = br#"{"code":"22P02","message":"invalid input syntax for type integer: \"x\"","details":null,"hint":null}"#;
/// let problem = Problem::read(400, Some("application/json; charset=utf-8"), body);
/// assert_eq!(problem.code.as_deref(), Some("22P02"));
/// assert_eq!(
///     problem.to_string(),
///     r#"the server answered 400: invalid input syntax for type integer: "x" (22P02)"#,
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The status of the HTTP response. A status in the body is ignored.
    pub status: u16,
    /// The code of the error: hellomateo's own, PostgREST's, or PostgreSQL's SQLSTATE. A number is kept as its digits.
    ///
    /// | code | means |
    /// |---|---|
    /// | `22P02`, `22003`, `22007`, `22008` | a value in the query can't be read as the column's type, or lies beyond it |
    /// | `42883` | the column's type lacks that operator; the status is **404**, and does not mean that there is no such import |
    /// | `PGRST100` | the server could not read the query |
    /// | `PGRST103` | the rows asked for begin beyond the last one (416) |
    pub code: Option<String>,
    /// What went wrong, for people.
    pub message: Option<String>,
    /// How to put it right.
    pub hint: Option<String>,
    /// More about it. JSON that isn't a text is kept as JSON.
    pub details: Option<String>,
    /// The start of a body that has no message to offer: at most 512 bytes, with U+FFFD where it
    /// isn't UTF-8.
    pub body: Option<String>,
}

/// How many bytes of an unreadable body are kept.
const BODY_LIMIT: usize = 512;

impl Problem {
    /// Reads an error response: its status, its `Content-Type` if it had one, and as much of the body as
    /// came.
    ///
    /// The type decides nothing that the body doesn't show by itself, but for `text/html`: gateways label JSON as text
    /// and text as JSON.
    ///
    /// ```
    /// use mateo_model::Problem;
    ///
    /// let html = b"<html><head><title>502 Bad Gateway</title></head><body>...</body></html>";
    /// let problem = Problem::read(502, Some("text/html"), html);
    /// assert_eq!(problem.message.as_deref(), Some("502 Bad Gateway"));
    /// assert!(problem.body.is_some());
    ///
    /// assert_eq!(Problem::read(503, None, b"").to_string(), "the server answered 503 and did not say why");
    /// ```
    pub fn read(status: u16, content_type: Option<&str>, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}').trim();
        // A map, not a struct: it takes a repeated key and values of any type.
        let fields: Option<BTreeMap<String, Box<RawValue>>> = serde_json::from_str(text).ok();
        let field = |name: &str| fields.as_ref()?.get(name).and_then(|value| as_text(value));
        let is_html = content_type.is_some_and(|it| starts_with(it, "text/html"))
            || starts_with(text, "<!doctype html")
            || starts_with(text, "<html");
        let is_html = is_html && fields.is_none();
        let message = if is_html {
            html_title(text)
        } else {
            field("message")
        };
        Self {
            status,
            code: field("code"),
            hint: field("hint"),
            details: field("details"),
            body: start(text).filter(|_| is_html || message.is_none()),
            message,
        }
    }

    /// The query ran longer than the server allows (57014): API.md says two seconds.
    ///
    /// # Troubleshooting
    ///
    /// Ask for less at once: a narrower filter, a filter on a column with an index, no `Prefer: count=exact`.
    pub fn is_statement_timeout(&self) -> bool {
        self.has_code("57014")
    }

    /// The server has no such column (42703).
    pub fn is_unknown_column(&self) -> bool {
        self.has_code("42703")
    }

    /// Too many requests (429).
    pub fn is_rate_limited(&self) -> bool {
        self.status == 429
    }

    /// The key is missing (401) or invalid (403).
    pub fn is_auth(&self) -> bool {
        matches!(self.status, 401 | 403)
    }

    fn has_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

/// One sentence on one line, also where the server's text has several.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered {}", self.status)?;
        match self.message.as_ref().or(self.body.as_ref()) {
            Some(text) => write!(f, ": {}", one_line(text))?,
            None if self.code.is_none() => f.write_str(" and did not say why")?,
            None => {}
        }
        if let Some(code) = &self.code {
            write!(f, " ({})", one_line(code))?;
        }
        for more in [&self.details, &self.hint].into_iter().flatten() {
            write!(f, "; {}", one_line(more))?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// A foreign text for a sentence: at most 200 characters, without line breaks, and without the control characters
/// that would reach the reader's terminal.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let mut line = words.join(" ");
    if let Some((end, _)) = line.char_indices().nth(200) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// A JSON value as a text: a string's content, nothing for null, anything else as it is written.
fn as_text(value: &RawValue) -> Option<String> {
    match serde_json::from_str::<Option<String>>(value.get()) {
        Ok(text) => text,
        Err(_) => Some(value.get().to_owned()),
    }
}

/// The first bytes, cut between two characters; `None` of nothing.
fn start(text: &str) -> Option<String> {
    let start = excerpt(text, BODY_LIMIT);
    (!start.is_empty()).then(|| start.to_owned())
}

/// Whether a text begins so, in any letter case.
fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len())
        .is_some_and(|text| text.eq_ignore_ascii_case(start))
}

/// The text of the page's `<title>`, which gateways use for their reason.
fn html_title(text: &str) -> Option<String> {
    // Only ASCII changes its case: positions in the copy are positions in the text.
    let lower = text.to_ascii_lowercase();
    let begin = lower.find("<title>")? + "<title>".len();
    let end = begin + lower.get(begin..)?.find("</title>")?;
    start(text.get(begin..end)?.trim())
}

#[cfg(test)]
mod tests;
