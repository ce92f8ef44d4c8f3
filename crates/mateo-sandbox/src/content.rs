//! The content of a file: bytes from a test, or bytes derived from the file's name.

use std::{fmt::Write as _, ops::Range, str};

use bytes::{Bytes, BytesMut};

use crate::random::{Random, digest};

/// A file's bytes, any part of which can be read without the rest, so that a gigabyte takes no memory.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Bytes(Bytes),
    /// A JSON array of objects, each on a line of [`Records::WIDTH`] bytes.
    Records(Records),
    /// Random bytes.
    Noise(Noise),
}

impl Content {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Records(records) => records.len(),
            Self::Noise(noise) => noise.len,
        }
    }

    /// A number that changes with the content.
    pub(crate) fn digest(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => digest([bytes.as_ref()]),
            Self::Records(records) => records.seed ^ records.count.rotate_left(32),
            // The bytes follow from it.
            Self::Noise(noise) => noise.len,
        }
    }

    /// The bytes of `range`, which lies within the content; of what lies beyond it, nothing.
    pub(crate) fn read(&self, range: Range<u64>) -> Bytes {
        let range = range.start.min(self.len())..range.end.min(self.len());
        match self {
            Self::Bytes(bytes) => {
                let from = usize::try_from(range.start)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                let to = usize::try_from(range.end).unwrap_or(usize::MAX).min(bytes.len());
                bytes.slice(from.min(to)..to)
            }
            Self::Records(records) => parts(range, Records::WIDTH, Records::BEGIN.len() as u64, |n| {
                records.line(n)
            }),
            Self::Noise(noise) => parts(range, Noise::BLOCK, 0, |n| noise.block(n)),
        }
    }
}

/// The bytes of `range` from parts of one width, which `part` makes by their number. What comes before the first of
/// them, `ahead` bytes, is the part `None`.
fn parts(range: Range<u64>, width: u64, ahead: u64, part: impl Fn(Option<u64>) -> Vec<u8>) -> Bytes {
    let mut bytes = BytesMut::with_capacity(usize::try_from(range.end - range.start).unwrap_or_default());
    let mut at = range.start;
    while at < range.end {
        let (number, begin) = match at.checked_sub(ahead) {
            None => (None, 0),
            Some(after) => (Some(after / width), ahead + after / width * width),
        };
        let part = part(number);
        let within = |position: u64| {
            usize::try_from(position - begin)
                .unwrap_or(usize::MAX)
                .min(part.len())
        };
        let piece = part.get(within(at)..within(range.end)).unwrap_or_default();
        if piece.is_empty() {
            break;
        }
        bytes.extend_from_slice(piece);
        at += piece.len() as u64;
    }
    bytes.freeze()
}

/// Bytes that compress to nothing smaller, and differ wherever two parts of them are confused: blocks of the same random
/// bytes, each with its number before them.
#[derive(Debug, Clone)]
pub(crate) struct Noise {
    random: Bytes,
    len: u64,
}

impl Noise {
    const BLOCK: u64 = 64 << 10;

    pub(crate) fn new(len: u64) -> Self {
        let mut generator = Random::new(len);
        // The block's number takes the place of one.
        let numbers = (1..Self::BLOCK / 8).map(|_| generator.next().to_le_bytes());
        Self {
            random: numbers.flatten().collect(),
            len,
        }
    }

    fn block(&self, number: Option<u64>) -> Vec<u8> {
        let number = number.unwrap_or_default().to_le_bytes();
        [&number[..], &self.random].concat()
    }
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

    /// One line, padded by white space, which JSON ignores.
    fn line(&self, number: Option<u64>) -> Vec<u8> {
        let Some(number) = number else {
            return Self::BEGIN.into();
        };
        if number >= self.count {
            return Self::END.into();
        }
        let mut random = Random::new(self.seed.wrapping_add(number));
        let (first, last) = (random.pick(&FIRST_NAMES), random.pick(&LAST_NAMES));
        let mut line = String::with_capacity(192);
        // Writing to a string cannot fail.
        let _ = write!(
            line,
            r#"{{"external_id":"K-{:06}","firstname":"{first}","lastname":"{last}","email":"{}.{number}@example.com""#,
            random.below(1_000_000),
            first.to_ascii_lowercase(),
        );
        if self.have_failed {
            let _ = write!(line, r#","reason":"{}""#, random.pick(&REASONS));
        }
        line.push('}');
        let end = if number + 1 == self.count { " \n" } else { ",\n" };
        let mut line = line.into_bytes();
        line.resize(usize::try_from(Self::WIDTH).unwrap_or_default() - end.len(), b' ');
        line.extend_from_slice(end.as_bytes());
        line
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
