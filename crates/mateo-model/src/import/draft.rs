//! `Draft`: a row while it is read, column by column.

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Extra, Form, Import, Nullable};
use crate::{ImportType, RawJson};

/// What was read of a row so far. Of a column that comes twice the last counts, as it does for PostgreSQL's `jsonb` and for
/// JavaScript.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) id: Option<Uuid>,
    pub(super) created_at: Option<Time>,
    pub(super) updated_at: Option<Time>,
    pub(super) organisation_id: Option<Uuid>,
    pub(super) import_type: Option<ImportType>,
    pub(super) payload: Option<RawJson>,
    pub(super) contact_list_id: Option<Uuid>,
    pub(super) failed_url: Option<String>,
    pub(super) payload_url: Option<String>,
    pub(super) total_count: Option<i32>,
    pub(super) success_count: Option<i32>,
    pub(super) failed_count: Option<i32>,
    pub(super) reference_id: Option<String>,
    extra: Extra,
    form: Form,
}

/// A time with the number of digits its fraction came with.
#[derive(Clone, Copy)]
pub(super) struct Time {
    pub(super) time: DateTime<Utc>,
    pub(super) digits: u8,
}

impl Draft {
    /// Remembers that the column came, be it null.
    pub(super) fn came(&mut self, column: Nullable) {
        self.form.add(column);
    }

    /// Keeps a column that this crate doesn't know.
    pub(super) fn keep(&mut self, name: &str, value: &RawValue) {
        self.extra.push(name, value);
    }

    /// The row, or the name of a column that is missing.
    pub(super) fn finish(mut self) -> Result<Import, &'static str> {
        self.extra.drop_repeated();
        let created_at = self.created_at.ok_or("created_at")?;
        let updated_at = self.updated_at.ok_or("updated_at")?;
        Ok(Import {
            id: self.id.ok_or("id")?,
            created_at: created_at.time,
            updated_at: updated_at.time,
            organisation_id: self.organisation_id.ok_or("organisation_id")?,
            import_type: self.import_type.ok_or("type")?,
            payload: self.payload,
            contact_list_id: self.contact_list_id,
            failed_url: self.failed_url,
            payload_url: self.payload_url,
            total_count: self.total_count,
            success_count: self.success_count,
            failed_count: self.failed_count,
            reference_id: self.reference_id,
            extra: self.extra,
            form: Form {
                created_digits: created_at.digits,
                updated_digits: updated_at.digits,
                ..self.form
            },
        })
    }
}
