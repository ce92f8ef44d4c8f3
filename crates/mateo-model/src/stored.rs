//! A query as data, in a form that stays: its query string, and its range.

use serde::{Deserialize, Serialize};

use crate::query::ImportQuery;

/// The stable form of a query as data.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    query: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<String>,
}

impl Serialize for ImportQuery {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let query = self.to_query_string().map_err(serde::ser::Error::custom)?;
        let range = self.range_given().map(|range| range.to_string());
        Stored { query, range }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ImportQuery {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let stored = Stored::deserialize(deserializer)?;
        let query = Self::parse(&stored.query).map_err(D::Error::custom)?;
        match stored.range {
            Some(range) => Ok(query.range(range.parse().map_err(D::Error::custom)?)),
            None => Ok(query),
        }
    }
}
