//! Rows as CSV: as they are, or in the form that Excel opens without running a text as a formula.

use std::collections::BTreeSet;

use clap::ValueEnum;
use mateo_imports::RawJson;
use mateo_imports::columns::NAMES;

use super::text::{escape_control_in_lines, is_unseen};
use super::{Ending, RowWriter};
use crate::failure::{Code, Failure};

/// For whom it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    /// Commas, and every text as it is: for programs and joins
    #[default]
    Raw,
    /// A byte order mark, semicolons, and a ' before texts that Excel would run as formulas
    Excel,
}

/// A header and a line a row.
#[derive(Debug)]
pub(crate) struct Csv {
    columns: Columns,
    header: bool,
    dialect: Dialect,
    /// Whether a terminal gets it, which must not act on what a text says.
    to_terminal: bool,
    /// Columns that appeared after the header was written.
    too_late: BTreeSet<String>,
}

/// The columns are known from the start, or with the first row.
#[derive(Debug)]
enum Columns {
    Open,
    Known(Vec<String>),
}

impl Csv {
    /// With the columns selected; with none selected, the documented ones and then those of the first row that are newer
    /// than this program.
    pub(crate) fn new(selected: Vec<String>, dialect: Dialect, to_terminal: bool) -> Self {
        Self {
            columns: if selected.is_empty() {
                Columns::Open
            } else {
                Columns::Known(selected)
            },
            header: true,
            dialect,
            to_terminal,
            too_late: BTreeSet::new(),
        }
    }

    /// Without a header, to be appended to what an earlier run wrote.
    pub(crate) fn without_header(mut self) -> Self {
        self.header = false;
        self
    }

    /// The columns, after the header with them has been written.
    fn begin(&mut self, first: &[String], out: &mut Vec<u8>) -> Result<Vec<String>, Failure> {
        let columns = match &self.columns {
            Columns::Known(columns) => columns.clone(),
            Columns::Open => {
                let newer = first.iter().filter(|name| !NAMES.contains(&name.as_str()));
                NAMES
                    .into_iter()
                    .map(str::to_owned)
                    .chain(newer.cloned())
                    .collect()
            }
        };
        if std::mem::take(&mut self.header) {
            if self.dialect == Dialect::Excel {
                out.extend_from_slice("\u{feff}".as_bytes());
            }
            self.write(out, columns.iter().map(String::as_str))?;
        }
        self.columns = Columns::Known(columns.clone());
        Ok(columns)
    }

    fn write<'a>(&self, out: &mut Vec<u8>, cells: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .delimiter(match self.dialect {
                Dialect::Raw => b',',
                Dialect::Excel => b';',
            })
            .from_writer(out);
        let failed = |error: csv::Error| Failure::new(Code::Failed, format!("could not write CSV: {error}"));
        for cell in cells {
            let field = if self.to_terminal {
                writer.write_field(escape_control_in_lines(cell).as_ref())
            } else {
                writer.write_field(cell)
            };
            field.map_err(failed)?;
        }
        writer.write_record(None::<&[u8]>).map_err(failed)?;
        writer
            .flush()
            .map_err(|error| Failure::file("could not write CSV", &error))
    }

    /// A text as it is or guarded; NULL as nothing; numbers, truth values and JSON in their JSON form.
    fn cell(&self, json: &str) -> String {
        if json == "null" {
            return String::new();
        }
        match serde_json::from_str::<String>(json) {
            Ok(text) if self.dialect == Dialect::Excel && is_formula(&text) => format!("'{text}"),
            Ok(text) => text,
            // Half of a surrogate pair is no text; its JSON still says what the server sent.
            Err(_) => json.to_owned(),
        }
    }
}

impl RowWriter for Csv {
    fn row(&mut self, row: &RawJson, out: &mut Vec<u8>) -> Result<(), Failure> {
        let names = member_names(row);
        let columns = match &self.columns {
            Columns::Known(columns) if !self.header => columns.clone(),
            _ => self.begin(&names, out)?,
        };
        self.too_late
            .extend(names.into_iter().filter(|name| !columns.contains(name)));
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        let cells: Vec<String> = row
            .fields(&names)
            .into_iter()
            .map(|value| value.map_or_else(String::new, |value| self.cell(value)))
            .collect();
        self.write(out, cells.iter().map(String::as_str))
    }

    fn columns(&self) -> Vec<String> {
        match &self.columns {
            Columns::Known(columns) if !self.header => columns.clone(),
            _ => Vec::new(),
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Ending, Failure> {
        self.begin(&[], out)?;
        let mut ending = Ending::default();
        if !self.too_late.is_empty() {
            let names: Vec<&str> = self.too_late.iter().map(String::as_str).collect();
            ending.notes.push(format!(
                "columns that appeared after the header was written, and so are not in the CSV: {}",
                names.join(", ")
            ));
        }
        Ok(ending)
    }
}

/// The names of the row's columns, in the server's order.
fn member_names(row: &RawJson) -> Vec<String> {
    struct Names(Vec<String>);
    impl<'de> serde::Deserialize<'de> for Names {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Vec<String>;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(
                    self,
                    mut map: A,
                ) -> Result<Self::Value, A::Error> {
                    let mut names = Vec::new();
                    while let Some((name, _)) = map.next_entry::<String, serde::de::IgnoredAny>()? {
                        names.push(name);
                    }
                    Ok(names)
                }
            }
            deserializer.deserialize_map(Visitor).map(Names)
        }
    }
    row.read::<Names>().map(|names| names.0).unwrap_or_default()
}

