//! The file's content: two slots that are written in turn, each with a checksum, so that whatever becomes of the one that is
//! being written, the other is whole.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::time::Duration;

use mateo_http::budget::Ledger;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clock::Reading;

/// Each slot is this long, and begins at a multiple of it: never in the same block of a disk.
const SLOT: usize = 16 << 10;

const MAGIC: &str = "mateo-budget 1";

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// When it was written.
    pub(crate) read: Reading,
    /// Its time, which goes on with the readings.
    pub(crate) time: Duration,
    pub(crate) ledger: Ledger,
}

impl Content {
    /// That of a new file.
    pub(crate) fn new(read: &Reading) -> Self {
        Self {
            read: read.clone(),
            time: read.wall,
            ledger: Ledger::default(),
        }
    }
}

/// What was found in the file.
#[derive(Debug)]
pub(crate) enum Found {
    /// It is new.
    Nothing,
    /// The content, and how often the file was written.
    Content(Box<Content>, u64),
    /// It was written, and cannot be read.
    Damaged,
}

pub(crate) fn read(mut file: &File) -> io::Result<Found> {
    let mut bytes = Vec::with_capacity(SLOT + 4096);
    file.seek(SeekFrom::Start(0))?;
    // Never more than what two slots can be, whatever somebody made of the file.
    file.take(2 * SLOT as u64).read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Ok(Found::Nothing);
    }
    let latest = bytes
        .chunks(SLOT)
        .filter_map(header)
        .max_by_key(|(number, _)| *number);
    Ok(match latest {
        Some((number, json)) => match serde_json::from_slice(json) {
            Ok(content) => Found::Content(Box::new(content), number),
            Err(_) => Found::Damaged,
        },
        None => Found::Damaged,
    })
}

/// Writes `content` as the `number`th, into the slot that does not hold the one before.
pub(crate) fn write(mut file: &File, content: &Content, number: u64) -> io::Result<()> {
    let json = serde_json::to_vec(content)?;
    let mut bytes = format!("{MAGIC} {number} {} {}\n", json.len(), checksum(number, &json)).into_bytes();
    bytes.extend(json);
    if bytes.len() > SLOT {
        return Err(io::Error::other(
            "more waits for this budget than its file can hold",
        ));
    }
    file.seek(SeekFrom::Start((number % 2) * SLOT as u64))?;
    file.write_all(&bytes)
}

/// The number and the JSON of a slot that is whole.
fn header(slot: &[u8]) -> Option<(u64, &[u8])> {
    let end = slot.iter().take(200).position(|byte| *byte == b'\n')?;
    let header = std::str::from_utf8(slot.get(..end)?).ok()?;
    let mut fields = header.strip_prefix(MAGIC)?.strip_prefix(' ')?.split(' ');
    let number = fields.next()?.parse().ok()?;
    let length: usize = fields.next()?.parse().ok()?;
    let json = slot.get(end + 1..)?.get(..length)?;
    (fields.next()? == checksum(number, json)).then_some((number, json))
}

fn checksum(number: u64, json: &[u8]) -> String {
    let hash = Sha256::new()
        .chain_update(number.to_be_bytes())
        .chain_update(json)
        .finalize();
    hash.iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(seconds: u64) -> Content {
        Content {
            read: Reading {
                run: "a".to_owned(),
                uptime: None,
                wall: Duration::from_secs(seconds),
            },
            time: Duration::from_secs(seconds),
            ledger: Ledger::default(),
        }
    }

    fn seconds(file: &File) -> Option<u64> {
        match read(file).unwrap() {
            Found::Content(content, _) => Some(content.time.as_secs()),
            Found::Nothing | Found::Damaged => None,
        }
    }

    #[test]
    fn the_latest_is_read() {
        let file = tempfile::tempfile().unwrap();
        assert!(matches!(read(&file).unwrap(), Found::Nothing));
        for number in 1..=5 {
            write(&file, &content(number), number).unwrap();
            assert_eq!(seconds(&file), Some(number));
        }
    }

    #[test]
    fn whatever_becomes_of_the_slot_that_is_written_the_other_is_read() {
        let file = tempfile::tempfile().unwrap();
        for number in 1..=4 {
            write(&file, &content(number), number).unwrap();
        }
        let mut whole = Vec::new();
        (&file).seek(SeekFrom::Start(0)).unwrap();
        (&file).read_to_end(&mut whole).unwrap();
        // The fourth is in the first slot: cut short at any byte, or with any byte changed.
        let length = whole.iter().take(SLOT).rposition(|byte| *byte != 0).unwrap() + 1;
        for at in 0..length {
            for torn in [vec![0; length - at], vec![whole[at] ^ 1]] {
                (&file).seek(SeekFrom::Start(at as u64)).unwrap();
                (&file).write_all(&torn).unwrap();
                assert_eq!(seconds(&file), Some(3), "at byte {at}");
                (&file).seek(SeekFrom::Start(0)).unwrap();
                (&file).write_all(&whole).unwrap();
            }
        }
        assert_eq!(seconds(&file), Some(4));
    }

    #[test]
    fn a_file_without_a_whole_slot_is_damaged() {
        for garbage in ["x", "mateo-budget 1 1 2 00\n{}", "mateo-budget 2 1 2 00\n{}\n"] {
            let file = tempfile::tempfile().unwrap();
            (&file).write_all(garbage.as_bytes()).unwrap();
            assert!(matches!(read(&file).unwrap(), Found::Damaged), "{garbage}");
        }
    }
}
