//! Rows for programs: as the server sent them, one a line or as one array.

use std::borrow::Cow;

use mateo_imports::RawJson;

use super::text::escape_json;
use super::{Ending, RowWriter};
use crate::failure::Failure;

/// One row a line.
#[derive(Debug, Default)]
pub(crate) struct Ndjson {
    /// Whether a terminal gets it, which must not act on what a text says.
    pub(crate) to_terminal: bool,
}

/// The row on one line.
fn push(row: &RawJson, to_terminal: bool, out: &mut Vec<u8>) {
    let line = row.one_line();
    let line = if to_terminal {
        escape_json(&line)
    } else {
        Cow::Borrowed(&*line)
    };
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}

impl RowWriter for Ndjson {
    fn row(&mut self, row: &RawJson, out: &mut Vec<u8>) -> Result<(), Failure> {
        push(row, self.to_terminal, out);
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<Ending, Failure> {
        Ok(Ending::default())
    }
}

/// One array, a row a line, closed only when all rows are there: an incomplete one is no JSON.
#[derive(Debug, Default)]
pub(crate) struct Json {
    begun: bool,
    to_terminal: bool,
}

impl Json {
    /// `begun` where an earlier run wrote the array's first rows.
    pub(crate) fn new(to_terminal: bool, begun: bool) -> Self {
        Self { begun, to_terminal }
    }
}

impl RowWriter for Json {
    fn row(&mut self, row: &RawJson, out: &mut Vec<u8>) -> Result<(), Failure> {
        // The comma stands before a row, so that the last one has none after it.
        out.extend_from_slice(if self.begun { b", " } else { b"[ " });
        self.begun = true;
        push(row, self.to_terminal, out);
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Ending, Failure> {
        out.extend_from_slice(if self.begun { b"]\n" } else { b"[]\n" });
        Ok(Ending::default())
    }
}

#[cfg(test)]
mod tests {
    use mateo_imports::RawJson;

    use super::{Json, Ndjson};
    use crate::render::RowWriter;

    fn written(mut writer: impl RowWriter, rows: &[&str]) -> String {
        let mut out = Vec::new();
        for row in rows {
            writer.row(&row.parse::<RawJson>().unwrap(), &mut out).unwrap();
        }
        writer.end(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_row_is_a_line_whatever_blanks_the_server_writes() {
        assert_eq!(
            written(Ndjson::default(), &["{\"a\":\n1.0}", "{}"]),
            "{\"a\": 1.0}\n{}\n"
        );
    }

    #[test]
    fn an_array_of_any_length_is_json() {
        for rows in [&[][..], &["{}"], &["{\"a\":1}", "[\n]"]] {
            let text = written(Json::default(), rows);
            assert_eq!(
                serde_json::from_str::<Vec<serde_json::Value>>(&text)
                    .unwrap()
                    .len(),
                rows.len(),
                "{text}"
            );
        }
    }
}
