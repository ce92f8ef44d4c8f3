//! The flags that choose imports, as one list of filters.

use chrono::{DateTime, Utc};
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use jiff::ZonedDateTime;
use mateo_imports::model::ImportQuery;
use mateo_imports::{Filter, ImportType, columns};

use super::state::{State, States};
use super::{complete, condition, when};
use crate::failure::Failure;

/// Which imports, by their columns.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Which imports")]
pub(crate) struct Conditions {
    /// Only imports that meet a condition: 'total_count>=100', 'reference_id~crm', 'failed_count is null'; repeatable
    #[arg(long = "where", short = 'w', value_name = "CONDITION", add = ArgValueCompleter::new(complete::conditions))]
    pub(crate) wheres: Vec<String>,

    /// Filters in the server's own words, checked before they are sent: 'or=(failed_count.gt.0,total_count.is.null)'
    #[arg(long, value_name = "RAW")]
    pub(crate) query: Vec<String>,

    /// Only this type: contact, deal, appointment or the name in full; comma-separated for several
    #[arg(long = "type", short, value_name = "TYPE", value_delimiter = ',', add = ArgValueCompleter::new(complete::types))]
    pub(crate) types: Vec<String>,

    /// Only imports with failures
    #[arg(long)]
    pub(crate) failed: bool,

    /// Only imports with exactly this reference
    #[arg(long, short, value_name = "TEXT")]
    pub(crate) reference: Option<String>,
}

/// Which imports, by their columns and the time they were made.
#[derive(Debug, Default, Args)]
pub(crate) struct Filters {
    #[command(flatten)]
    pub(crate) conditions: Conditions,

    /// Only imports made at this time or later: 2d (ago), today, 2026-01-02, '2026-01-02 10:00' or RFC 3339
    #[arg(long, short, value_name = "WHEN")]
    pub(crate) since: Option<String>,

    /// Only imports made before this time
    #[arg(long, short, value_name = "WHEN")]
    pub(crate) until: Option<String>,

    /// Only imports in this state, comma-separated for several; what the server can't compare is looked at here
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    pub(crate) state: Vec<State>,

    /// Only imports that aren't finished: --state pending,running
    #[arg(long)]
    pub(crate) unfinished: bool,
}

impl Conditions {
    /// What a person may have meant otherwise than it is taken.
    pub(crate) fn hints(&self) -> Vec<String> {
        self.wheres
            .iter()
            .filter_map(|text| condition::hint(text))
            .collect()
    }

    /// The filters, all of which must hold.
    pub(crate) fn filters(&self, now: &ZonedDateTime) -> Result<Vec<Filter>, Failure> {
        let mut filters = Vec::new();
        for text in &self.wheres {
            filters.push(condition::parse(text, now)?);
        }
        for raw in &self.query {
            filters.extend(raw_filters(raw)?);
        }
        if !self.types.is_empty() {
            let types: Result<Vec<ImportType>, Failure> =
                self.types.iter().map(|name| type_of(name)).collect();
            filters.push(match types?.as_slice() {
                [only] => columns::TYPE.eq(only),
                several => columns::TYPE.in_(several),
            });
        }
        if self.failed {
            filters.push(columns::FAILED_COUNT.gt(0));
        }
        if let Some(reference) = &self.reference {
            filters.push(columns::REFERENCE_ID.eq(reference));
        }
        Ok(filters)
    }
}

impl Filters {
    /// The states that are asked for, of which the server can't tell all.
    pub(crate) fn states(&self) -> States {
        States::new(&self.state, self.unfinished)
    }

    /// The filters that the server can apply, all of which must hold.
    pub(crate) fn filters(&self, now: &ZonedDateTime) -> Result<Vec<Filter>, Failure> {
        let mut filters = self.conditions.filters(now)?;
        if let Some(text) = &self.since {
            filters.push(columns::CREATED_AT.gte(time("--since", text, now)?));
        }
        if let Some(text) = &self.until {
            filters.push(columns::CREATED_AT.lt(time("--until", text, now)?));
        }
        filters.extend(self.states().filter());
        Ok(filters)
    }
}

