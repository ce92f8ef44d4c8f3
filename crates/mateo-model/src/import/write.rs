//! Writing an `Import` back to the JSON it came from.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Import;
use super::extra::Raw;
use super::value::Value;
use crate::columns::{Known, table};

macro_rules! write_columns {
    ($($(#[doc = $doc:literal])+ $constant:ident $name:literal $field:ident: $kind:ident $(<$inner:ident>)?;)+) => {
        impl Serialize for Import {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // A column that did not come is not made up.
                $(let $field = self.form.has(Known::$constant) || !self.$field.is_null();)+
                let columns = self.extra.len() $(+ usize::from($field))+;
                let mut row = serializer.serialize_map(Some(columns))?;
                $(
                    if $field {
                        row.serialize_entry($name, &self.$field.written(self.form.digits(Known::$constant)))?;
                    }
                )+
                for (name, value) in self.extra.iter() {
                    row.serialize_entry(name, &Raw(value))?;
                }
                row.end()
            }
        }
    };
}

table!(write_columns);
