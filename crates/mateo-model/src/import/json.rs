//! An `Import` read from a row, and written back to the JSON it came from.
//!
//! A derive would need `flatten` for the unknown columns, which buffers every row as a tree. This one knows the columns by
//! name, and copies payload and unknown values as text.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::value::{Cell, Value};
use super::{Extra, Form, Import};
use crate::columns::{Known, table};
use crate::raw::Text;

/// The value of a field, which may be missing if it may be null.
macro_rules! present {
    ($field:ident $name:literal Option) => {
        $field.flatten()
    };
    ($field:ident $name:literal $kind:ident) => {
        $field.ok_or_else(|| de::Error::missing_field($name))?
    };
}

macro_rules! json {
    ($($(#[doc = $doc:literal])+ $constant:ident $name:literal $field:ident: $kind:ident $(<$inner:ident>)?;)+) => {
        impl<'de> Deserialize<'de> for Import {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Row;

                impl<'de> Visitor<'de> for Row {
                    type Value = Import;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a row of imports: an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<Import, A::Error> {
                        let (mut extra, mut form) = (Vec::new(), Form::default());
                        $(let mut $field = None;)+
                        // Of a column that comes twice the last counts, as it does for PostgreSQL's `jsonb` and for JavaScript.
                        while let Some(Text(name)) = row.next_key()? {
                            match Known::of(&name) {
                                $(Some(Known::$constant) => {
                                    let cell: Cell<_> = row.next_value()?;
                                    $field = Some(cell.value);
                                    form.add(Known::$constant, cell.digits);
                                })+
                                None => extra.push((name.into_owned(), row.next_value()?)),
                            }
                        }
                        Ok(Import {
                            $($field: present!($field $name $kind),)+
                            extra: Extra::new(extra),
                            form,
                        })
                    }
                }

                deserializer.deserialize_map(Row)
            }
        }

        impl Serialize for Import {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // A column that did not come is not made up.
                $(let $field = self.form.digits(Known::$constant).is_some() || !self.$field.is_null();)+
                let columns = self.extra.len() $(+ usize::from($field))+;
                let mut row = serializer.serialize_map(Some(columns))?;
                $(
                    if $field {
                        let digits = self.form.digits(Known::$constant).unwrap_or(0);
                        row.serialize_entry($name, &Cell { value: &self.$field, digits })?;
                    }
                )+
                for (name, value) in &self.extra.columns {
                    row.serialize_entry(name, value)?;
                }
                row.end()
            }
        }
    };
}

table!(json);
