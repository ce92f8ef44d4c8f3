//! The table of imports: columns of values, rows being positions in them.

mod open;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use mateo_model::columns::ColumnInfo;
use uuid::Uuid;

use super::column::{Column, Values};
use super::instant::Instant;
use super::json_text::write_string;
use super::types::Type;
use super::value::Value;
use crate::row::{Row, RowError};

/// The table of imports. A row is a position in every column; a deleted row keeps its position for a while.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    /// Where the columns `id` and `updated_at` are.
    id: usize,
    updated_at: usize,
    live: Vec<bool>,
    by_id: HashMap<Uuid, usize>,
}

impl Table {
    /// A table of these columns, and no rows.
    pub(crate) fn new(columns: &[ColumnInfo]) -> Self {
        let column = |info: &ColumnInfo| Column::new(info.name, !info.nullable, Type::of(info.kind));
        let place = |name| {
            columns
                .iter()
                .position(|info| info.name == name)
                .unwrap_or_default()
        };
        Self {
            columns: columns.iter().map(column).collect(),
            id: place("id"),
            updated_at: place("updated_at"),
            live: Vec::new(),
            by_id: HashMap::new(),
        }
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The positions of all rows, in the sequence they were added.
    pub(crate) fn positions(&self) -> impl Iterator<Item = usize> {
        (0_usize..)
            .zip(&self.live)
            .filter_map(|(at, live)| live.then_some(at))
    }

    /// The positions of the rows with these ids, in the sequence they were added.
    pub(crate) fn positions_of(&self, ids: &[Uuid]) -> Vec<usize> {
        let mut positions: Vec<usize> = ids.iter().filter_map(|id| self.by_id.get(id).copied()).collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    pub(crate) fn insert(&mut self, row: &Row) -> Result<(), RowError> {
        self.add_columns(row);
        let values = self.read(row)?;
        let is_given = |index| values.iter().any(|(at, value)| *at == index && !value.is_null());
        let missing = (0..)
            .zip(&self.columns)
            .find(|(index, column)| column.required && !is_given(*index));
        let (None, Some(id)) = (missing, self.id_among(&values)) else {
            return Err(
                missing.map_or_else(|| RowError::new("it has no id"), |(_, column)| must_have(column))
            );
        };
        if self.by_id.contains_key(&id) {
            return Err(duplicate(id));
        }
        let at = self.live.len();
        self.columns.iter_mut().for_each(Column::push_null);
        self.live.push(true);
        self.by_id.insert(id, at);
        self.put(at, values);
        Ok(())
    }

    pub(crate) fn update(&mut self, id: Uuid, changes: &Row) -> Result<bool, RowError> {
        let Some(at) = self.by_id.get(&id).copied() else {
            return Ok(false);
        };
        self.add_columns(changes);
        let values = self.read(changes)?;
        let nulls = values.iter().filter(|(_, value)| value.is_null());
        let mut columns = nulls.filter_map(|(index, _)| self.columns.get(*index));
        if let Some(column) = columns.find(|column| column.required) {
            return Err(must_have(column));
        }
        if let Some(new_id) = self.id_among(&values).filter(|new_id| *new_id != id) {
            if self.by_id.contains_key(&new_id) {
                return Err(duplicate(new_id));
            }
            self.by_id.remove(&id);
            self.by_id.insert(new_id, at);
        }
        self.put(at, values);
        Ok(true)
    }

    /// The ids of all rows in the sequence they were added, from the one on that `pick` falls on, and round.
    pub(crate) fn ids_from(&self, pick: u64) -> impl Iterator<Item = Uuid> {
        let start =
            usize::try_from(pick.checked_rem(self.len() as u64).unwrap_or_default()).unwrap_or_default();
        let ids = |at| match self.value(self.id, at) {
            Value::Uuid(id) => Some(id),
            _ => None,
        };
        let (from, until) = (self.positions().skip(start), self.positions().take(start));
        from.chain(until).filter_map(ids)
    }

    /// Sets the `updated_at` of at most so many rows, from the one on that `pick` falls on, where it is older.
    pub(crate) fn touch(&mut self, pick: u64, rows: usize, updated_at: DateTime<Utc>) -> usize {
        let at = Instant::from_chrono(updated_at);
        let ids: Vec<Uuid> = self.ids_from(pick).take(rows).collect();
        let mut touched = 0;
        for position in self.positions_of(&ids) {
            let is_older =
                matches!(self.value(self.updated_at, position), Value::Instant(before) if before < at);
            if is_older && let Some(column) = self.columns.get_mut(self.updated_at) {
                column.put(position, Value::Instant(at));
                touched += 1;
            }
        }
        touched
    }

    pub(crate) fn delete(&mut self, id: Uuid) -> bool {
        let Some(at) = self.by_id.remove(&id) else {
            return false;
        };
        if let Some(live) = self.live.get_mut(at) {
            *live = false;
        }
        // Positions are given up when they are more than the rows left, so that a delete costs little on average.
        if self.live.len() > 2 * self.by_id.len() + 64 {
            self.vacuum();
        }
        true
    }

    fn vacuum(&mut self) {
        for column in &mut self.columns {
            column.retain(&self.live);
        }
        let mut renumbered = vec![0; self.live.len()];
        for (new, old) in self.positions().collect::<Vec<_>>().into_iter().enumerate() {
            if let Some(at) = renumbered.get_mut(old) {
                *at = new;
            }
        }
        for at in self.by_id.values_mut() {
            *at = renumbered.get(*at).copied().unwrap_or_default();
        }
        self.live.retain(|live| *live);
    }

    /// The id that `values` set.
    fn id_among(&self, values: &[(usize, Value<'static>)]) -> Option<Uuid> {
        values.iter().find_map(|(index, value)| match value {
            Value::Uuid(id) if *index == self.id => Some(*id),
            _ => None,
        })
    }

    fn read(&mut self, row: &Row) -> Result<Vec<(usize, Value<'static>)>, RowError> {
        let mut values = Vec::with_capacity(self.columns.len());
        for (nth, (name, json)) in row.columns().enumerate() {
            // `add_columns` has seen to it that there is one.
            if let Some(index) = self.index_near(nth, name)
                && let Some(column) = self.columns.get_mut(index)
            {
                let value = column.read(json).map_err(|error| {
                    RowError::new(format!("column {name:?} can't hold the value: {}", error.message))
                })?;
                values.push((index, value));
            }
        }
        Ok(values)
    }

    fn put(&mut self, at: usize, values: Vec<(usize, Value<'static>)>) {
        for (index, value) in values {
            if let Some(column) = self.columns.get_mut(index) {
                column.put(at, value);
            }
        }
    }

    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| &*column.name == name)
    }

    /// The same, where the column is likely to be the `nth`: most rows have all columns in order.
    fn index_near(&self, nth: usize, name: &str) -> Option<usize> {
        let is_there = self.columns.get(nth).is_some_and(|column| &*column.name == name);
        if is_there { Some(nth) } else { self.index_of(name) }
    }

    /// The values of a column of integers.
    pub(crate) fn integers(&self, column: usize) -> Option<&[Option<i32>]> {
        match &self.columns.get(column)?.values {
            Values::Int4(rows) => Some(rows),
            _ => None,
        }
    }

    /// The position of a type of import among those in use.
    pub(crate) fn label(&self, text: &str) -> Option<u8> {
        self.columns.iter().find_map(|column| column.label(text))
    }

    /// The type of import at a position.
    pub(crate) fn label_at(&self, position: u8) -> Value<'_> {
        let label = self.columns.iter().find_map(|column| match &column.values {
            Values::Enum(labels, _) => labels.get(usize::from(position)),
            _ => None,
        });
        label.map_or(Value::Null, |label| Value::Label(position, label))
    }

    /// The value of one column in row `at`; NULL where there is none.
    pub(crate) fn value(&self, column: usize, at: usize) -> Value<'_> {
        self.columns
            .get(column)
            .map_or(Value::Null, |column| column.value(at))
    }

    /// One row as the JSON object that `select=*` answers.
    pub(crate) fn write_row(&self, at: usize, out: &mut Vec<u8>) {
        out.push(b'{');
        for (index, column) in self.columns.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_string(&column.name, out);
            out.push(b':');
            column.value(at).write_json(out);
        }
        out.push(b'}');
    }

    pub(crate) fn row_text(&self, id: Uuid) -> Option<String> {
        self.by_id.get(&id).map(|at| self.text_at(*at))
    }

    pub(crate) fn row_texts(&self) -> impl Iterator<Item = String> + '_ {
        self.positions().map(|at| self.text_at(at))
    }

    fn text_at(&self, at: usize) -> String {
        let mut out = Vec::new();
        self.write_row(at, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }
}

fn must_have(column: &Column) -> RowError {
    RowError::new(format!("column {:?} must have a value", column.name))
}

fn duplicate(id: Uuid) -> RowError {
    RowError::new(format!("a row with the id {id} is already there"))
}

#[cfg(test)]
mod tests;
