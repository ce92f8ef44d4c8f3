//! A place in a text, and the steps that every part of the grammar is read with.

use super::ParseErrorKind;

/// A place in decoded text. A step that doesn't apply leaves it where it is.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

/// Why reading stopped, and where in the decoded text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    pub(super) at: usize,
    pub(super) kind: ParseErrorKind,
    pub(super) expected: &'static str,
}

impl Failure {
    /// The same place in a text that lacks the first `length` bytes.
    pub(super) fn before(self, length: usize) -> Self {
        Self {
            at: self.at.saturating_sub(length),
            ..self
        }
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Whether `text` comes next.
    pub(super) fn sees(&self, text: &str) -> bool {
        self.rest().starts_with(text)
    }

    /// Steps over `text` if it comes next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let seen = self.sees(text);
        if seen {
            self.at += text.len();
        }
        seen
    }

    /// Steps over `text`, in ASCII, if it comes next in any letter case.
    pub(super) fn eat_ignoring_case(&mut self, text: &str) -> bool {
        let next = self.rest().get(..text.len());
        let seen = next.is_some_and(|next| next.eq_ignore_ascii_case(text));
        if seen {
            self.at += text.len();
        }
        seen
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Steps over the characters that `belongs` holds for.
    pub(super) fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    pub(super) fn take_rest(&mut self) -> &'a str {
        self.take_while(|_| true)
    }

    pub(super) fn skip_spaces(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Tries `read`; where it fails the cursor is where it was.
    pub(super) fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.at;
        let read = read(self);
        if read.is_none() {
            self.at = before;
        }
        read
    }

    /// One or more items with a separator between.
    pub(super) fn list<T>(
        &mut self,
        separator: &str,
        item: impl Fn(&mut Self) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        let mut items = vec![item(self)?];
        while self.eat(separator) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Steps over `text`, or fails for want of `expected`.
    pub(super) fn expect(&mut self, text: &str, expected: &'static str) -> Result<(), Failure> {
        if self.eat(text) {
            Ok(())
        } else {
            Err(self.failure(expected))
        }
    }

    pub(super) fn failure(&self, expected: &'static str) -> Failure {
        self.failure_of(ParseErrorKind::Syntax, expected)
    }

    pub(super) fn failure_of(&self, kind: ParseErrorKind, expected: &'static str) -> Failure {
        Failure {
            at: self.at,
            kind,
            expected,
        }
    }
}
