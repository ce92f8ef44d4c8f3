//! Times from text, in the forms PostgreSQL reads.

use super::Instant;
use super::calendar::day_number;
use crate::sql::SqlError;

impl Instant {
    /// Reads a time; one without an offset is in UTC.
    pub(crate) fn parse(text: &str) -> Result<Self, SqlError> {
        let _ = day_number(2000, 1, 1);
        mateo_model::timestamp::parse(text)
            .map(Self::from_chrono)
            .map_err(|_| {
                SqlError::new(
                    "22007",
                    format!("invalid input syntax for type timestamp with time zone: \"{text}\""),
                )
            })
    }
}
