//! Rows for a spreadsheet: stable columns, and no text that it would run as a formula.

use std::collections::BTreeSet;

use mateo_imports::RawJson;
use mateo_imports::model::raw;
use serde_json::value::RawValue;

use super::RowWriter;
use crate::args::columns::NAMES;
use crate::failure::Failure;

/// A header and a line a row.
#[derive(Debug)]
pub(crate) struct Csv {
    columns: Vec<String>,
    begun: bool,
    /// Columns of the rows that have no place in the file.
    left_out: BTreeSet<String>,
}

impl Csv {
    /// With the columns selected, else the documented ones, which don't change when the server gets new ones.
    pub(crate) fn new(selected: Vec<String>) -> Self {
        let columns = if selected.is_empty() {
            NAMES.into_iter().map(str::to_owned).collect()
        } else {
            selected
        };
        Self {
            columns,
            begun: false,
            left_out: BTreeSet::new(),
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        if !self.begun {
            self.begun = true;
            write(out, self.columns.iter().map(String::as_str))?;
        }
        Ok(())
    }
}

impl RowWriter for Csv {
    fn row(&mut self, row: &RawJson, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.begin(out)?;
        let names: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        let cells: Result<Vec<String>, Failure> = raw::fields(row.as_str(), &names)
            .into_iter()
            .map(|value| value.map_or(Ok(String::new()), cell))
            .collect();
        if let Ok(all) = row.read::<std::collections::BTreeMap<String, serde::de::IgnoredAny>>() {
            self.left_out
                .extend(all.into_keys().filter(|name| !self.columns.contains(name)));
        }
        let cells = cells?;
        write(out, cells.iter().map(String::as_str))
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Vec<String>, Failure> {
        self.begin(out)?;
        if self.left_out.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<&str> = self.left_out.iter().map(String::as_str).collect();
        Ok(vec![format!(
            "the server has more columns, which csv leaves out unless --select names them: {}",
            names.join(", ")
        )])
    }
}

fn write<'a>(out: &mut Vec<u8>, cells: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    let failed = |error: csv::Error| {
        Failure::new(
            crate::failure::Code::Failed,
            format!("could not write csv: {error}"),
        )
    };
    writer.write_record(cells).map_err(failed)?;
    writer
        .flush()
        .map_err(|error| Failure::file("could not write csv", &error))
}

/// A text as it is, made safe; NULL as nothing; numbers, truth values and JSON in their JSON form.
fn cell(value: &RawValue) -> Result<String, Failure> {
    let json = value.get();
    Ok(match json.as_bytes().first() {
        Some(b'"') => {
            let text: String = serde_json::from_str(json).map_err(|error| {
                Failure::new(
                    crate::failure::Code::Failed,
                    "a text of the server's can't be read",
                )
                .source(error)
            })?;
            safe(text)
        }
        _ if json == "null" => String::new(),
        _ => json.to_owned(),
    })
}

/// Spreadsheets run a cell that begins with one of these (OWASP, "CSV Injection"); a `'` before it makes it a text.
fn safe(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use mateo_imports::RawJson;

    use super::Csv;
    use crate::render::RowWriter;

    fn written(columns: &[&str], rows: &[&str]) -> (String, Vec<String>) {
        let mut csv = Csv::new(columns.iter().map(|name| (*name).to_owned()).collect());
        let mut out = Vec::new();
        for row in rows {
            csv.row(&row.parse::<RawJson>().unwrap(), &mut out).unwrap();
        }
        let notes = csv.end(&mut out).unwrap();
        (String::from_utf8(out).unwrap(), notes)
    }

    #[test]
    fn no_text_is_a_formula_and_numbers_stay_numbers() {
        let rows = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "a=1", ""]
            .map(|text| serde_json::json!({"t": text, "n": -5}).to_string());
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let (text, _) = written(&["t", "n"], &rows);
        assert_eq!(
            text,
            "t,n\r\n'=1+1,-5\r\n'+1,-5\r\n'-1,-5\r\n'@x,-5\r\n'\tx,-5\r\n\"'\rx\",-5\r\na=1,-5\r\n,-5\r\n"
        );
    }

    #[test]
    fn json_nulls_and_quotes_come_through() {
        let (text, _) = written(
            &["p", "q"],
            &[r#"{"p":[{"a":"x,\"y"}],"q":null}"#, r#"{"p":"a\"b\nc"}"#],
        );
        assert_eq!(
            text,
            "p,q\r\n\"[{\"\"a\"\":\"\"x,\\\"\"y\"\"}]\",\r\n\"a\"\"b\nc\",\r\n"
        );
    }

    #[test]
    fn columns_are_the_same_without_rows_and_with_newer_columns() {
        let (none, _) = written(&[], &[]);
        assert_eq!(none.lines().count(), 1);
        assert!(none.starts_with("id,created_at,updated_at,"));
        let (some, notes) = written(&[], &[r#"{"id":"x","hints":[]}"#]);
        assert!(some.starts_with(&none));
        assert!(notes[0].ends_with("hints"), "{notes:?}");
    }
}
