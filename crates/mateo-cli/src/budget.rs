//! Where the request budget is kept: in a file that all programs of this user share, unless told otherwise.

use std::error::Error as StdError;
use std::path::PathBuf;
use std::sync::Arc;

use mateo_budget_file::{FileStore, FileStoreError};
use mateo_budget_redis::{RedisStore, RedisStoreError};
use mateo_imports::ApiKey;
use mateo_imports::net::{
    Budget,
    budget::{KeyBudget, KeyBudgetBuilder},
};

use crate::embedded_sandbox;
use crate::failure::{Failure, unavailable};
use crate::render::text::thousands;
use crate::settings::{BudgetFrom, Settings, Source};

/// A budget, and where it is kept, for a person.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) budget: Arc<dyn Budget>,
    pub(crate) place: String,
}

impl Kept {
    /// The budget that the settings ask for.
    pub(crate) fn open(settings: &Settings, key: &ApiKey) -> Result<Self, Failure> {
        let limits = limits(settings);
        if settings.sandbox {
            return Ok(Self::of_process(settings, "this process, as the sandbox is"));
        }
        match &settings.budget.value {
            BudgetFrom::Process => Ok(Self::of_process(settings, "this process alone")),
            BudgetFrom::Server(url) => Self::on_server(settings, url, key),
            BudgetFrom::File => {
                let Some(folder) = folder() else {
                    return Ok(Self::of_process(
                        settings,
                        "this process alone, since this machine has no folder for state",
                    ));
                };
                let store = match FileStore::open(folder, &settings.base_url.value, key) {
                    Ok(store) => store,
                    // The client says better what is wrong with the address.
                    Err(FileStoreError::BaseUrl(_)) => {
                        return Ok(Self::of_process(settings, "this process alone"));
                    }
                    Err(error) => return Err(unavailable(&error)),
                };
                let place = store.path().display().to_string();
                Ok(Self {
                    budget: Arc::new(limits.store(store).build()),
                    place,
                })
            }
        }
    }

    fn on_server(settings: &Settings, url: &str, key: &ApiKey) -> Result<Self, Failure> {
        let store = match RedisStore::open(url, &settings.base_url.value, key) {
            Ok(store) => store,
            Err(RedisStoreError::BaseUrl(_)) => {
                return Ok(Self::of_process(settings, "this process alone"));
            }
            Err(error) => {
                return Err(Failure::usage(format!("{error} ({})", settings.budget.source))
                    .advice("give it as redis://HOST, rediss://HOST, redis-cluster://HOST,HOST or redis-sentinel://HOST,HOST/NAME"));
            }
        };
        let place = store.server().to_owned();
        Ok(Self {
            budget: Arc::new(limits(settings).store(store).build()),
            place,
        })
    }

    /// The budget of this process alone.
    pub(crate) fn of_process(settings: &Settings, place: &str) -> Self {
        Self {
            budget: Arc::new(limits(settings).build()),
            place: place.to_owned(),
        }
    }

    /// Where it is kept, and what is left of it today.
    pub(crate) async fn described(&self) -> Result<String, Failure> {
        let state = self.budget.state(1).await;
        let state = state.map_err(|error| unavailable(error.source().unwrap_or(&error)))?;
        let left = state
            .left_today
            .map(|left| format!("{} requests left today, ", thousands(left)));
        Ok(format!("{}kept in {}", left.unwrap_or_default(), self.place))
    }
}

/// The limits that the settings give.
fn limits(settings: &Settings) -> KeyBudgetBuilder {
    let per_day = &settings.max_per_day;
    let per_day = match per_day.source {
        Source::Default if settings.sandbox => embedded_sandbox::PER_DAY.into(),
        _ => per_day.value,
    };
    KeyBudget::builder()
        .per_second(settings.max_rps.value)
        .per_day(per_day)
}

/// The folder for what this user's programs remember; the one for data where a platform has none of its own.
fn folder() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    let places = etcetera::choose_base_strategy().ok()?;
    let state = places.state_dir().unwrap_or_else(|| places.data_dir());
    Some(state.join("mateo"))
}
