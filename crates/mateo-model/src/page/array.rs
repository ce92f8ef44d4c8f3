//! A JSON array, element by element, each with its place in the text.

use std::ops::Range;

use serde::Deserialize;

/// Walks an array. What it returns `None` for is no array, or not JSON; it does not say why.
pub(super) struct Elements<'t> {
    text: &'t str,
    /// The byte that is read next.
    at: usize,
    begun: bool,
}

impl<'t> Elements<'t> {
    pub(super) fn of(text: &'t str) -> Option<Self> {
        let mut elements = Self {
            text,
            at: 0,
            begun: false,
        };
        elements.token(b'[')?;
        Some(elements)
    }

    /// Goes to the next element, which must then be [read](Self::read); `false` at the end of array and text.
    pub(super) fn advance(&mut self) -> Option<bool> {
        if self.token(b']').is_some() {
            self.blanks();
            return (self.at == self.text.len()).then_some(false);
        }
        if std::mem::replace(&mut self.begun, true) {
            self.token(b',')?;
        }
        self.blanks();
        Some(true)
    }

    /// Reads the element, and says where in the text it stands. An element that doesn't fit `T` can be read again.
    pub(super) fn read<T: Deserialize<'t>>(&mut self) -> Option<(T, Range<usize>)> {
        let mut values = serde_json::Deserializer::from_str(self.text.get(self.at..)?).into_iter();
        let value = values.next()?.ok()?;
        let begin = self.at;
        self.at += values.byte_offset();
        Some((value, begin..self.at))
    }

    fn token(&mut self, token: u8) -> Option<()> {
        self.blanks();
        if self.byte()? != token {
            return None;
        }
        self.at += 1;
        Some(())
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}
