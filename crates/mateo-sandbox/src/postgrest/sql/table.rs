//! The table of imports: columns of values, rows being positions in them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use mateo_model::ImportType;
use mateo_model::columns::ColumnInfo;
use uuid::Uuid;

use super::instant::Instant;
use super::jsonb::Json;
use super::literal;
use super::text::write_json;
use super::types::Type;
use super::value::Value;
use crate::postgrest::error::Error;
use crate::row::{Row, RowError};

/// The table of imports. A row is a position in every column; a deleted row keeps its position for a while.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    /// The types of import, in their declared order.
    labels: Vec<Arc<str>>,
    live: Vec<bool>,
    by_id: HashMap<Uuid, usize>,
}

/// One column of the table, which is held by columns because most queries over many rows look at one or two.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: Box<str>,
    /// Whether every row has a value here.
    required: bool,
    /// Whether every value has to be of its type. Another column, which rows brought along, has the type of its first
    /// value and becomes JSON when one is of another type (API.md, "Response": the rows grow).
    is_documented: bool,
    /// `None` until there is a value.
    of: Option<Type>,
    values: Vec<Value>,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tuple<'t> {
    pub(crate) table: &'t Table,
    at: usize,
}

impl<'t> Tuple<'t> {
    /// The value of one column; NULL where there is none.
    pub(crate) fn value(self, column: usize) -> &'t Value {
        let column = self.table.columns.get(column);
        column
            .and_then(|column| column.values.get(self.at))
            .unwrap_or(&Value::Null)
    }

    /// The row as the JSON object that `select=*` answers.
    fn text(self) -> String {
        let mut out = Vec::new();
        for (index, column) in self.table.columns.iter().enumerate() {
            out.push(if index > 0 { b',' } else { b'{' });
            write_json(&*column.name, &mut out);
            out.push(b':');
            self.value(index).write_json(&mut out);
        }
        out.push(b'}');
        String::from_utf8(out).unwrap_or_default()
    }
}

impl Column {
    pub(crate) fn of(&self) -> Type {
        self.of.unwrap_or(Type::Text)
    }
}

