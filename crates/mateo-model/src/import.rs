//! `Import`: one row, with every column that came and no more.

mod column;
mod draft;
mod extra;
mod read;
mod scan;
mod write;

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use column::{Column, Nullable};
pub use extra::Extra;

use crate::{ImportType, Progress, RawJson, timestamp};

/// One import, as the API lists it.
///
/// Its fields are the 13 columns of the API. A column that is newer than this crate is in [`extra`](Self::extra).
///
/// # Columns that are missing
///
/// Of a column that may be null (those of type `Option`), a row without it reads as `None`, and the row remembers: written
/// back it is left out again, and [`has_column`](Self::has_column) tells the two apart. So rows of an older server, and
/// rows whose optional columns were narrowed by `select`, can be read. The other five columns must be there; to leave them
/// out by `select`, read the rows into a type of your own that holds just the columns you ask for.
///
/// # Writing back
///
/// An `Import` serializes to the JSON it came from: first the 13 columns in the order of the fields here, then those in
/// `extra` in the order they came; payload and extra columns byte for byte, times with the digits they came with and the
/// server's `+00:00`.
///
/// ```
/// use mateo_model::{Import, ImportType};
///
/// let json = r#"{"id":"d419c772-3226-4b94-bc3a-e353fb14628e","created_at":"2025-01-01T00:00:00+00:00","updated_at":"2025-01-01T00:00:00.00001+00:00","organisation_id":"f6fadfa7-e5c1-4b62-9362-da5cc13da58a","type":"contact_details","payload":[{"n": 1.0}],"total_count":100,"success_count":33,"failed_count":0,"hints":["x"]}"#;
/// let import: Import = serde_json::from_str(json)?;
///
/// assert_eq!(import.import_type, ImportType::ContactDetails);
/// assert_eq!(import.extra.get::<Vec<String>>("hints")?, Some(vec!["x".to_owned()]));
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
    /// The import's id.
    pub id: Uuid,
    /// When it was made, to the microsecond.
    pub created_at: DateTime<Utc>,
    /// When it last changed, to the microsecond: the begin of the transaction that did it, so that rows can appear with
    /// a time that lies a little back.
    pub updated_at: DateTime<Utc>,
    /// The organisation it belongs to.
    pub organisation_id: Uuid,
    /// What it brings in. The column is called `type`, which is a word of Rust's own.
    pub import_type: ImportType,
    /// The payload of a small import, any JSON, raw until it is [`read`](RawJson::read). The server writes SQL's NULL and
    /// JSON's `null` alike: both are `None`.
    pub payload: Option<RawJson>,
    /// The list the contacts are assigned to.
    pub contact_list_id: Option<Uuid>,
    /// Where the failed contacts can be downloaded. A URL of another host, possibly signed: never send the API key there.
    pub failed_url: Option<String>,
    /// Where the payload of a large import can be downloaded. As for `failed_url`.
    pub payload_url: Option<String>,
    /// How many contacts the import has.
    pub total_count: Option<i32>,
    /// How many of them were imported so far.
    pub success_count: Option<i32>,
    /// How many of them failed so far.
    pub failed_count: Option<i32>,
    /// The caller's own reference.
    pub reference_id: Option<String>,
    /// The columns this crate doesn't know.
    pub extra: Extra,
    form: Form,
}

impl Import {
    /// How far the import has come, from its counts.
    ///
    /// ```
    /// # let json = r#"{"id":"d419c772-3226-4b94-bc3a-e353fb14628e","created_at":"2025-01-01T00:00:00+00:00","updated_at":"2025-01-01T00:00:00+00:00","organisation_id":"f6fadfa7-e5c1-4b62-9362-da5cc13da58a","type":"contact_details","total_count":4,"success_count":1,"failed_count":0}"#;
    /// # let import: mateo_model::Import = serde_json::from_str(json)?;
    /// assert_eq!(import.progress().fraction(), Some(0.25));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn progress(&self) -> Progress {
        Progress::from_counts(self.total_count, self.success_count, self.failed_count)
    }

    /// Whether the row has a column of this name, null or not, by the server's name for it (`type`, not `import_type`).
    ///
    /// ```
    /// # let json = r#"{"id":"d419c772-3226-4b94-bc3a-e353fb14628e","created_at":"2025-01-01T00:00:00+00:00","updated_at":"2025-01-01T00:00:00+00:00","organisation_id":"f6fadfa7-e5c1-4b62-9362-da5cc13da58a","type":"contact_details","total_count":null}"#;
    /// # let import: mateo_model::Import = serde_json::from_str(json)?;
    /// assert!(import.total_count.is_none() && import.has_column("total_count"));
    /// assert!(import.failed_count.is_none() && !import.has_column("failed_count"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn has_column(&self, name: &str) -> bool {
        match Column::of(name) {
            Some(Column::Nullable(column)) => self.form.has(column) || self.has_value(column),
            Some(_) => true,
            None => self.extra.contains(name),
        }
    }

    fn has_value(&self, column: Nullable) -> bool {
        match column {
            Nullable::Payload => self.payload.is_some(),
            Nullable::ContactListId => self.contact_list_id.is_some(),
            Nullable::FailedUrl => self.failed_url.is_some(),
            Nullable::PayloadUrl => self.payload_url.is_some(),
            Nullable::TotalCount => self.total_count.is_some(),
            Nullable::SuccessCount => self.success_count.is_some(),
            Nullable::FailedCount => self.failed_count.is_some(),
            Nullable::ReferenceId => self.reference_id.is_some(),
        }
    }
}

/// How a row was written, beyond what it says: what it takes to write it back the same.
#[derive(Clone, Copy, Default)]
struct Form {
    /// A bit for each column of [`Nullable`] that came.
    columns: u8,
    /// How many digits of fraction the two times came with.
    created_digits: u8,
    updated_digits: u8,
}

impl Form {
    fn add(&mut self, column: Nullable) {
        self.columns |= 1 << (column as u8);
    }

    fn has(self, column: Nullable) -> bool {
        self.columns & (1 << (column as u8)) != 0
    }
}

/// Always equal: two rows that say the same are equal, however they were written.
impl PartialEq for Form {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Form {}

/// Times in the server's form, the payload's size, URLs without their query: they may be signed.
impl fmt::Debug for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = |url: &Option<String>| url.as_deref().map(without_query);
        f.debug_struct("Import")
            .field("id", &format_args!("{}", self.id))
            .field(
                "created_at",
                &format_args!("{}", timestamp::display(self.created_at)),
            )
            .field(
                "updated_at",
                &format_args!("{}", timestamp::display(self.updated_at)),
            )
            .field("organisation_id", &format_args!("{}", self.organisation_id))
            .field("import_type", &self.import_type)
            .field("payload", &self.payload)
            .field("contact_list_id", &self.contact_list_id)
            .field("failed_url", &url(&self.failed_url))
            .field("payload_url", &url(&self.payload_url))
            .field("total_count", &self.total_count)
            .field("success_count", &self.success_count)
            .field("failed_count", &self.failed_count)
            .field("reference_id", &self.reference_id)
            .field("extra", &self.extra)
            .finish_non_exhaustive()
    }
}

fn without_query(url: &str) -> String {
    match url.find(['?', '#']) {
        Some(at) => format!("{}?…", url.get(..at).unwrap_or_default()),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
