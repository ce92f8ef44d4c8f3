//! The columns of the API, from one table: each is one line of it.
//!
//! From the table come the constants here, the fields of [`Import`](crate::Import) with how they are read and written
//! (`import.rs`), and the facts that a listing needs of its order. [`ALL`] is the table as data, for the layers above.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::column::Column;
use crate::import_type::ImportType;

/// Calls a macro with the table, whose lines are in the order in which the server sends the columns:
/// the constant, the server's name, the field of `Import`, and the kind, which is an `Option` where the column is nullable.
/// The documentation is that of the constant, of the field and of [`ColumnInfo::doc`].
macro_rules! table {
    ($use:ident) => {
        $use! {
            /// The import's id, unique: the tie-breaker of every listing.
            ID "id" id: Uuid;
            /// When the import was created, to the microsecond.
            CREATED_AT "created_at" created_at: Timestamp;
            /// When the import was last changed, to the microsecond. It is the start of the transaction that changed it, so
            /// a row can appear with a time that lies a little back.
            UPDATED_AT "updated_at" updated_at: Timestamp;
            /// The organisation that the import belongs to.
            ORGANISATION_ID "organisation_id" organisation_id: Uuid;
            /// What is imported. The column is called `type`.
            TYPE "type" import_type: ImportType;
            /// The payload of a small import: any JSON. The server writes SQL's NULL and JSON's `null` alike.
            PAYLOAD "payload" payload: Option<Json>;
            /// The list that the contacts are assigned to.
            CONTACT_LIST_ID "contact_list_id" contact_list_id: Option<Uuid>;
            /// Where the failed contacts can be downloaded: a URL of another host, possibly signed. Never send the API key
            /// there.
            FAILED_URL "failed_url" failed_url: Option<Text>;
            /// Where the payload of a large import can be downloaded: a URL of another host, possibly signed. Never send the
            /// API key there.
            PAYLOAD_URL "payload_url" payload_url: Option<Text>;
            /// How many contacts the import has.
            TOTAL_COUNT "total_count" total_count: Option<Integer>;
            /// How many contacts were imported so far.
            SUCCESS_COUNT "success_count" success_count: Option<Integer>;
            /// How many contacts failed so far.
            FAILED_COUNT "failed_count" failed_count: Option<Integer>;
            /// The caller's own reference.
            REFERENCE_ID "reference_id" reference_id: Option<Text>;
        }
    };
}
pub(crate) use table;

/// What a column holds, which decides the operators it has and how its values are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// `uuid`
    Uuid,
    /// `timestamp with time zone`
    Timestamp,
    /// The enum of import types, ordered as [`ImportType::KNOWN`].
    ImportType,
    /// `jsonb`
    Json,
    /// `text`
    Text,
    /// `integer`, of 32 bits
    Integer,
}

/// A column of [`ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnInfo {
    /// The server's name for it.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether it may be NULL, and so may be missing from a row.
    pub nullable: bool,
    /// What it means, in a sentence or two.
    pub doc: &'static str,
}

/// The Rust type of a [`Column`] of a kind.
macro_rules! type_of {
    (Uuid) => { Uuid };
    (Timestamp) => { DateTime<Utc> };
    (ImportType) => { ImportType };
    (Json) => { Value };
    (Text) => { String };
    (Integer) => { i32 };
    (Option<$kind:ident>) => { type_of!($kind) };
}

macro_rules! info {
    ($name:literal $doc:expr, Option<$kind:ident>) => {
        ColumnInfo { nullable: true, ..info!($name $doc, $kind) }
    };
    ($name:literal $doc:expr, $kind:ident) => {
        ColumnInfo { name: $name, kind: ColumnKind::$kind, nullable: false, doc: $doc.trim_ascii() }
    };
}

macro_rules! constants {
    ($($(#[doc = $doc:literal])+ $constant:ident $name:literal $field:ident: $kind:ident $(<$inner:ident>)?;)+) => {
        $(
            $(#[doc = $doc])+
            pub const $constant: Column<type_of!($kind $(<$inner>)?)> = Column::constant($name);
        )+

        /// Every column, in the order in which the server sends them.
        ///
        /// ```
        /// use mateo_model::columns::{self, ColumnKind};
        ///
        /// let counts = columns::ALL.iter().filter(|column| column.kind == ColumnKind::Integer);
        /// assert!(counts.map(|column| column.name).eq(["total_count", "success_count", "failed_count"]));
        /// ```
        pub const ALL: &[ColumnInfo] = &[$(info!($name concat!($($doc),+), $kind $(<$inner>)?)),+];

        /// A column by its place in the table.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "named as the constants are")]
        pub(crate) enum Known { $($constant),+ }

        impl Known {
            /// The column of this name. A `match`, which is faster than a search.
            pub(crate) fn of(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$constant),)+
                    _ => None,
                }
            }
        }
    };
}

table!(constants);

/// The names of [`ALL`], in its order.
pub const NAMES: [&str; ALL.len()] = {
    let mut names = [""; ALL.len()];
    let mut place = 0;
    while place < names.len() {
        names[place] = ALL[place].name;
        place += 1;
    }
    names
};

impl Known {
    /// Its line of the table.
    pub(crate) fn info(self) -> &'static ColumnInfo {
        &ALL[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Known};

    #[test]
    fn every_column_is_found_by_its_name_at_its_place() {
        for (place, column) in ALL.iter().enumerate() {
            let known = Known::of(column.name).unwrap();
            assert_eq!((known as usize, known.info()), (place, column));
        }
        assert_eq!(Known::of("newer"), None);
    }

    #[test]
    fn every_column_says_what_it_means() {
        for column in ALL {
            assert!(
                column.doc.ends_with('.') && !column.doc.starts_with(' '),
                "{column:?}"
            );
        }
    }
}
