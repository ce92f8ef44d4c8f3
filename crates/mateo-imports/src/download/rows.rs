//! The records of a JSON array, read as the array arrives.

use std::collections::VecDeque;

use serde::de::DeserializeOwned;

use super::chunks::Chunks;
use crate::error::{Error, Kind};
use crate::items::Items;

pub(super) fn read<T: DeserializeOwned + Send + 'static>(
    chunks: Chunks,
    max_record_bytes: usize,
) -> Items<T> {
    let reader = Reader {
        chunks,
        splitter: Splitter::default(),
        max_record_bytes,
        index: 0,
        ended: false,
    };
    Items::of(Ok(reader), |mut reader| async move {
        Some((reader.next().await?, reader))
    })
}

struct Reader {
    chunks: Chunks,
    splitter: Splitter,
    max_record_bytes: usize,
    index: u64,
    ended: bool,
}

impl Reader {
    async fn next<T: DeserializeOwned>(&mut self) -> Option<Result<T, Error>> {
        if self.ended {
            return None;
        }
        let record = self.record().await;
        self.ended = !matches!(record, Ok(Some(_)));
        let record = record.transpose()?;
        let index = self.index;
        self.index += 1;
        Some(record.and_then(|text| {
            let read = serde_json::from_slice(&text);
            read.map_err(|source| Kind::Record { index, source }.into())
        }))
    }

    async fn record(&mut self) -> Result<Option<Vec<u8>>, Error> {
        loop {
            let next = self.splitter.records.front().unwrap_or(&self.splitter.record);
            if next.len() > self.max_record_bytes {
                let (index, limit) = (self.index, self.max_record_bytes);
                return Err(Kind::RecordTooLarge { index, limit }.into());
            }
            if let Some(record) = self.splitter.records.pop_front() {
                return Ok(Some(record));
            }
            match self.chunks.next().await? {
                Some(chunk) => self.splitter.feed(&chunk)?,
                None if self.splitter.is_complete() => return Ok(None),
                None => return Err(Kind::NotAnArray.into()),
            }
        }
    }
}

/// Cuts the text of a JSON array into the texts of its elements, which are checked when they are read.
#[derive(Debug, Default)]
struct Splitter {
    place: Place,
    record: Vec<u8>,
    depth: u32,
    in_string: bool,
    escaped: bool,
    records: VecDeque<Vec<u8>>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Before,
    Inside,
    After,
}

impl Splitter {
    fn is_complete(&self) -> bool {
        self.place == Place::After
    }

    fn feed(&mut self, text: &[u8]) -> Result<(), Error> {
        for &byte in text {
            match self.place {
                Place::Inside => self.inside(byte),
                _ if byte.is_ascii_whitespace() => {}
                Place::Before if byte == b'[' => self.place = Place::Inside,
                // A byte order mark, which some storages begin a file with.
                Place::Before if [0xEF, 0xBB, 0xBF].contains(&byte) => {}
                _ => return Err(Kind::NotAnArray.into()),
            }
        }
        Ok(())
    }

    fn inside(&mut self, byte: u8) {
        if self.in_string {
            self.record.push(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b',' | b']' if self.depth == 0 => {
                if !self.record.is_empty() || byte == b',' {
                    self.records.push_back(std::mem::take(&mut self.record));
                }
                if byte == b']' {
                    self.place = Place::After;
                }
                return;
            }
            b'"' => self.in_string = true,
            b'[' | b'{' => self.depth += 1,
            b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            _ if byte.is_ascii_whitespace() && self.record.is_empty() => return,
            _ => {}
        }
        self.record.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&str]) -> Result<Vec<String>, Error> {
        let mut splitter = Splitter::default();
        for piece in pieces {
            splitter.feed(piece.as_bytes())?;
        }
        assert!(splitter.is_complete());
        Ok(splitter
            .records
            .into_iter()
            .map(|record| String::from_utf8(record).unwrap())
            .collect())
    }

    #[test]
    fn an_array_is_cut_at_its_own_commas_wherever_the_pieces_end() {
        let text = r#" [ {"a":[1,{"b":"],}\\\""}]} , 2,"x,]", [ ] ] "#;
        let whole = split(&[text]).unwrap();
        assert_eq!(whole, [r#"{"a":[1,{"b":"],}\\\""}]} "#, "2", r#""x,]""#, "[ ] "]);
        let bytes: Vec<String> = text.chars().map(String::from).collect();
        let pieces: Vec<&str> = bytes.iter().map(String::as_str).collect();
        assert_eq!(split(&pieces).unwrap(), whole);
        assert_eq!(split(&["\u{feff}[]"]).unwrap(), [] as [String; 0]);
    }

    #[test]
    fn what_is_no_array_is_an_error() {
        assert!(split(&["{}"]).unwrap_err().is_decode());
        assert!(split(&["[] []"]).unwrap_err().is_decode());
    }
}
