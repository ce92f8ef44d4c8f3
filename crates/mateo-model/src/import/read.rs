//! Reading an `Import`: a visitor of its own.
//!
//! The derive would need `flatten` for the unknown columns, which buffers every row as a tree. This one knows the columns
//! by name, copies payload and unknown values as text, and reads times by the server's one form.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::{Extra, Form, Import, Nullable};
use crate::timestamp;

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

    // Of a key that comes twice the last counts, as it does for PostgreSQL's jsonb and for JavaScript.
    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<Import, A::Error> {
        let (mut id, mut organisation_id, mut import_type) = (None, None, None);
        let (mut created_at, mut updated_at) = (None::<Time>, None::<Time>);
        let mut payload = None;
        let mut contact_list_id = None;
        let (mut failed_url, mut payload_url) = (None, None);
        let (mut total_count, mut success_count, mut failed_count) = (None, None, None);
        let mut reference_id = None;
        let mut extra = Extra::default();
        let mut form = Form::default();

        while let Some(key) = row.next_key()? {
            match key {
                Key::Id => id = Some(row.next_value()?),
                Key::CreatedAt => created_at = Some(row.next_value()?),
                Key::UpdatedAt => updated_at = Some(row.next_value()?),
                Key::OrganisationId => organisation_id = Some(row.next_value()?),
                Key::Type => import_type = Some(row.next_value()?),
                Key::Nullable(column) => {
                    form.add(column);
                    match column {
                        Nullable::Payload => payload = row.next_value()?,
                        Nullable::ContactListId => contact_list_id = row.next_value()?,
                        Nullable::FailedUrl => failed_url = row.next_value()?,
                        Nullable::PayloadUrl => payload_url = row.next_value()?,
                        Nullable::TotalCount => total_count = row.next_value()?,
                        Nullable::SuccessCount => success_count = row.next_value()?,
                        Nullable::FailedCount => failed_count = row.next_value()?,
                        Nullable::ReferenceId => reference_id = row.next_value()?,
                    }
                }
                Key::Other(name) => extra.push(name, row.next_value()?),
            }
        }
        extra.drop_repeated();

        let missing = <A::Error as de::Error>::missing_field;
        let created_at = created_at.ok_or_else(|| missing("created_at"))?;
        let updated_at = updated_at.ok_or_else(|| missing("updated_at"))?;
        form.created_digits = created_at.digits;
        form.updated_digits = updated_at.digits;
        Ok(Import {
            id: id.ok_or_else(|| missing("id"))?,
            created_at: created_at.time,
            updated_at: updated_at.time,
            organisation_id: organisation_id.ok_or_else(|| missing("organisation_id"))?,
            import_type: import_type.ok_or_else(|| missing("type"))?,
            payload,
            contact_list_id,
            failed_url,
            payload_url,
            total_count,
            success_count,
            failed_count,
            reference_id,
            extra,
            form,
        })
    }
}

/// The name of a column.
enum Key {
    Id,
    CreatedAt,
    UpdatedAt,
    OrganisationId,
    Type,
    Nullable(Nullable),
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
                Ok(match name {
                    "id" => Key::Id,
                    "created_at" => Key::CreatedAt,
                    "updated_at" => Key::UpdatedAt,
                    "organisation_id" => Key::OrganisationId,
                    "type" => Key::Type,
                    "payload" => Key::Nullable(Nullable::Payload),
                    "contact_list_id" => Key::Nullable(Nullable::ContactListId),
                    "failed_url" => Key::Nullable(Nullable::FailedUrl),
                    "payload_url" => Key::Nullable(Nullable::PayloadUrl),
                    "total_count" => Key::Nullable(Nullable::TotalCount),
                    "success_count" => Key::Nullable(Nullable::SuccessCount),
                    "failed_count" => Key::Nullable(Nullable::FailedCount),
                    "reference_id" => Key::Nullable(Nullable::ReferenceId),
                    other => Key::Other(other.into()),
                })
            }
        }

        deserializer.deserialize_identifier(Name)
    }
}

/// A time with the number of digits its fraction came with.
struct Time {
    time: DateTime<Utc>,
    digits: u8,
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
