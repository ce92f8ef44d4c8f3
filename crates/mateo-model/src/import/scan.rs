//! Reading a page of imports in the text a server writes, fast.
//!
//! Nearly every page has the same 13 columns in the same order, so the scanner looks for the expected column first and
//! reads its value in place. It is an optimisation and never the judge: whatever it isn't sure of, be it wrong or only
//! unusual, makes it give up, and `serde_json` reads the page again and says what is wrong with it. What it accepts,
//! `serde_json` reads as the same rows; a property test holds it to that.

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::Import;
use super::column::{Column, Nullable};
use super::draft::{Draft, Time};
use crate::{ImportType, RawJson, timestamp};

/// The rows of the page, or `None` if it takes `serde_json` to tell.
pub(super) fn page(text: &str) -> Option<Vec<Import>> {
    let mut scanner = Scanner { text, at: 0 };
    let mut rows = Vec::new();
    scanner.token(b'[')?;
    if scanner.token(b']').is_none() {
        loop {
            rows.push(scanner.row()?);
            if scanner.token(b',').is_none() {
                scanner.token(b']')?;
                break;
            }
            if rows.len() == 1 {
                // Rows are of a size: as many more as the first one fits into the rest.
                rows.reserve((text.len() - scanner.at) / scanner.at);
            }
        }
    }
    scanner.blanks();
    (scanner.at == text.len()).then_some(rows)
}

struct Scanner<'a> {
    text: &'a str,
    /// The byte that is read next.
    at: usize,
}

impl<'a> Scanner<'a> {
    fn row(&mut self) -> Option<Import> {
        let mut draft = Draft::default();
        let mut expected = Column::ALL.into_iter();
        self.token(b'{')?;
        loop {
            match self.key(expected.next())? {
                Ok(column) => self.value(column, &mut draft)?,
                Err(name) => draft.keep(name, self.any()?),
            }
            if self.token(b',').is_none() {
                self.token(b'}')?;
                return draft.finish().ok();
            }
        }
    }