/// Reads the time that a flag gives.
pub(crate) fn time(flag: &str, text: &str, now: &ZonedDateTime) -> Result<DateTime<Utc>, Failure> {
    when::parse(text, now).map_err(|what| Failure::usage(format!("{flag} '{text}': {what}")))
}

fn type_of(name: &str) -> Result<ImportType, Failure> {
    condition::import_type(name).map_err(|what| Failure::usage(format!("--type: {what}")))
}

/// Reads `--query`: filters only, because the rest has flags of its own, which would otherwise be overruled unseen.
fn raw_filters(raw: &str) -> Result<Vec<Filter>, Failure> {
    let raw = raw.strip_prefix('?').unwrap_or(raw);
    for part in raw.split(['&', ';']).filter(|part| !part.is_empty()) {
        let Some((key, _)) = part.split_once('=') else {
            return Err(Failure::usage(format!(
                "--query: '{part}' has no '=', so the server would ignore it"
            ))
            .advice("write COLUMN=OPERATOR.VALUE, for example total_count=gte.10"));
        };
        let flag = match key {
            "select" => "--select",
            "order" => "--order",
            "limit" => "--limit",
            "offset" => "--limit or --all",
            "columns" | "on_conflict" => {
                return Err(
                    Failure::usage(format!("--query: '{key}' is not a filter")).advice("leave it out")
                );
            }
            _ => continue,
        };
        return Err(
            Failure::usage(format!("--query takes filters only, and '{key}' is not one"))
                .advice(format!("use {flag}")),
        );
    }
    let query = ImportQuery::parse(raw).map_err(|error| {
        Failure::usage(format!("--query '{raw}': {error}"))
            .advice("see 'mateo help imports list' for examples")
    })?;
    let only_filters =
        query.selection().items().is_empty() && query.ordering().is_empty() && !query.is_sliced();
    if query.filters().is_empty() || !only_filters {
        return Err(Failure::usage(format!("--query '{raw}' is not a filter"))
            .advice("write COLUMN=OPERATOR.VALUE, for example total_count=gte.10"));
    }
    Ok(query.filters().to_vec())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use mateo_imports::{ImportType, columns::*};

    use super::{Conditions, Filters, raw_filters, type_of};

    fn now() -> DateTime<Utc> {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn zoned() -> jiff::ZonedDateTime {
        "2026-03-01T12:00:00Z[UTC]".parse().unwrap()
    }

    #[test]
    fn all_flags_hold_together() {
        let filters = Filters {
            conditions: Conditions {
                wheres: vec!["total_count>1".into()],
                query: vec!["?success_count=is.null".into()],
                types: vec!["deal".into(), "contacts".into()],
                failed: true,
                reference: Some(" x".into()),
            },
            since: Some("1d".into()),
            until: Some("2026-03-01".into()),
            state: Vec::new(),
            unfinished: false,
        };
        assert_eq!(
            filters.filters(&zoned()).unwrap(),
            [
                TOTAL_COUNT.gt(1),
                SUCCESS_COUNT.is_null(),
                TYPE.in_([ImportType::DealDetails, ImportType::ContactDetails]),
                FAILED_COUNT.gt(0),
                REFERENCE_ID.eq(" x"),
                CREATED_AT.gte(now() - chrono::TimeDelta::days(1)),
                CREATED_AT.lt(now() - chrono::TimeDelta::hours(12)),
            ]
        );
    }

    #[test]
    fn types_may_be_short() {
        assert_eq!(type_of("Contacts").unwrap(), ImportType::ContactDetails);
        assert_eq!(
            type_of("appointment_details").unwrap(),
            ImportType::AppointmentDetails
        );
        for name in ["", "s", "details", "c", "contact_detail"] {
            assert!(type_of(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_raw_query_brings_filters_and_nothing_else() {
        assert_eq!(
            raw_filters("total_count=gt.1&failed_count=is.null")
                .unwrap()
                .len(),
            2
        );
        for raw in [
            "",
            "total_count.gt.1",
            "limit=5",
            "total_count=gt.1&order=id",
            "a=eq.1;select=id",
            "offset=1",
            "total_count=GT.5",
            "or=(",
        ] {
            assert!(raw_filters(raw).is_err(), "{raw:?}");
        }
        assert!(
            raw_filters("order=id")
                .unwrap_err()
                .to_string()
                .contains("use --order")
        );
    }
}
