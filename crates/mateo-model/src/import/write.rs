//! Writing an `Import` back to the JSON it came from.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Import, Nullable};
use crate::timestamp::Text;

impl Serialize for Import {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(None)?;
        row.serialize_entry("id", &self.id)?;
        row.serialize_entry(
            "created_at",
            &Text {
                time: self.created_at,
                digits: self.form.created_digits,
            },
        )?;
        row.serialize_entry(
            "updated_at",
            &Text {
                time: self.updated_at,
                digits: self.form.updated_digits,
            },
        )?;
        row.serialize_entry("organisation_id", &self.organisation_id)?;
        row.serialize_entry("type", &self.import_type)?;
        for column in Nullable::ALL {
            let name = column.name();
            // A column that did not come is not made up.
            if !self.form.has(column) && !self.has_value(column) {
                continue;
            }
            match column {
                Nullable::Payload => row.serialize_entry(name, &self.payload)?,
                Nullable::ContactListId => row.serialize_entry(name, &self.contact_list_id)?,
                Nullable::FailedUrl => row.serialize_entry(name, &self.failed_url)?,
                Nullable::PayloadUrl => row.serialize_entry(name, &self.payload_url)?,
                Nullable::TotalCount => row.serialize_entry(name, &self.total_count)?,
                Nullable::SuccessCount => row.serialize_entry(name, &self.success_count)?,
                Nullable::FailedCount => row.serialize_entry(name, &self.failed_count)?,
                Nullable::ReferenceId => row.serialize_entry(name, &self.reference_id)?,
            }
        }
        for (name, value) in self.extra.iter() {
            row.serialize_entry(name, value)?;
        }
        row.end()
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
