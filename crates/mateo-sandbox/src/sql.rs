//! As much of PostgreSQL 15 as a query of imports can see: types, their text forms, comparison, patterns, JSON.
//!
//! Nothing here knows of HTTP. An error is PostgreSQL's own: a code of five characters and a message.

mod column;
mod error;
mod instant;
mod json_text;
mod jsonb;
mod table;
mod types;

pub(crate) use error::SqlError;
pub(crate) use table::Table;
