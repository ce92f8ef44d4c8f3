//! The value of a column in a row: how each Rust type of a field is read, written and shown.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer};
use serde::ser::{Serialize, Serializer};
use uuid::Uuid;

use crate::import_type::ImportType;
use crate::raw::{RawJson, Text};
use crate::timestamp;

/// A type that a field of an import may have. Most are read, written and shown as they are.
pub(super) trait Value: DeserializeOwned + Serialize + fmt::Debug {
    fn is_null(&self) -> bool {
        false
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cell<Self>, D::Error> {
        let value = Self::deserialize(deserializer)?;
        Ok(Cell { value, digits: 0 })
    }

    fn write<S: Serializer>(&self, _digits: u8, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A value in its row.
pub(super) struct Cell<V> {
    pub(super) value: V,
    /// If it is a time, how many digits of fraction it came with, or is at least written with.
    pub(super) digits: u8,
}

impl<'de, V: Value> Deserialize<'de> for Cell<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        V::read(deserializer)
    }
}

impl<V: Value> Serialize for Cell<&V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.write(self.digits, serializer)
    }
}

/// A value in the `Debug` of its row.
pub(super) struct Shown<'a, V>(pub(super) &'a V);

impl<V: Value> fmt::Debug for Shown<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(f)
    }
}

impl<V: Value> Value for Option<V> {
    fn is_null(&self) -> bool {
        self.is_none()
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cell<Self>, D::Error> {
        let cell = Option::<Cell<V>>::deserialize(deserializer)?;
        Ok(Cell {
            digits: cell.as_ref().map_or(0, |cell| cell.digits),
            value: cell.map(|cell| cell.value),
        })
    }

    fn write<S: Serializer>(&self, digits: u8, serializer: S) -> Result<S::Ok, S::Error> {
        let cell = self.as_ref().map(|value| Cell { value, digits });
        cell.serialize(serializer)
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_ref().map(Shown), f)
    }
}

impl Value for DateTime<Utc> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cell<Self>, D::Error> {
        let text = Text::deserialize(deserializer)?;
        let (value, digits) = timestamp::read(&text.0).map_err(de::Error::custom)?;
        Ok(Cell { value, digits })
    }

    fn write<S: Serializer>(&self, digits: u8, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&timestamp::Text { time: *self, digits })
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&timestamp::display(*self), f)
    }
}

impl Value for String {
    /// Without what a URL is signed with, which stands after its path.
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.split_once(['?', '#']) {
            Some((path, _)) if self.contains("://") => write!(f, "\"{}?…\"", path.escape_debug()),
            _ => fmt::Debug::fmt(self, f),
        }
    }
}

impl Value for Uuid {}
impl Value for ImportType {}
impl Value for RawJson {}
impl Value for i32 {}
