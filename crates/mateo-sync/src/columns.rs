//! The columns of a copy, which follow from those of the model.

use mateo_imports::columns::{ALL, ColumnKind};

/// A column of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// Its name, the server's.
    pub name: &'static str,
    /// What it holds, and with it its type: the same in PostgreSQL, `integer` or `text` in SQLite, where times are
    /// texts such as `2026-01-02T03:04:05.000006Z`, which sort as the times do.
    pub kind: ColumnKind,
}

/// The columns of a copy, in the server's order; the first is `id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<Column>);

impl Columns {
    /// The columns that this release knows.
    pub fn known() -> Self {
        let column = |name, kind| Column { name, kind };
        Self(ALL.iter().map(|known| column(known.name, known.kind)).collect())
    }

    /// How many there are.
    #[allow(clippy::len_without_is_empty, reason = "there is always an id")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Column> {
        self.0.iter()
    }

    /// The column at a place.
    pub fn get(&self, index: usize) -> Option<&Column> {
        self.0.get(index)
    }

    /// The place and kind of the column with that name.
    pub fn position(&self, name: &str) -> Option<(usize, ColumnKind)> {
        let index = self.0.iter().position(|column| column.name == name)?;
        Some((index, self.0.get(index)?.kind))
    }

    /// Their names.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|column| column.name)
    }

    /// A release that knew fewer or more of them.
    #[cfg(test)]
    pub(crate) fn of(columns: &[(&'static str, ColumnKind)]) -> Self {
        Self(
            columns
                .iter()
                .map(|&(name, kind)| Column { name, kind })
                .collect(),
        )
    }
}
