//! JSON from text, with PostgreSQL's rules and errors.

use std::borrow::Cow;

use super::{Json, number};
use crate::sql::SqlError;

/// How deep arrays and objects may be nested. PostgreSQL's bound is its stack, some thousand levels.
const MAX_DEPTH: usize = 400;

impl<'a> Json<'a> {
    /// Reads JSON text.
    pub(crate) fn parse(text: &'a str) -> Result<Self, SqlError> {
        let mut reader = Reader { text, at: 0 };
        reader.skip_blanks();
        let value = reader.value(0)?;
        reader.skip_blanks();
        if reader.at == text.len() {
            Ok(value)
        } else {
            Err(invalid())
        }
    }
}

fn invalid() -> SqlError {
    SqlError::new("22P02", "invalid input syntax for type json")
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let seen = self.peek() == Some(byte);
        self.at += usize::from(seen);
        seen
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json<'a>, SqlError> {
        if depth > MAX_DEPTH {
            return Err(SqlError::new("54001", "stack depth limit exceeded"));
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Json<'a>, SqlError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        for (word, value) in [
            ("null", Json::Null),
            ("true", Json::Bool(true)),
            ("false", Json::Bool(false)),
        ] {
            let follows = rest.strip_prefix(word).map(|rest| rest.bytes().next());
            // A longer word is none of JSON's.
            if follows.is_some_and(|next| !next.is_some_and(is_word_byte)) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(invalid())
    }

    fn number(&mut self) -> Result<Json<'a>, SqlError> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        if self.peek().is_some_and(is_word_byte) {
            return Err(invalid());
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        number::canonical(text).map(Json::Number)
    }

    fn digits(&mut self) -> Result<(), SqlError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(invalid()) }
    }

    fn array(&mut self, depth: usize) -> Result<Json<'a>, SqlError> {
        self.at += 1;
        let mut elements = Vec::new();
        self.skip_blanks();
        if self.eat(b']') {
            return Ok(Json::Array(elements));
        }
        loop {
            self.skip_blanks();
            elements.push(self.value(depth + 1)?);
            self.skip_blanks();
            if self.eat(b']') {
                return Ok(Json::Array(elements));
            }
            if !self.eat(b',') {
                return Err(invalid());
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, SqlError> {
        self.at += 1;
        let mut members: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
        self.skip_blanks();
        if self.eat(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'"') {
                return Err(invalid());
            }
            let name = self.string()?;
            self.skip_blanks();
            if !self.eat(b':') {
                return Err(invalid());
            }
            self.skip_blanks();
            members.push((name, self.value(depth + 1)?));
            self.skip_blanks();
            if self.eat(b'}') {
                return Ok(Json::Object(in_order(members)));
            }
            if !self.eat(b',') {
                return Err(invalid());
            }
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, SqlError> {
        self.at += 1;
        let start = self.at;
        let mut owned: Option<String> = None;
        let mut copied = start;
        loop {
            let byte = self.peek().ok_or_else(invalid)?;
            match byte {
                b'"' => {
                    let tail = self.text.get(copied..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(match owned {
                        Some(mut text) => {
                            text.push_str(tail);
                            Cow::Owned(text)
                        }
                        None => Cow::Borrowed(tail),
                    });
                }
                b'\\' => {
                    let text = owned.get_or_insert_default();
                    text.push_str(self.text.get(copied..self.at).unwrap_or_default());
                    self.at += 1;
                    text.push(self.escape()?);
                    copied = self.at;
                }
                0..0x20 => return Err(invalid()),
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char, SqlError> {
        let byte = self.peek().ok_or_else(invalid)?;
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(invalid()),
        })
    }

    fn unicode_escape(&mut self) -> Result<char, SqlError> {
        let first = self.four_digits()?;
        let code = match first {
            0 => return Err(SqlError::new("22P05", "unsupported Unicode escape sequence")),
            0xd800..0xdc00 => {
                if !(self.eat(b'\\') && self.eat(b'u')) {
                    return Err(invalid());
                }
                let second = self.four_digits()?;
                if !(0xdc00..0xe000).contains(&second) {
                    return Err(invalid());
                }
                0x1_0000 + ((first & 0x3ff) << 10) + (second & 0x3ff)
            }
            code => code,
        };
        char::from_u32(code).ok_or_else(invalid)
    }

    fn four_digits(&mut self) -> Result<u32, SqlError> {
        let digits = self.text.get(self.at..self.at + 4).ok_or_else(invalid)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(invalid());
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| invalid())
    }
}

/// PostgreSQL reads on to the end of a word before it refuses it.
fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

/// The members by length of name, then by bytes; of those with one name the last.
fn in_order<'a>(mut members: Vec<(Cow<'a, str>, Json<'a>)>) -> Vec<(Cow<'a, str>, Json<'a>)> {
    members.sort_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then_with(|| a.as_bytes().cmp(b.as_bytes())));
    members.dedup_by(|next, kept| {
        let repeated = next.0 == kept.0;
        if repeated {
            std::mem::swap(next, kept);
        }
        repeated
    });
    members
}
