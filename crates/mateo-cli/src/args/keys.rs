//! `--order` and `--select`: lists of columns, in the server's own words.

use mateo_imports::model::ImportQuery;
use mateo_imports::{Order, Select};

use super::columns;
use crate::failure::Failure;

/// Reads `--order`: `failed_count.desc,created_at.asc.nullslast`. A column that is newer than this program stands in
/// quotes, so that a slip of the finger costs no request.
pub(crate) fn order(text: &str) -> Result<Vec<Order>, Failure> {
    let query = read("order", text).map_err(|failure| failure.advice(ORDER))?;
    if query.ordering().is_empty() {
        return Err(Failure::usage("--order names no column").advice(ORDER));
    }
    for key in query.ordering() {
        let name = key.field().name();
        check("--order", name, text)?;
        if columns::find(name).is_none() && !is_quoted(name, text) {
            let failure = Failure::usage(format!("--order: there is no column '{name}'"));
            if !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                return Err(failure.advice(ORDER));
            }
            return Err(failure.advice(format!(
                "the columns are {}; for one that is newer than this program write \"{name}\" in quotes",
                columns::NAMES.join(", ")
            )));
        }
    }
    Ok(query.ordering().to_vec())
}

const ORDER: &str = "write COLUMN.asc or COLUMN.desc, several with commas: failed_count.desc,created_at";

/// Reads `--select`: `id,n:total_count,payload->0->>email`.
pub(crate) fn select(text: &str) -> Result<Select, Failure> {
    let query = read("select", text)?;
    for item in query.selection().items() {
        if let Some(field) = item.field() {
            check("--select", field.name(), text)?;
        }
    }
    Ok(query.selection().clone())
}

fn read(key: &str, text: &str) -> Result<ImportQuery, Failure> {
    let compact: String = text.split(',').map(str::trim).collect::<Vec<_>>().join(",");
    if let Some(bad) = compact.chars().find(|c| matches!(c, '&' | ';' | '%' | '+' | '#')) {
        return Err(Failure::usage(format!("--{key} '{text}' has a '{bad}' in it")).advice(advice()));
    }
    ImportQuery::parse(&format!("{key}={compact}")).map_err(|error| {
        Failure::usage(format!(
            "--{key} '{text}' can't be read: expected {}",
            error.expected()
        ))
    })
}

/// Rejects a name that is close to a column's: a new column of the server is seldom called almost like an old one. One
/// in quotes is taken as it is.
fn check(flag: &str, name: &str, text: &str) -> Result<(), Failure> {
    if columns::find(name).is_some() || is_quoted(name, text) {
        return Ok(());
    }
    match columns::closest(name, false) {
        Some(close) => Err(
            Failure::usage(format!("{flag}: there is no column '{name}'")).advice(format!(
                "did you mean {close}? In quotes (\"{name}\") it is sent as it is"
            )),
        ),
        None => Ok(()),
    }
}

fn is_quoted(name: &str, text: &str) -> bool {
    text.contains(&format!("\"{name}\""))
}

fn advice() -> String {
    format!("the columns are {}", columns::NAMES.join(", "))
}

#[cfg(test)]
mod tests {
    use mateo_imports::columns::*;

    use super::{order, select};

    #[test]
    fn orders_are_read_as_the_server_reads_them() {
        assert_eq!(
            order("failed_count.desc.nullslast, created_at").unwrap(),
            [FAILED_COUNT.desc().nulls_last(), CREATED_AT.asc()]
        );
        assert!(
            order("\"newer\".desc").is_ok() && order("newer.desc").is_err(),
            "a column that is newer than this program stands in quotes"
        );
    }

    #[test]
    fn slips_are_named() {
        let refusal = |text: &str| order(text).unwrap_err().to_string();
        assert!(refusal("create_at.desc").contains("did you mean created_at?"));
        assert!(
            refusal("created_at.down").contains("can't be read"),
            "{}",
            refusal("created_at.down")
        );
        assert!(refusal("").contains("can't be read") || refusal("").contains("names no column"));
        assert!(refusal("id&limit=1").contains("has a '&' in it"));
        assert!(order("\"create_at\"").is_ok());
        assert!(
            select("id,totalcount")
                .unwrap_err()
                .to_string()
                .contains("did you mean total_count?")
        );
    }

    #[test]
    fn selections_keep_their_sequence() {
        let select = select("id, n:total_count,payload->0->>email").unwrap();
        let names: Vec<_> = select
            .items()
            .iter()
            .map(|item| item.answer_name().to_owned())
            .collect();
        assert_eq!(names, ["id", "n", "email"]);
    }
}