/// Whether a spreadsheet would run the text (OWASP, "CSV Injection"): it begins with one of these, which Excel accepts in
/// their full-width forms and after characters that it doesn't show.
fn is_formula(text: &str) -> bool {
    let starts_unseen = text.starts_with(is_unseen);
    let first = text.trim_start_matches(|c: char| is_unseen(c) || c.is_whitespace());
    starts_unseen || first.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use mateo_imports::RawJson;

    use super::{Csv, Dialect};
    use crate::render::RowWriter;

    fn written(mut csv: Csv, rows: &[&str]) -> (String, Vec<String>) {
        let mut out = Vec::new();
        for row in rows {
            csv.row(&row.parse::<RawJson>().unwrap(), &mut out).unwrap();
        }
        let ending = csv.end(&mut out).unwrap();
        (String::from_utf8(out).unwrap(), ending.notes)
    }

    fn raw(columns: &[&str]) -> Csv {
        Csv::new(
            columns.iter().map(|name| (*name).to_owned()).collect(),
            Dialect::Raw,
            false,
        )
    }

    #[test]
    fn every_text_comes_through_as_it_is() {
        let rows =
            ["'-42", "=1+1", "a\tb", ""].map(|text| serde_json::json!({"t": text, "n": -5}).to_string());
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let (text, _) = written(raw(&["t", "n"]), &rows);
        assert_eq!(text, "t,n\r\n'-42,-5\r\n=1+1,-5\r\na\tb,-5\r\n,-5\r\n");
    }

    #[test]
    fn in_excel_no_text_is_a_formula_and_numbers_stay_numbers() {
        let texts = [
            "=1+1",
            "+1",
            "-1",
            "@x",
            "\tx",
            "\rx",
            "\nx",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            "\0=1",
            " =1",
            "\u{200b}=1",
        ];
        for text in texts {
            let row = serde_json::json!({"t": text, "n": -5}).to_string();
            let csv = Csv::new(vec!["n".into(), "t".into()], Dialect::Excel, false);
            let (written, _) = written(csv, &[&row]);
            let cell = written.strip_prefix("\u{feff}n;t\r\n-5;").unwrap();
            assert!(
                cell.trim_start_matches('"').starts_with('\''),
                "{text:?}: {cell:?}"
            );
        }
        let csv = Csv::new(vec!["t".into()], Dialect::Excel, false);
        assert_eq!(
            written(csv, &[r#"{"t":"a=1;b"}"#]).0,
            "\u{feff}t\r\n\"a=1;b\"\r\n"
        );
    }

    #[test]
    fn json_nulls_and_quotes_come_through() {
        let (text, _) = written(
            raw(&["p", "q"]),
            &[
                r#"{"p":[{"a":"x,\"y"}],"q":null}"#,
                r#"{"p":"a\"b\nc"}"#,
                r#"{"p":"\ud800"}"#,
            ],
        );
        assert_eq!(
            text,
            "p,q\r\n\"[{\"\"a\"\":\"\"x,\\\"\"y\"\"}]\",\r\n\"a\"\"b\nc\",\r\n\"\"\"\\ud800\"\"\",\r\n"
        );
    }

    #[test]
    fn newer_columns_follow_the_documented_ones() {
        let (none, _) = written(raw(&[]), &[]);
        assert_eq!(none.lines().count(), 1);
        assert!(none.starts_with("id,created_at,updated_at,"));
        let rows = [r#"{"id":"x","zeal":1,"newer":[]}"#, r#"{"id":"y","late":1}"#];
        let (some, notes) = written(raw(&[]), &rows);
        let header = format!("{},zeal,newer\r\n", none.trim_end());
        assert!(some.starts_with(&header), "{some}");
        assert!(notes[0].ends_with("in the CSV: late"), "{notes:?}");
        let (appended, _) = written(raw(&[]).without_header(), &rows);
        assert_eq!(Some(appended.as_str()), some.strip_prefix(&header));
    }

    #[test]
    fn a_terminal_gets_no_control_sequence() {
        let csv = Csv::new(vec!["t".into()], Dialect::Raw, true);
        let (text, _) = written(csv, &[r#"{"t":"a\u001b[31m\u009b\n\u202eb"}"#]);
        assert_eq!(text, "t\r\n\"a\\u{1b}[31m\\u{9b}\n\\u{202e}b\"\r\n");
    }
}
