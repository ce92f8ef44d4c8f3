//! Writing an `Import` back to the JSON it came from.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Import;
use super::value::Value;
use crate::columns::{Known, table};

macro_rules! write_columns {
    ($($(#[doc = $doc:literal])+ $constant:ident $name:literal $field:ident: $kind:ident $(<$inner:ident>)?;)+) => {
        impl Serialize for Import {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut row = serializer.serialize_map(None)?;
                $(
                    // A column that did not come is not made up.
                    if self.form.has(Known::$constant) || !self.$field.is_null() {
                        row.serialize_entry($name, &self.$field.written(self.form.digits(Known::$constant)))?;
                    }
                )+
                for (name, value) in self.extra.iter() {
                    row.serialize_entry(name, value)?;
                }
                row.end()
            }
        }
    };
}

table!(write_columns);
