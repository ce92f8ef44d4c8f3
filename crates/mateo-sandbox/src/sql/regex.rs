//! PostgreSQL's regular expressions, turned into the `regex` crate's.
//!
//! Its "advanced" expressions are turned over but for back references and look-around, which are refused as if they were
//! malformed. Which characters match with letter case ignored can differ for a few beyond ASCII.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

use super::SqlError;

/// How much memory a compiled expression may take, in bytes: one that wants more is refused as too complex.
const SIZE_LIMIT: usize = 1 << 20;

/// The highest count of a repetition.
const MAX_REPETITIONS: u32 = 255;

/// Compiles a POSIX expression, for `~` or `~*`.
pub(crate) fn compile(pattern: &str, ignore_case: bool) -> Result<Regex, SqlError> {
    let mut translator = Translator {
        rest: pattern.chars().peekable(),
        out: String::with_capacity(pattern.len() + 8),
        open: 0,
        quantifiable: false,
    };
    translator.translate().map_err(invalid)?;
    RegexBuilder::new(&translator.out)
        .case_insensitive(ignore_case)
        .dot_matches_new_line(true)
        .size_limit(SIZE_LIMIT)
        .build()
        .map_err(|_| invalid("regular expression is too complex"))
}

fn invalid(reason: &str) -> SqlError {
    SqlError::new("2201B", format!("invalid regular expression: {reason}"))
}

const ESCAPE: &str = "invalid escape \\ sequence";
const BRACKETS: &str = "brackets [] not balanced";
const PARENTHESES: &str = "parentheses () not balanced";
const BRACES: &str = "braces {} not balanced";
const COUNT: &str = "invalid repetition count(s)";
const OPERAND: &str = "quantifier operand invalid";

struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    open: usize,
    /// Whether a quantifier may follow what was just written.
    quantifiable: bool,
}

