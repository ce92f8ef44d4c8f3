//! The types and the typed query of hellomateo's imports API, and the pure logic of reading it completely.
//!
//! This crate does no I/O, has no async, reads no clock, no environment and no file. It is what the layers
//! above agree on, and is usable alone: build a query with [`ImportQuery`], send it with whatever HTTP client
//! you have, read the response as a [`Page`] of imports.
//!
//! ```
//! use mateo_model::{Import, ImportQuery, ImportType, Page, columns::*};
//!
//! let query = ImportQuery::new()
//!     .filter(FAILED_COUNT.gt(0).and(TYPE.eq(ImportType::ContactDetails)))
//!     .order(CREATED_AT.desc());
//! assert_eq!(
//!     query.to_string(),
//!     "failed_count=gt.0&type=eq.contact_details&order=created_at.desc",
//! );
//!
//! // A response of the server; columns that may be null may also be missing.
//! let body = br#"[{
//!     "id": "38d889d2-b47a-4c1d-8a3a-b343ac333b68", "organisation_id": "e3df8f41-6089-445b-a1fb-c0b40b950efd",
//!     "created_at": "2026-11-24T10:00:00+00:00", "updated_at": "2026-11-24T10:00:02+00:00",
//!     "type": "contact_details", "total_count": 3, "success_count": 2, "failed_count": 1
//! }]"#;
//! let page = Page::<Import>::read(body)?;
//! for import in page.into_results() {
//!     assert!(import?.progress().is_finished());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to | use |
//! |---|---|
//! | build a query, or read one back | [`ImportQuery`], [`Filter`], [`Order`], [`Select`], [`columns`], [`Literal`] |
//! | read a response | [`Page`], [`Import`], [`BadRow`], [`ContentRange`] |
//! | know what to ask next | [`driver::Listing`], [`driver::Changes`], [`driver::Waiting`] |
//! | work with the syntax of a query | [`ast`] |
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod ast;
mod column;
pub mod columns;
pub mod driver;
mod encode;
mod excerpt;
mod import;
mod import_type;
mod literal;
mod page;
mod parse;
mod prefer;
mod problem;
mod progress;
mod query;
mod range;
mod raw;
mod select;
mod stored;
#[cfg(test)]
mod testing;
pub mod timestamp;
mod words;

pub use ast::filter::Filter;
pub use ast::order::Order;
pub use column::Column;
pub use encode::EncodeError;
pub use import::{Extra, Import};
pub use import_type::ImportType;
pub use literal::Literal;
pub use page::{BadRow, Page, PageError};
pub use parse::{ParseError, ParseErrorKind};
pub use prefer::{Count, Prefer};
pub use problem::Problem;
pub use progress::Progress;
pub use query::ImportQuery;
pub use range::{ContentRange, Range, RangeError};
pub use raw::{RawJson, ValueError};
pub use select::{Select, SelectItem};
// Their types stand in ours.
pub use {chrono, uuid};

/// Runs the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