    /// Reads a key and its colon: a column, most likely the expected one, or an unknown name.
    fn key(&mut self, expected: Option<Column>) -> Option<Result<Column, &'a str>> {
        self.blanks();
        let key = match expected {
            Some(column) if self.skip_key(column) => Ok(column),
            _ => {
                self.token(b'"')?;
                let name = self.plain()?;
                self.token(b':')?;
                Column::of(name).ok_or(name)
            }
        };
        self.blanks();
        Some(key)
    }

    /// Skips a key as the server writes it. One arm a column, so that each compares with a text known when compiling.
    fn skip_key(&mut self, column: Column) -> bool {
        match column {
            Column::Id => self.skip(r#""id":"#),
            Column::CreatedAt => self.skip(r#""created_at":"#),
            Column::UpdatedAt => self.skip(r#""updated_at":"#),
            Column::OrganisationId => self.skip(r#""organisation_id":"#),
            Column::Type => self.skip(r#""type":"#),
            Column::Nullable(Nullable::Payload) => self.skip(r#""payload":"#),
            Column::Nullable(Nullable::ContactListId) => self.skip(r#""contact_list_id":"#),
            Column::Nullable(Nullable::FailedUrl) => self.skip(r#""failed_url":"#),
            Column::Nullable(Nullable::PayloadUrl) => self.skip(r#""payload_url":"#),
            Column::Nullable(Nullable::TotalCount) => self.skip(r#""total_count":"#),
            Column::Nullable(Nullable::SuccessCount) => self.skip(r#""success_count":"#),
            Column::Nullable(Nullable::FailedCount) => self.skip(r#""failed_count":"#),
            Column::Nullable(Nullable::ReferenceId) => self.skip(r#""reference_id":"#),
        }
    }

    fn value(&mut self, column: Column, draft: &mut Draft) -> Option<()> {
        match column {
            Column::Id => draft.id = Some(self.uuid()?),
            Column::CreatedAt => draft.created_at = Some(self.time()?),
            Column::UpdatedAt => draft.updated_at = Some(self.time()?),
            Column::OrganisationId => draft.organisation_id = Some(self.uuid()?),
            Column::Type => draft.import_type = Some(self.import_type()?),
            Column::Nullable(column) => {
                draft.came(column);
                match column {
                    Nullable::Payload => self.nullable(&mut draft.payload, Self::raw)?,
                    Nullable::ContactListId => self.nullable(&mut draft.contact_list_id, Self::uuid)?,
                    Nullable::FailedUrl => self.nullable(&mut draft.failed_url, Self::string)?,
                    Nullable::PayloadUrl => self.nullable(&mut draft.payload_url, Self::string)?,
                    Nullable::TotalCount => self.nullable(&mut draft.total_count, Self::integer)?,
                    Nullable::SuccessCount => self.nullable(&mut draft.success_count, Self::integer)?,
                    Nullable::FailedCount => self.nullable(&mut draft.failed_count, Self::integer)?,
                    Nullable::ReferenceId => self.nullable(&mut draft.reference_id, Self::string)?,
                }
            }
        }
        Some(())
    }

    fn nullable<T>(&mut self, column: &mut Option<T>, read: fn(&mut Self) -> Option<T>) -> Option<()> {
        *column = if self.skip("null") {
            None
        } else {
            Some(read(self)?)
        };
        Some(())
    }

    /// A uuid in its one form of 36 characters.
    fn uuid(&mut self) -> Option<Uuid> {
        self.token(b'"')?;
        let text = self.text.get(self.at..self.at + 36)?;
        self.at += text.len();
        // Right behind it: `token` would pass over blanks.
        if self.skip("\"") {
            Uuid::try_parse(text).ok()
        } else {
            None
        }
    }

    fn time(&mut self) -> Option<Time> {
        self.token(b'"')?;
        timestamp::read(self.plain()?)
            .map(|(time, digits)| Time { time, digits })
            .ok()
    }

    fn import_type(&mut self) -> Option<ImportType> {
        self.token(b'"')?;
        self.plain().map(ImportType::from)
    }

    fn string(&mut self) -> Option<String> {
        let begin = self.at;
        self.token(b'"')?;
        if let Some(text) = self.plain() {
            return Some(text.to_owned());
        }
        // With escapes it is `serde_json`'s.
        self.at = begin;
        self.any()
    }

    /// A number that is no more than digits: `1.0`, `1e3`, `01` and `-0` are not.
    fn integer(&mut self) -> Option<i32> {
        let begin = self.at;
        self.skip("-");
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        let digits = self.text.get(begin..self.at)?;
        let plain = !matches!(digits.as_bytes(), [b'0', _, ..] | [b'-', b'0', ..]);
        // What follows is a comma or a brace, or the caller gives up.
        if plain { digits.parse().ok() } else { None }
    }

    fn raw(&mut self) -> Option<RawJson> {
        self.any::<Box<RawValue>>().map(Into::into)
    }

    /// Any value; its end is `serde_json`'s to find.
    fn any<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let mut values = serde_json::Deserializer::from_str(self.text.get(self.at..)?).into_iter();
        let value = values.next()?.ok()?;
        self.at += values.byte_offset();
        Some(value)
    }

    /// The rest of a string without escapes, whose first quote was read; its last one is read too.
    fn plain(&mut self) -> Option<&'a str> {
        let begin = self.at;
        let end = begin + special(self.text.as_bytes().get(begin..)?);
        if self.text.as_bytes().get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        self.text.get(begin..end)
    }

    fn token(&mut self, token: u8) -> Option<()> {
        self.blanks();
        if self.byte()? != token {
            return None;
        }
        self.at += 1;
        Some(())
    }

    #[inline]
    fn skip(&mut self, text: &str) -> bool {
        let found = self
            .text
            .as_bytes()
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(text.as_bytes()));
        if found {
            self.at += text.len();
        }
        found
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

/// Where the first byte is that is special in a JSON string: a quote, a backslash or a control character.
///
/// Eight bytes at a time: of each byte the top bit tells whether it is special. A borrow from a special byte may set the bit
/// of the one after it too, so only the first is exact, and the first is all that is asked for.
fn special(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 0xff;
    const TOPS: u64 = ONES << 7;

    let (chunks, rest) = bytes.as_chunks();
    for (index, chunk) in chunks.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let found =
            (control | (quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash))
                & TOPS;
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    chunks.len() * 8 + rest.iter().position(is_special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests;
