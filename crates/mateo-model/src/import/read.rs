//! Reading an `Import`: a visitor of its own.
//!
//! The derive would need `flatten` for the unknown columns, which buffers every row as a tree. This one knows the columns
//! by name, copies payload and unknown values as text, and reads times by the server's one form.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::value::Value;
use super::{Extra, Form, Import};
use crate::columns::{Known, table};
use crate::raw;

impl<'de> Deserialize<'de> for Import {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Row)
    }
}

struct Row;

/// The value of a field, which may be missing if it may be null.
macro_rules! present {
    ($field:ident $name:literal Option) => {
        $field.flatten()
    };
    ($field:ident $name:literal $kind:ident) => {
        $field.ok_or_else(|| de::Error::missing_field($name))?
    };
}

macro_rules! read_columns {
    ($($(#[doc = $doc:literal])+ $constant:ident $name:literal $field:ident: $kind:ident $(<$inner:ident>)?;)+) => {
        impl<'de> Visitor<'de> for Row {
            type Value = Import;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row of imports: an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<Import, A::Error> {
                let (mut extra, mut form) = (Extra::default(), Form::default());
                $(let mut $field = None;)+
                // Of a column that comes twice the last counts, as it does for PostgreSQL's `jsonb` and for JavaScript.
                while let Some(key) = row.next_key()? {
                    match key {
                        $(Key::Known(Known::$constant) => {
                            let (value, digits) = Value::of(row.next_value()?);
                            $field = Some(value);
                            form.add(Known::$constant, digits);
                        })+
                        Key::Other(name) => row.next_value_seed(raw::Text(|json: &str| extra.push(&name, json)))?,
                    }
                }
                extra.drop_repeated();
                Ok(Import {
                    $($field: present!($field $name $kind),)+
                    extra,
                    form,
                })
            }
        }
    };
}

table!(read_columns);

/// The name of a column.
enum Key {
    Known(Known),
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
                Ok(Known::of(name).map_or_else(|| Key::Other(name.into()), Key::Known))
            }
        }

        deserializer.deserialize_identifier(Name)
    }
}
