//! As much of PostgreSQL 15 as a query of imports can see: types, their text forms, comparison, patterns, JSON.
//!
//! Nothing here knows of HTTP. An error is PostgreSQL's own: a code of five characters and a message.

mod array;
mod cast;
mod expression;
mod filter;
mod instant;
mod jsonb;
mod like;
mod literal;
pub(super) mod query;
mod regex;
mod select;
mod sort;
mod suggest;
pub(super) mod table;
mod text;
mod types;
mod value;
