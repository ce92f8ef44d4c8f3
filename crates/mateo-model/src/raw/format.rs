//! JSON text in any serde format: byte for byte where the format is JSON text, as a tree of values elsewhere.
//!
//! `serde_json` hands out the text of a value as a newtype of a certain name, which holds a map of one entry. Its own
//! `RawValue` accepts nothing else; the visitor here also takes the value itself, which is what other formats give, and what
//! serde's buffers give under `flatten` and in untagged enums.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer, StringDeserializer};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// The name by which `serde_json` is asked for the text of a value, and the key of the text. Should it change, values
/// are read as trees: the same, but for their spacing. A test would tell.
const RAW: &str = "$serde_json::private::RawValue";

/// Writes JSON text: as it is where the serializer is `serde_json`'s, as the value it stands for elsewhere.
pub(crate) fn write<S: Serializer>(json: &str, serializer: S) -> Result<S::Ok, S::Error> {
    // Of a serializer that is any type, only its error tells whose it is.
    if typeid::of::<S::Error>() == typeid::of::<serde_json::Error>() {
        let raw: &RawValue = serde_json::from_str(json).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    } else {
        let value: Value = serde_json::from_str(json).map_err(S::Error::custom)?;
        value.serialize(serializer)
    }
}

/// Reads a value and gives its JSON text to the function.
pub(crate) struct Text<F>(pub(crate) F);

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for Text<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_newtype_struct(RAW, self)
    }
}

impl<T, F: FnOnce(&str) -> T> Text<F> {
    fn tree<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        Value::deserialize(deserializer).map(|value| (self.0)(&value.to_string()))
    }
}

macro_rules! trees {
    ($($method:ident: $type:ty;)+) => {$(
        fn $method<E: de::Error>(self, value: $type) -> Result<T, E> {
            self.tree(value.into_deserializer())
        }
    )+};
}

impl<'de, T, F: FnOnce(&str) -> T> Visitor<'de> for Text<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        match map.next_key()? {
            Some(Key::Raw) => map.next_value_seed(JsonText(self.0)),
            Some(Key::Other(first)) => self.tree(MapAccessDeserializer::new(Begun {
                first: Some(first),
                map,
            })),
            None => Ok((self.0)("{}")),
        }
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        self.tree(deserializer)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        self.tree(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<T, A::Error> {
        self.tree(SeqAccessDeserializer::new(seq))
    }

    fn visit_unit<E: de::Error>(self) -> Result<T, E> {
        Ok((self.0)("null"))
    }

    fn visit_none<E: de::Error>(self) -> Result<T, E> {
        Ok((self.0)("null"))
    }

    trees! {
        visit_bool: bool;
        visit_i64: i64;
        visit_u64: u64;
        visit_f64: f64;
        visit_str: &str;
    }
}

/// The text that `serde_json` hands out.
struct JsonText<F>(F);

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for JsonText<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for JsonText<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text of a JSON value")
    }

    fn visit_str<E: de::Error>(self, json: &str) -> Result<T, E> {
        Ok((self.0)(json))
    }
}

/// The first key of a map.
enum Key {
    Raw,
    Other(String),
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Key, E> {
                Ok(if name == RAW {
                    Key::Raw
                } else {
                    Key::Other(name.to_owned())
                })
            }
        }

        deserializer.deserialize_str(Name)
    }
}

/// A map whose first key was already read.
struct Begun<A> {
    first: Option<String>,
    map: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Begun<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.first.take() {
            Some(first) => seed.deserialize(StringDeserializer::new(first)).map(Some),
            None => self.map.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}
