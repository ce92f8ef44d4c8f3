//! Reading an `Import` from any JSON: a visitor of its own.
//!
//! The derive would need `flatten` for the unknown columns, which buffers every row as a tree. This one knows the columns
//! by name, copies payload and unknown values as text, and reads times by the server's one form.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::column::{Column, Nullable};
use super::draft::{Draft, Time};
use super::{Import, scan};
use crate::timestamp;

impl Import {
    /// Reads a page, all or nothing: the fast way if the text is as the server writes it, else by `serde_json`.
    pub(crate) fn read_page(text: &str) -> serde_json::Result<Vec<Self>> {
        scan::page(text).map_or_else(|| serde_json::from_str(text), Ok)
    }
}

impl<'de> Deserialize<'de> for Import {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Row)
    }
}

struct Row;

impl<'de> Visitor<'de> for Row {
    type Value = Import;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row of imports: an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<Import, A::Error> {
        let mut draft = Draft::default();
        while let Some(key) = row.next_key()? {
            let column = match key {
                Key::Known(column) => column,
                Key::Other(name) => {
                    // Boxed: a reader that isn't in memory can't lend the text.
                    draft.keep(&name, &row.next_value::<Box<RawValue>>()?);
                    continue;
                }
            };
            match column {
                Column::Id => draft.id = Some(row.next_value()?),
                Column::CreatedAt => draft.created_at = Some(row.next_value()?),
                Column::UpdatedAt => draft.updated_at = Some(row.next_value()?),
                Column::OrganisationId => draft.organisation_id = Some(row.next_value()?),
                Column::Type => draft.import_type = Some(row.next_value()?),
                Column::Nullable(column) => {
                    draft.came(column);
                    match column {
                        Nullable::Payload => draft.payload = row.next_value()?,
                        Nullable::ContactListId => draft.contact_list_id = row.next_value()?,
                        Nullable::FailedUrl => draft.failed_url = row.next_value()?,
                        Nullable::PayloadUrl => draft.payload_url = row.next_value()?,
                        Nullable::TotalCount => draft.total_count = row.next_value()?,
                        Nullable::SuccessCount => draft.success_count = row.next_value()?,
                        Nullable::FailedCount => draft.failed_count = row.next_value()?,
                        Nullable::ReferenceId => draft.reference_id = row.next_value()?,
                    }
                }
            }
        }
        draft.finish().map_err(de::Error::missing_field)
    }
}

/// The name of a column.
enum Key {
    Known(Column),
    Other(Box<str>),
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a column")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Key, E> {
                Ok(Column::of(name).map_or_else(|| Key::Other(name.into()), Key::Known))
            }
        }

        deserializer.deserialize_identifier(Name)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Time;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a point in time")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
                timestamp::read(text)
                    .map(|(time, digits)| Time { time, digits })
                    .map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}
