//! A query as data, in a form that stays: its query string, and its range.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Error as _, Serialize, Serializer};

use crate::query::ImportQuery;

/// The stable form of a query as data. A query string alone is read too.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "a query string, or a map of `query` and `range`"
)]
enum Stored {
    Text(String),
    Map {
        query: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        range: Option<String>,
    },
}

impl Serialize for ImportQuery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let query = self.to_query_string().map_err(S::Error::custom)?;
        let range = self.range_given().map(|range| range.to_string());
        Stored::Map { query, range }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ImportQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (query, range) = match Stored::deserialize(deserializer)? {
            Stored::Text(query) => (query, None),
            Stored::Map { query, range } => (query, range),
        };
        let query = Self::parse(&query).map_err(D::Error::custom)?;
        match range {
            Some(range) => Ok(query.range(range.parse().map_err(D::Error::custom)?)),
            None => Ok(query),
        }
    }
}
