//! Imports by what a person types: an id, or its beginning as the table shows it.

use mateo_imports::{Client, ImportQuery, RawJson, Select, columns};
use serde::Deserialize;
use uuid::Uuid;

use crate::failure::{Code, Failure, Result};

/// The id that the text stands for. A whole id is not looked up; the beginning of one costs a request.
pub(super) async fn id(client: &Client, text: &str) -> Result<Uuid> {
    if let Ok(id) = text.trim().parse() {
        return Ok(id);
    }
    let select = Select::all().and(columns::ID);
    let Id { id } = row(client, text, select).await?.read().map_err(unreadable)?;
    Ok(id)
}

/// The columns of the import that the text stands for, for one request.
pub(super) async fn row(client: &Client, text: &str, wanted: Select) -> Result<RawJson> {
    let (first, last) = range(text).ok_or_else(|| {
        Failure::usage(format!("'{text}' is no import's id")).advice(
            "give a uuid such as 38d889d2-b47a-4c1d-8a3a-b343ac333b68, or its first 8 or more characters",
        )
    })?;
    let filter = if first == last {
        columns::ID.eq(first)
    } else {
        columns::ID.gte(first).and(columns::ID.lte(last))
    };
    let query = ImportQuery::new()
        .filter(filter)
        .order(columns::ID.asc())
        .limit(2)
        .select(wanted);
    let mut found = client
        .list()
        .query(query)
        .counted(false)
        .rows_as::<RawJson>()
        .page()
        .await?
        .rows;
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(Failure::new(Code::Missing, format!("there is no import {text}"))
            .advice("'mateo imports list' shows what there is")
            .into()),
        _ => Err(Failure::usage(format!("several imports' ids begin with {text}"))
            .advice("give more of the id")
            .into()),
    }
}

#[derive(Deserialize)]
struct Id {
    id: Uuid,
}

fn unreadable(error: mateo_imports::model::ValueError) -> Failure {
    Failure::new(Code::Failed, "the import could not be read").source(error)
}

/// The first and the last uuid that begin with the text: at least 8 hexadecimal digits, hyphens where they belong.
fn range(text: &str) -> Option<(Uuid, Uuid)> {
    let text = text.trim().to_lowercase();
    if let Ok(id) = text.parse() {
        return Some((id, id));
    }
    let text = text.trim_end_matches('-');
    let filled = |with: &str| -> Option<Uuid> {
        let pattern = format!(
            "{0}{0}-{1}-{1}-{1}-{2}",
            with.repeat(4),
            with.repeat(4),
            with.repeat(12)
        );
        let whole = format!("{text}{}", pattern.get(text.len()..)?);
        whole.parse().ok()
    };
    (text.len() >= 8).then_some(())?;
    Some((filled("0")?, filled("f")?))
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn the_beginning_of_an_id_is_a_range_of_ids() {
        let (first, last) = range("38D889D2").unwrap();
        assert_eq!(first.to_string(), "38d889d2-0000-0000-0000-000000000000");
        assert_eq!(last.to_string(), "38d889d2-ffff-ffff-ffff-ffffffffffff");
        let (first, _) = range("38d889d2-b47a-4").unwrap();
        assert_eq!(first.to_string(), "38d889d2-b47a-4000-0000-000000000000");
    }

    #[test]
    fn what_is_no_beginning_of_an_id_is_refused() {
        for text in [
            "",
            "38d889d",
            "38d889d2b47a",
            "zzzzzzzz",
            "38d889d2-b47a-4c1d-8a3a-b343ac333b68x",
            "ü8d889d2",
        ] {
            assert!(range(text).is_none(), "{text:?}");
        }
    }
}
