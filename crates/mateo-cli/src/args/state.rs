//! `--state`: imports by how far they are.

use clap::ValueEnum;
use mateo_imports::{Filter, Progress, columns};

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    /// Not begun
    Pending,
    /// Begun and not finished
    Running,
    /// Finished without failures
    Finished,
    /// Finished with failures
    Failed,
}

impl State {
    pub(crate) fn of(progress: Progress) -> Self {
        match progress {
            Progress::Running { .. } => Self::Running,
            Progress::Finished { failed: 1.., .. } => Self::Failed,
            Progress::Finished { .. } => Self::Finished,
            _ => Self::Pending,
        }
    }

    /// What the server can tell of the state: every import in it meets this. The server can't compare columns, so that
    /// imports which are still running can meet what stands for finished ones.
    fn filter(self) -> Filter {
        let begun = || {
            columns::TOTAL_COUNT.gte(0).and(
                columns::SUCCESS_COUNT
                    .is_not_null()
                    .or(columns::FAILED_COUNT.is_not_null()),
            )
        };
        match self {
            Self::Pending => Filter::any([
                columns::TOTAL_COUNT.is_null(),
                columns::TOTAL_COUNT.lt(0),
                columns::SUCCESS_COUNT
                    .is_null()
                    .and(columns::FAILED_COUNT.is_null()),
            ]),
            Self::Running => begun().and(columns::TOTAL_COUNT.gt(0)),
            Self::Finished => begun().and(columns::FAILED_COUNT.is_null().or(columns::FAILED_COUNT.lte(0))),
            Self::Failed => columns::TOTAL_COUNT.gte(0).and(columns::FAILED_COUNT.gt(0)),
        }
    }
}

/// The states that are asked for; none stands for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct States(Vec<State>);

impl States {
    pub(crate) fn new(states: &[State], unfinished: bool) -> Self {
        let mut all = Vec::new();
        let also: &[State] = if unfinished {
            &[State::Pending, State::Running]
        } else {
            &[]
        };
        for state in states.iter().chain(also) {
            if !all.contains(state) {
                all.push(*state);
            }
        }
        Self(if all.len() == State::value_variants().len() {
            Vec::new()
        } else {
            all
        })
    }

    /// What the server can tell of them.
    pub(crate) fn filter(&self) -> Option<Filter> {
        match self.0.as_slice() {
            [] => None,
            [only] => Some(only.filter()),
            several => Some(Filter::any(several.iter().map(|state| state.filter()))),
        }
    }

    /// Whether the server's rows have to be looked at here.
    pub(crate) fn needs_look(&self) -> bool {
        !matches!(self.0.as_slice(), [] | [State::Pending])
    }

    pub(crate) fn holds(&self, progress: Progress) -> bool {
        self.0.is_empty() || self.0.contains(&State::of(progress))
    }

    /// The names, for a person.
    pub(crate) fn described(&self) -> Option<String> {
        let names: Vec<String> = self
            .0
            .iter()
            .filter_map(ValueEnum::to_possible_value)
            .map(|value| value.get_name().to_owned())
            .collect();
        (!names.is_empty()).then(|| names.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use mateo_imports::{ImportQuery, Progress};
    use mateo_sandbox::Sandbox;

    use super::{State, States};

    const COUNTS: [Option<i32>; 5] = [None, Some(-1), Some(0), Some(2), Some(3)];

    /// The server's own answer, for every combination of counts.
    #[test]
    fn no_import_of_a_state_is_lost_on_the_server_and_none_of_another_is_pending() {
        let mut lines = String::new();
        for (n, (total, success, failed)) in COUNTS
            .iter()
            .flat_map(|total| COUNTS.iter().map(move |success| (total, success)))
            .flat_map(|(total, success)| COUNTS.iter().map(move |failed| (total, success, failed)))
            .enumerate()
        {
            let row = serde_json::json!({
                "id": format!("00000000-0000-4000-8000-{n:012}"), "type": "deal_details",
                "created_at": "2026-01-05T08:00:00+00:00", "updated_at": "2026-01-05T08:00:00+00:00",
                "organisation_id": "f6fadfa7-e5c1-4b62-9362-da5cc13da58a",
                "total_count": total, "success_count": success, "failed_count": failed,
            });
            lines += &row.to_string();
            lines.push('\n');
        }
        let sandbox = Sandbox::from_jsonl(lines.as_bytes()).unwrap().max_rows(1000);
        for state in [State::Pending, State::Running, State::Finished, State::Failed] {
            let states = States::new(&[state], false);
            let query = ImportQuery::new()
                .filter(states.filter().unwrap())
                .to_query_string()
                .unwrap();
            let request = http::Request::get(format!("/api/v1/import?{query}"))
                .body(bytes::Bytes::new())
                .unwrap();
            let response = sandbox.handle(&request, DateTime::UNIX_EPOCH);
            let found: Vec<serde_json::Value> = serde_json::from_slice(response.body()).unwrap();
            let is_found = |id: &str| found.iter().any(|row| row["id"] == id);
            for line in lines.lines() {
                let row: serde_json::Value = serde_json::from_str(line).unwrap();
                let count = |name: &str| row[name].as_i64().map(|count| i32::try_from(count).unwrap());
                let progress = Progress::from_counts(
                    count("total_count"),
                    count("success_count"),
                    count("failed_count"),
                );
                let found = is_found(row["id"].as_str().unwrap());
                assert!(found || !states.holds(progress), "{state:?}: {row} is lost");
                if !states.needs_look() {
                    assert!(
                        !found || states.holds(progress),
                        "{state:?}: {row} is of another state"
                    );
                }
            }
        }
    }

    #[test]
    fn all_states_are_no_condition() {
        let all = [State::Pending, State::Finished, State::Failed];
        assert_eq!(States::new(&all, true), States::default());
        assert_eq!(States::new(&[], true).described().unwrap(), "pending or running");
        assert!(States::default().holds(Progress::Pending) && !States::default().needs_look());
    }
}
