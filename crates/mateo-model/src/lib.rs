//! The types and the typed query of hellomateo's imports API, and the pure logic of reading it completely.
//!
//! This crate does no I/O, has no async, reads no clock, no environment and no file. It is what the layers
//! above agree on, and is usable alone: build a query with [`ImportQuery`], send it with whatever HTTP client
//! you have, read the answer as a page of imports.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod ast;
mod column;
pub mod columns;
pub mod driver;
mod encode;
mod excerpt;
mod import;
mod import_type;
pub mod literal;
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

pub use ast::filter::Filter;
pub use ast::order::Order;
pub use column::Column;
pub use encode::EncodeError;
pub use import::{Extra, Import};
pub use import_type::{ImportType, UnknownType};
pub use page::{BadRow, Page, PageError};
pub use parse::{ParseError, ParseErrorKind};
pub use prefer::{Count, Handling, Prefer};
pub use problem::Problem;
pub use progress::Progress;
pub use query::{ImportQuery, Window};
pub use range::{ContentRange, ContentRangeError, Range, RangeError};
pub use raw::{RawJson, ValueError};
pub use select::{Select, SelectItem};

/// Runs the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