impl Translator<'_> {
    fn translate(&mut self) -> Result<(), &'static str> {
        while let Some(character) = self.rest.next() {
            match character {
                '^' | '$' | '|' => {
                    self.out.push(character);
                    self.quantifiable = false;
                }
                '(' => self.open_group()?,
                // Without an opening one it is an ordinary character.
                ')' if self.open == 0 => return Err(PARENTHESES),
                ')' => {
                    self.out.push(')');
                    self.open -= 1;
                    self.quantifiable = true;
                }
                '[' => self.bracket()?,
                '*' | '+' | '?' => self.quantifier(&character.to_string())?,
                '{' if self.rest.peek().is_some_and(char::is_ascii_digit) => {
                    let counts = self.counts()?;
                    self.quantifier(&counts)?;
                }
                '\\' => self.escape()?,
                '.' => {
                    self.out.push('.');
                    self.quantifiable = true;
                }
                character => self.literal(character),
            }
        }
        if self.open > 0 { Err(PARENTHESES) } else { Ok(()) }
    }

    fn literal(&mut self, character: char) {
        push_escaped(character, &mut self.out);
        self.quantifiable = true;
    }

    fn open_group(&mut self) -> Result<(), &'static str> {
        self.out.push_str("(?:");
        self.open += 1;
        self.quantifiable = false;
        if self.rest.next_if_eq(&'?').is_some() && self.rest.next_if_eq(&':').is_none() {
            return Err(OPERAND);
        }
        Ok(())
    }

    fn quantifier(&mut self, quantifier: &str) -> Result<(), &'static str> {
        if !std::mem::take(&mut self.quantifiable) {
            return Err(OPERAND);
        }
        self.out.push_str(quantifier);
        // Whether it is greedy doesn't matter to whether there is a match.
        self.rest.next_if_eq(&'?');
        Ok(())
    }

    fn counts(&mut self) -> Result<String, &'static str> {
        let least = self.count().ok_or(COUNT)?;
        let mut text = format!("{{{least}");
        if self.rest.next_if_eq(&',').is_some() {
            text.push(',');
            if self.rest.peek() != Some(&'}') {
                let most = self.count().ok_or(COUNT)?;
                if most < least {
                    return Err(COUNT);
                }
                text.push_str(&most.to_string());
            }
        }
        text.push('}');
        match self.rest.next() {
            Some('}') => Ok(text),
            Some(_) => Err(COUNT),
            None => Err(BRACES),
        }
    }

    fn count(&mut self) -> Option<u32> {
        let mut value = None;
        while let Some(digit) = self.rest.peek().and_then(|character| character.to_digit(10)) {
            self.rest.next();
            let longer = value.unwrap_or(0_u32) * 10 + digit;
            if longer > MAX_REPETITIONS {
                return None;
            }
            value = Some(longer);
        }
        value
    }

    fn escape(&mut self) -> Result<(), &'static str> {
        let character = self.rest.next().ok_or(ESCAPE)?;
        self.quantifiable = true;
        match character {
            'd' => self.out.push_str("[0-9]"),
            'D' => self.out.push_str("[^0-9]"),
            's' | 'S' | 'w' | 'W' => self.out.extend(['\\', character]),
            'A' | 'Z' | 'm' | 'M' | 'y' | 'Y' => {
                self.quantifiable = false;
                self.out.push_str(match character {
                    'A' => r"\A",
                    'Z' => r"\z",
                    'm' => r"\b{start}",
                    'M' => r"\b{end}",
                    'y' => r"\b",
                    _ => r"\B",
                });
            }
            character => {
                let character = self.escaped_character(character)?;
                self.literal(character);
            }
        }
        Ok(())
    }

    /// The character that an escape stands for.
    fn escaped_character(&mut self, character: char) -> Result<char, &'static str> {
        Ok(match character {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'B' => '\\',
            'e' => '\u{1b}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            '0' => '\0',
            'x' => self.code(1, 8)?,
            'u' => self.code(4, 4)?,
            'U' => self.code(8, 8)?,
            character if character.is_alphanumeric() => return Err(ESCAPE),
            character => character,
        })
    }

    fn code(&mut self, least: usize, most: usize) -> Result<char, &'static str> {
        let mut digits = String::new();
        while digits.len() < most
            && let Some(digit) = self.rest.next_if(char::is_ascii_hexdigit)
        {
            digits.push(digit);
        }
        if digits.len() < least {
            return Err(ESCAPE);
        }
        u32::from_str_radix(&digits, 16)
            .ok()
            .and_then(char::from_u32)
            .ok_or(ESCAPE)
    }

    fn bracket(&mut self) -> Result<(), &'static str> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            match self.rest.next().ok_or(BRACKETS)? {
                ']' if !first => break,
                '[' if self.rest.peek() == Some(&':') => self.class()?,
                '[' if matches!(self.rest.peek(), Some('.' | '=')) => {
                    return Err("invalid collating element");
                }
                '\\' => match self.rest.next().ok_or(BRACKETS)? {
                    'd' => self.out.push_str("0-9"),
                    class @ ('s' | 'w') => self.out.extend(['\\', class]),
                    'D' | 'S' | 'W' => return Err(ESCAPE),
                    character => {
                        let character = self.escaped_character(character)?;
                        push_escaped(character, &mut self.out);
                    }
                },
                character => {
                    push_escaped(character, &mut self.out);
                    self.range(character)?;
                }
            }
            first = false;
        }
        self.out.push(']');
        self.quantifiable = true;
        Ok(())
    }

    /// The end of a range that began with `from`, if one is written.
    fn range(&mut self, from: char) -> Result<(), &'static str> {
        let mut ahead = self.rest.clone();
        if ahead.next() != Some('-') || matches!(ahead.peek(), None | Some(']')) {
            return Ok(());
        }
        self.rest.next();
        let to = match self.rest.next().ok_or(BRACKETS)? {
            '\\' => {
                let escaped = self.rest.next().ok_or(BRACKETS)?;
                self.escaped_character(escaped)?
            }
            to => to,
        };
        if to < from {
            return Err("invalid character range");
        }
        self.out.push('-');
        push_escaped(to, &mut self.out);
        Ok(())
    }

    /// `[:alpha:]` and its like.
    fn class(&mut self) -> Result<(), &'static str> {
        self.rest.next();
        let mut name = String::new();
        while let Some(letter) = self.rest.next_if(char::is_ascii_alphabetic) {
            name.push(letter);
        }
        if self.rest.next() != Some(':') || self.rest.next() != Some(']') {
            return Err(BRACKETS);
        }
        self.out.push_str(match name.as_str() {
            "alpha" => r"\p{Alphabetic}",
            "upper" => r"\p{Uppercase}",
            "lower" => r"\p{Lowercase}",
            "digit" => "0-9",
            "xdigit" => "0-9A-Fa-f",
            "alnum" => r"\p{Alphabetic}0-9",
            "word" => r"\w",
            "space" => r"\s",
            "blank" => r"\x20\t",
            "punct" => r"\p{P}\p{S}",
            "cntrl" => r"\p{Cc}",
            "print" => r"[^\p{Cc}]",
            "graph" => r"[^\p{Cc}\s]",
            _ => return Err("invalid character class"),
        });
        Ok(())
    }
}

/// Writes a character that means itself, inside brackets and outside.
fn push_escaped(character: char, out: &mut String) {
    if character.is_ascii_punctuation() {
        out.push('\\');
    }
    out.push(character);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_mean_what_they_mean_to_postgresql() {
        for (pattern, text, matches) in [
            ("", "anything", true),
            ("^ERP", "ERP-1", true),
            (r"^erp-\d+$", "erp-12", true),
            ("a.b", "a\nb", true),
            ("^$", "\n", false),
            (r"\(paren\)", "(paren)", true),
            ("[]a]", "]", true),
            ("[a&&b]", "&", true),
            ("[^[:alpha:]]", "ä", false),
            ("a{", "a{", true),
            ("x{2,3}?", "xx", true),
            (r"\mword\M", "a word.", true),
            (r"\u00e4", "ä", true),
        ] {
            let regex = compile(pattern, false).unwrap();
            assert_eq!(regex.is_match(text), matches, "{text:?} ~ {pattern:?}");
        }
        assert!(compile("MÜLLER", true).unwrap().is_match("müller"));
    }

    #[test]
    fn what_postgresql_refuses_is_refused() {
        for pattern in [
            "[", "(", ")", "*a", "a**", "^.{300}$", "a{2,1}", r"\", r"\q", "(?<x>a)", "[b-a]", "[[:no:]]",
            r"\p{L}",
        ] {
            assert_eq!(
                compile(pattern, false).map_err(|error| error.code).err(),
                Some("2201B"),
                "{pattern}"
            );
        }
    }
}
