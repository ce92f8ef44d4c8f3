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
/// assert!(problem.is_bad_value());
/// assert_eq!(
///     problem.to_string(),
///     r#"the server answered 400: invalid input syntax for type integer: "x" (22P02)"#,
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Problem {
    /// The status of the HTTP response. A status in the body is ignored.
    pub status: u16,
    /// The code of the error: hellomateo's own, PostgREST's (`PGRST100`), or PostgreSQL's SQLSTATE (`22P02`). A number
    /// is kept as its digits.
    pub code: Option<String>,
    /// What went wrong, for people.
    pub message: Option<String>,
    /// How to put it right.
    pub hint: Option<String>,
    /// More about it. JSON that isn't a text is kept as JSON.
    pub details: Option<String>,
    /// The start of a body that has no message to offer: at most [`Problem::BODY_LIMIT`] bytes, with U+FFFD where it
    /// isn't UTF-8.
    pub body: Option<String>,
}

impl Problem {
    /// How many bytes of an unreadable body are kept.
    pub const BODY_LIMIT: usize = 512;

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
        let mut problem = Self {
            status,
            code: None,
            message: None,
            hint: None,
            details: None,
            body: None,
        };

        // A map, not a struct: it takes a repeated key and values of any type.
        if let Ok(fields) = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(text) {
            let field = |name: &str| fields.get(name).and_then(|value| as_text(value));
            problem.code = field("code");
            problem.message = field("message");
            problem.hint = field("hint");
            problem.details = field("details");
        } else if content_type.is_some_and(is_html) || starts_like_html(text) {
            problem.message = html_title(text);
            problem.body = start(text);
            return problem;
        }
        if problem.message.is_none() {
            problem.body = start(text);
        }
        problem
    }

    /// The query ran longer than the server allows (57014): API.md says two seconds.
    ///
    /// # Troubleshooting
    ///
    /// Ask for less at once: a narrower filter, a filter on a column with an index, no `Prefer: count=exact`.
    pub fn is_statement_timeout(&self) -> bool {
        self.has_code("57014")
    }

    /// The rows asked for begin beyond the last one (416, PGRST103).
    pub fn is_out_of_range(&self) -> bool {
        self.status == 416 || self.has_code("PGRST103")
    }

    /// The server has no such column (42703).
    pub fn is_unknown_column(&self) -> bool {
        self.has_code("42703")
    }

    /// The column's type lacks that operator (42883). The status is **404**: it does not mean that there is no such import.
    pub fn is_operator_mismatch(&self) -> bool {
        self.has_code("42883")
    }

    /// A value in the query can't be read as the column's type, or lies beyond it (22P02, 22003, 22007, 22008).
    pub fn is_bad_value(&self) -> bool {
        ["22P02", "22003", "22007", "22008"]
            .into_iter()
            .any(|code| self.has_code(code))
    }

    /// The server could not read the query (PGRST100).
    pub fn is_unparsable_query(&self) -> bool {
        self.has_code("PGRST100")
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
        match (&self.message, &self.body) {
            (Some(message), _) => write!(f, ": {}", OneLine(message))?,
            (None, Some(body)) => write!(f, ": {}", OneLine(body))?,
            (None, None) if self.code.is_none() => f.write_str(" and did not say why")?,
            (None, None) => {}
        }
        if let Some(code) = &self.code {
            write!(f, " ({})", OneLine(code))?;
        }
        for more in [&self.details, &self.hint].into_iter().flatten() {
            write!(f, "; {}", OneLine(more))?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// A foreign text for a sentence: at most 200 characters, without line breaks, and without the control characters
/// that would reach the reader's terminal.
struct OneLine<'a>(&'a str);

impl OneLine<'_> {
    const LIMIT: usize = 200;
}

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;

        let mut characters = 0;
        let words = self
            .0
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|word| !word.is_empty());
        for (index, word) in words.enumerate() {
            let blank = (index > 0).then_some(' ');
            for c in blank.into_iter().chain(word.chars()) {
                if characters == Self::LIMIT {
                    return f.write_char('…');
                }
                f.write_char(c)?;
                characters += 1;
            }
        }
        Ok(())
    }
}

/// A JSON value as a text: a string's content, nothing for null, anything else as it is written.
fn as_text(value: &RawValue) -> Option<String> {
    match serde_json::from_str::<Option<String>>(value.get()) {
        Ok(text) => text,
        Err(_) => Some(value.get().to_owned()),
    }
}

/// The first [`Problem::BODY_LIMIT`] bytes, cut between two characters; `None` of nothing.
fn start(text: &str) -> Option<String> {
    let start = excerpt(text, Problem::BODY_LIMIT);
    (!start.is_empty()).then(|| start.to_owned())
}

fn is_html(content_type: &str) -> bool {
    content_type
        .get(..9)
        .is_some_and(|start| start.eq_ignore_ascii_case("text/html"))
}

fn starts_like_html(text: &str) -> bool {
    ["<!doctype html", "<html"].into_iter().any(|tag| {
        text.get(..tag.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(tag))
    })
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
