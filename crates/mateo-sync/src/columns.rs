//! The columns of a copy, which follow from those of the model.

/// What a column holds, and with it its type in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `uuid`; text in SQLite.
    Uuid,
    /// `timestamptz`; in SQLite text such as `2026-01-02T03:04:05.000006Z`, which sorts as the times do.
    Timestamp,
    /// `jsonb`; text in SQLite.
    Json,
    /// `text`.
    Text,
    /// `integer`.
    Integer,
}

/// A column of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// Its name, the server's.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// The columns of a copy, in the server's order; the first is `id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<Column>);

/// The columns that this release knows.
const KNOWN: [(&str, Kind); 13] = [
    ("id", Kind::Uuid),
    ("created_at", Kind::Timestamp),
    ("updated_at", Kind::Timestamp),
    ("organisation_id", Kind::Uuid),
    ("type", Kind::Text),
    ("payload", Kind::Json),
    ("contact_list_id", Kind::Uuid),
    ("failed_url", Kind::Text),
    ("payload_url", Kind::Text),
    ("total_count", Kind::Integer),
    ("success_count", Kind::Integer),
    ("failed_count", Kind::Integer),
    ("reference_id", Kind::Text),
];

impl Columns {
    /// The columns that this release knows.
    pub fn known() -> Self {
        Self(KNOWN.map(|(name, kind)| Column { name, kind }).to_vec())
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
    pub fn position(&self, name: &str) -> Option<(usize, Kind)> {
        let index = self.0.iter().position(|column| column.name == name)?;
        Some((index, self.0.get(index)?.kind))
    }

    /// Their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|column| column.name)
    }

    /// A release that knew fewer or more of them.
    #[cfg(test)]
    pub(crate) fn of(columns: &[(&'static str, Kind)]) -> Self {
        Self(
            columns
                .iter()
                .map(|&(name, kind)| Column { name, kind })
                .collect(),
        )
    }
}
