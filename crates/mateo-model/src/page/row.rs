//! Reading one row by itself, so that what is wrong with it has a column's name.
//!
//! `serde_json` says where in the text a value is wrong, not in which column. So the row is split into its columns, and
//! each value is read by a deserializer that knows its name.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::CowStrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer, forward_to_deserialize_any};
use serde_json::value::RawValue;

/// Reads a row.
pub(super) fn read<T: DeserializeOwned>(row: &RawValue) -> Result<T, RowError> {
    T::deserialize(Row(row))
}

/// The row without some of its columns, the others in their order and as they were written. What is no object has none.
pub(super) fn without<'r>(row: &'r RawValue, hidden: &[String]) -> Cow<'r, RawValue> {
    let mut json = serde_json::Deserializer::from_str(row.get());
    match json.deserialize_map(Split) {
        Ok(mut columns) if !hidden.is_empty() => {
            columns.retain(|(name, _)| hidden.iter().all(|hidden| hidden != name));
            serde_json::value::to_raw_value(&Join(columns)).map_or(Cow::Borrowed(row), Cow::Owned)
        }
        _ => Cow::Borrowed(row),
    }
}

/// Writes columns as an object.
struct Join<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl Serialize for Join<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Why a row can't be read, and by which of its columns.
#[derive(Debug)]
pub(super) struct RowError {
    pub(super) column: Option<String>,
    pub(super) message: String,
}

impl RowError {
    fn of_json(column: Option<&str>, error: &serde_json::Error) -> Self {
        // The position is within one value: of no use to anyone.
        let mut message = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        if let Some(cut) = message.strip_suffix(&position) {
            message.truncate(cut.len());
        }
        Self {
            column: column.map(str::to_owned),
            message,
        }
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RowError {}

impl de::Error for RowError {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self {
            column: None,
            message: message.to_string(),
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self {
            column: Some(field.to_owned()),
            message: "the column is missing".to_owned(),
        }
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self {
            column: Some(field.to_owned()),
            message: "the column came twice".to_owned(),
        }
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self {
            column: Some(field.to_owned()),
            message: "the column is unknown".to_owned(),
        }
    }
}

/// A row as a deserializer: an object is deserialized column by column, anything else is left to `serde_json`.
struct Row<'de>(&'de RawValue);

impl<'de> Row<'de> {
    fn columns<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        let mut json = serde_json::Deserializer::from_str(self.0.get());
        let columns = json
            .deserialize_map(Split)
            .map_err(|error| RowError::of_json(None, &error))?;
        visitor.visit_map(Columns {
            rest: columns.into_iter(),
            current: None,
        })
    }

    fn is_object(&self) -> bool {
        self.0.get().starts_with('{')
    }
}

/// Leaves these to `serde_json`, whose errors name no column.
macro_rules! leave_to_serde_json {
    ($($method:ident($($argument:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(self $(, $argument: $type)*, visitor: V) -> Result<V::Value, RowError> {
            let mut json = serde_json::Deserializer::from_str(self.0.get());
            json.$method($($argument,)* visitor).map_err(|error| RowError::of_json(None, &error))
        }
    )*};
}

impl<'de> Deserializer<'de> for Row<'de> {
    type Error = RowError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        if self.is_object() {
            return self.columns(visitor);
        }
        let mut json = serde_json::Deserializer::from_str(self.0.get());
        json.deserialize_any(visitor)
            .map_err(|error| RowError::of_json(None, &error))
    }

    forward_to_deserialize_any! { map identifier }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RowError> {
        if self.is_object() {
            return self.columns(visitor);
        }
        let mut json = serde_json::Deserializer::from_str(self.0.get());
        json.deserialize_struct(name, fields, visitor)
            .map_err(|error| RowError::of_json(None, &error))
    }

    leave_to_serde_json! {
        deserialize_bool()
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64()
        deserialize_char() deserialize_str() deserialize_string()
        deserialize_bytes() deserialize_byte_buf()
        deserialize_option() deserialize_unit() deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_seq() deserialize_tuple(len: usize) deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_ignored_any()
    }
}

/// Splits an object into its columns.
struct Split;

impl<'de> Visitor<'de> for Split {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<Self::Value, A::Error> {
        let mut columns = Vec::new();
        while let Some(column) = row.next_entry::<Name<'de>, _>()? {
            columns.push((column.0.0, column.1));
        }
        Ok(columns)
    }
}

/// A key, borrowed unless it holds an escape.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The columns of a row as a map whose errors know the column they arose in.
struct Columns<'de> {
    rest: std::vec::IntoIter<(Cow<'de, str>, &'de RawValue)>,
    current: Option<(Cow<'de, str>, &'de RawValue)>,
}

impl<'de> MapAccess<'de> for Columns<'de> {
    type Error = RowError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, RowError> {
        self.current = self.rest.next();
        match &self.current {
            Some((name, _)) => seed.deserialize(CowStrDeserializer::new(name.clone())).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, RowError> {
        let Some((name, value)) = self.current.take() else {
            return Err(de::Error::custom("a value was asked for before its key"));
        };
        let mut json = serde_json::Deserializer::from_str(value.get());
        seed.deserialize(&mut json)
            .map_err(|error| RowError::of_json(Some(&name), &error))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}