impl Table {
    /// A table of these columns, and no rows.
    pub(crate) fn new(columns: &[ColumnInfo]) -> Self {
        let columns = columns.iter().map(|info| Column {
            name: info.name.into(),
            required: !info.nullable,
            is_documented: true,
            of: Some(Type::of(info.kind)),
            values: Vec::new(),
        });
        Self {
            columns: columns.collect(),
            labels: ImportType::KNOWN
                .iter()
                .map(|known| known.as_str().into())
                .collect(),
            live: Vec::new(),
            by_id: HashMap::new(),
        }
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| &*column.name == name)
    }

    /// The types of import, in their declared order.
    pub(crate) fn labels(&self) -> &[Arc<str>] {
        &self.labels
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// All rows, in the sequence they were added.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Tuple<'_>> {
        let live = (0..).zip(&self.live).filter(|(_, live)| **live);
        live.map(|(at, _)| Tuple { table: self, at })
    }

    /// The rows with these ids, in the sequence they were added.
    pub(crate) fn rows_of(&self, ids: &[Uuid]) -> Vec<Tuple<'_>> {
        let mut positions: Vec<usize> = ids.iter().filter_map(|id| self.by_id.get(id).copied()).collect();
        positions.sort_unstable();
        positions.dedup();
        positions
            .into_iter()
            .map(|at| Tuple { table: self, at })
            .collect()
    }

    pub(crate) fn insert(&mut self, row: &Row) -> Result<(), RowError> {
        self.put(None, row)
    }

    pub(crate) fn update(&mut self, id: Uuid, changes: &Row) -> Result<bool, RowError> {
        let Some(at) = self.by_id.get(&id).copied() else {
            return Ok(false);
        };
        self.put(Some(at), changes)?;
        if self.id_at(at) != Some(id) {
            self.by_id.remove(&id);
        }
        Ok(true)
    }

    pub(crate) fn delete(&mut self, id: Uuid) -> bool {
        let Some(at) = self.by_id.remove(&id) else {
            return false;
        };
        if let Some(live) = self.live.get_mut(at) {
            *live = false;
        }
        // Positions are given up when they are more than the rows left, so that a delete costs little on average.
        if self.live.len() > 2 * self.len() + 64 {
            self.vacuum();
        }
        true
    }

    fn vacuum(&mut self) {
        for column in &mut self.columns {
            let mut live = self.live.iter();
            column.values.retain(|_| live.next() == Some(&true));
        }
        self.live.retain(|live| *live);
        let ids = (0..self.live.len()).filter_map(|at| Some((self.id_at(at)?, at)));
        self.by_id = ids.collect();
    }

    /// The ids of all rows in the sequence they were added, from the one on that `pick` falls on, and round.
    pub(crate) fn ids_from(&self, pick: u64) -> impl Iterator<Item = Uuid> {
        let start = pick.checked_rem(self.len() as u64).unwrap_or_default();
        let start = usize::try_from(start).unwrap_or_default();
        let rows = self.rows().skip(start).chain(self.rows().take(start));
        rows.filter_map(|row| self.id_at(row.at))
    }

    /// Sets the `updated_at` of at most so many rows, from the one on that `pick` falls on, where it is older.
    pub(crate) fn touch(&mut self, pick: u64, rows: usize, updated_at: DateTime<Utc>) -> usize {
        let new = Value::Instant(Instant::from_chrono(updated_at));
        let ids: Vec<Uuid> = self.ids_from(pick).take(rows).collect();
        let column = self
            .index_of("updated_at")
            .and_then(|index| self.columns.get_mut(index));
        let Some(column) = column else { return 0 };
        let mut touched = 0;
        for at in ids.iter().filter_map(|id| self.by_id.get(id)) {
            if let Some(value) = column.values.get_mut(*at).filter(|value| **value < new) {
                *value = new.clone();
                touched += 1;
            }
        }
        touched
    }

    /// Adds a row, or changes the one at a position. A row that can't be taken changes no other.
    fn put(&mut self, at: Option<usize>, changes: &Row) -> Result<(), RowError> {
        // By column; what changes don't name stays as it is.
        let mut values: Vec<Option<Value>> = vec![None; self.columns.len()];
        for (name, json) in changes.columns() {
            let column = self.column_for(name, json);
            let value = self.read(column, json).map_err(|error| {
                let reason = error.0.message;
                RowError::new(format!("column {name:?} can't hold the value: {reason}"))
            })?;
            values.resize(self.columns.len(), None);
            if let Some(slot) = values.get_mut(column) {
                *slot = Some(value);
            }
        }
        let is_missing = |value: &Option<Value>| value.as_ref().map_or(at.is_none(), Value::is_null);
        let mut columns = self.columns.iter().zip(&values);
        if let Some((column, _)) = columns.find(|(column, value)| column.required && is_missing(value)) {
            let name = &column.name;
            return Err(RowError::new(format!("column {name:?} must have a value")));
        }
        let id = match self.index_of("id").and_then(|index| values.get(index)) {
            Some(Some(Value::Uuid(id))) => Some(*id),
            _ if at.is_none() => return Err(RowError::new("it has no id")),
            _ => None,
        };
        if let Some(id) = id.filter(|id| self.by_id.get(id).is_some_and(|other| Some(*other) != at)) {
            return Err(RowError::new(format!("a row with the id {id} is already there")));
        }
        self.by_id
            .extend(id.map(|id| (id, at.unwrap_or(self.live.len()))));
        for (column, value) in self.columns.iter_mut().zip(values) {
            match (at.and_then(|at| column.values.get_mut(at)), value) {
                (None, value) => column.values.push(value.unwrap_or(Value::Null)),
                (Some(slot), Some(value)) => *slot = value,
                (Some(_), None) => {}
            }
        }
        if at.is_none() {
            self.live.push(true);
        }
        Ok(())
    }

    /// Finds a column, or adds it, and sees to it that it can hold a value.
    fn column_for(&mut self, name: &str, json: &str) -> usize {
        let index = self.index_of(name).unwrap_or_else(|| {
            self.columns.push(Column {
                name: name.into(),
                required: false,
                is_documented: false,
                of: None,
                values: vec![Value::Null; self.live.len()],
            });
            self.columns.len() - 1
        });
        if let Some(column) = self.columns.get_mut(index).filter(|column| !column.is_documented)
            && let Some(shown) = type_of(json)
            && *column.of.get_or_insert(shown) != shown
        {
            column.of = Some(Type::Jsonb);
            for value in column.values.iter_mut().filter(|value| !value.is_null()) {
                *value = Value::Json(value.to_json().into());
            }
        }
        index
    }

    /// Reads a JSON text as a column's type. A type of import that is newer than this release is added, as the server
    /// will have it one day.
    fn read(&mut self, column: usize, json: &str) -> Result<Value, Error> {
        let of = self.columns.get(column).map_or(Type::Text, Column::of);
        // Most are a text without escapes or a plain number, whose text is what is written.
        let quoted = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let plain = quoted.or_else(|| json.bytes().all(|byte| byte.is_ascii_digit()).then_some(json));
        let text = match plain.filter(|text| of != Type::Jsonb && !text.contains('\\')) {
            Some(text) => text.into(),
            None => match Json::parse(json)? {
                // As PostgreSQL's `json_populate_record` has it: JSON's null is the column's.
                Json::Null => return Ok(Value::Null),
                json if of == Type::Jsonb => return Ok(Value::Json(json.to_text())),
                Json::String(text) => text,
                json => json.to_text(),
            },
        };
        let is_new = |text: &str| self.labels.iter().all(|label| **label != *text);
        if of == Type::Enum && is_new(&text) {
            self.labels.push((&*text).into());
        }
        literal::parse(of, &text, &self.labels, None)
    }

    fn id_at(&self, at: usize) -> Option<Uuid> {
        match self.columns.get(self.index_of("id")?)?.values.get(at)? {
            Value::Uuid(id) => Some(*id),
            _ => None,
        }
    }

    pub(crate) fn row_text(&self, id: Uuid) -> Option<String> {
        let at = *self.by_id.get(&id)?;
        Some(Tuple { table: self, at }.text())
    }

    pub(crate) fn row_texts(&self) -> impl Iterator<Item = String> {
        self.rows().map(Tuple::text)
    }
}

/// The type that a value shows; `None` of null.
fn type_of(json: &str) -> Option<Type> {
    match Json::parse(json) {
        Ok(Json::Null) => None,
        Ok(Json::Bool(_)) => Some(Type::Bool),
        Ok(Json::Number(digits)) if digits.as_str().parse::<i64>().is_ok() => Some(Type::Int8),
        Ok(Json::String(_)) => Some(Type::Text),
        _ => Some(Type::Jsonb),
    }
}

#[cfg(test)]
mod tests;
