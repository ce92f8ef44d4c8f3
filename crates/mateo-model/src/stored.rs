//! A query as data, in a form that stays: its query string, and its range.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Error, Serialize, Serializer};

use crate::query::ImportQuery;

/// The stable form of a query as data.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    query: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<String>,
}

impl Serialize for ImportQuery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let query = self.to_query_string().map_err(S::Error::custom)?;
        let range = self.range_given().map(|range| range.to_string());
        Stored { query, range }.serialize(serializer)
    }
}

/// From the form that is written, or from a query string alone.
impl<'de> Deserialize<'de> for ImportQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;

        impl<'de> Visitor<'de> for Form {
            type Value = ImportQuery;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a query string, or a map of `query` and `range`")
            }

            fn visit_str<E: de::Error>(self, query: &str) -> Result<ImportQuery, E> {
                ImportQuery::parse(query).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ImportQuery, A::Error> {
                let stored = Stored::deserialize(MapAccessDeserializer::new(map))?;
                let query = self.visit_str(&stored.query)?;
                match stored.range {
                    Some(range) => Ok(query.range(range.parse().map_err(de::Error::custom)?)),
                    None => Ok(query),
                }
            }
        }

        deserializer.deserialize_any(Form)
    }
}
