//! What a shell offers for the value of a flag.

use std::ffi::OsStr;

use clap_complete::engine::CompletionCandidate;
use mateo_imports::ImportType;
use mateo_imports::columns::{self, ColumnKind};

use crate::recent;

/// Types, short.
pub(super) fn types(current: &OsStr) -> Vec<CompletionCandidate> {
    last_of_list(current, |name| {
        let short = ImportType::KNOWN.iter().map(ImportType::as_str);
        let short = short.map(|known| known.strip_suffix("_details").unwrap_or(known));
        short
            .filter(|short| short.starts_with(name))
            .map(|short| (short.to_owned(), ""))
            .collect()
    })
}

/// Columns with an operator; of `type`, its values.
pub(super) fn conditions(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else {
        return Vec::new();
    };
    if let Some(name) = current.strip_prefix("type=") {
        let known = ImportType::KNOWN.iter().map(ImportType::as_str);
        return known
            .filter(|known| known.starts_with(name))
            .map(|known| CompletionCandidate::new(format!("type={known}")))
            .collect();
    }
    columns::ALL
        .iter()
        .filter(|column| column.name.starts_with(current))
        .map(|column| {
            let operator = match column.kind {
                ColumnKind::Integer | ColumnKind::Timestamp => ">=",
                ColumnKind::Json => "->",
                _ => "=",
            };
            CompletionCandidate::new(format!("{}{operator}", column.name)).help(Some(column.doc.into()))
        })
        .collect()
}

/// Columns, each up and down.
pub(super) fn orders(current: &OsStr) -> Vec<CompletionCandidate> {
    last_of_list(current, |name| {
        let mut orders = Vec::new();
        for column in columns::ALL {
            for direction in ["asc", "desc"] {
                let order = format!("{}.{direction}", column.name);
                if order.starts_with(name) {
                    orders.push((order, column.doc));
                }
            }
        }
        orders
    })
}

/// Columns.
pub(super) fn selections(current: &OsStr) -> Vec<CompletionCandidate> {
    last_of_list(current, |name| {
        let columns = columns::ALL.iter().filter(|column| column.name.starts_with(name));
        columns
            .map(|column| (column.name.to_owned(), column.doc))
            .collect()
    })
}

/// Ids that a terminal showed lately: nothing is asked for.
pub(super) fn ids(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else {
        return Vec::new();
    };
    recent::read()
        .into_iter()
        .filter(|(id, _)| id.starts_with(current))
        .map(|(id, what)| CompletionCandidate::new(id).help(Some(what.into())))
        .collect()
}

/// Completes the part after the last comma; the candidates are whole values.
fn last_of_list(
    current: &OsStr,
    candidates: impl Fn(&str) -> Vec<(String, &'static str)>,
) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else {
        return Vec::new();
    };
    let start = current.rfind(',').map_or(0, |comma| comma + 1);
    let (before, last) = current.split_at(start);
    candidates(last)
        .into_iter()
        .map(|(name, help)| {
            let candidate = CompletionCandidate::new(format!("{before}{name}"));
            candidate.help((!help.is_empty()).then(|| help.into()))
        })
        .collect()
}
