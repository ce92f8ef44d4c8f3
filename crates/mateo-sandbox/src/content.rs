//! The content of a file: bytes from a test, or bytes derived from the file's name.

use std::fmt::Write as _;
use std::ops::Range;

use bytes::Bytes;

use crate::random::{Random, digest};

/// A file's bytes, any part of which can be read without the rest, so that a gigabyte takes no memory.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Bytes(Bytes),
    /// A JSON array of objects, each on a line of [`Records::WIDTH`] bytes.
    Records(Records),
    /// So many random bytes: they compress to nothing smaller, and no two parts of them are alike.
    Noise(u64),
}

impl Content {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Records(records) => records.len(),
            Self::Noise(len) => *len,
        }
    }

    /// A number that changes with the content.
    pub(crate) fn digest(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => digest([bytes.as_ref()]),
            Self::Records(records) => records.seed ^ records.count.rotate_left(32),
            // The bytes follow from it.
            Self::Noise(len) => *len,
        }
    }

    /// The bytes of `range`, as far as it lies within the content.
    pub(crate) fn read(&self, range: Range<u64>) -> Bytes {
        let end = range.end.min(self.len());
        let range = range.start.min(end)..end;
        // What is read, and where it begins in the content.
        let (bytes, begin) = match self {
            Self::Bytes(bytes) => (bytes.clone(), 0),
            Self::Records(records) => records.lines(&range),
            Self::Noise(len) => noise(*len, &range),
        };
        bytes.slice(place(range.start - begin)..place(range.end - begin))
    }
}

/// A number of bytes in memory.
fn place(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// The words of eight bytes that hold `range`, and where the first begins.
fn noise(seed: u64, range: &Range<u64>) -> (Bytes, u64) {
    let (first, last) = (range.start / 8, range.end.div_ceil(8));
    let mut bytes = Vec::with_capacity(place((last - first) * 8));
    for word in first..last {
        bytes.extend_from_slice(&Random::new(seed ^ word).next().to_le_bytes());
    }
    (bytes.into(), first * 8)
}

/// The contacts of an import: all of them, or those that failed with the reason.
#[derive(Debug, Clone)]
pub(crate) struct Records {
    pub(crate) seed: u64,
    pub(crate) count: u64,
    pub(crate) have_failed: bool,
}

impl Records {
    const WIDTH: u64 = 192;
    const BEGIN: &str = "[\n";
    const END: &str = "]\n";

    fn len(&self) -> u64 {
        let lines = self.count.saturating_mul(Self::WIDTH);
        lines.saturating_add((Self::BEGIN.len() + Self::END.len()) as u64)
    }

    /// The lines that hold `range`, with what is before the first and after the last; and where they begin.
    fn lines(&self, range: &Range<u64>) -> (Bytes, u64) {
        let ahead = Self::BEGIN.len() as u64;
        let first = range.start.saturating_sub(ahead) / Self::WIDTH;
        let last = range.end.div_ceil(Self::WIDTH).min(self.count);
        let mut text = String::from(if first == 0 { Self::BEGIN } else { "" });
        (first..last).for_each(|number| self.write_line(number, &mut text));
        if last == self.count {
            text.push_str(Self::END);
        }
        let begin = if first == 0 {
            0
        } else {
            ahead + first * Self::WIDTH
        };
        (text.into(), begin)
    }

    /// One line, padded by white space, which JSON ignores.
    fn write_line(&self, number: u64, text: &mut String) {
        let begin = text.len();
        let mut random = Random::new(self.seed.wrapping_add(number));
        let (first, last) = (random.pick(&FIRST_NAMES), random.pick(&LAST_NAMES));
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            r#"{{"external_id":"K-{:06}","firstname":"{first}","lastname":"{last}","email":"{}.{number}@example.com""#,
            random.below(1_000_000),
            first.to_ascii_lowercase(),
        );
        if self.have_failed {
            let _ = write!(text, r#","reason":"{}""#, random.pick(&REASONS));
        }
        text.push('}');
        let end = if number + 1 == self.count { " \n" } else { ",\n" };
        let padding = (begin + place(Self::WIDTH)).saturating_sub(text.len() + end.len());
        text.extend(std::iter::repeat_n(' ', padding));
        text.push_str(end);
    }
}

pub(crate) const FIRST_NAMES: [&str; 12] = [
    "Anna", "Ben", "Clara", "David", "Elif", "Finn", "Greta", "Hakan", "Ida", "Jonas", "Lena", "Mehmet",
];
pub(crate) const LAST_NAMES: [&str; 12] = [
    "Bauer", "Fischer", "Hoffmann", "Kaya", "Koch", "Meyer", "Neumann", "Richter", "Schmidt", "Wagner",
    "Weber", "Yilmaz",
];
const REASONS: [&str; 5] = [
    "the phone number is not valid",
    "the email address is not valid",
    "external_id is missing",
    "the contact has opted out",
    "another contact has this phone number",
];
