//! What both databases' tables have in common: their names, their version, and how they are brought forward.

use crate::columns::{Column, Columns};
use crate::store::{StoreError, StoreErrorKind};

/// The version of the tables, apart from the columns of imports. A release that changes them counts it up and adds
/// the step from the one before.
pub(super) const VERSION: i32 = 1;

/// The longest name of a schema or prefix: PostgreSQL cuts names at 63 bytes.
const LONGEST_NAME: usize = 40;

/// What a copy's tables were made with, as it is written beside them.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) version: i32,
    /// The columns of imports that have a column of their own.
    pub(super) columns: Vec<String>,
}

impl Made {
    /// By this release.
    pub(super) fn now(columns: &Columns) -> Self {
        Self {
            version: VERSION,
            columns: columns.names().map(str::to_owned).collect(),
        }
    }

    /// Reads what is written in the database.
    pub(super) fn read(version: i32, columns: &str, place: &str) -> Result<Self, StoreError> {
        let columns =
            serde_json::from_str(columns).map_err(|error| foreign(place, "sync_state").caused_by(error))?;
        Ok(Self { version, columns })
    }

    pub(super) fn columns_json(&self) -> String {
        serde_json::to_string(&self.columns).unwrap_or_default()
    }

    /// The columns that are to be added; an error where a newer release made the tables.
    pub(super) fn missing(&self, known: &Columns, place: &str) -> Result<Vec<Column>, StoreError> {
        let unknown = self.columns.iter().find(|name| known.position(name).is_none());
        let newer = |what: String| {
            let text = format!("the copy in {place} was made by a newer release of mateo: {what}");
            Err(StoreError::new(StoreErrorKind::Newer, text))
        };
        if self.version > VERSION {
            return newer(format!(
                "its tables are of version {}, this release knows up to {VERSION}",
                self.version
            ));
        }
        if let Some(column) = unknown {
            return newer(format!("it has a column {column}"));
        }
        let is_there = |column: &&Column| self.columns.iter().any(|name| name == column.name);
        Ok(known.iter().filter(|column| !is_there(column)).copied().collect())
    }
}

/// A schema or prefix must need no quotes.
pub(super) fn check_name(name: &str) -> Result<(), StoreError> {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let begins_well = !name.starts_with(|c: char| c.is_ascii_digit());
    if name.len() <= LONGEST_NAME && name.chars().all(is_word) && begins_well {
        return Ok(());
    }
    Err(StoreError::new(
        StoreErrorKind::Usage,
        format!(
            "'{name}' can't be the name of a schema: use at most {LONGEST_NAME} letters a-z, digits and _, beginning with a letter"
        ),
    ))
}

/// A table that is there, though no release made it.
pub(super) fn foreign(place: &str, table: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Foreign,
        format!("{place} has a table {table} that mateo did not make; it is left as it is"),
    )
}

#[cfg(test)]
mod tests {
    use mateo_imports::columns::ColumnKind;

    use super::{Made, check_name};
    use crate::columns::Columns;
    use crate::store::StoreErrorKind;

    #[test]
    fn an_older_releases_columns_are_added_and_a_newer_ones_are_an_error() {
        let older = Columns::of(&[("id", ColumnKind::Uuid)]);
        let newer = Columns::of(&[("id", ColumnKind::Uuid), ("newer", ColumnKind::Json)]);
        let missing = Made::now(&older).missing(&newer, "x").unwrap();
        assert_eq!(
            missing.iter().map(|column| column.name).collect::<Vec<_>>(),
            ["newer"]
        );
        let error = Made::now(&newer).missing(&older, "x").unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Newer);
        let mut counted_up = Made::now(&older);
        counted_up.version += 1;
        assert_eq!(
            counted_up.missing(&older, "x").unwrap_err().kind(),
            StoreErrorKind::Newer
        );
    }

    #[test]
    fn names_need_no_quotes() {
        for name in ["", "mateo", "acme_2"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["2acme", "Acme", "a b", "a\"", "a;b", "ä", &"a".repeat(41)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
