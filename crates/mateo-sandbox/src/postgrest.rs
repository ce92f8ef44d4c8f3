//! As much of PostgREST 14 on PostgreSQL 15 as requests for one table can see, behind a [`Table`] and [`answer`].
//!
//! The columns are given as data; which rows a request selects, and what is an error, is decided here alone. Nothing
//! outside knows of SQL, and nothing here of keys, limits or faults.

mod error;
mod rest;
mod sql;

pub(crate) use rest::{PATH, answer};
pub(crate) use sql::table::Table;
