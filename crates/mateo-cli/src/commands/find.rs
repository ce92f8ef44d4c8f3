//! Imports by what a person has at hand: ids, their beginnings as the table shows them, references.

use std::collections::HashSet;

use mateo_imports::{Client, Filter, ImportQuery, RawJson, Select, columns};
use serde::Deserialize;
use uuid::Uuid;

use crate::args::names::Names;
use crate::failure::{Code, Failure, Result};

/// So many texts, and so many bytes of them, are looked up with one request.
const MOST_TEXTS: usize = 40;
const MOST_BYTES: usize = 3_000;

/// What was found, in the order of the texts, each import once.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) rows: Vec<RawJson>,
    /// Texts that stand for no import.
    pub(super) missing: Vec<String>,
}

impl Found {
    /// Fails where a text stands for no import.
    pub(super) fn all(self) -> Result<Vec<RawJson>, Failure> {
        match missing(&self.missing) {
            Some(failure) => Err(failure),
            None => Ok(self.rows),
        }
    }
}

/// What there is to say of texts that stand for no import.
pub(super) fn missing(texts: &[String]) -> Option<Failure> {
    let message = match texts {
        [] => return None,
        [one] => format!("there is no import with the id or reference {one}"),
        several if several.len() < 4 => {
            format!(
                "there are no imports with the ids or references {}",
                several.join(", ")
            )
        }
        [one, ..] => format!(
            "there are no imports with the ids or references {one} and {} others",
            texts.len() - 1
        ),
    };
    Some(Failure::new(Code::Missing, message).advice("'mateo imports list' shows what there is"))
}

/// One text and how it may stand for imports.
struct Text<'a> {
    text: &'a str,
    /// The first and the last id that begin with it.
    range: Option<(Uuid, Uuid)>,
}

impl Text<'_> {
    fn is_id_of(&self, id: Uuid) -> bool {
        self.range
            .is_some_and(|(first, last)| (first..=last).contains(&id))
    }
}

#[derive(Deserialize)]
struct Key {
    id: Uuid,
    reference_id: Option<String>,
}

/// The imports that the texts stand for: those of an id, of ids that begin with it, or with that reference.
pub(super) async fn rows(client: &Client, names: &Names, wanted: &Select) -> Result<Found> {
    let (ids, references) = (names.ids()?, &names.reference);
    let mut texts: Vec<Text<'_>> = Vec::new();
    for text in &ids {
        texts.push(Text {
            text: text.as_str(),
            range: range(text),
        });
    }
    texts.extend(references.iter().map(|text| Text {
        text: text.as_str(),
        range: None,
    }));
    look_up(client, &texts, wanted).await
}

/// The ids that the texts stand for. A whole id is not looked up.
pub(super) async fn ids(client: &Client, names: &Names) -> Result<Vec<Uuid>> {
    let given = names.ids()?;
    let texts: Vec<Text<'_>> = given
        .iter()
        .filter(|text| text.parse::<Uuid>().is_err())
        .map(|text| (text, range(text)))
        .chain(names.reference.iter().map(|text| (text, None)))
        .map(|(text, range)| Text {
            text: text.as_str(),
            range,
        })
        .collect();
    let select = Select::all().and(columns::ID).and(columns::REFERENCE_ID);
    let found = look_up(client, &texts, &select).await?.all()?;
    let mut ids: Vec<Uuid> = given.iter().filter_map(|text| text.parse().ok()).collect();
    for row in found {
        ids.push(row.read::<Key>().map_err(unreadable)?.id);
    }
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(*id));
    Ok(ids)
}

/// The one import that the text stands for.
pub(super) async fn one(client: &Client, text: &str, wanted: &Select) -> Result<RawJson> {
    let texts = [Text {
        text,
        range: range(text),
    }];
    let mut found = look_up(client, &texts, wanted).await?.all()?;
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(
            Failure::usage(format!("several imports have the reference {text}"))
                .advice("give the id of one; 'mateo imports list --reference' shows them")
                .into(),
        ),
    }
}

async fn look_up(client: &Client, texts: &[Text<'_>], wanted: &Select) -> Result<Found> {
    let mut found = Found::default();
    let mut seen = HashSet::new();
    let mut rest = texts;
    while !rest.is_empty() {
        let (part, others) = rest.split_at(part(rest));
        rest = others;
        let rows = ask(client, part, wanted).await?;
        for text in part {
            let (by_id, by_reference): (Vec<_>, Vec<_>) = rows
                .iter()
                .filter(|(key, _)| text.is_id_of(key.id) || key.reference_id.as_deref() == Some(text.text))
                .partition(|(key, _)| text.is_id_of(key.id));
            let these = match by_id.as_slice() {
                [] if by_reference.is_empty() => {
                    found.missing.push(text.text.to_owned());
                    continue;
                }
                [] => by_reference,
                [_] => by_id,
                // The beginning of several ids, and the whole of a reference.
                _ if !by_reference.is_empty() => by_reference,
                _ => {
                    return Err(
                        Failure::usage(format!("several imports' ids begin with {}", text.text))
                            .advice("give more of the id")
                            .into(),
                    );
                }
            };
            for (key, row) in these {
                if seen.insert(key.id) {
                    found.rows.push(row.clone());
                }
            }
        }
    }
    Ok(found)
}

/// How many texts fit one request.
fn part(texts: &[Text<'_>]) -> usize {
    let mut bytes = 0;
    let fitting = texts.iter().take(MOST_TEXTS).take_while(|text| {
        // An escaped byte takes three.
        bytes += 3 * text.text.len();
        bytes <= MOST_BYTES
    });
    fitting.count().max(1)
}

async fn ask(client: &Client, texts: &[Text<'_>], wanted: &Select) -> Result<Vec<(Key, RawJson)>> {
    let mut either = Vec::new();
    let whole = texts
        .iter()
        .filter_map(|text| text.range.filter(|(first, last)| first == last));
    let whole: Vec<Uuid> = whole.map(|(id, _)| id).collect();
    if !whole.is_empty() {
        either.push(columns::ID.in_(whole));
    }
    for (first, last) in texts.iter().filter_map(|text| text.range) {
        if first != last {
            either.push(columns::ID.gte(first).and(columns::ID.lte(last)));
        }
    }
    let references = texts.iter().map(|text| text.text);
    either.push(columns::REFERENCE_ID.in_(references));
    let query = ImportQuery::new()
        .filter(Filter::any(either))
        .order(columns::CREATED_AT.desc())
        .select(wanted.clone());
    let mut rows = client.list().query(query).deserialize_as::<RawJson>().stream();
    let mut found = Vec::new();
    while let Some(row) = rows.try_next().await? {
        found.push((row.read::<Key>().map_err(unreadable)?, row));
    }
    Ok(found)
}

pub(super) fn unreadable(error: mateo_imports::model::ValueError) -> Failure {
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
