//! `Import`: one row, with every column that came and no more.

mod extra;
mod json;
mod value;

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use extra::Extra;
use value::{Shown, Value};

use crate::columns::{self, Known, table};
use crate::import_type::ImportType;
use crate::progress::Progress;
use crate::raw::RawJson;

/// The Rust type of a field of a kind.
macro_rules! type_of {
    (Uuid) => { Uuid };
    (Timestamp) => { DateTime<Utc> };
    (ImportType) => { ImportType };
    (Json) => { RawJson };
    (Text) => { String };
    (Integer) => { i32 };
    (Option<$kind:ident>) => { Option<type_of!($kind)> };
}

/// The value of a field of a kind in a row that says nothing: NULL where it may be.
macro_rules! blank {
    (Uuid) => {
        Uuid::nil()
    };
    (Timestamp) => {
        DateTime::UNIX_EPOCH
    };
    (ImportType) => {
        ImportType::ContactDetails
    };
    (Option) => {
        None
    };
}

macro_rules! import {
    ($($(#[doc = $doc:literal])+ $constant:ident $name:literal $field:ident: $kind:ident $(<$inner:ident>)?;)+) => {
        /// One import, as the API lists it.
        ///
        /// Its fields are the columns of the API. A column that is newer than this crate is in [`extra`](Self::extra).
        ///
        /// # Columns that are missing
        ///
        /// Of a column that may be null (those of type `Option`), a row without it reads as `None`, and the row remembers:
        /// written back it is left out again, and [`has_column`](Self::has_column) tells the two apart. So rows of an older
        /// server, and rows whose optional columns were narrowed by `select`, can be read. The other columns must be there; to
        /// leave them out by `select`, read the rows into a type of your own that holds just the columns you ask for.
        ///
        /// # Writing back
        ///
        /// An `Import` serializes to the JSON it came from: first the columns in the order of the fields here, then those in
        /// `extra` in the order they came; payload and extra columns byte for byte, times with the digits they came with and
        /// the server's `+00:00`.
        ///
        /// ```
        /// use mateo_model::{Import, ImportType};
        ///
        /// let json = r#"{"id":"d419c772-3226-4b94-bc3a-e353fb14628e","created_at":"2025-01-01T00:00:00+00:00","updated_at":"2025-01-01T00:00:00.00001+00:00","organisation_id":"f6fadfa7-e5c1-4b62-9362-da5cc13da58a","type":"contact_details","payload":[{"n": 1.0}],"total_count":100,"success_count":33,"failed_count":0,"tags":["x"]}"#;
        /// let import: Import = serde_json::from_str(json)?;
        ///
        /// assert_eq!(import.import_type, ImportType::ContactDetails);
        /// assert_eq!(import.extra.get::<Vec<String>>("tags")?, Some(vec!["x".to_owned()]));
        /// assert_eq!(import.reference_id, None);
        /// assert!(!import.has_column("reference_id"));
        /// assert_eq!(serde_json::to_string(&import)?, json);
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        ///
        /// Two imports are equal if their columns' values are, however they were written.
        #[derive(Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Import {
            $(
                $(#[doc = $doc])+
                pub $field: type_of!($kind $(<$inner>)?),
            )+
            /// The columns this crate doesn't know.
            pub extra: Extra,
            form: Form,
        }

        impl Import {
            fn blank() -> Self {
                let mut form = Form::default();
                $(form.add(Known::$constant, 0);)+
                Self {
                    $($field: blank!($kind),)+
                    extra: Extra::new(Vec::new()),
                    form,
                }
            }

            /// Whether the row has a column of this name, null or not, by the server's name for it (`type`, not
            /// `import_type`).
            pub fn has_column(&self, name: &str) -> bool {
                match Known::of(name) {
                    $(Some(Known::$constant) => self.form.digits(Known::$constant).is_some() || !self.$field.is_null(),)+
                    None => self.extra.contains(name),
                }
            }
        }

        /// Times in the server's form, the payload's size, URLs without their query: they may be signed.
        impl fmt::Debug for Import {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct("Import")
                    $(.field(stringify!($field), &Shown(&self.$field)))+
                    .field("extra", &self.extra)
                    .finish_non_exhaustive()
            }
        }
    };
}

table!(import);

impl Import {
    /// An import as it is listed when it was just made, for tests: not changed since, and every column NULL that may be.
    /// Set the fields that matter to the test.
    ///
    /// ```
    /// use mateo_model::{Import, ImportType, Progress, timestamp, uuid::Uuid};
    ///
    /// let created_at = timestamp::parse("2025-01-01T00:00:00+00:00")?;
    /// let mut import = Import::new(Uuid::from_u128(1), Uuid::from_u128(7), ImportType::DealDetails, created_at);
    /// assert_eq!(import.progress(), Progress::Pending);
    ///
    /// (import.total_count, import.success_count, import.failed_count) = (Some(3), Some(2), Some(1));
    /// assert!(import.progress().is_finished());
    /// # Ok::<(), timestamp::TimestampError>(())
    /// ```
    pub fn new(id: Uuid, organisation_id: Uuid, import_type: ImportType, created_at: DateTime<Utc>) -> Self {
        Self {
            id,
            organisation_id,
            import_type,
            created_at,
            updated_at: created_at,
            ..Self::blank()
        }
    }

    /// How far the import has come, from its counts.
    pub fn progress(&self) -> Progress {
        Progress::from_counts(self.total_count, self.success_count, self.failed_count)
    }
}

/// How a row was written, beyond what it says: what it takes to write it back the same.
///
/// Of each column of the table that came, how many digits of fraction it has if it is a time.
#[derive(Clone, Copy, Default)]
struct Form([Option<u8>; columns::ALL.len()]);

impl Form {
    fn add(&mut self, column: Known, digits: u8) {
        self.0[column as usize] = Some(digits);
    }

    fn digits(&self, column: Known) -> Option<u8> {
        self.0[column as usize]
    }
}

/// Always equal: two rows that say the same are equal, however they were written.
impl PartialEq for Form {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Form {}

#[cfg(test)]
mod tests;
