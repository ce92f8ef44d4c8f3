//! Writing an `Import` back to the JSON it came from.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Import;
use super::column::{Column, Nullable};
use crate::timestamp::Text;

impl Serialize for Import {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(None)?;
        for column in Column::ALL {
            let name = column.name();
            match column {
                Column::Id => row.serialize_entry(name, &self.id)?,
                Column::CreatedAt => {
                    row.serialize_entry(
                        name,
                        &Text {
                            time: self.created_at,
                            digits: self.form.created_digits,
                        },
                    )?;
                }
                Column::UpdatedAt => {
                    row.serialize_entry(
                        name,
                        &Text {
                            time: self.updated_at,
                            digits: self.form.updated_digits,
                        },
                    )?;
                }
                Column::OrganisationId => row.serialize_entry(name, &self.organisation_id)?,
                Column::Type => row.serialize_entry(name, &self.import_type)?,
                // A column that did not come is not made up.
                Column::Nullable(column) if !self.form.has(column) && !self.has_value(column) => {}
                Column::Nullable(column) => match column {
                    Nullable::Payload => row.serialize_entry(name, &self.payload)?,
                    Nullable::ContactListId => row.serialize_entry(name, &self.contact_list_id)?,
                    Nullable::FailedUrl => row.serialize_entry(name, &self.failed_url)?,
                    Nullable::PayloadUrl => row.serialize_entry(name, &self.payload_url)?,
                    Nullable::TotalCount => row.serialize_entry(name, &self.total_count)?,
                    Nullable::SuccessCount => row.serialize_entry(name, &self.success_count)?,
                    Nullable::FailedCount => row.serialize_entry(name, &self.failed_count)?,
                    Nullable::ReferenceId => row.serialize_entry(name, &self.reference_id)?,
                },
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
