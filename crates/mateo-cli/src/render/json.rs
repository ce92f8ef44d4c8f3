//! Rows for programs: as the server sent them, one a line or as one array.

use mateo_imports::RawJson;

use super::RowWriter;
use crate::failure::Failure;

/// One row a line.
#[derive(Debug, Default)]
pub(crate) struct Ndjson;

impl RowWriter for Ndjson {
    fn row(&mut self, row: &RawJson, out: &mut Vec<u8>) -> Result<(), Failure> {
        out.extend_from_slice(row.one_line().as_bytes());
        out.push(b'\n');
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }
}

/// One array, a row a line, closed only when all rows are there: what broke off is no JSON.
#[derive(Debug, Default)]
pub(crate) struct Json {
    begun: bool,
}

impl RowWriter for Json {
    fn row(&mut self, row: &RawJson, out: &mut Vec<u8>) -> Result<(), Failure> {
        // The comma stands before a row, so that the last one has none behind it.
        out.extend_from_slice(if self.begun { b", " } else { b"[ " });
        self.begun = true;
        out.extend_from_slice(row.one_line().as_bytes());
        out.push(b'\n');
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Vec<String>, Failure> {
        out.extend_from_slice(if self.begun { b"]\n" } else { b"[]\n" });
        Ok(Vec::new())
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
        assert_eq!(written(Ndjson, &["{\"a\":\n1.0}", "{}"]), "{\"a\": 1.0}\n{}\n");
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
