//! The columns by name, with their types: what `--where`, `--order` and `--select` are checked against.

use chrono::{DateTime, Utc};
use mateo_imports::columns::ColumnKind;
/// The documented columns in the order of the documentation, which is that of csv too.
pub(crate) use mateo_imports::columns::NAMES;
use mateo_imports::{Column, ImportType, columns};
use serde_json::Value;
use uuid::Uuid;

/// A documented column with its type.
pub(crate) enum Known {
    Uuid(Column<Uuid>),
    Time(Column<DateTime<Utc>>),
    Type(Column<ImportType>),
    Count(Column<i32>),
    Text(Column<String>),
    Json(Column<Value>),
}

/// The column of this name.
pub(crate) fn find(name: &str) -> Option<Known> {
    let column = columns::ALL.iter().find(|column| column.name == name)?;
    Some(match column.kind {
        ColumnKind::Uuid => Known::Uuid(Column::named(column.name)),
        ColumnKind::Timestamp => Known::Time(Column::named(column.name)),
        ColumnKind::ImportType => Known::Type(Column::named(column.name)),
        ColumnKind::Integer => Known::Count(Column::named(column.name)),
        ColumnKind::Text => Known::Text(Column::named(column.name)),
        ColumnKind::Json => Known::Json(Column::named(column.name)),
    })
}

/// The column whose name is closest, if one is close: up to a third of its letters differ, or it holds the name. Of several
/// that hold it, one with numbers is meant where a number is compared with.
pub(crate) fn closest(name: &str, is_number: bool) -> Option<&'static str> {
    let plain = |text: &str| -> String {
        text.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let wanted = plain(name);
    let part = wanted.trim_end_matches('s');
    let mut holding = columns::ALL
        .iter()
        .filter(|column| part.len() >= 4 && plain(column.name).contains(part));
    let first_holding = holding.clone().next();
    let count = holding.find(|column| is_number && column.kind == ColumnKind::Integer);
    let near = || {
        NAMES
            .into_iter()
            .map(|known| (strsim::levenshtein(&wanted, &plain(known)), known))
            .filter(|(distance, known)| *distance <= (known.len() / 3).min(3))
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, known)| known)
    };
    count
        .map(|column| column.name)
        .or_else(near)
        .or(first_holding.map(|column| column.name))
}

#[cfg(test)]
mod tests {
    use super::{NAMES, closest, find};

    #[test]
    fn every_name_is_a_column() {
        assert!(NAMES.into_iter().all(|name| find(name).is_some()));
        assert!(find("newer").is_none());
    }

    #[test]
    fn slips_of_the_finger_find_their_column() {
        assert_eq!(closest("referenceid", false), Some("reference_id"));
        assert_eq!(closest("Total_Count", false), Some("total_count"));
        assert_eq!(closest("created", false), Some("created_at"));
        assert_eq!(closest("reference", false), Some("reference_id"));
        assert_eq!(closest("organization_id", false), Some("organisation_id"));
        assert_eq!(closest("failed", true), Some("failed_count"));
        assert_eq!(closest("failed", false), Some("failed_url"));
        assert_eq!(closest("newer", false), None);
        assert_eq!(closest("zzz", false), None);
    }
}
