//! The table of imports: as wide as the terminal, and it says what it cut.

mod generic;
mod layout;
mod pages;

use chrono::{DateTime, Utc};
use mateo_imports::model::SelectItem;
use mateo_imports::{ImportType, Progress, RawJson, Select, columns};
use serde::Deserialize;
use uuid::Uuid;

use super::style::Paint;
use super::text::escape_control;
use super::{Ending, RowWriter, age, state};
use crate::failure::Failure;
use crate::zone::Zone;
pub(crate) use generic::SelectedTable;
pub(crate) use layout::{Align, Cell, Column, Layout};
use pages::{PAGE, Pages};

/// How the table is to look.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    /// As wide as this, or as wide as it gets.
    pub(crate) width: Option<usize>,
    pub(crate) paint: Paint,
    pub(crate) unicode: bool,
    pub(crate) exact_times: bool,
    pub(crate) full_ids: bool,
    pub(crate) now: DateTime<Utc>,
    pub(crate) zone: Zone,
}

/// The columns that a table and a summary are made of: payloads, which may be large, aren't asked for.
pub(crate) fn selection() -> Select {
    let items: [SelectItem; 7] = [
        columns::ID.into(),
        columns::TYPE.into(),
        columns::CREATED_AT.into(),
        columns::TOTAL_COUNT.into(),
        columns::SUCCESS_COUNT.into(),
        columns::FAILED_COUNT.into(),
        columns::REFERENCE_ID.into(),
    ];
    items.into_iter().collect()
}

#[derive(Debug, Deserialize)]
struct Row {
    id: Uuid,
    #[serde(rename = "type")]
    import_type: ImportType,
    created_at: DateTime<Utc>,
    total_count: Option<i32>,
    success_count: Option<i32>,
    failed_count: Option<i32>,
    reference_id: Option<String>,
}

/// Imports as a table.
#[derive(Debug)]
pub(crate) struct ImportTable {
    look: Look,
    waiting: Vec<Row>,
    pages: Pages,
    unreadable: Vec<String>,
    /// Imports with failures.
    failing: u64,
}

/// Ids are cut to these lengths, the shortest that tells a page's rows apart: where the hyphens stand.
const ID_LENGTHS: [usize; 3] = [8, 13, 36];

impl ImportTable {
    pub(crate) fn new(look: Look) -> Self {
        Self {
            pages: Pages::new(look.width, look.unicode, look.paint),
            look,
            waiting: Vec::new(),
            unreadable: Vec::new(),
            failing: 0,
        }
    }

    fn columns(&self) -> Vec<Column> {
        let time = if self.look.exact_times {
            if self.look.zone.name() == "UTC" {
                "CREATED (UTC)"
            } else {
                "CREATED (LOCAL)"
            }
        } else {
            "AGE"
        };
        vec![
            Column::new("ID", Align::Left, 0),
            Column::new("TYPE", Align::Left, 2),
            Column::new(time, Align::Right, 3),
            Column::new("STATE", Align::Left, 0),
            Column::new("OK/FAIL/ALL", Align::Right, 1),
            Column::new("REFERENCE", Align::Left, 4).elastic(8),
        ]
    }

    fn cells(&self, row: &Row, id_length: usize) -> Vec<Cell> {
        let progress = Progress::from_counts(row.total_count, row.success_count, row.failed_count);
        let id = row.id.to_string();
        let name = row.import_type.as_str();
        let name = name
            .strip_suffix("_details")
            .filter(|_| row.import_type.is_known())
            .unwrap_or(name);
        let time = if self.look.exact_times {
            self.look.zone.exact(row.created_at)
        } else {
            age::age(row.created_at, self.look.now)
        };
        let paint = self.look.paint;
        vec![
            Cell::plain(id.get(..id_length).unwrap_or(&id)),
            Cell::plain(escape_control(name)),
            Cell::plain(time),
            Cell::painted(state::word(progress), move |text| {
                state::painted(progress, text, paint)
            }),
            Cell::plain(state::counts(
                row.success_count,
                row.failed_count,
                row.total_count,
            )),
            Cell::plain(
                row.reference_id
                    .as_deref()
                    .map(escape_control)
                    .unwrap_or_default(),
            ),
        ]
    }

    fn page(&mut self, out: &mut Vec<u8>) {
        // In a pipe, where the next program reads them, ids are whole.
        let id_length = if self.look.full_ids || self.look.width.is_none() {
            36
        } else {
            id_length(&self.waiting)
        };
        let rows = std::mem::take(&mut self.waiting);
        let cells: Vec<Vec<Cell>> = rows.iter().map(|row| self.cells(row, id_length)).collect();
        self.pages.write(self.columns(), &cells, out);
    }
}

fn id_length(rows: &[Row]) -> usize {
    let is_enough = |length: &usize| {
        let mut ids: Vec<String> = rows
            .iter()
            .map(|row| row.id.to_string().chars().take(*length).collect())
            .collect();
        ids.sort_unstable();
        ids.windows(2).all(|pair| pair.first() != pair.last())
    };
    ID_LENGTHS.into_iter().find(is_enough).unwrap_or(36)
}

impl RowWriter for ImportTable {
    fn row(&mut self, row: &RawJson, out: &mut Vec<u8>) -> Result<(), Failure> {
        let row = match row.read::<Row>() {
            Ok(row) => row,
            Err(error) => {
                let cause = std::error::Error::source(&error)
                    .map(ToString::to_string)
                    .unwrap_or_default();
                self.unreadable.push(cause);
                return Ok(());
            }
        };
        self.failing += u64::from(row.failed_count.is_some_and(|count| count > 0));
        self.waiting.push(row);
        if self.waiting.len() >= PAGE {
            self.page(out);
        }
        Ok(())
    }

    fn pause(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        if !self.waiting.is_empty() {
            self.page(out);
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Ending, Failure> {
        self.pause(out)?;
        let mut notes = self.pages.notes();
        if self.failing > 0 {
            notes.push(format!(
                "{} with failures: 'mateo imports failures ID' says why",
                super::text::thousands(self.failing)
            ));
        }
        if let [first, ..] = self.unreadable.as_slice() {
            notes.push(format!(
                "{} could not be read and is not in the table ({first}); --output ndjson shows it",
                super::text::counted(self.unreadable.len() as u64, "row")
            ));
        }
        Ok(Ending {
            notes,
            unreadable: self.unreadable.len() as u64,
        })
    }
}

#[cfg(test)]
mod tests;
